#!/bin/sh
# openssl through the engine of libp11: a certificate request and a signature.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need_engine

# sign_request KEY-TYPE ID
sign_request()
{
	key="pkcs11:token=$label;id=%$2;type=private;pin-value=$user_pin"
	check "generate $1" pkcs11-tool --module "$MODULE" --token-label "$label" \
		--login --pin "$user_pin" --keypairgen --key-type "$1" --id "$2" \
		--label "key$2"
	check "sign a request with $1" openssl req -new -engine pkcs11 \
		-keyform engine -key "$key" -subj /CN=interop -out "$dir/req.pem"
	check "openssl verifies it" says "verify OK" openssl req -verify -noout \
		-in "$dir/req.pem"
	check "sign a file with $1" openssl dgst -sha256 -engine pkcs11 \
		-keyform engine -sign "$key" -out "$dir/sig" "$dir/req.pem"
	check "take the public key" openssl req -in "$dir/req.pem" -noout -pubkey \
		-out "$dir/pub.pem"
	check "openssl verifies the file" openssl dgst -sha256 \
		-verify "$dir/pub.pem" -signature "$dir/sig" "$dir/req.pem"
}

new_token "$label"
sign_request rsa:2048 01
sign_request EC:prime256v1 02
sign_request EC:secp384r1 03

# The engine leaves by way of exit handlers; a wrong PIN must not crash there.
wrong_pin()
{
	openssl req -new -engine pkcs11 -keyform engine -subj /CN=interop \
		-key "pkcs11:token=$label;id=%01;type=private;pin-value=0000" \
		-out "$dir/none.pem"
	[ $? -eq 1 ]
}
reference || check "a wrong PIN is an error and no crash" wrong_pin
finish

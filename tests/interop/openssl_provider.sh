#!/bin/sh
# openssl through pkcs11-provider: requests, CMS, a TLS server; the provider before OpenSSL's own.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl pkcs11-tool
# shellcheck source=tests/interop/tls.sh
. "$(dirname "$0")/tls.sh"
# shellcheck source=tests/interop/provider.sh
. "$(dirname "$0")/provider.sh"
need_provider

# with_provider COMMAND...: that OpenSSL configuration, for one command.
with_provider()
{
	OPENSSL_CONF=$dir/openssl.cnf timeout 120 "$@"
}

server_starts()
{
	OPENSSL_CONF=$dir/openssl.cnf
	export OPENSSL_CONF
	exec openssl s_server -key "$key" -cert "$dir/cert.pem" -accept "$port" -naccept 2 -www
}

# ended: the server left by itself after two handshakes, with success.
ended()
{
	wait "$server_pid"
	ended_status=$?
	server_pid=
	cat "$dir/server.log"
	return $ended_status
}

# all_with NAME: the usual things that one does with a key.
all_with()
{
	key="pkcs11:token=$label;object=$1;type=private"
	check "request, $1" with_provider openssl req -new -key "$key" -subj /CN=localhost \
		-out "$dir/req.pem"
	check "openssl verifies it" says "verify OK" openssl req -verify -noout -in "$dir/req.pem"
	check "its key is the token's" says "$(grep -v -e ----- "$dir/$1.pem" | head -n 1)" \
		openssl req -in "$dir/req.pem" -noout -pubkey
	check "certify" with_provider openssl req -new -x509 -key "$key" -subj /CN=localhost \
		-days 9 -out "$dir/cert.pem"
	check "CMS" with_provider openssl cms -sign -inkey "$key" -signer "$dir/cert.pem" \
		-in "$dir/softhsm2.conf" -out "$dir/cms"
	check "openssl verifies it" openssl cms -verify -CAfile "$dir/cert.pem" -purpose any \
		-in "$dir/cms" -out "$dir/text"
	check "sign a file" with_provider openssl dgst -sha256 -sign "$key" -out "$dir/sig" \
		"$dir/cert.pem"
	check "openssl verifies it" openssl dgst -sha256 -verify "$dir/$1.pem" \
		-signature "$dir/sig" "$dir/cert.pem"
	check "the server starts" serve_until ACCEPT server_starts
	check "handshake, TLS 1.2" shake tls1_2
	check "handshake, TLS 1.3" shake tls1_3
	check "the server ends" ended
	port=$((port + 1))
}

new_token "$label"
for pair in rsa:rsa:2048:01 ec:EC:prime256v1:02; do
	name=${pair%%:*} id=${pair##*:} type=${pair#*:}
	check "generate $name" pkcs11_tool --keypairgen --key-type "${type%:*}" --id "$id" \
		--label "$name"
	check "read the public key" pkcs11_tool --read-object --type pubkey --id "$id" \
		--output-file "$dir/pub.der"
	check "openssl reads it" openssl pkey -pubin -inform DER -in "$dir/pub.der" \
		-out "$dir/$name.pem"
done
provider_config last "pkcs11-module-token-pin = $user_pin"
all_with rsa
all_with ec

# The host's OpenSSL is led to the module for all it does, and the module uses OpenSSL.
key="pkcs11:token=$label;object=ec;type=private"
for load in "" "pkcs11-module-load-behavior = early"; do
	provider_config first "pkcs11-module-token-pin = $user_pin" "$load"
	check "random bytes, the provider first${load:+, $load}" with_provider openssl rand -hex 8
	check "sign a file" with_provider openssl dgst -sha256 -sign "$key" -out "$dir/sig" \
		"$dir/cert.pem"
	check "openssl verifies it" openssl dgst -sha256 -verify "$dir/ec.pem" \
		-signature "$dir/sig" "$dir/cert.pem"
	check "a key of its own" with_provider openssl genpkey -propquery provider=default \
		-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$dir/own.pem"
	check "softhsm2-util" with_provider "$SOFTHSM2_UTIL" --module "$MODULE" --show-slots
	check "pkcs11-tool" with_provider pkcs11-tool --module "$MODULE" --token-label "$label" \
		--login --pin "$user_pin" --keypairgen --key-type rsa:2048 --id 03
done
finish

#!/bin/sh
# openssl through the engine of libp11: CMS and a TLS server; the engine as OpenSSL's default.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need_engine
# shellcheck source=tests/interop/tls.sh
. "$(dirname "$0")/tls.sh"

key="pkcs11:token=$label;id=%01;type=private;pin-value=$user_pin"

# all_with KEY-TYPE: the usual things that one does with a key.
all_with()
{
	check "certify, $1" openssl req -new -x509 -engine pkcs11 -keyform engine -key "$key" \
		-subj /CN=localhost -days 9 -out "$dir/cert.pem"
	check "openssl verifies it" says OK openssl verify -check_ss_sig \
		-CAfile "$dir/cert.pem" "$dir/cert.pem"
	check "CMS" openssl cms -sign -engine pkcs11 -keyform engine -inkey "$key" \
		-signer "$dir/cert.pem" -in "$dir/softhsm2.conf" -out "$dir/cms"
	check "openssl verifies it" openssl cms -verify -CAfile "$dir/cert.pem" -purpose any \
		-in "$dir/cms" -out "$dir/text"
	serve openssl s_server -engine pkcs11 -keyform engine -key "$key" -cert "$dir/cert.pem" \
		-accept "$port" -quiet
	check "handshake, TLS 1.2" shake tls1_2
	check "handshake, TLS 1.3" shake tls1_3
	stop
	port=$((port + 1))
}

new_token "$label"
for type in rsa:2048 EC:prime256v1; do
	pkcs11_tool --delete-object --type privkey --id 01 >"$dir/out" 2>&1
	check "generate $type" pkcs11_tool --keypairgen --key-type "$type" --id 01
	all_with "$type"
done

# The host's OpenSSL is led to the module for all it does, and the module uses OpenSSL.
engine=$(openssl version -e | sed 's/.*"\(.*\)"/\1/')/pkcs11.so
for algorithms in ALL RSA,EC RAND; do
	cat >"$dir/openssl.cnf" <<END
openssl_conf = start
[start]
engines = engines
[engines]
pkcs11 = engine
[engine]
engine_id = pkcs11
dynamic_path = $engine
MODULE_PATH = $MODULE
default_algorithms = $algorithms
init = 1
END
	OPENSSL_CONF=$dir/openssl.cnf
	export OPENSSL_CONF
	check "random bytes, default for $algorithms" timeout 60 openssl rand -hex 8
	check "sign a file" timeout 60 openssl dgst -sha256 -engine pkcs11 -keyform engine \
		-sign "$key" -out "$dir/sig" "$dir/cert.pem"
	check "a key of its own" timeout 60 openssl genpkey -algorithm RSA -out "$dir/own.pem"
	check "generate in the token" timeout 60 pkcs11-tool --module "$MODULE" --login \
		--token-label "$label" --pin "$user_pin" --keypairgen --key-type rsa:2048 --id 02
	check "softhsm2-util" timeout 60 "$SOFTHSM2_UTIL" --module "$MODULE" --show-slots
	unset OPENSSL_CONF
	openssl x509 -in "$dir/cert.pem" -noout -pubkey >"$dir/pub.pem"
	check "openssl verifies the file" openssl dgst -sha256 -verify "$dir/pub.pem" \
		-signature "$dir/sig" "$dir/cert.pem"
done
finish

#!/bin/sh
# GnuTLS: a certificate signed in the token, and a TLS server with the token's key.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need p11tool certtool gnutls-serv openssl
# shellcheck source=tests/interop/tls.sh
. "$(dirname "$0")/tls.sh"

GNUTLS_PIN=$user_pin
export GNUTLS_PIN
cat >"$dir/template" <<END
cn = localhost
expiration_days = 9
ca
END

# server_with NAME ARGUMENT...: a key of the token, from its making to two handshakes.
server_with()
{
	key="pkcs11:token=$label;object=$1;type=private"
	name=$1
	shift
	check "generate $name" p11tool --provider "$MODULE" --batch --login "$@" --label "$name" \
		"pkcs11:token=$label"
	check "certify $name" certtool --provider "$MODULE" --generate-self-signed \
		--load-privkey "$key" --template "$dir/template" --outfile "$dir/cert.pem"
	check "openssl verifies it" says OK openssl verify -check_ss_sig \
		-CAfile "$dir/cert.pem" "$dir/cert.pem"
	serve gnutls-serv --provider "$MODULE" --port "$port" --echo \
		--x509keyfile "$key" --x509certfile "$dir/cert.pem"
	check "handshake with $name, TLS 1.2" shake tls1_2
	check "handshake with $name, TLS 1.3" shake tls1_3
	stop
	port=$((port + 1))
}

new_token "$label"
server_with ec --generate-ecc --curve secp256r1
server_with rsa --generate-rsa --bits 2048
finish

#!/bin/sh
# GnuTLS's p11tool: listing with login, generation, export, signature test.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need p11tool openssl

tool()
{
	GNUTLS_PIN=$user_pin p11tool --provider "$MODULE" --batch "$@"
}

new_token "$label"
url="pkcs11:token=$label"

check "list tokens" says "token=$label" tool --list-tokens
check "list mechanisms" says CKM_RSA_PKCS tool --list-mechanisms "$url"
check "generate RSA" tool --login --generate-privkey=rsa --bits=2048 \
	--label rsa --id 01 --outfile "$dir/rsa.pem" "$url"
check "generate ECDSA" tool --login --generate-privkey=ecdsa --curve=secp256r1 \
	--label ec --id 02 --outfile "$dir/ec.pem" "$url"
check "openssl reads the RSA key" openssl pkey -pubin -in "$dir/rsa.pem" -noout
check "openssl reads the EC key" openssl pkey -pubin -in "$dir/ec.pem" -noout
check "list all" says "object=ec" tool --login --list-all "$url"
check "test signing with RSA" tool --login --test-sign "$url;object=rsa;type=private"
check "test signing with ECDSA" tool --login --test-sign "$url;object=ec;type=private"
check "export the public key" tool --login --export-pubkey \
	--outfile "$dir/again.pem" "$url;object=rsa;type=private"
check "it is the same" cmp "$dir/rsa.pem" "$dir/again.pem"
check "openssl makes a certificate" openssl req -x509 -newkey rsa:2048 -nodes \
	-subj /CN=interop -keyout "$dir/soft.pem" -out "$dir/cert.pem"
check "write a certificate" tool --login --write --label soft \
	--load-certificate "$dir/cert.pem" "$url"
check "list all certificates" says "object=soft" tool --list-all-certs "$url"
check "write a private key" tool --login --write --label soft \
	--load-privkey "$dir/soft.pem" "$url"
check "delete it" tool --login --delete "$url;object=soft;type=private"
check "it is gone" lacks "object=soft;type=private" tool --login --list-all "$url"
finish

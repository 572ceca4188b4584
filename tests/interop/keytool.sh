#!/bin/sh
# Java's keytool over SunPKCS11: key pair, listing, certificate request.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need keytool openssl

tool()
{
	keytool -keystore NONE -storetype PKCS11 -storepass "$user_pin" \
		-addprovider SunPKCS11 -providerArg "$dir/p11.cfg" "$@"
}

# request ALIAS: a certificate request signed in the token.
request()
{
	check "request for $1" tool -certreq -alias "$1" -file "$dir/$1.csr"
	check "openssl verifies it" says "verify OK" openssl req -verify -noout \
		-in "$dir/$1.csr"
}

new_token "$label"
cat >"$dir/p11.cfg" <<END
name = SoftHSM
library = $MODULE
slotListIndex = 0
END

check "generate RSA" tool -genkeypair -alias rsa -keyalg RSA -keysize 2048 \
	-dname CN=interop
check "generate EC" tool -genkeypair -alias ec -keyalg EC -groupname secp256r1 \
	-dname CN=interop
check "list" says "ec, PrivateKeyEntry" tool -list
request rsa
request ec
check "delete" tool -delete -alias ec
check "it is gone" lacks "ec, PrivateKeyEntry" tool -list
finish

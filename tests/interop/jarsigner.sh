#!/bin/sh
# Java's jarsigner over SunPKCS11: a jar signed by keys of the token.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need keytool jarsigner openssl python3

# in_token COMMAND ARGUMENT...: with the token as its key store.
in_token()
{
	program=$1
	shift
	"$program" -keystore NONE -storetype PKCS11 -storepass "$user_pin" \
		-addprovider SunPKCS11 -providerArg "$dir/p11.cfg" "$@"
}

# sign_with ALIAS EXTENSION ARGUMENT...: key, certificate, a signed jar that two others verify.
sign_with()
{
	alias=$1
	block=META-INF/$(echo "$1" | tr '[:lower:]' '[:upper:]')
	extension=$2
	shift 2
	check "generate $alias" in_token keytool -genkeypair -alias "$alias" -dname "CN=$alias" \
		-validity 9 "$@"
	check "print its certificate" in_token keytool -exportcert -rfc -alias "$alias" \
		-file "$dir/cert.pem"
	check "trust it" keytool -importcert -noprompt -keystore "$dir/trusted" \
		-storepass trusted -alias "$alias" -file "$dir/cert.pem"
	check "sign with $alias" in_token jarsigner -signedjar "$dir/$alias.jar" \
		"$dir/text.jar" "$alias"
	check "jarsigner verifies it" says "jar verified" jarsigner -verify -strict \
		-keystore "$dir/trusted" -storepass trusted "$dir/$alias.jar"
	check "unpack" python3 -m zipfile -e "$dir/$alias.jar" "$dir/$alias"
	check "openssl verifies the signature" openssl cms -verify -inform DER -binary \
		-purpose any -in "$dir/$alias/$block.$extension" \
		-content "$dir/$alias/$block.SF" -CAfile "$dir/cert.pem" -out "$dir/out.SF"
}

new_token "$label"
printf 'name = SoftHSM\nlibrary = %s\nslotListIndex = 0\n' "$MODULE" >"$dir/p11.cfg"
echo text >"$dir/text"
check "make a jar" python3 -m zipfile -c "$dir/text.jar" "$dir/text"
sign_with rsa RSA -keyalg RSA -keysize 2048
sign_with ec EC -keyalg EC -groupname secp256r1
finish

#!/bin/sh
# OpenSC's pkcs11-register: a browser's NSS databases get the module, and NSS finds the key by it.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need pkcs11-register pkcs11-tool modutil certutil openssl

chrome=$HOME/.pki/nssdb
firefox=$HOME/.mozilla/firefox/one.default
mkdir -p "$chrome" "$firefox"
printf '[Profile0]\nName=default\nIsRelative=1\nPath=one.default\n' \
	>"$HOME/.mozilla/firefox/profiles.ini"
echo "$user_pin" >"$dir/pin"
head -c 100 /dev/urandom >"$dir/noise"

# entries DATABASE: how often it names the module.
entries()
{
	grep -cx "library=$MODULE" "$1/pkcs11.txt"
}

# use DATABASE: NSS reads what was written, and the key signs a request.
use()
{
	check "it is entered once" [ "$(entries "$1")" = 1 ]
	check "NSS lists the token" says "token: $label" modutil -dbdir "sql:$1" -list
	check "NSS finds the key" says "browser" certutil -K -d "sql:$1" -h "$label" \
		-f "$dir/pin"
	check "sign a request with it" certutil -R -d "sql:$1" -h "$label" -f "$dir/pin" \
		-k 01 -s CN=browser -a -o "$dir/csr" -z "$dir/noise"
	check "openssl verifies it" says "verify OK" openssl req -verify -noout -in "$dir/csr"
	check "take its public key" openssl req -in "$dir/csr" -noout -pubkey -out "$dir/csr.pub"
	check "it is the token's" cmp "$dir/csr.pub" "$dir/pub.pem"
}

new_token "$label"
for database in "$chrome" "$firefox"; do
	check "make a database" certutil -N -d "sql:$database" --empty-password
done
check "generate in the token" pkcs11_tool --keypairgen --key-type rsa:2048 --id 01 --label browser
check "read the public key" pkcs11_tool --read-object --type pubkey --id 01 \
	--output-file "$dir/pub.der"
check "openssl reads it" openssl pkey -pubin -inform DER -in "$dir/pub.der" -out "$dir/pub.pem"
check "register" says "Added .* to $chrome" pkcs11-register --module "$MODULE"
use "$chrome"
use "$firefox"
check "register again" pkcs11-register --module "$MODULE"
use "$chrome"
finish

#!/bin/sh
# Node: pkcs11js and graphene-pk11 generate and sign; openssl verifies.
npm_config_userconfig=${npm_config_userconfig-$HOME/.npmrc}
export npm_config_userconfig
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/node_modules.sh
. "$(dirname "$0")/node_modules.sh"
need openssl
need_node_packages pkcs11js@2 graphene-pk11@2

new_token "$label"
client=$(dirname "$0")/node_client.js
check "the program" timeout 120 node "$client" "$MODULE" "$label" "$user_pin" "$dir"
for key in ec rsa; do
	check "openssl reads the $key key" openssl pkey -pubin -inform DER -in "$dir/$key.der" \
		-out "$dir/$key.pem"
	check "openssl verifies its signature" openssl dgst -sha256 -verify "$dir/$key.pem" \
		-signature "$dir/$key.sig" "$client"
done
finish

#!/bin/sh
# A Node program that ends in many ways; Node has an OpenSSL of its own.
npm_config_userconfig=${npm_config_userconfig-$HOME/.npmrc}
export npm_config_userconfig
# shellcheck source=tests/exit/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/node_modules.sh
. "$(dirname "$0")/../interop/node_modules.sh"
need_node_packages pkcs11js@2

few=1
! long || few=50
host="node $(dirname "$0")/host.js $MODULE $user_pin"

new_token "$label"
# shellcheck disable=SC2086 # $host is a list of words
{
	for ending in left finalised unloaded unloaded_left finalised_at_exit in_callback \
		under_workers under_workers_in_callback; do
		check "$ending" many $few ends 7 $host $ending
	done
	check "raised" many $few ends_saying "meant to be" 1 $host raised
	check "terminated" many $few ends 143 $host terminated
	check "finalised behind OpenSSL's end" many $few late 0x0 7 $host left
	check "and from a callback" many $few late 0x0 7 $host in_callback
}
finish

#!/bin/sh
# The module is what its own OpenSSL turns to first, by the engine of libp11 or
# by pkcs11-provider: programs end all the same.
# shellcheck source=tests/exit/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/provider.sh
. "$(dirname "$0")/../interop/provider.sh"
need openssl pkcs11-tool
host=$TEST_HELPERS/exit/host
few=3
! long || few=50

# configured ARGUMENT...: by that OpenSSL configuration.
configured()
{
	OPENSSL_CONF=$dir/openssl.cnf "$@"
}

endings='finalised left unloaded_left in_lock_callback at_once in_worker'
late_endings='finalised_at_exit finalised_at_exit_under_workers'

# all_hosts NAME ENDING...
all_hosts()
{
	all_name=$1
	shift
	for ending in "$@"; do
		check "$all_name: $ending" configured many $few ends 7 "$host" "$MODULE" \
			"$user_pin" "$ending"
	done
	check "$all_name: pkcs11-tool" configured ends 0 pkcs11-tool --module "$MODULE" --login \
		--token-label "$label" --pin "$user_pin" -O
}

# engine_first ALGORITHMS
engine_first()
{
	cat >"$dir/openssl.cnf" <<END_OF_FILE
openssl_conf = start
[start]
engines = engines
[engines]
pkcs11 = engine
[engine]
engine_id = pkcs11
dynamic_path = $(openssl version -e | sed 's/.*"\(.*\)"/\1/')/pkcs11.so
MODULE_PATH = $MODULE
default_algorithms = $1
init = 1
END_OF_FILE
	# shellcheck disable=SC2086 # lists of words
	all_hosts "engine for $1" $endings $late_endings
}

# sign STATUS PIN LINE...: openssl itself, with the token's key.
sign()
{
	sign_status=$1
	sign_pin=$2
	shift 2
	provider_config first "pkcs11-module-token-pin = $sign_pin" "$@"
	check "provider, PIN $sign_pin${1:+, $1}" configured ends "$sign_status" openssl dgst \
		-sha256 -sign "pkcs11:token=$label;id=%01;type=private" -out "$dir/sig" \
		"$dir/softhsm2.conf"
}

provider_first()
{
	all_late_endings=$late_endings
	early='pkcs11-module-load-behavior = early'
	left='pkcs11-module-quirks = no-deinit'
	for line in "" "$early" "$left"; do
		sign 0 "$user_pin" "$line"
		sign 1 0000 "$line"
		# Loaded early, it finalises the module in OpenSSL's clean-up: the host is too late.
		late_endings=$all_late_endings
		[ "$line" != "$early" ] || late_endings=
		# shellcheck disable=SC2086
		all_hosts "provider first${line:+, $line}" $endings $late_endings
	done
	provider_config first "pkcs11-module-token-pin = $user_pin" "$left"
	check "provider, left and finalised behind OpenSSL's end" configured late 0x0 0 openssl \
		dgst -sha256 -sign "pkcs11:token=$label;id=%01;type=private" -out "$dir/sig" \
		"$dir/softhsm2.conf"
}

new_token "$label"
check "generate" pkcs11_tool --keypairgen --key-type EC:prime256v1 --id 01
if [ -f "$(provider_file)" ]; then
	provider_first
else
	need_engine
	engine_first ALL
	engine_first RAND
fi
finish

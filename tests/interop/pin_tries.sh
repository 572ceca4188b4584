#!/bin/sh
# Tokens in which wrong PINs are counted, and locked ones, in SoftHSM 2.6.1: it
# knows neither, works all the same, and what it does to the PINs counts here.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need pkcs11-tool

need_reference
echo 'token.max_pin_tries = 3' >>"$dir/softhsm2.conf"

# login MODULE PIN: lists the objects as the user.
login()
{
	pkcs11-tool --module "$1" --token-label "$label" --login --pin "$2" -O
}

# locked MODULE: even the right PIN is refused.
locked()
{
	fails login "$1" "$user_pin" && grep -q CKR_PIN_LOCKED "$dir/out"
}

# init_pin MODULE: the SO sets the user's PIN.
init_pin()
{
	pkcs11-tool --module "$1" --token-label "$label" --login --login-type so \
		--so-pin "$so_pin" --init-pin --new-pin "$user_pin"
}

tries()
{
	for _ in $(seq "$2"); do
		check "$1: a wrong PIN" fails login "$1" 99999
	done
}

new_token "$label"
check "a private object" pkcs11-tool --module "$MODULE" --token-label "$label" --login \
	--pin "$user_pin" --write-object "$dir/softhsm2.conf" --type data --label note --private

tries "$MODULE" 2
check "the last try" says "final user PIN try" pkcs11-tool --module "$MODULE" -L
check "2.6.1 shows the token" says "$label" pkcs11-tool --module "$reference_module" -L
check "2.6.1 reads it" says note login "$reference_module" "$user_pin"
tries "$MODULE" 2
check "its right PIN counted here" login "$MODULE" "$user_pin"

tries "$MODULE" 3
check "locked" locked "$MODULE"
check "still locked" locked "$MODULE"
check "2.6.1 opens a locked token" says note login "$reference_module" "$user_pin"
check "it is locked here all the same" locked "$MODULE"
check "2.6.1 sets the PIN" init_pin "$reference_module"
check "which unlocks it" says note login "$MODULE" "$user_pin"

tries "$MODULE" 3
check "locked again" locked "$MODULE"
check "the SO sets the PIN here" init_pin "$MODULE"
check "which unlocks it, too" says note login "$MODULE" "$user_pin"
check "2.6.1 goes on" says note login "$reference_module" "$user_pin"

# A token of 2.6.1 is one like any other.
label=theirs
"$SOFTHSM2_UTIL" --module "$reference_module" --init-token --free --label "$label" \
	--so-pin "$so_pin" --pin "$user_pin" >"$dir/out" 2>&1 || failures=$((failures + 1))
tries "$MODULE" 3
check "a token of 2.6.1 locks" locked "$MODULE"
check "2.6.1 opens it" login "$reference_module" "$user_pin"
finish

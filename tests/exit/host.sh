#!/bin/sh
# A C program that ends in every way there is: the status is its own each time.
# shellcheck source=tests/exit/lib.sh
. "$(dirname "$0")/lib.sh"
host=$TEST_HELPERS/exit/host

usual='finalised left unloaded unloaded_left unloaded_and_loaded unloaded_under_waiter
	in_create_callback in_lock_callback finalised_at_exit at_once'
threads='finalised_at_exit_under_workers under_workers under_workers_finalised in_worker
	in_stranger at_once_under_workers'
# Before OpenSSL's clean-up, and with all given back: then nothing may be lost either.
clean='finalised unloaded unloaded_and_loaded'

new_token "$label"
few=5
! long || few=200
for ending in $usual; do
	check "$ending" ends 7 "$host" "$MODULE" "$user_pin" "$ending"
done
for ending in $threads; do
	check "$ending, $few times" many $few ends 7 "$host" "$MODULE" "$user_pin" "$ending"
done
for ending in left under_workers in_worker; do
	check "$ending, finalised behind OpenSSL's end" many $few late 0x0 7 "$host" "$MODULE" \
		"$user_pin" $ending
done
check "terminated" many $few ends 143 "$host" "$MODULE" "$user_pin" terminated
check "the token after all that" ends 7 "$host" "$MODULE" "$user_pin" finalised
long || finish

# shellcheck disable=SC2086 # $grind is a list of words
need valgrind
for ending in $usual $threads; do
	check "$ending under valgrind" ends 7 $grind "$host" "$MODULE" "$user_pin" "$ending"
done
for ending in $clean; do
	check "$ending loses nothing" ends 7 $grind --leak-check=full \
		--errors-for-leak-kinds=definite,indirect "$host" "$MODULE" "$user_pin" "$ending"
done
finish

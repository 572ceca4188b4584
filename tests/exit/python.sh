#!/bin/sh
# A Python program that ends in many ways, with and without OpenSSL of its own.
# shellcheck source=tests/exit/lib.sh
. "$(dirname "$0")/lib.sh"
need python3

new_token "$label"
few=1
! long || few=50
# python STATUS ENDING
python()
{
	check "$2" many $few ends "$1" python3 "$(dirname "$0")/client.py" "$MODULE" \
		"$user_pin" "$2"
}
for ending in finalised left finalised_at_exit unloaded ssl_finalised ssl_left \
	ssl_finalised_at_exit under_workers forked forked_under_workers at_once; do
	python 7 "$ending"
done
for ending in left ssl_left under_workers; do
	check "$ending, finalised behind OpenSSL's end" many $few late 0x0 7 python3 \
		"$(dirname "$0")/client.py" "$MODULE" "$user_pin" $ending
done
python 1 raised
python 143 terminated
finish

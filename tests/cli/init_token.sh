#!/bin/sh
# shellcheck disable=SC2034,SC2086 # for lib.sh; $pins is a list of words
# --init-token
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

long_label=123456789012345678901234567890123

play()
{
	world
	check no-selector --init-token
	check free-no-label --init-token --free
	check free-long-label --init-token --free --label $long_label $pins
	check slot-no-label --init-token --slot 99
	check slot-long-token --init-token --slot 7 --token $long_label
	check no-terminal --init-token --free --label a
	check no-terminal-slot --init-token --slot 99 --label a
	check no-terminal-user --init-token --free --label a --so-pin 5678
	check short-so-pin --init-token --free --label a --so-pin 123 --pin 1234
	check short-pin --init-token --free --label a --so-pin 5678 --pin 123
	check empty-pin --init-token --free --label a --so-pin 5678 --pin ''
	check long-pin --init-token --free --label a --so-pin 5678 \
		--pin "$(printf '1%.0s' $(seq 256))"

	check slot-negative --init-token --slot -1 --label a $pins
	check slot-missing --init-token --slot 99 --label a $pins
	check slot-missing-hex --init-token --slot 0x63 --label a $pins
	check slot-octal-look --init-token --slot 010 --label a $pins
	check slot-word --init-token --slot none --label a $pins

	world
	check slot --init-token --slot 0 --label one $pins
	check slot-gone --init-token --slot 0 --label one $pins
	check slot-trailing --init-token --slot 1x --label two $pins
	check slot-huge --init-token --slot 99999999999999999999999 --label a $pins
	check slot-empty --init-token --slot '' --label a $pins

	world
	quietly --init-token --free --label one $pins
	check again-slot --init-token --slot "$(slot_of one)" --label two $pins
	check again-token --init-token --token two --label three $pins
	check again-serial --init-token --serial "$(serial_of three)" --label two $pins
	check again-both --init-token --serial "$(serial_of two)" --token two --label one $pins
	check slot-wins --init-token --slot "$(slot_of one)" --token none --free --label one $pins
	check wrong-so-pin --init-token --token one --label one --so-pin 9999 --pin 1234
	check wrong-so-pin-slot --init-token --slot "$(slot_of one)" --label one --so-pin 9999 --pin 1234
	check after-wrong-pin --show-slots
	check other-user-pin --init-token --token one --label one --so-pin 5678 --pin 4321
	check shown --show-slots

	check no-such-token --init-token --token none --label a $pins
	check no-such-serial --init-token --serial 0000000000000000 --label a $pins
	check part-of-serial --init-token --serial 0000 --label a $pins
	check serial-of-another --init-token --serial 0000000000000000 --token one --label a $pins
	check long-serial --init-token --serial 12345678901234567 --label a $pins
	check long-token --init-token --token $long_label --label a $pins
	check long-both --init-token --serial 12345678901234567 --token $long_label --label a $pins
	check free-long-token --init-token --free --token $long_label --label a $pins

	check free --init-token --free --label one $pins
	check free-wins --init-token --free --token one --label one $pins
	check several --init-token --token one --label one $pins

	world
	check empty-token --init-token --token '' --label a $pins
	check empty-serial --init-token --serial '' --label b $pins
	check empty-label --init-token --free --label '' $pins
	quietly --delete-token --token a
	quietly --delete-token --token b
	check empty-label-shown --show-slots

	world
	check label-32 --init-token --free --label 12345678901234567890123456789012 $pins
	check label-utf8 --init-token --free --label 'é ü' $pins
	check find-utf8 --init-token --token 'é ü' --label x $pins
	check pins-4-255 --init-token --free --label long --so-pin 1234 \
		--pin "$(printf '1%.0s' $(seq 255))"

	world
	set_conf 'directories.tokendir = /proc/self/attr'
	check cannot-store --init-token --free --label a $pins
}
compare

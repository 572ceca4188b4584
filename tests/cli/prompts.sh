#!/bin/sh
# shellcheck disable=SC2034,SC2086 # for lib.sh; $pins is a list of words
# PINs typed at a terminal.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

long=$(printf '1%.0s' $(seq 255))

play()
{
	world
	typed both-pins '5678\n 5678\n 1234\n 1234\n' --init-token --free --label one
	typed user-pin '1234\n 1234\n' --init-token --free --label two --so-pin 5678
	typed so-pin '5678\n 5678\n' --init-token --free --label three --pin 1234
	typed short-then-right '567\n 5678\n 5678\n' --init-token --free --label four --pin 1234
	typed empty-then-right '\n 5678\n 5678\n' --init-token --free --label five --pin 1234
	typed unequal '5678\n 5679\n 5678\n 5678\n' --init-token --free --label six --pin 1234
	typed unequal-length '5678\n 56789\n 5678\n 5678\n' --init-token --free --label seven --pin 1234
	typed longest "$long\\n $long\\n" --init-token --free --label eight --pin 1234
	typed given-too-short '5678\n 5678\n' --init-token --free --label nine --so-pin 12 --pin 1234
	typed not-needed '' --init-token --free --label ten $pins

	typed import-asks-twice '1234\n 1234\n' --import "$data/p256.pem" --token one --label k --id 01
	typed import-unequal '1234\n 1235\n 1234\n 1234\n' --import "$data/p256.pem" \
		--token one --label k --id 02
	typed import-wrong '9999\n 9999\n' --import "$data/p256.pem" --token one --label k --id 03
	typed so-pin-works '5678\n 5678\n' --init-token --token two --label two --pin 1234
	typed longest-works "$long\\n $long\\n" --init-token --token eight --label eight --pin 1234

	typed interrupt '\x03' --init-token --free --label x --pin 1234
	typed interrupt-midway '12\x03' --init-token --free --label x --pin 1234
	typed interrupt-second '5678\n \x03' --init-token --free --label x --pin 1234
	typed quit '\x1c' --init-token --free --label x --pin 1234
}
compare

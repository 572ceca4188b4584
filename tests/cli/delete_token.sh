#!/bin/sh
# shellcheck disable=SC2034,SC2086 # for lib.sh; $pins is a list of words
# --delete-token
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

long_label=123456789012345678901234567890123

# left NAME: a case which says what is left in the token directory.
left()
{
	ls -A "$world/tokens" >"$dir/out" 2>"$dir/err"
	record "$1" 0
}

play()
{
	world
	check no-selector --delete-token
	check slot-is-not-enough --delete-token --slot 0
	check free-is-not-enough --delete-token --free
	check no-tokens --delete-token --token one
	check long-serial --delete-token --serial 12345678901234567
	check long-token --delete-token --token $long_label
	check long-both --delete-token --token $long_label --serial 12345678901234567
	quietly --init-token --free --label one $pins
	check none --delete-token --token none
	check empty-label --delete-token --token ''
	check part --delete-token --token on
	check not-both --delete-token --token one --serial 0000000000000000
	left still-there
	check by-token --delete-token --token one
	left gone

	world
	quietly --init-token --free --label two $pins
	quietly --init-token --free --label two $pins
	check several --delete-token --token two
	quietly --init-token --free --label one $pins
	check by-serial --delete-token --serial "$(serial_of one)"
	left two-left

	world
	quietly --init-token --free --label one $pins
	quietly --import "$data/p256.pem" --token one --label key --id 01 --pin 1234
	mkdir "$world/tokens/junk"
	echo junk >"$world/tokens/junk/token.object"
	: >"$world/tokens/file"
	check with-keys --delete-token --token one --serial "$(serial_of one)" --slot 5 --pin 4
	left junk-stays

	world
	set_conf "directories.tokendir = $world/tokens/"
	quietly --init-token --free --label one $pins
	check trailing-slash --delete-token --token one

	world
	quietly --init-token --free --label one $pins
	check module-is-ignored --delete-token --token one --module /nonexistent
}
compare

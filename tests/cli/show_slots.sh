#!/bin/sh
# shellcheck disable=SC2034,SC2086 # for lib.sh; $pins is a list of words
# --show-slots
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

play()
{
	world
	check empty --show-slots
	quietly --init-token --free --label one $pins
	check one --show-slots
	check slot-is-ignored --show-slots --slot -1
	check selectors-are-ignored --show-slots --slot zzz --token none --free

	world
	set_conf 'slots.removable = true'
	quietly --init-token --free --label 12345678901234567890123456789012 $pins
	check full-label --show-slots

	world
	quietly --init-token --free --label 'two  words é' $pins
	check blanks-and-utf8 --show-slots

	world
	quietly --init-token --free --label 'bell' $pins
	mkdir "$world/tokens/empty" "$world/tokens/.hidden"
	: >"$world/tokens/file"
	mkdir "$world/tokens/junk"
	echo junk >"$world/tokens/junk/token.object"
	check strange-neighbours --show-slots
}
compare

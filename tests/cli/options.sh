#!/bin/sh
# shellcheck disable=SC2034,SC2086 # for lib.sh; $pins is a list of words
# The command line itself.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

play()
{
	world
	check nothing
	check word extra
	check two-actions --show-slots --init-token
	check action-twice --init-token --init-token --free --label x $pins
	check import-twice --import x --import y
	check unknown-option --bogus
	check unknown-letter -x
	check letters-together -init-token
	check ambiguous --s
	check no-argument --slot
	check no-path --import
	check unwanted-argument --free=yes
	check help --help
	check help-letter -h
	check help-first --help --version
	check version --version
	check version-letter -v
	check version-first --version --help
	check version-wins --version --show-slots
	check version-abbreviated --versi
	check version-later --slot 5 --version
	check no-action --pin 1234
	check action-abbreviated --show-sl
	check words-ignored --show-slots one two
	check equals-sign --init-token --free --label=eq --so-pin=5678 --pin=1234
	check last-one-wins --init-token --free --label x --label y $pins --pin 4321
	check label-was-last --delete-token --token y
	check show-config --show-config default-pkcs11-lib
	check show-config-unknown --show-config something
	check show-config-alone --show-config default-pkcs11-lib --show-slots
}
compare

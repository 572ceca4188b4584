#!/bin/sh
# What bash offers for the tools: all that their help names, and values.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/../interop/lib.sh"
need bash
here=$(cd "$(dirname "$0")" && pwd)
completion=$here/../../contrib/bash-completion/softhsm2-util
bin=$(dirname "$SOFTHSM2_UTIL")

# offers LINE: what is offered at its end, sorted.
offers()
{
	bash "$here/completion.bash" "$completion" "$bin/$1" | sort
}

# offered LINE WORD...: exactly these.
offered()
{
	offered_line=$1
	shift
	offers "$offered_line" >"$dir/offers"
	[ $# -eq 0 ] || printf '%s\n' "$@" | sort >"$dir/wanted"
	[ $# -ne 0 ] || : >"$dir/wanted"
	diff "$dir/wanted" "$dir/offers"
}

# helped TOOL: the long options that its help names, sorted.
helped()
{
	"$bin/$1" --help | sed -n 's/^  \(-[a-z], \)\{0,1\}\(--[a-z0-9-]*\).*/\2/p' | sort
}

same_as_help()
{
	helped "$1" >"$dir/helped"
	offers "$1 " >"$dir/offers"
	[ "$(grep -c . "$dir/helped")" -gt "$2" ] && diff "$dir/helped" "$dir/offers"
}

# taken TOOL OPTION: each value that is offered is one that the help of that option names.
taken()
{
	"$bin/$1" --help | awk -v option="$2" '$1 ~ /^-/ { on = $1 == option } on' >"$dir/help"
	offers "$1 $2 " >"$dir/offers"
	[ -s "$dir/offers" ] || return 1
	while read -r value; do
		grep -qw -e "${value%%:*}" "$dir/help" || { echo "$value"; return 1; }
	done <"$dir/offers"
}

# No option that the file names for its values has gone.
known()
{
	sed -n 's/^	\(--[a-z-]*\):[a-z]*).*/\1/p' "$completion" >"$dir/named"
	{ helped softhsm2-util; helped softhsm2-keyconv; } >"$dir/helped"
	[ -s "$dir/named" ] && ! grep -vxF -f "$dir/helped" "$dir/named"
}

check "util: as in the help" same_as_help softhsm2-util 30
check "keyconv: as in the help" same_as_help softhsm2-keyconv 5
[ ! -x "$bin/softhsm2-migrate" ] ||
	check "migrate: as in the help" same_as_help softhsm2-migrate 5
check "options that are named are there" known
check "a beginning" offered "softhsm2-util --so" --so-pin
check "one action only" offered "softhsm2-util --show-slots --i" --id --import-type
check "values of --to" offered "softhsm2-util --convert --to " file db
check "values after =" offered "softhsm2-util --convert --to=d" db
check "no PIN" offered "softhsm2-util --init-token --pin "
check "no SO PIN" offered "softhsm2-util --init-token --so-pin=1"
check "no label" offered "softhsm2-util --init-token --label "
check "files" offered "softhsm2-util --import " default
check "files, too" offered "softhsm2-keyconv --in=" default
check "keys" offered "softhsm2-util --generate e" ec:P-256 ec:P-384 ec:P-521 ed25519 ed448
check "keys with a colon" offered "softhsm2-util --generate rsa:" 2048 3072 4096
check "keys with = and a colon" offered "softhsm2-util --generate=rsa:2" 2048
check "types of --generate" taken softhsm2-util --generate
check "types of --import-type" taken softhsm2-util --import-type
check "types of --export-type" taken softhsm2-util --export-type
check "algorithms" offered "softhsm2-keyconv --algorithm ED" ED25519 ED448
check "keys of the configuration" offered "softhsm2-util --show-config obj" \
	objectstore.backend objectstore.sync objectstore.umask
check "options instead of a key" offered "softhsm2-util --show-config --js" --json

new_token plain
# Read as one value, though bash would break or expand it.
# shellcheck disable=SC2016
new_token 'a $x: "b" \c'
slots=$("$SOFTHSM2_UTIL" --module "$MODULE" --show-slots | sed -n 's/^Slot //p')
serials=$("$SOFTHSM2_UTIL" --module "$MODULE" --show-slots | awk '/Serial number: / { print $3 }')
util="softhsm2-util --module $MODULE --list-objects"
check "labels" offered "$util --token p" plain
# shellcheck disable=SC2016 # as bash would write it
check "a label with marks" offered "$util --token a" 'a\ \$x:\ \"b\"\ \\c'
# shellcheck disable=SC2016
check "within quotes" offered "$util --token \"a" 'a \$x: \"b\" \\c'
# shellcheck disable=SC2016
check "within the other quotes" offered "$util --token 'a" 'a $x: "b" \c'
# shellcheck disable=SC2086 # a list of words
check "slots" offered "$util --slot " $slots
# shellcheck disable=SC2086
check "serial numbers" offered "$util --serial " $serials
[ ! -x "$bin/softhsm2-migrate" ] ||
	check "labels for migrate" offered "softhsm2-migrate --module $MODULE --token p" plain
check "a module that is none" offered "softhsm2-util --module /nonexistent.so --slot "
finish

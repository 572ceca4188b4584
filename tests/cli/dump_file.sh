#!/bin/sh
# softhsm2-dump-file beside the reference's, but for its exit status, which is the wrong way round.
tool=dump-file
status_counts=no
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
: "${TEST_DATA:?names tests/data}"

# ended STATUS NAME: our last run did so.
ended()
{
	[ "$side" = reference ] || [ "$last_status" = "$1" ] || fail "$2: status $last_status"
}

# hex NAME DIGITS...: a case: a file of those bytes. A word is a number, x word bytes as they are.
hex()
{
	hex_name=$1
	shift
	for word in "$@"; do
		case $word in
		x*) echo "${word#x}" ;;
		*) printf '%016x' "0x$word" ;;
		esac
	done | awk -v digits=123456789abcdef '{
		for (i = 1; i < length($0); i += 2) {
			high = index(digits, substr($0, i, 1))
			low = index(digits, substr($0, i + 1, 1))
			printf "\\%03o", 16 * high + low
		}
	}' >"$world/octal"
	# shellcheck disable=SC2059 # it is a format
	printf "$(cat "$world/octal")" >"$world/$hex_name"
	check "$hex_name" "$world/$hex_name"
	ended "$wanted" "$hex_name"
}

sound()
{
	wanted=0
	template='3 3 1 x78 103 1 xff'
	# shellcheck disable=SC2086 # a list of words
	hex example 1 0 2 0 1 1 xff 2 1 x00 3 3 2 x6869 40000212 4 2a $template \
		40000600 5 2 1082 1087
	hex generation-only 5
	hex vendors 5 80001234 2 7 12345 2 7 1 1 x01 100 2 1234 100 2 80000001 \
		166 2 80000009 0 2 80000009 80 2 5 80 2 80000005 166 2 99999 0 2 4d
	hex large 5 100 2 12a05f200 0 2 12a05f200 80 2 12a05f200 166 2 12a05f200 12a05f200 2 1
	hex unavailable 5 121 2 ffffffffffffffff 166 2 ffffffffffffffff
	hex mechanisms-in-template 5 40000212 4 38 40000600 5 1 1082 0 2 3
	hex empty-lists 5 40000212 4 0 40000600 5 0 3 3 0
	hex other-kinds 5 40000600 3 10 x01000000000000000200000000000000 \
		100 3 8 x00ff7e20217f80e9 3 2 4 0 1 xff 40000212 1 x33
}

damaged()
{
	wanted=1
	hex cut-generation x000000
	hex cut-type 5 x0000000000
	hex cut-kind 5 3 x0000000000
	hex cut-length 5 3 3 x0000000000
	hex cut-bytes 5 3 3 1e x6162636465666768696a6b
	hex cut-flag 5 1 1
	hex cut-number 5 0 2 x0000
	hex cut-mechanisms 5 40000600 5 5 1082 x000000
	hex cut-template 5 40000212 4 32 3 3 1 x78 103 1 xff
	hex long-bytes 5 3 3 10000000000 x616263
	hex longest-bytes 5 3 3 ffffffffffffffff x616263
	hex long-mechanisms 5 40000600 5 2000000000000000 1082 88888
	hex kind-unknown 5 3 9 2 x6869 1 1 xff
	hex kind-zero 5 3 0 2 x6869
	hex template-kind 5 40000212 4 14 3 7 x61626364
	hex template-in-template 5 40000211 4 42 40000212 4 2a 3 3 1 x78 103 1 xff
	hex template-short 5 40000212 4 27 3 3 1 x78 103 1 xff 1 1 xff
}

play()
{
	world
	check nothing
	check two-words a b
	check missing "$world/none"
	: >"$world/empty"
	check empty "$world/empty"
	sound
	damaged
	for object in "$TEST_DATA"/fixtures/softhsm-2.6.1/file-[cdert]*/tokens/*/*.object; do
		[ "${object%token.object}" = "$object" ] || continue
		count=$((${count-0} + 1))
		[ $((count % 10)) -eq 0 ] || continue
		cp "$object" "$world/object"
		check "object-$count" "$world/object"
		ended 0 "$object"
	done
	count=0
}
compare

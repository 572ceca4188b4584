#!/bin/sh
# softhsm2-keyconv beside the reference's.
tool=keyconv
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
: "${TEST_DATA:?names tests/data}"
bind=$TEST_DATA/bind

# The key in a file, told by a digest of its DER.
key_of()
{
	if openssl pkey -in "$1" -outform DER -out "$dir/der" 2>/dev/null; then
		openssl dgst -sha256 -r "$dir/der" | cut -d ' ' -f 1
	else
		echo "no key"
	fi
}

# converts NAME FILE [ARGUMENT...]: a case, and one for the key that comes out.
converts()
{
	converts_name=$1
	converts_in=$2
	shift 2
	cp "$converts_in" "$world/$converts_name.in"
	check "$converts_name" --in "$world/$converts_name.in" --out "$world/$converts_name.pem" "$@"
	shows "$converts_name-key" key_of "$world/$converts_name.pem"
}

# edited NAME SED: the same with an altered file of an RSA key.
edited()
{
	sed "$2" "$bind/example.com-08.private" >"$world/edited"
	converts "$1" "$world/edited"
}

usage()
{
	check nothing
	check help --help
	check help-letter -h
	check version --version
	check version-letter -v
	check unknown-option --bogus
	check no-in --out "$world/x"
	check no-out --in "$bind/example.com-08.private"
	check in-missing --in "$world/none" --out "$world/x"
	check out-missing --in "$bind/example.com-08.private" --out "$world/none/x"
	check words-ignored --in "$bind/example.com-08.private" --out "$world/x" more
}

play()
{
	world
	usage
	for file in "$bind"/*.private; do
		converts "$(basename "$file" .private)" "$file"
	done
	edited version-newer 's/v1\.3/v1.4/'
	edited version-2 's/v1\.3/v2.0/'
	edited version-none '1d'
	edited version-old 's/v1\.3/v1.0/'
	edited algorithm-none '/^Algorithm/d'
	edited algorithm-4 's/^Algorithm: 8/Algorithm: 4/'
	edited algorithm-12 's/^Algorithm: 8/Algorithm: 12/'
	edited algorithm-word 's/^Algorithm: 8.*/Algorithm: RSA/'
	edited algorithm-other 's/^Algorithm: 8/Algorithm: 3/'
	edited names-any-case 's/^Prime1:/PRIME1:/'
	edited part-missing '/^Prime1/d'
	edited part-empty 's/^Prime1:.*/Prime1:/'
	edited part-twice '/^Prime1/p'
	edited line-junk '3i junk'
	edited line-unknown '3i Other: bm8='
	edited base64-wrong 's/^Prime1: /Prime1: !!/'
	edited carriage-returns 's/$/\r/'
	converts empty /dev/null
}
compare

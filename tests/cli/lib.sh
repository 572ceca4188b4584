# shellcheck shell=sh
# Shared by the tests of this folder; to be sourced by a POSIX shell.
#
# A test is a function "play" that lists its cases:
#
#	world			a new, empty token directory with its configuration
#	check NAME ARGUMENT...	a case: runs the tool, notes output, errors and status
#	typed NAME "ANSWER..." ARGUMENT...	the same at a terminal, see pty.c
#	holds NAME LABEL	a case: what the token holds, see objects.c
#	quietly ARGUMENT...	runs the tool to prepare a case
#	shows NAME COMMAND...	a case: what another program says
#
# A test of another tool than softhsm2-util sets "tool" first, e.g. to keyconv,
# and "status_counts" to no where the reference's exit status means nothing.
#
# "compare" plays it with the tool under test and with the reference, SoftHSM
# 2.6.1, and compares case by case. The differences that are meant are in the
# file "differences", line by line, with their reasons. Where the reference is
# not installed, what it said is taken from expected/; where it is, expected/
# must say the same, and "CLI_WRITE_EXPECTED=1 make check" writes it anew.

set -u
: "${SOFTHSM2_UTIL:?names the softhsm2-util to test}"
: "${MODULE:?names the PKCS#11 module of that tool}"

here=$(cd "$(dirname "$0")" && pwd) || exit 1
script=$(basename "$0" .sh)
data=$here/data
pty=$PWD/tests/cli/pty
objects=$PWD/tests/cli/objects
tool=${tool:-util}
status_counts=${status_counts:-yes}
ours=$(dirname "$SOFTHSM2_UTIL")/softhsm2-$tool
reference=$(dirname "${CLI_REFERENCE:-/usr/bin/softhsm2-util}")/softhsm2-$tool
reference_module=${CLI_REFERENCE_MODULE:-/usr/lib/softhsm/libsofthsm2.so}
dir=$(mktemp -d "${TMPDIR:-/tmp}/cli.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
failures=0
worlds=0
# shellcheck disable=SC3045 # every shell that matters has it
ulimit -c 0

# shellcheck disable=SC2034 # for the tests
pins='--so-pin 5678 --pin 1234'

fail()
{
	echo "FAIL: $*"
	failures=$((failures + 1))
}

# --- the player --------------------------------------------------------

world()
{
	worlds=$((worlds + 1))
	world=$dir/$side/$worlds
	mkdir -p "$world/tokens" || exit 1
	SOFTHSM2_CONF=$world/softhsm2.conf
	export SOFTHSM2_CONF
	printf '%s\n' "directories.tokendir = $world/tokens" \
		'log.level = ERROR' "log.file = $world/log" >"$SOFTHSM2_CONF"
	# the reference may know no databases; what it says of files holds for them, too
	case ${side-}:${TEST_BACKEND-} in
	reference:* | *:) ;;
	*) set_conf "objectstore.backend = $TEST_BACKEND" ;;
	esac
}

# set_conf LINE...: to the configuration; the last line for a key wins.
set_conf()
{
	printf '%s\n' "$@" >>"$SOFTHSM2_CONF"
}

quietly()
{
	"$util" "$@" >"$dir/quiet" 2>&1 </dev/null && return 0
	fail "$side: preparing $*: $(cat "$dir/quiet")"
}

show_slots()
{
	"$util" --show-slots 2>/dev/null </dev/null
}

# slot_of LABEL, serial_of LABEL
slot_of()
{
	show_slots | awk -v label="$1" '/^Slot / { slot = $2 }
		/^ *Label: / { $1 = ""; sub(/^ /, ""); sub(/ *$/, "")
			if ($0 == label) print slot }'
}

serial_of()
{
	show_slots | awk -v label="$1" '/^ *Serial number: / { serial = $3 }
		/^ *Label: / { $1 = ""; sub(/^ /, ""); sub(/ *$/, "")
			if ($0 == label) print serial }'
}

# mask: what differs from run to run by nature, and the help, whose text is free. The length of
# a slot's number varies, so the length of the padded line with it is shown instead.
mask()
{
	awk '/Description: / { $0 = $0 "|" length($0) } { print }' |
	sed -E -e "s|$world|<world>|g" -e "s|$data|<data>|g" -e "s|$util|<util>|g" \
		-e 's/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/<uuid>/g' \
		-e 's/(^|[^0-9a-f])[0-9a-f]{16}($|[^0-9a-f])/\1<serial>\2/g' \
		-e 's/([Ss]lot )[0-9]{5,}/\1<slot>/g' \
		-e 's/ID 0x[0-9a-f]{5,8} */ID <slot>/' \
		-e 's/(ware version: )[0-9]+\.[0-9]+/\1<version>/' \
		-e 's/^[0-9]+\.[0-9]+\.[0-9]+$/<version>/' \
		-e 's|^/.*/softhsm/libsofthsm2\.so$|<module>|' |
	awk '/^Usage: softhsm2-/ { help = 1 } { text = text $0 "\n" }
		END { printf "%s", help ? "<help>\n" : text }'
}

# record NAME STATUS: turns $dir/out and $dir/err into the record of a case.
record()
{
	last_status=$2 # for the tests
	[ ! -e "$dir/$side/$1.case" ] || fail "two cases are called $1"
	{
		mask <"$dir/out" | sed 's/^/out: /'
		mask <"$dir/err" | sed 's/^/err: /'
		[ "$status_counts" != yes ] || echo "status: $2"
	} >"$dir/$side/$1.case"
	echo "$1" >>"$dir/$side/cases"
}

check()
{
	check_name=$1
	shift
	"$util" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	record "$check_name" $?
}

shows()
{
	shows_name=$1
	shift
	"$@" >"$dir/out" 2>"$dir/err" </dev/null
	record "$shows_name" $?
}

typed()
{
	typed_name=$1
	typed_answers=$2
	shift 2
	# shellcheck disable=SC2086 # a list of words
	"$pty" $typed_answers -- "$util" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	record "$typed_name" $?
}

holds()
{
	"$objects" "$module" "$2" 1234 >"$dir/unsorted" 2>"$dir/err"
	holds_status=$?
	sort "$dir/unsorted" >"$dir/out"
	record "$1" $holds_status
}

# --- the comparison ----------------------------------------------------

# perform SIDE TOOL MODULE
perform()
{
	side=$1
	util=$2
	module=$3
	worlds=0
	mkdir -p "$dir/$side" || exit 1
	play
}

# bundle SIDE: all records as one file.
bundle()
{
	while read -r name; do
		echo "== $name"
		cat "$dir/$1/$name.case"
	done <"$dir/$1/cases"
}

# unbundle FILE: the reverse, as the reference's.
unbundle()
{
	mkdir -p "$dir/reference" && : >"$dir/reference/cases" || exit 1
	awk -v dir="$dir/reference" '/^== / { name = $2; print name >(dir "/cases"); next }
		{ print >(dir "/" name ".case") }' "$1"
}

reference_is_here()
{
	[ -x "$reference" ] && [ "$("$(dirname "$reference")/softhsm2-util" --version)" = 2.6.1 ]
}

# play_reference: fills $dir/reference, from the program or from what it once said.
play_reference()
{
	expected=$here/expected/$script
	if ! reference_is_here; then
		echo "no SoftHSM 2.6.1 here; comparing with what it said earlier"
		unbundle "$expected"
		return
	fi
	perform reference "$reference" "$reference_module"
	bundle reference >"$dir/bundle"
	if [ -n "${CLI_WRITE_EXPECTED-}" ]; then
		cp "$dir/bundle" "$expected"
	elif ! diff "$expected" "$dir/bundle" >"$dir/diff"; then
		fail "expected/$script is not what the reference says"
		cat "$dir/diff"
	fi
}

# intended NAME: the lines that the file "differences" has for a case.
intended()
{
	awk -v wanted="$script/$1" '/^case / { on = $2 == wanted } on && /^[-+]/' \
		"$here/differences"
}

compare_case()
{
	diff "$dir/reference/$1.case" "$dir/ours/$1.case" |
		sed -n -e 's/^< /-/p' -e 's/^> /+/p' >"$dir/differs"
	intended "$1" >"$dir/intended"
	if cmp -s "$dir/intended" "$dir/differs"; then
		[ ! -s "$dir/differs" ] || differing=$((differing + 1))
		return
	fi
	fail "$script/$1: - is the reference's, + is ours"
	cat "$dir/differs"
	if [ -s "$dir/intended" ]; then
		echo "but this is what was meant:"
		cat "$dir/intended"
	fi
}

finish()
{
	[ $failures -eq 0 ] || exit 1
	exit 0
}

compare()
{
	perform ours "$ours" "$MODULE"
	play_reference
	differing=0
	if ! diff "$dir/reference/cases" "$dir/ours/cases"; then
		fail "expected/$script has other cases; CLI_WRITE_EXPECTED=1 mends that"
	fi
	while read -r name; do
		compare_case "$name"
	done <"$dir/ours/cases"
	# A difference that nothing shows any more must go.
	sed -n "s|^case $script/||p" "$here/differences" | while read -r name; do
		grep -qxF "$name" "$dir/ours/cases" || echo "$name"
	done >"$dir/stale"
	while read -r name; do
		fail "differences: there is no case $script/$name"
	done <"$dir/stale"
	echo "$script: $(grep -c . "$dir/ours/cases") cases," \
		"$differing differ as intended, $failures failed"
	finish
}

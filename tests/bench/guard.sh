#!/bin/sh
# Counts the instructions (callgrind) and the system calls (strace) of one
# operation of some workloads, and compares them with guard.txt. Nothing here
# depends on the clock. The difference of two lengths counts, so that loading,
# C_Initialize and login cancel out. create-object also destroys what it made.
#
#	guard.sh [--update] [WORKLOAD...]
#
# BENCH is the program, MODULE the module. --update writes guard.txt anew.
set -u
: "${BENCH:?names the program of this folder}"
: "${MODULE:?names the PKCS#11 module to count}"

stored=$(dirname "$0")/guard.txt
percent=10
few=40
many=120
failures=0
update=no
if [ "${1-}" = --update ]; then
	update=yes
	shift
fi
workloads=${*:-rsa2048-sign rsa2048-verify ecdsa-p256-sign ecdsa-p256-verify ed25519-sign
	aes256-gcm-1k aes256-cbc-pad-16k sha256-64 hmac-sha256-64 random-32
	generate-aes256-session logout-login session-open-close find-label find-miss
	get-3-attributes create-object}
[ $# -eq 0 ] || [ $update = no ] || { echo "--update is for all workloads" >&2; exit 2; }

# missing WHAT: a skip, or a failure where nothing may be missing.
missing()
{
	if [ "${CI-}" = true ]; then
		echo "FAIL: $*"
		exit 1
	fi
	echo "SKIP: $*"
	exit 77
}

if [ -n "${SANITIZERS-}" ]; then
	echo "SKIP: sanitizers have instructions of their own"
	exit 77
fi
for tool in valgrind strace; do
	command -v $tool >/dev/null || missing "$tool is not installed"
done
strace -qq -o /dev/null true 2>/dev/null || missing "strace may not trace here"

dir=$(mktemp -d "${TMPDIR:-/tmp}/guard.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

# bench COMMAND... -- OPTION...: runs the program under a command.
bench()
{
	bench_under=
	while [ "$1" != -- ]; do
		bench_under="$bench_under $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # a list of words
	$bench_under "$BENCH" --dir "$dir" --objects 100 --no-raw "$@" "ours=$MODULE" \
		>"$dir/out" 2>&1 && return 0
	cat "$dir/out"
	return 1
}

# The cost of each object file, without that of what it calls: "module all".
sum_callgrind()
{
	awk -v module="$(basename "$(readlink -f "$MODULE")")" '
	function name_of(text) {
		sub(/^c?ob=/, "", text)
		id = text
		sub(/ .*/, "", id)
		if (text != id) {
			sub(/^[^ ]* /, "", text)
			names[id] = text
		}
		return names[id]
	}
	/^ob=/ { object = name_of($0); next }
	/^cob=/ { name_of($0); next }
	/^calls=/ { called = 1; next }
	/^[0-9+*-]/ {
		if (called) {
			called = 0
			next
		}
		all += $2
		if (object ~ module "$")
			ours += $2
	}
	END { print ours + 0, all + 0 }' "$1"
}

# instructions WORKLOAD COUNT
instructions()
{
	bench valgrind -q --tool=callgrind --callgrind-out-file="$dir/callgrind" -- \
		--only "$1" --count "$2" >&2 || return 1
	sum_callgrind "$dir/callgrind"
}

# system_calls WORKLOAD COUNT
system_calls()
{
	bench strace -f -qq -e signal=none -o "$dir/strace" -- --only "$1" --count "$2" >&2 ||
		return 1
	wc -l <"$dir/strace"
}

# count WORKLOAD: a line of guard.txt.
count()
{
	a=$(instructions "$1" $few) && b=$(instructions "$1" $many) &&
		c=$(system_calls "$1" $few) && d=$(system_calls "$1" $many) || return 1
	echo "$1 $a $b $c $d" | awk -v n=$((many - few)) '{
		printf "%-24s %9.0f %9.0f %6.2f\n", $1, ($4 - $2) / n, ($5 - $3) / n,
			($7 - $6) / n }'
}

# compare LINE: with the stored one, within so many percent and a small remainder.
compare()
{
	name=${1%% *}
	old=$(grep "^$name " "$stored") || { echo "FAIL: $name is not in guard.txt"; return 1; }
	may_differ=$percent
	# The PIN is digested 1500 to 1755 times; the token's salt says how often.
	[ "$name" != logout-login ] || may_differ=20
	printf '%s\n%s\n' "$old" "$1" | awk -v percent=$may_differ -v all="$same_libcrypto" '
	function test(what, old, new, remainder) {
		if (new > old * (1 + percent / 100) + remainder)
			bad = bad sprintf(", more %s than %s", what, old)
		if (new < old * (1 - percent / 100) - remainder)
			bad = bad sprintf(", fewer %s than %s: see --update", what, old)
	}
	NR == 1 { module = $2; total = $3; calls = $4; next }
	{
		test("instructions in the module", module, $2, 50)
		if (all == "yes")
			test("instructions", total, $3, 200)
		test("system calls", calls, $4, 0.2)
		print (bad == "" ? "ok: " : "FAIL: ") $0 bad
		exit bad != ""
	}'
}

libcrypto=$("$BENCH" --libcrypto) || exit 1
bench -- --prepare --only 'sha256-64,find-label' || exit 1
sleep 2	# files that changed within the last second are read with more care
if [ $update = yes ]; then
	{
		echo "# Instructions in the module, instructions in all, system calls: each of one"
		echo "# operation. Written by \"make bench-guard GUARD_FLAGS=--update\"."
		echo "# $libcrypto"
	} >"$dir/guard.txt"
else
	same_libcrypto=no
	if grep -qxF "# $libcrypto" "$stored"; then
		same_libcrypto=yes
	else
		echo "note: stored with another libcrypto; only the module's own instructions count"
	fi
fi
for workload in $workloads; do
	line=$(count "$workload") || { echo "FAIL: $workload cannot be run"; exit 1; }
	if [ $update = yes ]; then
		echo "$line" | tee -a "$dir/guard.txt"
	else
		compare "$line" || failures=$((failures + 1))
	fi
done
[ $update = no ] || cp "$dir/guard.txt" "$stored" || exit 1
echo "$failures failed"
[ $failures -eq 0 ]

#!/bin/sh
# shellcheck disable=SC2034,SC2086 # for lib.sh; $pins is a list of words
# Six tokens made at once: each run makes its own, says where it is, and exits 0.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

side=ours
util=$SOFTHSM2_UTIL
mkdir "$dir/$side"

start()
{
	"$util" --init-token --free --label "token-$1" $pins \
		>"$world/out.$1" 2>"$world/err.$1" </dev/null
	echo $? >"$world/status.$1"
}

judge()
{
	status=$(cat "$world/status.$1")
	said=$(sed -n 's/^The token has been initialized and is reassigned to slot //p' "$world/out.$1")
	is=$(slot_of "token-$1")
	[ "$status" = 0 ] || fail "run $1 exited with $status"
	[ "${said:-none}" = "$is" ] || fail "run $1 said slot '$said', but it is '$is'"
	[ ! -s "$world/err.$1" ] || { fail "run $1 complained"; cat "$world/err.$1"; }
}

for round in 1 2 3; do
	world
	for n in 1 2 3 4 5 6; do
		start $n &
	done
	wait
	for n in 1 2 3 4 5 6; do
		judge $n
	done
	serials=$(show_slots | sed -n 's/^ *Serial number: *\([0-9a-f]\{16\}\).*/\1/p' |
		sort -u | grep -c .)
	[ "$serials" = 6 ] || fail "round $round: $serials tokens instead of 6"
done

echo "parallel: 18 runs, $failures failed"
finish

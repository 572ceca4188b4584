#!/bin/sh
# shellcheck disable=SC2034,SC2086 # for lib.sh; $pins is a list of words
# Backups, copies and conversions of a token that two processes change all the while, and
# conversions that are killed.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

side=ours
util=$SOFTHSM2_UTIL
module=$MODULE
mkdir "$dir/$side"
churn=$PWD/tests/cli/churn
rounds=${MOVE_ROUNDS:-4}

# busy: starts the writers; calm: ends them, and they must have met no error.
busy()
{
	: >"$world/go"
	"$churn" write "$module" busy 1234 "$world/go" >"$world/one" 2>&1 &
	one=$!
	"$churn" write "$module" busy 1234 "$world/go" >"$world/two" 2>&1 &
	two=$!
}

calm()
{
	rm -f "$world/go"
	wait "$one" || fail "a writer: $(cat "$world/one")"
	wait "$two" || fail "a writer: $(cat "$world/two")"
	echo "the writers made $(cat "$world/one") and $(cat "$world/two") objects"
}

# usable DIRECTORY-OF-TOKENS: every object in it is whole and can be used.
usable()
{
	printf '%s\n' "directories.tokendir = $1" "objectstore.backend = $backend" \
		'log.level = ERROR' "log.file = $1.log" >"$1.conf"
	SOFTHSM2_CONF=$1.conf "$util" --check --token busy --pin 1234 >"$dir/out" 2>&1 ||
		fail "$1: $(cat "$dir/out")"
	SOFTHSM2_CONF=$1.conf "$churn" verify "$module" busy 1234 >"$dir/out" 2>&1 ||
		fail "$1: $(cat "$dir/out")"
}

archive_it()
{
	mkdir "$world/restored-$1"
	"$util" --backup "$world/archive-$1" --token busy >"$dir/out" 2>&1 ||
		fail "backup $1: $(cat "$dir/out")"
	printf '%s\n' "directories.tokendir = $world/restored-$1" \
		"objectstore.backend = $backend" >"$world/restore.conf"
	SOFTHSM2_CONF=$world/restore.conf "$util" --restore "$world/archive-$1" \
		>"$dir/out" 2>&1 || fail "restore $1: $(cat "$dir/out")"
	usable "$world/restored-$1"
}

# As docs/STORAGE.md says: again until cp has nothing to complain about.
copy_it()
{
	tries=0
	until cp -a "$world/tokens" "$world/copy-$1" 2>/dev/null; do
		rm -rf "$world/copy-$1"
		tries=$((tries + 1))
		[ $tries -lt 500 ] || { fail "cp never came to its end"; return; }
	done
	usable "$world/copy-$1"
}

# As docs/STORAGE.md says, too: on a slow disk two writers can leave no gap for the timeout.
copy_database()
{
	token=$(basename "$world/tokens"/*-*)
	mkdir -p "$world/copy-$1/$token"
	tries=0
	until sqlite3 "$world/tokens/$token/sqlite3.db" ".timeout 60000" \
		".backup '$world/copy-$1/$token/sqlite3.db'" 2>"$dir/out"; do
		grep -q 'is locked' "$dir/out" || { fail "sqlite3: $(cat "$dir/out")"; return; }
		tries=$((tries + 1))
		[ $tries -lt 20 ] || { fail "sqlite3 never came to its end"; return; }
	done
	usable "$world/copy-$1"
}

under_load()
{
	backend=$1
	world
	set_conf "objectstore.backend = $backend"
	quietly --init-token --free --label busy $pins
	busy
	for round in $(seq "$rounds"); do
		archive_it "$round"
		if [ "$backend" = file ]; then
			copy_it "$round"
		elif command -v sqlite3 >/dev/null; then
			copy_database "$round"
		fi
	done
	calm
	usable "$world/tokens"
}

# left_behind TOKEN: what other directories hold. A directory killed before its marker says whose
# it is may stay for a while: the library takes it for a token in the making.
left_behind()
{
	find "$world/tokens" -mindepth 2 ! -path "$1/*" ! \( -name moving -size 0 \)
}

# convert_killed FROM TO: killed again and again, then left to end.
convert_killed()
{
	backend=$1
	world
	set_conf "objectstore.backend = $1"
	quietly --init-token --free --label busy $pins
	busy
	while [ "$("$churn" verify "$module" busy 1234)" -lt 8 ]; do
		:
	done
	calm
	before=$("$churn" verify "$module" busy 1234)
	for ms in 01 02 03 05 08 12 16 20 25 30 40; do
		# In the foreground timeout waits for what it kills: the next run finds no lock held.
		timeout --foreground -s KILL "0.$ms" "$util" --convert --to "$2" --token busy \
			>/dev/null 2>&1
		found=$(find "$world/tokens" -mindepth 2 -maxdepth 2 -name token.object -o \
			-mindepth 2 -maxdepth 2 -name sqlite3.db | wc -l)
		[ "$found" -eq 1 ] || fail "after a kill there are $found tokens"
	done
	"$util" --convert --to "$2" --token busy >"$dir/out" 2>&1 ||
		fail "after the kills: $(cat "$dir/out")"
	token=$(dirname "$(find "$world/tokens" -maxdepth 2 -name token.object -o -name sqlite3.db)")
	left=$(left_behind "$token")
	[ -z "$left" ] || fail "$1 to $2: left behind: $left"
	set_conf "objectstore.backend = $2"
	backend=$2
	usable "$world/tokens"
	after=$("$churn" verify "$module" busy 1234)
	[ "$before" = "$after" ] || fail "$before objects became $after"
}

under_load file
if ! "$util" --convert --to db --token none 2>&1 | grep -q 'has no SQLite'; then
	under_load db
	convert_killed file db
	convert_killed db file
fi
echo "move_load: $failures failed"
finish

#!/bin/sh
# shellcheck disable=SC2034,SC2086 # for lib.sh; $pins is a list of words
# --convert, --backup, --restore and --check, which SoftHSM 2.6.1 does not have.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
unset TEST_BACKEND	# it goes from one to the other

side=ours
util=$SOFTHSM2_UTIL
module=$MODULE
mkdir "$dir/$side"

# expect NAME TEXT: the last case showed that line, or had that status.
expect()
{
	grep -qxF "$2" "$dir/$side/$1.case" || {
		fail "$1: no line '$2'"
		cat -v "$dir/$side/$1.case"
	}
}

# refused NAME TEXT ARGUMENT...: a case that fails and says why in that line.
refused()
{
	refused_name=$1
	refused_text=$2
	shift 2
	check "$refused_name" "$@"
	expect "$refused_name" "err: ERROR: $refused_text"
	expect "$refused_name" 'status: 1'
}

# fixtures NAME...: a world with those tokens of SoftHSM 2.6.1.
fixtures()
{
	world
	for fixture in "$@"; do
		cp -r "$TEST_DATA/fixtures/softhsm-2.6.1/$fixture/tokens/." "$world/tokens"
	done
	chmod -R u+w "$world/tokens"
}

# records ARCHIVE: what it holds, without its date, backend and checksum.
records()
{
	tail -c +250 "$1" | head -c -32
}

token_dir()
{
	echo "$world/tokens"/*
}

world
refused convert-nothing 'The new backend must be supplied. Use --to file or --to db' --convert
refused convert-paper 'There is no backend called paper. Use --to file or --to db' \
	--convert --to paper --token x
refused convert-which \
	'A token must be supplied. Use --slot <number>, --serial <serial>, or --token <label>' \
	--convert --to file
refused backup-which \
	'A token must be supplied. Use --slot <number>, --serial <serial>, or --token <label>' \
	--backup "$dir/x"
refused backup-none \
	'Could not find a token using --slot, --serial or --token. Try: '\
'softhsm2-util --show-slots' \
	--backup "$dir/x" --token none
refused check-pin \
	'--pin needs the token that it is for. Use --slot <number>, --serial '\
'<serial>, or --token <label>' \
	--check --pin 1234
refused restore-missing \
	"Could not read the archive <world>/none: cannot open <world>/none: "\
"No such file or directory." \
	--restore "$world/none"
check check-empty --check
expect check-empty 'out: Checked 0 tokens with 0 objects: no damage.'
expect check-empty 'status: 0'

# --- backup and restore ------------------------------------------------

fixtures file-rsa
check backup --backup "$world/archive" --token rsa-token
expect backup 'out: The token "rsa-token" (serial <serial>) is in <world>/archive: 8 objects.'
expect backup 'status: 0'
[ "$(ls -l "$world/archive" | cut -c1-10)" = '-rw-------' ] || fail "the archive's mode"
refused backup-again 'The file exists: <world>/archive. Use --force to replace it' \
	--backup "$world/archive" --token rsa-token
check backup-force --backup "$world/archive" --token rsa-token --force
expect backup-force 'status: 0'
"$util" --backup - --token rsa-token >"$world/piped" 2>/dev/null || fail 'backup to a pipe'
records "$world/archive" >"$dir/a"
records "$world/piped" >"$dir/b"
cmp "$dir/a" "$dir/b" || fail 'standard output gets another archive'
refused restore-over \
	'There is a token with the serial <serial> in <world>/tokens/<uuid>. '\
'Use --force to replace it' \
	--restore "$world/archive"
name=$(ls "$world/tokens")
"$objects" "$module" rsa-token 1234 | sort >"$dir/before"
quietly --delete-token --token rsa-token
check restore --restore "$world/archive"
expect restore 'out: The token "rsa-token" (serial <serial>) is restored: 8 objects.'
expect restore 'status: 0'
[ "$(ls -A "$world/tokens")" = "$name" ] || fail 'the directory has another name'
"$objects" "$module" rsa-token 1234 | sort >"$dir/after"
diff "$dir/before" "$dir/after" || fail 'the restored keys are not those'
quietly --import "$data/p256.pem" --token rsa-token --label more --id 77 --pin 1234
check restore-force --restore "$world/archive" --force
expect restore-force 'status: 0'
"$objects" "$module" rsa-token 1234 | sort >"$dir/after"
diff "$dir/before" "$dir/after" || fail 'the token was not replaced'
"$util" --restore - --force <"$world/archive" >/dev/null || fail 'restore from a pipe'
[ "$(ls -A "$world/tokens")" = "$name" ] || fail 'something is left beside the token'

head -c 3000 "$world/archive" >"$world/cut"
refused restore-cut \
	'The archive <world>/cut is damaged: its checksum is wrong: it is '\
'cut off, or was changed.' \
	--restore "$world/cut" --force
refused restore-junk "The archive <data>/junk.txt is damaged: it is no archive of a token." \
	--restore "$data/junk.txt"
"$objects" "$module" rsa-token 1234 | sort >"$dir/after"
diff "$dir/before" "$dir/after" || fail 'a damaged archive changed something'

# Where nothing can be written nothing changes.
if [ "$(id -u)" -ne 0 ]; then
	chmod 500 "$world/tokens"
	refused restore-read-only 'The token was not restored.' --restore "$world/archive" --force
	chmod 700 "$world/tokens"
fi

# --- check -------------------------------------------------------------

check check-closed --check
expect check-closed 'out: Checked 1 token with 8 objects: no damage.'
expect check-closed \
	'out: The values of 5 private objects were not looked at: that needs --pin.'
expect check-closed 'status: 0'
check check-open --check --token rsa-token --pin 1234
expect check-open 'out: Checked 1 token with 8 objects: no damage.'
expect check-open 'status: 0'
check check-wrong-pin --check --token rsa-token --pin 4321
expect check-wrong-pin 'err: ERROR: Could not open the token in <world>/tokens/<uuid> with that '\
'PIN: it is not the PIN of the user.'
expect check-wrong-pin 'status: 1'

# reports PYTHON ARGUMENT...: that is true of the JSON of --check, called "x".
reports()
{
	reports_test=$1
	shift
	"$util" --check --json "$@" >"$dir/json" 2>"$dir/said" </dev/null
	python3 -c "import json, sys
x = json.load(open(sys.argv[1]))
assert ($reports_test), x" "$dir/json" >>"$dir/said" 2>&1 ||
		fail "--check --json $*: $(cat "$dir/said")"
}
if command -v python3 >/dev/null; then
	reports 'x["tokens_checked"] == 1 and x["objects"] == 8 and x["faults"] == 0 and
		x["values_not_looked_at"] == 5 and x["complete"] and
		[(t["label"], t["backend"], t["usable"], t["faults"]) for t in x["tokens"]] ==
		[("rsa-token", "file", True, [])]'
	reports 'x["values_not_looked_at"] == 0' --token rsa-token --pin 1234
elif [ "${CI-}" = true ]; then
	fail 'python3 is not installed'
fi

damaged=$(ls "$(token_dir)"/*-*.object | head -n 1)
echo junk >"$damaged"
! command -v python3 >/dev/null ||
	reports 'x["faults"] == 1 and x["set_aside"] == 0 and
		x["tokens"][0]["faults"][0]["path"].endswith(".object") and
		x["tokens"][0]["faults"][0]["aside"] is None'
check check-damage --check
expect check-damage \
	'out: <world>/tokens/<uuid>/<uuid>.object: it does not decode, or is no regular file'
expect check-damage 'out: Checked 1 token with 8 objects: 1 fault, 0 set aside.'
expect check-damage 'out: To set aside what cannot be read: softhsm2-util --check --repair'
expect check-damage 'status: 1'
refused backup-damage '1 objects of the token in <world>/tokens/<uuid> are damaged.' \
	--backup "$world/other" --token rsa-token
[ ! -e "$world/other" ] || fail 'a refused backup left a file'
check repair --check --repair --token rsa-token --pin 1234
expect repair \
	'out: <world>/tokens/<uuid>/<uuid>.object: set aside as '\
'<world>/tokens/<uuid>/<uuid>.object.damaged'
expect repair 'status: 1'
[ -e "$damaged.damaged" ] && [ ! -e "$damaged" ] || fail 'the damaged file is not set aside'
check repaired --check --token rsa-token --pin 1234
expect repaired 'out: Checked 1 token with 7 objects: no damage.'
expect repaired 'status: 0'
check delete-repaired --delete-token --token rsa-token
expect delete-repaired 'status: 0'
[ -z "$(ls -A "$world/tokens")" ] || fail 'set aside files keep a token from being deleted'

# --- conversion --------------------------------------------------------

fixtures file-rsa file-ec
check convert-same --convert --to file --token rsa-token
expect convert-same 'out: The token in <world>/tokens/<uuid> is a '\
'token of the file backend already.'
expect convert-same 'status: 0'

# Shortened it still names a token, as it does in SoftHSM 2.6.1.
check to-is-token --delete-token --to 'ec token'
expect to-is-token 'status: 0'

# round_trip FIXTURE LABEL PIN: to db and back, nothing is lost.
round_trip()
{
	fixtures "$1"
	quietly --backup "$world/before" --token "$2"
	"$objects" "$module" "$2" "$3" | sort >"$dir/before"
	check "$1-to-db" --convert --to db --token "$2"
	expect "$1-to-db" 'status: 0'
	expect "$1-to-db" \
		'out: To use it, set this in <world>/softhsm2.conf: objectstore.backend = db'
	[ -e "$(token_dir)/sqlite3.db" ] && [ ! -e "$(token_dir)/token.object" ] ||
		fail "$1 is no database"

	# With the old configuration it is named, with what to do.
	set_conf 'log.level = WARNING'
	"$util" --show-slots >/dev/null || fail "$1: a token of the other kind is in the way"
	grep -q "\"$2\" is a token of the db backend, skipped; to use it: softhsm2-util --convert" \
		"$world/log" || fail "$1: the log does not name the token"
	check "$1-other-kind" --check
	expect "$1-other-kind" 'status: 0'
	grep -q 'a token of the db backend; to use it here: softhsm2-util --convert --to file' \
		"$dir/$side/$1-other-kind.case" || fail "$1: a check does not name the token"

	set_conf 'objectstore.backend = db'
	"$objects" "$module" "$2" "$3" | sort >"$dir/after"
	diff "$dir/before" "$dir/after" || fail "$1: other keys in the database"
	check "$1-check-db" --check --token "$2" --pin "$3"
	expect "$1-check-db" 'status: 0'
	quietly --backup "$world/between" --token "$2"
	check "$1-to-file" --convert --to file --token "$2"
	expect "$1-to-file" 'status: 0'
	set_conf 'objectstore.backend = file'
	quietly --backup "$world/after" --token "$2"
	records "$world/before" >"$dir/a"
	records "$world/after" >"$dir/b"
	cmp "$dir/a" "$dir/b" || fail "$1: something changed on the way"

	# An archive of either kind is restored as what is configured.
	check "$1-restore-other" --restore "$world/between" --force
	expect "$1-restore-other" 'status: 0'
	quietly --backup "$world/again" --token "$2"
	records "$world/again" >"$dir/b"
	cmp "$dir/a" "$dir/b" || fail "$1: restored from a database it is another"
	[ "$(ls -A "$world/tokens" | wc -l)" -eq 1 ] || fail "$1: something is left behind"
}

# repair_db: an object that is spoilt by hand leaves the database, and its rows are kept.
repair_db()
{
	fixtures file-rsa
	quietly --convert --to db --token rsa-token
	set_conf 'objectstore.backend = db'
	database=$(token_dir)/sqlite3.db
	sqlite3 "$database" "update attribute_array set value = X'0102' where object_id = 3"
	check db-damage --check
	expect db-damage 'status: 1'
	expect db-damage \
		'out: <world>/tokens/<uuid>/sqlite3.db, object 3: it does not '\
'decode, or is no regular file'
	refused db-convert \
		'The token in <world>/tokens/<uuid> was not converted, and is as it '\
'was: 1 of its objects are damaged.' \
		--convert --to file --token rsa-token
	check db-repair --check --repair
	expect db-repair \
		'out: <world>/tokens/<uuid>/sqlite3.db, object 3: set aside as '\
'<world>/tokens/<uuid>/object-3.damaged'
	check db-repaired --check
	expect db-repaired 'out: Checked 1 token with 7 objects: no damage.'
	expect db-repaired 'status: 0'
	# What is set aside can be put back, goes along with the token, and is no obstacle.
	sqlite3 "$database" <"$(token_dir)/object-3.damaged"
	sqlite3 "$database" "update attribute_array set value = X'' where object_id = 3"
	check db-put-back --check --token rsa-token --pin 1234
	expect db-put-back 'out: Checked 1 token with 8 objects: no damage.'
	# A file token's process that did not notice: its object does not come to life again.
	for name in generation 1.lock; do
		: >"$(token_dir)/$name"
	done
	cp "$TEST_DATA"/fixtures/softhsm-2.6.1/file-rsa/tokens/*/token.object \
		"$(token_dir)/1.object"
	check db-to-file --convert --to file --token rsa-token
	expect db-to-file \
		'out: The token "rsa-token" (serial <serial>) is a token of the '\
'file backend now: 8 objects.'
	expect db-to-file 'status: 0'
	[ -e "$(token_dir)/object-3.damaged" ] || fail 'what was set aside is lost'
	[ -e "$(token_dir)/1.object.damaged" ] && [ ! -e "$(token_dir)/1.object" ] ||
		fail 'an object of the other backend is not set aside'
}

if "$util" --convert --to db --token none 2>&1 | grep -q 'has no SQLite'; then
	refused no-sqlite 'This build has no SQLite, so it has no db backend.' \
		--convert --to db --token none
else
	round_trip file-rsa rsa-token 1234
	round_trip file-ec 'ec token' user-pin-ec
	round_trip file-secret secret-token secretpin
	round_trip file-cert-data 'cert data' userpin-1234
	if command -v sqlite3 >/dev/null; then
		repair_db
	fi
fi

echo "move: $(grep -c . "$dir/$side/cases") cases, $failures failed"
finish

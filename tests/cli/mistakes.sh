#!/bin/sh
# shellcheck disable=SC2034,SC2086 # for lib.sh; $pins is a list of words
# What a newcomer does wrong: each message names the cause and what to try next. And what is right,
# or an everyday mistake, leaves no line of the level ERROR in the log.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
unset TEST_BACKEND	# the configurations are its own

side=ours
util=$SOFTHSM2_UTIL
mkdir "$dir/$side"

# wrong TEXT HINT ARGUMENT...: it fails, with a line that has the text and a hint that has the other.
wrong()
{
	wrong_text=$1
	wrong_hint=$2
	shift 2
	"$util" "$@" >"$dir/out" 2>"$dir/said" </dev/null && fail "$*: status 0"
	judge "$@"
}

judge()
{
	grep -qF -e "$wrong_text" "$dir/said" || fail "$*: no '$wrong_text' in: $(cat "$dir/said")"
	[ -z "$wrong_hint" ] || grep '^Hint: ' "$dir/said" | grep -qF -e "$wrong_hint" ||
		fail "$*: no hint '$wrong_hint' in: $(cat "$dir/said")"
}

# right ARGUMENT...
right()
{
	"$util" "$@" >"$dir/said" 2>&1 </dev/null || fail "$*: $(cat "$dir/said")"
}

# everyday BACKEND
everyday()
{
	world
	set_conf "objectstore.backend = $1"
	right --init-token --free --label tok $pins
	right --show-slots
	right --import "$data/p256.pem" --token tok --label key --id 01 --pin 1234
	right --import "$data/aes128.key" --aes --token tok --label secret --id 02 --pin 1234
	right --import "$data/certificate.pem" --import-type cert --token tok --label cert \
		--id 03 --pin 1234
	right --generate ec:P-256 --token tok --label made --id 04 --pin 1234
	right --list-objects --token tok --pin 1234
	right --export - --token tok --label made
	right --check --token tok --pin 1234
	right --backup "$world/archive" --token tok
	wrong 'does not match' 'is it the right token?' --list-objects --token tok --pin 9999
	wrong 'already assigned' '' --import "$data/p256.pem" --token tok --label key --id 01 \
		--pin 1234
	right --init-token --token tok --label again $pins
	right --delete-token --token again
	right --restore "$world/archive"
	right --list-objects --token tok --pin 1234
	[ -e "$world/log" ] || fail 'there is no log'
	[ ! -s "$world/log" ] || fail "the log says: $(cat "$world/log")"
}

configurations()
{
	world
	SOFTHSM2_CONF=$world/none
	wrong "$world/none: cannot read the configuration: No such file or directory" \
		'softhsm2-util --show-config tells' --show-slots
	world
	set_conf "directories.tokendir = $world/none"
	wrong "softhsm2.conf:4: directories.tokendir: $world/none: No such file or directory" \
		"mkdir -p -m 700 $world/none" --show-slots
	world
	set_conf 'objectstore.backend = sqlite'
	wrong 'softhsm2.conf:4: objectstore.backend: sqlite: this build has no such backend' \
		'objectstore.backend = file works' --show-slots
	world
	set_conf 'log.level = VERBOSE'
	wrong 'softhsm2.conf:4: log.level: "VERBOSE" is none of ERROR, WARNING' \
		'--show-config tells' --show-slots
}

# As another user, whom the files do not let in.
other_user()
{
	if [ "$(id -u)" != 0 ] || ! setpriv --reuid=65534 --clear-groups "$util" --version \
		>/dev/null 2>&1; then
		echo "not root: what another user is told is not tried"
		return
	fi
	world
	quietly --init-token --free --label tok $pins
	chmod 711 "$dir" "$dir/$side" "$world"
	chmod 644 "$SOFTHSM2_CONF"
	chmod 700 "$world/tokens"
	wrong_text="softhsm2.conf:1: directories.tokendir: $world/tokens: Permission denied"
	wrong_hint='softhsm2.conf(5) says how several share tokens'
	setpriv --reuid=65534 --clear-groups "$util" --show-slots >"$dir/out" 2>"$dir/said" \
		</dev/null && fail 'another user sees the tokens'
	judge as another user
	chmod 600 "$SOFTHSM2_CONF"
	wrong_text="$SOFTHSM2_CONF: cannot read the configuration: Permission denied"
	wrong_hint='--show-config tells'
	setpriv --reuid=65534 --clear-groups "$util" --show-slots >"$dir/out" 2>"$dir/said" \
		</dev/null && fail 'another user reads the configuration'
	judge as another user
}

command_lines()
{
	world
	quietly --init-token --free --label tok $pins
	wrong 'Could not find a slot/token' '--show-slots lists' --list-objects --token other
	wrong 'The given slot does not exist.' '--show-slots lists' --list-objects --slot 99
	wrong 'Could not open a session' '--init-token --slot 1' --list-objects --slot 1
	wrong 'does not match' 'is it the right token?' --list-objects --token tok --pin 9999
	wrong 'Could not get user PIN' 'a PIN has 4 to 255 characters' \
		--list-objects --token tok --pin 123
	wrong 'Could not get SO PIN' 'use --so-pin <PIN>, env:NAME or file:PATH' \
		--init-token --free --label x
	wrong 'Needed when reinitializing' '--free makes a new token' \
		--init-token --token tok --label x --so-pin 9999 --pin 1234
	wrong 'Could not find a token' '--show-slots lists' --delete-token --token other
	wrong '' 'these are 2 actions' --show-slots --init-token
	wrong '' 'there is no action' --token tok
	wrong 'Could not load the PKCS#11 library/module' 'default-pkcs11-lib' \
		--show-slots --module /nonexistent.so
	# One file takes both streams in the order in which things are said.
	for order in --list-objects '--init-token --label x --so-pin 9999'; do
		"$util" $order --token tok --pin 9999 >"$dir/said" 2>&1
		head -n 1 "$dir/said" | grep -q '^Found slot' ||
			fail "$order: another order: $(cat "$dir/said")"
	done
	# Scripts count on status 0 here, as in SoftHSM 2.
	"$util" --shwo-slots >"$dir/out" 2>"$dir/said"
	grep -qxF 'Hint: did you mean --show-slots?' "$dir/said" || fail "$(cat "$dir/said")"
	"$util" --bogus >"$dir/out" 2>"$dir/said"
	! grep -q '^Hint' "$dir/said" || fail "$(cat "$dir/said")"
}

# file NAME HINT [ARGUMENT...]: an import of that file.
file()
{
	file_name=$1
	file_hint=$2
	shift 2
	wrong 'ERROR: ' "$file_hint" --import "$file_name" --token tok --label x --id 09 --pin 1234 "$@"
}

files()
{
	world
	quietly --init-token --free --label tok $pins
	file "$world/none" "$world/none: No such file or directory"
	file "$world/none" "$world/none: No such file or directory" --aes
	file "$world/none" "$world/none: No such file or directory" --import-type cert
	file "$data/junk.txt" 'a key is read from PKCS#8'
	file "$data/rsa-encrypted.pem" 'the password of the file with --file-pin'
	file "$data/p256-encrypted.der" 'the password of the file with --file-pin'
	file "$data/certificate.pem" 'add --import-type cert'
	file "$data/certificate.der" 'add --import-type cert'
	file "$data/aes-20-bytes.key" 'has 16, 24 or 32 bytes, the file has 20' --aes
	wrong 'Maybe wrong PIN to file (--file-pin <PIN>)' '' \
		--import "$data/rsa-encrypted.pem" --token tok --label x --id 09 --pin 1234 \
		--file-pin wrong
	command -v openssl >/dev/null || return
	openssl pkey -in "$data/p256.pem" -pubout -outform DER -out "$world/public.der"
	file "$world/public.der" 'add --import-type pubkey'
	openssl pkey -in "$data/rsa.pem" -traditional -aes128 -passout pass:file \
		-out "$world/traditional" 2>/dev/null
	file "$world/traditional" 'the password of the file with --file-pin'
	openssl pkcs12 -export -in "$data/certificate-and-key.pem" -passout pass:file \
		-out "$world/p12" 2>/dev/null
	[ ! -s "$world/p12" ] || file "$world/p12" 'add --import-type p12'
	# The other tool calls the password by another name.
	"$(dirname "$util")/softhsm2-keyconv" --in "$data/rsa-encrypted.pem" --out "$world/bind" \
		>"$dir/out" 2>"$dir/said"
	wrong_text='(--pin <PIN>)'
	wrong_hint='the password of the file with --pin'
	judge keyconv
}

# A token that the configured backend does not see.
backends()
{
	world
	quietly --init-token --free --label tok $pins
	serial=$(serial_of tok)
	"$util" --convert --to db --token tok >"$dir/said" 2>&1 </dev/null || {
		grep -q 'has no SQLite' "$dir/said" || fail "$(cat "$dir/said")"
		return
	}
	hint="a token of the db backend; to use it here: softhsm2-util --convert --to file"
	wrong 'Could not find a slot/token' "$hint --serial $serial" --list-objects --token tok
	wrong 'Could not find a token' "$hint --serial $serial" --delete-token --token tok
	right --show-slots
	grep -qF "$hint --serial $serial" "$dir/said" || fail "--show-slots: $(cat "$dir/said")"
	quietly --init-token --free --label other $pins
	right --convert --to file --token tok
	right --show-slots
	! grep -q '^Hint' "$dir/said" || fail "--show-slots: $(cat "$dir/said")"
}

everyday file
[ ! -x "$(dirname "$util")/softhsm2-dump-db" ] || everyday db
configurations
other_user
command_lines
files
backends
echo "mistakes: $failures failed"
finish

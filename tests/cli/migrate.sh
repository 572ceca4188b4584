#!/bin/sh
# shellcheck disable=SC2030,SC2031,SC2034,SC2086 # for lib.sh; $pins is a list of words
# softhsm2-migrate, over a database with the tables of SoftHSM 1.
tool=migrate
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
: "${TEST_DATA:?names tests/data}"
if [ ! -x "$ours" ]; then
	echo "built without SQLite"
	exit 77
fi
for peer in sqlite3 openssl base64; do
	command -v $peer >/dev/null && continue
	echo "$peer is not installed"
	[ "${CI-}" != true ] || exit 1
	exit 77
done

side=ours
util=$SOFTHSM2_UTIL
mkdir "$dir/$side"
world
quietly --init-token --free --label tok $pins
quietly --init-token --free --label private $pins
quietly --init-token --free --label partly $pins

# attribute OBJECT TYPE BLOB [LENGTH]: SQL for a row.
attribute()
{
	echo "insert into Attributes (objectID, type, value, length)
		values ($1, $2, x'$3', ${4:-$((${#3} / 2))});"
}

# number N: a CK_ULONG in the order of this machine, which is taken to be little-endian.
number()
{
	printf '%02x00000000000000' "$1"
}

# part NAME: a number of the key, in hexadecimal.
part()
{
	sed -n "s/^$1: //p" "$TEST_DATA/bind/example.com-08.private" | base64 -d |
		od -An -v -tx1 | tr -d ' \n'
}

tables='pragma user_version = 100;
	create table Token (variableID integer primary key, value text default null);
	create table Objects (objectID integer primary key);
	create table Attributes (attributeID integer primary key, objectID integer default null,
		type integer default null, value blob default null, length integer default 0);'

common()
{
	echo "insert into Objects values ($1);"
	attribute $1 0 "$(number "$2")"
	attribute $1 0x100 "$(number 0)"
	attribute $1 1 01
	attribute $1 3 6d61646520627920762031
	attribute $1 0x102 a1b2
	attribute $1 0x101 ''
	attribute $1 0x110 ''
	attribute $1 0x111 ''
	attribute $1 0x170 01
	attribute $1 0x10c 00
	attribute $1 0x120 "$(part Modulus)"
	attribute $1 0x122 "$(part PublicExponent)"
}

private()
{
	common "$1" 3
	attribute $1 2 01
	attribute $1 0x103 01
	attribute $1 0x162 00
	attribute $1 0x108 01
	attribute $1 0x105 00
	attribute $1 0x107 00
	attribute $1 0x109 01
	attribute $1 0x202 00
	attribute $1 0x210 00
	attribute $1 0x123 "$(part PrivateExponent)"
	attribute $1 0x124 "$(part Prime1)"
	attribute $1 0x125 "$(part Prime2)"
	attribute $1 0x126 "$(part Exponent1)"
	attribute $1 0x127 "$(part Exponent2)"
	attribute $1 0x128 "$(part Coefficient)"
}

public()
{
	common "$1" 2
	attribute $1 2 00
	attribute $1 0x10a 01
	attribute $1 0x10b 01
	attribute $1 0x104 00
	attribute $1 0x106 00
}

{
	echo "$tables"
	public 1
	private 2
} | sqlite3 "$dir/v1.db"

# migrates STATUS ARGUMENT...; says TEXT: it was said.
migrates()
{
	migrates_status=$1
	shift
	"$ours" "$@" >"$dir/said" 2>&1 </dev/null
	status=$?
	[ $status -eq "$migrates_status" ] || fail "$*: status $status: $(cat "$dir/said")"
}

says()
{
	grep -qF -e "$1" "$dir/said" || fail "no '$1' in: $(cat "$dir/said")"
}

migrates 0 --db "$dir/v1.db" --token tok --pin 1234
says 'Object 1 has been migrated'
says 'Object 2 has been migrated'
says 'The database has been migrated to the new HSM'
"$objects" "$MODULE" tok 1234 2>&1 | sort >"$dir/held"
diff - "$dir/held" >"$dir/said" <<'END' || fail "other objects: $(cat "$dir/said")"
CKO_PRIVATE_KEY CKK_RSA label=made by v 1 id=a1b2 private sensitive !extractable sign !decrypt !unwrap !local: signs and its public key verifies
CKO_PUBLIC_KEY CKK_RSA label=made by v 1 id=a1b2 !private verify !encrypt !wrap !local
END
# The database is what the reference takes for one: it makes the same objects of it.
if reference_is_here && [ -x "$reference" ]; then
	(
		side=reference
		util=$(dirname "$reference")/softhsm2-util
		mkdir "$dir/$side"
		world
		quietly --init-token --free --label tok $pins
		"$reference" --db "$dir/v1.db" --token tok --pin 1234 >"$dir/said" 2>&1 ||
			fail "the reference does not read the database: $(cat "$dir/said")"
		"$objects" "$reference_module" tok 1234 2>&1 | sort >"$dir/theirs"
		diff "$dir/theirs" "$dir/held" || fail "the reference makes other objects of it"
		[ $failures -eq 0 ]
	) || fail "see above"
fi
"$util" --export "$dir/public" --token tok --id a1b2 >/dev/null || fail "no public key"
openssl rsa -pubin -in "$dir/public" -noout -modulus | tr '[:upper:]' '[:lower:]' |
	grep -qx "modulus=$(part Modulus)" || fail "another modulus"

migrates 0 --db "$dir/v1.db" --token private --pin 1234 --no-public-key
says 'Object 2 has been migrated'
[ "$("$objects" "$MODULE" private 1234 | grep -c PUBLIC)" = 0 ] || fail "a public key was migrated"

# Objects that cannot be taken over do not keep others from it.
{
	echo "$tables"
	echo 'insert into Objects values (1);'
	attribute 1 0 "$(number 1)"
	private 2
	public 3
	attribute 3 0x100 01
	public 4
	attribute 4 0x120 "$(part Modulus)" 9999
	private 5
	attribute 5 0x123 00
	public 6
} | sqlite3 "$dir/partly.db"
migrates 1 --db "$dir/partly.db" --token partly --pin 1234
says 'Object 1 is no RSA key.'
says 'Object 2 has been migrated'
says 'A value of object 3 is damaged.'
says 'A value of object 4 is damaged.'
says 'Could not save the object in the token.'
says 'Object 6 has been migrated'
says 'ERROR: Unable to migrate all of the objects.'

migrates 1 --db "$dir/v1.db" --token tok --pin 9999
says 'The given user PIN does not match the one in the token.'
migrates 1 --db "$dir/v1.db" --token none --pin 1234
says 'Could not find a slot/token'
migrates 1 --db "$dir/v1.db" --pin 1234
says 'A slot/token must be supplied.'
migrates 1 --token tok --pin 1234
says 'ERROR: A path to the database must be supplied. Use --db <path>'
migrates 1 --db "$dir/none" --token tok --pin 1234
says "can't open database file $dir/none"
sqlite3 "$dir/new.db" 'pragma user_version = 101; create table Objects (objectID integer)'
migrates 1 --db "$dir/new.db" --token tok --pin 1234
says "ERROR: Wrong database schema version: $dir/new.db"
migrates 0
says 'Usage: softhsm2-migrate'

echo "migrate: $failures failed"
finish

#!/bin/sh
# shellcheck disable=SC2034 # for lib.sh
# softhsm2-dump-db over databases in the reference's schema. The blobs are those of a
# little-endian machine with 64 bits.
tool=dump-db
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
if [ ! -x "$ours" ]; then
	echo "built without SQLite"
	exit 77
fi
for peer in sqlite3 diff; do
	command -v $peer >/dev/null && continue
	echo "$peer is not installed"
	[ "${CI-}" != true ] || exit 1
	exit 77
done

schema='create table object (id integer primary key autoincrement);'
for table in text integer binary array boolean datetime real; do
	schema="$schema create table attribute_$table (value $table, type integer,
		object_id integer references object(id) on delete cascade,
		id integer primary key autoincrement);"
done

# database NAME SQL
database()
{
	sqlite3 "$dir/$1" "$schema $2" || fail "no database $1"
}

# dumps NAME STATUS: what the tool says of it is on standard input.
dumps()
{
	sed "s|@|$dir/$1|" >"$dir/expected"
	"$ours" "$dir/$1" >"$dir/out" 2>"$dir/err"
	status=$?
	[ $status -eq "$2" ] || fail "$1: status $status: $(cat "$dir/err")"
	diff "$dir/expected" "$dir/out" >"$dir/said" || fail "$1: $(cat "$dir/said")"
}

# says TEXT: it was among the last one's errors.
says()
{
	grep -qF -e "$1" "$dir/err" || fail "no '$1' in: $(cat "$dir/err")"
}

database sound "insert into object default values; insert into object default values;
	insert into attribute_integer (value, type, object_id) values
		(1069, 0x8000534b, 1), (3, 0, 2), (-1, 0x166, 2);
	insert into attribute_boolean (value, type, object_id) values (1, 1, 2), (0, 2, 2);
	insert into attribute_binary (value, type, object_id) values
		(x'68656c6c6f20776f726c64', 3, 2), (x'', 0x102, 2),
		(x'82100000000000008710000000000000', 0x40000600, 2);
	insert into attribute_array (value, type, object_id) values
		(x'030100000000000001000000010300000000000000030000000100000000000000780001000000000000'
		|| x'020000001f00000000000000', 0x40000212, 2), (x'', 0x40000211, 2);"
dumps sound 0 <<'END'
Dump of object file "@"
2 objects
dump object id=1
1 integer attributes for object 1
00 00 00 00 80 00 53 4b CKA_OS_TOKENFLAGS
00 00 00 00 00 00 04 2d CK_ULONG 1069(0x42d)
dump object id=2
2 boolean attributes for object 2
00 00 00 00 00 00 00 01 CKA_TOKEN
ff                      TRUE
00 00 00 00 00 00 00 02 CKA_PRIVATE
00                      FALSE
2 integer attributes for object 2
00 00 00 00 00 00 00 00 CKA_CLASS
00 00 00 00 00 00 00 03 CKO_PRIVATE_KEY
00 00 00 00 00 00 01 66 CKA_KEY_GEN_MECHANISM
ff ff ff ff ff ff ff ff CK_UNAVAILABLE_INFORMATION
3 binary attributes for object 2
00 00 00 00 00 00 00 03 CKA_LABEL
00 00 00 00 00 00 00 0b (length 11)
68 65 6c 6c 6f 20 77 6f <hello.wo>
72 6c 64                <rld     >
00 00 00 00 00 00 01 02 CKA_ID
00 00 00 00 00 00 00 00 (length 0)
00 00 00 00 40 00 06 00 CKA_ALLOWED_MECHANISMS
00 00 00 00 00 00 00 10 (length 16)
00 00 00 00 00 00 10 82 CKM_AES_CBC
00 00 00 00 00 00 10 87 CKM_AES_GCM
2 array attributes for object 2
00 00 00 00 40 00 02 12 CKA_UNWRAP_TEMPLATE
00 00 00 00 00 00 00 36 (length 54)
00 00 00 00 00 00 01 03  CKA_SENSITIVE
00 00 00 00 00 00 00 01  boolean attribute
ff                       TRUE
00 00 00 00 00 00 00 03  CKA_LABEL
00 00 00 00 00 00 00 03  byte string attribute
00 00 00 00 00 00 00 01  (length 1)
78                       <x       >
00 00 00 00 00 00 01 00  CKA_KEY_TYPE
00 00 00 00 00 00 00 02  unsigned long attribute
00 00 00 00 00 00 00 1f  CKK_AES
00 00 00 00 40 00 02 11 CKA_WRAP_TEMPLATE
00 00 00 00 00 00 00 00 (length 0)
END

database damaged "insert into object default values; insert into object default values;
	insert into attribute_binary (value, type, object_id) values (x'821000', 0x40000600, 1);
	insert into attribute_array (value, type, object_id) values
		(x'030000000000000003000000000000000000ff7f', 0x40000212, 2);"
dumps damaged 1 <<'END'
Dump of object file "@"
2 objects
dump object id=1
1 binary attributes for object 1
00 00 00 00 40 00 06 00 CKA_ALLOWED_MECHANISMS
00 00 00 00 00 00 00 03 (length 3)
82 10 00...
dump object id=2
1 array attributes for object 2
00 00 00 00 40 00 02 12 CKA_UNWRAP_TEMPLATE
00 00 00 00 00 00 00 14 (length 20)
00 00 00 00 00 00 00 03  CKA_LABEL
00 00 00 00 00 00 00 03  byte string attribute
7f ff 00 00 00 00 00 00  (length 9223090561878065152)
...
END
says 'A value of object 1 is damaged.'
says 'A value of object 2 is damaged.'

sqlite3 "$dir/other" 'create table object (id integer primary key)'
sqlite3 "$dir/other" 'insert into object values (7)'
dumps other 1 <<'END'
Dump of object file "@"
1 objects
dump object id=7
END
says 'no such table'

dumps missing 1 </dev/null
says "can't open database file $dir/missing: 14(unable to open database file)"
[ ! -e "$dir/missing" ] || fail "a database was made"
echo 'this is no database, however long the text may be' >"$dir/text"
dumps text 1 </dev/null
says '26(file is not a database)'
"$ours" >"$dir/said" || fail "usage: status $?"
grep -q '^Usage: softhsm2-dump-db path$' "$dir/said" || fail "usage: $(cat "$dir/said")"

echo "dump_db: $failures failed"
finish

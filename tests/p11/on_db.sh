#!/bin/sh
# The p11 programs that have to do with what is stored, once more, on databases.
# make check-db runs nearly all of them, and waits for the disk, which takes most of the time.

case ${MODULE-} in
"$PWD"/.libs/*) ;;
*)
	echo "SKIP: $MODULE may know no databases"
	exit 77 ;;
esac

status=0
for test in general slot session object keys log concurrent search fixtures; do
	TEST_UNSYNCED=yes TEST_BACKEND=db ./tests/p11/test_$test || {
		echo "test_$test fails on the db backend" >&2
		status=1
	}
done
exit $status

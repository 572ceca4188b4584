# For the tests of this folder: how a process that used the module may end.
# shellcheck shell=sh disable=SC2034
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/../interop/lib.sh"

# ends STATUS [as_user] COMMAND...: the program's own exit status.
ends()
{
	ends_wanted=$1
	ends_user=
	shift
	if [ "$1" = as_user ]; then
		ends_user=$1
		shift
	fi
	$ends_user timeout 120 "$@"
	ends_status=$?
	[ $ends_status -eq "$ends_wanted" ] && return 0
	echo "exit status $ends_status instead of $ends_wanted"
	return 1
}

# ends_saying TEXT STATUS COMMAND...: for a status that has other reasons, too.
ends_saying()
{
	ends_text=$1
	shift
	ends "$@" >"$dir/said" 2>&1
	ends_result=$?
	cat "$dir/said"
	[ $ends_result -eq 0 ] && grep -q "$ends_text" "$dir/said"
}

# late RESULT STATUS [as_user] COMMAND...: like ends, with an exit handler that finalises the
# module behind that of OpenSSL. RESULT is its code: 0x0, 0x190 where the host did it before, or
# none if the host unloaded the module.
late()
{
	late_wanted=$1
	late_status=$2
	late_user=
	shift 2
	if [ "$1" = as_user ]; then
		late_user=$1
		shift
	fi
	rm -f "$dir/late"
	cp "$TEST_HELPERS/exit/.libs/liblate.so" "$dir/late.so"
	# shellcheck disable=SC2086 # a word or none
	ends "$late_status" $late_user env LD_PRELOAD="$dir/late.so" \
		LATE_REPORT="$dir/late" "$@" || return 1
	[ -e "$dir/late" ] || echo none >"$dir/late"
	[ "$(cat "$dir/late")" = "$late_wanted" ] && return 0
	echo "C_Finalize at the end: $(cat "$dir/late") instead of $late_wanted"
	return 1
}

# many N COMMAND...: the command succeeds that often.
many()
{
	many_left=$1
	shift
	while [ "$many_left" -gt 0 ]; do
		"$@" || return 1
		many_left=$((many_left - 1))
	done
}

# Before a command; what valgrind finds is an exit status of its own.
grind="valgrind --quiet --error-exitcode=99"

# long: the whole of it is wanted, not the short form.
long()
{
	[ -n "${CHECK_LONG-}" ]
}

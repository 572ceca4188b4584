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

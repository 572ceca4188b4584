# shellcheck shell=sh disable=SC2034
# Shared by the scripts of this folder; to be sourced by a POSIX shell.
# Sets $top to the root of the source tree.

top=$(cd "$(dirname "$0")/.." && pwd) || exit 1
prog=$(basename "$0")

# Bare name: a package. "command=package": the package is installed only when
# the command is missing, whichever package brought it.
build_packages='gcc libc6-dev make autoconf automake libtool pkg-config libssl-dev
libsqlite3-dev'

say()
{
	printf '%s\n' "$*"
}

die()
{
	printf '%s: %s\n' "$prog" "$*" >&2
	exit 1
}

# cpu_count: how many compilers to run at once.
cpu_count()
{
	nproc 2>/dev/null || echo 1
}

as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# logged WHAT LOG COMMAND...: quiet unless the command fails.
logged()
{
	logged_what=$1
	logged_file=$2
	shift 2
	"$@" >"$logged_file" 2>&1 && return 0
	tail -n 30 "$logged_file" >&2
	die "$logged_what failed; the whole log is $logged_file"
}

package_missing()
{
	case $1 in
	*=*)
		! command -v "${1%%=*}" >/dev/null ;;
	*)
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" \
			!= installed ] ;;
	esac
}

# install_packages LOG PACKAGE...: asks apt-get for those not there yet.
install_packages()
{
	install_log=$1
	shift
	install_list=
	command -v dpkg-query >/dev/null ||
		die "no dpkg here; install by hand what provides: $*"
	for package in "$@"; do
		if package_missing "$package"; then
			install_list="$install_list ${package#*=}"
		fi
	done
	[ -n "$install_list" ] || return 0
	[ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
		die "installing these packages needs root or sudo:$install_list"
	say "installing:$install_list"
	logged "apt-get update" "$install_log" as_root apt-get -qq update
	# shellcheck disable=SC2086 # a list of words
	logged "apt-get install$install_list" "$install_log" \
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
		--no-install-recommends install $install_list
}

# make_configure LOG: runs autoreconf when configure is missing or outdated.
make_configure()
{
	if [ -x "$top/configure" ] && [ -z "$(find "$top" \
		\( -name '*.mk' -o -name '*.am' -o -name '*.ac' \) \
		-newer "$top/configure" -print)" ]; then
		return 0
	fi
	logged autoreconf "$1" autoreconf -fi "$top"
}

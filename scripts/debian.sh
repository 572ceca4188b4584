#!/bin/sh
# Builds the Debian packages in a temporary directory and runs lintian on them.
set -u
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

usage='usage: scripts/debian.sh [--output DIR]
Builds the Debian packages from the files that git knows, in a temporary
directory, and runs lintian on them. DIR (default: build/debian) gets the
packages and the logs. DEB_BUILD_OPTIONS=nocheck leaves the tests out.'
output=$top/build/debian

while [ $# -gt 0 ]; do
	case $1 in
	--output=*) output=${1#--output=}; shift ;;
	--output) [ $# -ge 2 ] || die "$usage"; output=$2; shift 2 ;;
	-h | --help) say "$usage"; exit 0 ;;
	*) die "unknown argument $1; $usage" ;;
	esac
done
[ -n "$output" ] || die "$usage"
mkdir -p "$output" || die "cannot make the directory $output"
output=$(cd "$output" && pwd) || die "cannot enter $output"

# shellcheck disable=SC2086 # a list of words
install_packages "$output/packages.log" $build_packages git dpkg-dev debhelper fakeroot \
	libcunit1-dev lintian

version=$(cd "$top" && dpkg-parsechangelog -S Version) || exit 1
upstream=$(sed -n 's/^AC_INIT(\[[^]]*\], \[\([^]]*\)\]).*/\1/p' "$top/configure.ac")
[ "${version%-*}" = "$upstream" ] ||
	die "debian/changelog has version $version, configure.ac $upstream"

work=$(mktemp -d "${TMPDIR:-/tmp}/softhsm-debian.XXXXXX") || die "no temporary directory"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
tree=$work/softhsm2-$upstream
mkdir "$tree" || exit 1
(cd "$top" && git ls-files -z | tar --null --verbatim-files-from -T - -cf -) |
	tar -C "$tree" -xf - || die "cannot copy the files that git knows"
# Not from a working copy, and not from its version control.
[ -f "$tree/debian/rules" ] || die "git does not know debian/rules"

say "building softhsm2 $version"
cd "$tree" || exit 1
DEB_BUILD_OPTIONS="parallel=$(cpu_count) ${DEB_BUILD_OPTIONS-}" \
	logged dpkg-buildpackage "$output/build.log" dpkg-buildpackage -us -uc -b
rm -f "$output"/*.deb "$output"/*.changes "$output"/*.buildinfo
cp "$work"/*.deb "$work"/*.changes "$work"/*.buildinfo "$output" || exit 1
lintian --no-cfg --allow-root --fail-on error --tag-display-limit 0 "$output"/*.changes
lintian_status=$?
[ $lintian_status -eq 0 ] || die "lintian finds errors"
(cd "$output" && ls ./*.deb)

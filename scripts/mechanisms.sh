#!/bin/sh
# Writes docs/MECHANISMS.md anew, from the module of a build.
set -u
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

build=${1-.}

case $build in
-h | --help)
	say "usage: scripts/mechanisms.sh [BUILD-DIRECTORY]"
	exit 0
	;;
esac
make -s -C "$build" all tests/kat/test_kat || die "cannot build $build"
module=$(cd "$build/.libs" && pwd)/libsofthsm2.so || die "no module in $build"
MODULE=$module TEST_DATA=$top/tests/data "$build/tests/kat/test_kat" \
	--markdown "$top/docs/MECHANISMS.md" >/dev/null || die "the module does not answer"

#!/bin/sh
# Installs what the tests need and runs the suite. The last line printed is
# "N passed, N failed"; the exit status is zero only if nothing failed.
set -u
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

all_parts='plain reference guard sanitizers valgrind symbols distcheck'
usage="usage: scripts/check.sh [PART...]
parts: $all_parts (all by default), clang, coverage,
       debian (packages, lintian, and an upgrade from Debian's own in a tree of
       its own), fuzz (\$FUZZ_SECONDS, 60 by default, for each target)
With CI=true in the environment a missing peer program is a failure, not a skip."
reference=/usr/lib/softhsm/libsofthsm2.so
work=${CHECK_DIR:-$top/build/check}
passed=0
failed=0

case ${1-} in
-h | --help) say "$usage"; exit 0 ;;
esac
parts=${*:-$all_parts}
for part in $parts; do
	case " $all_parts clang coverage debian fuzz " in
	*" $part "*) ;;
	*) die "unknown part $part; $usage" ;;
	esac
done

# count PART STATUS: one result that is not a line of automake's summary.
count()
{
	if [ "$2" -eq 0 ]; then
		passed=$((passed + 1))
		say "$1: passed"
	else
		failed=$((failed + 1))
		say "$1: FAILED"
	fi
}

# summed WORD LOG: the sum of automake's "# WORD: N" lines.
summed()
{
	sed -n "s/^# $1: *\([0-9][0-9]*\)\$/\1/p" "$2" |
		{ sum=0; while read -r n; do sum=$((sum + n)); done; echo "$sum"; }
}

# build PART CONFIGURE-ARGUMENT...: configures and makes in $work/PART.
build()
{
	build_dir=$work/$1
	shift
	mkdir -p "$build_dir" || die "cannot make the directory $build_dir"
	(cd "$build_dir" &&
		{ "$top/configure" -q --enable-werror "$@" &&
		make -s -j"$(cpu_count)" all; } >build.log 2>&1) && return 0
	tail -n 30 "$build_dir/build.log"
	return 1
}

# tests PART BUILD MAKE-ARGUMENT...: runs make, which ends in automake's summary.
tests()
{
	tests_part=$1
	tests_build=$work/$2
	tests_log=$work/$1.log
	shift 2
	(cd "$tests_build" && make -k -j"$(cpu_count)" "$@") >"$tests_log" 2>&1
	tests_status=$?
	good=$(($(summed PASS "$tests_log") + $(summed XFAIL "$tests_log")))
	bad=$(($(summed FAIL "$tests_log") + $(summed XPASS "$tests_log") +
		$(summed ERROR "$tests_log")))
	# make may also stop before or after the tests themselves.
	if [ $tests_status -ne 0 ] && [ $bad -eq 0 ]; then
		bad=1
		tail -n 30 "$tests_log"
	fi
	if [ $((good + bad)) -eq 0 ]; then
		bad=1
		say "$tests_part: no test ran"
	fi
	passed=$((passed + good))
	failed=$((failed + bad))
	say "$tests_part: $good passed, $bad failed, $(summed SKIP "$tests_log") skipped"
	sed -n -E '/^(FAIL|XPASS|ERROR|SKIP): /p' "$tests_log" | sort -u
	[ "$bad" -eq 0 ] || show_failures "$tests_build/test-suite.log"
}

# show_failures FILE: the tail of what each failing test said.
show_failures()
{
	if [ -e "$1" ]; then
		say "--- end of $1"
		tail -n 60 "$1"
	fi
}

# The plain build serves several parts and is made once.
plain_built=
need_plain()
{
	[ -z "$plain_built" ] || return "$plain_built"
	build plain
	plain_built=$?
	[ $plain_built -eq 0 ] || count "plain build" 1
	return $plain_built
}

run_plain()
{
	need_plain && tests plain plain check
}

# The tests of the module's edge describe SoftHSM too, so they run on it as well.
run_reference()
{
	# shellcheck disable=SC2016 # make expands it
	need_plain && tests reference plain check 'TESTS=$(p11_tests) $(native_tests)' \
		MODULE="$reference"
}

# Instructions and system calls of the module's operations: no clock is looked at.
run_guard()
{
	need_plain || return
	(cd "$work/plain" && make -s bench-guard) \
		>"$work/guard.log" 2>&1
	guard_status=$?
	[ $guard_status -eq 0 ] || grep -v '^ok: ' "$work/guard.log"
	count guard $guard_status
}

run_sanitizers()
{
	if build sanitizers --enable-sanitizers=address,undefined; then
		tests sanitizers sanitizers check
	else
		count "sanitizers build" 1
	fi
}

run_valgrind()
{
	need_plain && tests valgrind plain check-valgrind
}

# standard_functions: the names that PKCS#11 2.40 defines.
standard_functions()
{
	sed -n 's/^FUNCTION(\(C_[A-Za-z]*\), 2, 40,.*/\1/p' \
		"$top/src/lib/pkcs11/functions.def"
}

# The module exports every function of PKCS#11 2.40 and nothing but C_ names.
exports_are_right()
{
	nm -D --defined-only "$work/plain/.libs/libsofthsm2.so" >"$work/nm.log" ||
		return 1
	if awk '$3 !~ /^C_/' "$work/nm.log" | grep .; then
		say "these symbols must not be exported"
		return 1
	fi
	for name in $(standard_functions); do
		grep -q " T $name\$" "$work/nm.log" ||
			{ say "$name is not exported"; return 1; }
	done
}

run_symbols()
{
	need_plain || return
	exports_are_right
	count symbols $?
}

run_distcheck()
{
	need_plain || return
	# Everything is built from the tarball; of the tests those run that are quick.
	# shellcheck disable=SC2016 # make expands it
	(cd "$work/plain" && make -j"$(cpu_count)" distcheck \
		TESTS='$(unit_tests) $(p11_tests) $(fuzz_tests) $(cli_tests)') \
		>"$work/distcheck.log" 2>&1
	distcheck_status=$?
	[ $distcheck_status -eq 0 ] || tail -n 60 "$work/distcheck.log"
	count distcheck $distcheck_status
}

run_clang()
{
	if build clang CC=clang; then
		tests clang clang check
	else
		count "clang build" 1
	fi
}

run_coverage()
{
	if build coverage --enable-coverage; then
		tests coverage coverage coverage
		sed -n '/^src\/lib /,$p' "$work/coverage.log"
	else
		count "coverage build" 1
	fi
}

run_fuzz()
{
	install_packages "$work/packages.log" \
		"libclang-rt-$(clang -dumpversion | sed 's/\..*//')-dev"
	build fuzz --enable-fuzzing CC=clang &&
		(cd "$work/fuzz" && make -s fuzz-smoke FUZZ_SECONDS="${FUZZ_SECONDS:-60}")
	count fuzz $?
}

run_debian()
{
	"$top/scripts/debian.sh" --output "$work/debian" &&
		"$top/scripts/debian-upgrade.sh" "$work/debian"
	count debian $?
}

packages="$build_packages c++=g++ python3 libcunit1-dev libsqlite3-dev sqlite3 ldnsutils openssl
	valgrind strace libc6-dbg xz-utils
	pkcs11-tool=opensc p11tool=gnutls-bin p11-kit softhsm2
	libengine-pkcs11-openssl jarsigner=default-jdk-headless p11-kit-modules
	modutil=libnss3-tools ssh=openssh-client sshd=openssh-server pki=strongswan-pki
	libstrongswan-standard-plugins libstrongswan-extra-plugins ods-hsmutil=libhsm-bin python3-pykcs11
	keymgr=knot kzonesign=knot-dnssecutils ldns-verify-zone=ldnsutils dnssec-verify=bind9-utils
	openvpn stunnel=stunnel4 gpg gpgsm gpg-agent gnupg-pkcs11-scd node=nodejs npm=npm
	bash mandoc setpriv=util-linux systemd-tmpfiles=systemd python3-yaml"
# Debian's nodejs has its headers in another package.
[ -e /usr/include/node/node_api.h ] || packages="$packages libnode-dev"
# Debian 12 has no such package.
[ -z "$(apt-cache madison pkcs11-provider 2>/dev/null)" ] || packages="$packages pkcs11-provider"
case " $parts " in
*" clang "* | *" fuzz "*) packages="$packages clang" ;;
esac

mkdir -p "$work" || die "cannot make the directory $work"
# shellcheck disable=SC2086 # a list of words
install_packages "$work/packages.log" $packages
make_configure "$work/autoreconf.log"
for part in $parts; do
	part_start=$(date +%s)
	"run_$part"
	say "$part took $(($(date +%s) - part_start)) s"
done
say "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

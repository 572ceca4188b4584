# Shared by the tests of this folder; to be sourced by a POSIX shell.
#
# Each test runs a foreign program on $MODULE with a token of its own, made
# with $SOFTHSM2_UTIL. A missing program is a skip, and a failure with CI=true.
# shellcheck shell=sh disable=SC2034

set -u
: "${MODULE:?names the PKCS#11 module to test}"
: "${SOFTHSM2_UTIL:?names the softhsm2-util to make tokens with}"

label=interop
so_pin=5678
user_pin=1234
failures=0

# skip REASON: ends the test; automake knows the status 77.
skip()
{
	echo "SKIP: $*"
	exit 77
}

# need PROGRAM...: what the test cannot do without.
need()
{
	for program in "$@"; do
		command -v "$program" >/dev/null || missing "$program"
	done
}

missing()
{
	[ "${CI-}" = true ] || skip "$* is not installed"
	echo "FAIL: $* is not installed"
	exit 1
}

# check NAME COMMAND...: one result; the output is shown only on failure.
check()
{
	check_name=$1
	shift
	if "$@" >"$dir/out" 2>&1 </dev/null; then
		echo "ok: $check_name"
	else
		echo "FAIL: $check_name: $*"
		sed 's/^/    /' "$dir/out"
		failures=$((failures + 1))
	fi
}

# says PATTERN COMMAND...: the command succeeds and prints the pattern.
says()
{
	says_pattern=$1
	shift
	"$@" >"$dir/says" 2>&1
	says_status=$?
	cat "$dir/says"
	[ $says_status -eq 0 ] && grep -qe "$says_pattern" "$dir/says"
}

# lacks PATTERN COMMAND...: the command succeeds and does not print it.
lacks()
{
	lacks_pattern=$1
	shift
	"$@" >"$dir/says" 2>&1 || { cat "$dir/says"; return 1; }
	cat "$dir/says"
	! grep -qe "$lacks_pattern" "$dir/says"
}

# fails COMMAND...: the command must not succeed.
fails()
{
	! "$@"
}

# reference: the module is SoftHSM 2.6, which lacks ECDSA with a hash, refuses
# an OAEP label, and crashes at exit below libengine-pkcs11 after a wrong PIN.
reference()
{
	pkcs11-tool --module "$MODULE" --show-info 2>/dev/null |
		grep -q '^Library .*(ver 2\.6)'
}

# need_reference: $reference_module is SoftHSM 2.6.1, for tests of both together.
# REFERENCE names another build of it: Debian's knows no databases
# (TEST_BACKEND=db).
need_reference()
{
	reference_module=${REFERENCE-}
	for file in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
		[ -z "$reference_module" ] || break
		[ ! -f "$file" ] || reference_module=$file
	done
	[ -n "$reference_module" ] || missing "SoftHSM 2.6.1 (package softhsm2)"
	reference && skip "the module is the reference itself"
}

# within SECONDS COMMAND...: tries it twice a second until it succeeds; quiet.
within()
{
	within_tries=$(($1 * 2))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $within_tries -gt 0 ] || { echo "still not: $*"; return 1; }
		within_tries=$((within_tries - 1))
		sleep 0.5
	done
}

# new_token LABEL
new_token()
{
	"$SOFTHSM2_UTIL" --module "$MODULE" --init-token --free --label "$1" \
		--so-pin "$so_pin" --pin "$user_pin" >"$dir/out" 2>&1 && return 0
	cat "$dir/out"
	echo "FAIL: the token $1 could not be made"
	exit 1
}

# pkcs11_tool ARGUMENT...: as the user of the token $label.
pkcs11_tool()
{
	pkcs11-tool --module "$MODULE" --token-label "$label" --login --pin "$user_pin" "$@"
}

# need_engine: openssl with the engine of libp11, which uses the module from now on.
need_engine()
{
	need openssl pkcs11-tool
	openssl engine pkcs11 >/dev/null 2>&1 || missing "libengine-pkcs11-openssl"
	PKCS11_MODULE_PATH=$MODULE
	export PKCS11_MODULE_PATH
}

# certified_key TYPE ID NAME: a key pair and its self-signed certificate in the
# token, the latter in $dir/NAME.pem, too. After need_engine.
certified_key()
{
	certified_key="pkcs11:token=$label;id=%$2;type=private;pin-value=$user_pin"
	check "generate $1" pkcs11_tool --keypairgen --key-type "$1" --id "$2" --label "$3"
	check "certify $3" openssl req -new -x509 -engine pkcs11 -keyform engine \
		-key "$certified_key" -subj "/CN=$3" -days 9 -out "$dir/$3.pem"
	openssl x509 -in "$dir/$3.pem" -outform DER -out "$dir/$3.der"
	check "write the certificate" pkcs11_tool --write-object "$dir/$3.der" --type cert \
		--id "$2" --label "$3"
}

# p11_kit_use: $MODULE becomes the only module that a user's configuration of p11-kit names.
p11_kit_use()
{
	mkdir -p "$HOME/.config/pkcs11/modules"
	echo 'user-config: only' >"$HOME/.config/pkcs11/pkcs11.conf"
	cp "$MODULE" "$dir/module.so"
	echo "module: $dir/module.so" >"$HOME/.config/pkcs11/modules/softhsm2.module"
	[ "$(id -u)" -ne 0 ] || need setpriv
}

# as_user COMMAND...: p11-kit reads no user configuration for root, so it runs as somebody else.
as_user()
{
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
	else
		chmod -R a+rX "$dir" && chown -R 65534 "$dir" &&
			setpriv --reuid 65534 --clear-groups "$@"
	fi
}

# finish: the last line of each test.
finish()
{
	[ "$failures" -eq 0 ]
	exit
}

# Foreign programs are not built with the sanitizers' run time.
[ -z "${SANITIZERS-}" ] || skip "the module is built with sanitizers"

dir=$(mktemp -d "${TMPDIR:-/tmp}/softhsm-interop.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM
mkdir "$dir/tokens" "$dir/home" || exit 99
printf 'directories.tokendir = %s\nobjectstore.backend = %s\nlog.level = INFO\nlog.file = %s\n' \
	"$dir/tokens" "${TEST_BACKEND:-file}" "$dir/softhsm.log" >"$dir/softhsm2.conf"
SOFTHSM2_CONF=$dir/softhsm2.conf
HOME=$dir/home
export SOFTHSM2_CONF HOME

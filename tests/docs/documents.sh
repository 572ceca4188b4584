#!/bin/sh
# The commands in the documents for users are run, and give what is shown. Each document has a world
# of its own: a home, an empty directory to work in, a configuration, and a token "demo" (user PIN
# 1234 in ~/pin, SO PIN 5678 in ~/so-pin), but GETTING-STARTED.md, which makes all that. Blocks are
# run from top to bottom by one shell, so that what a block sets is there in the next. /srv is a
# directory of that world, too, and /usr/lib/softhsm/libsofthsm2.so the module that was built. Kinds:
#
#	sh		must succeed, each command in it
#	console		commands behind "$ " and what they print, "..." for anything;
#			errors come behind the rest
#	text		is shown only
#	any other	has to be marked file=
#
# and marks behind the kind:
#
#	needs=A,B	programs without which the block is left out, which fails with CI=true;
#			engine stands for OpenSSL's pkcs11, python:X for a package of Python,
#			db for a build with SQLite
#	file=NAME	the block is written to that file and not run
#	fails		each command of a console block must fail
#	by=A,B		the block is not run here, but by those tests: its programs, options, other
#			words that are no values, and names in its settings occur in them
set -u
: "${MODULE:?names the module that the documents use}"
: "${SOFTHSM2_UTIL:?stands in the directory of the tools}"

here=$(cd "$(dirname "$0")" && pwd) || exit 99
top=$(cd "$here/../.." && pwd) || exit 99
# Foreign programs are not built with the sanitizers' run time.
[ -z "${SANITIZERS-}" ] || { echo "SKIP: the module is built with sanitizers"; exit 77; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/documents.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM
tools=$(dirname "$SOFTHSM2_UTIL")
[ "$MODULE" = "$tools/.libs/libsofthsm2.so" ] ||
	{ echo "SKIP: the documents are not about $MODULE"; exit 77; }
PATH=$tools:$PATH:/usr/sbin
export PATH tools
failures=0
# The shell of most readers; it also knows the line of a command.
shell=$(command -v bash || command -v sh)

# The functions that translated documents call.
cat >"$dir/functions" <<'END_OF_FILE'
# say_where: the last word of a document that failed.
say_where()
{
	say_status=$?
	{ set +x; } 2>/dev/null
	[ $say_status -eq 0 ] || echo "FAIL: $document:$at: this block fails"
	exit $say_status
}
trap say_where EXIT

there_is()
{
	case $1 in
	db) [ -x "$tools/softhsm2-dump-db" ] ;;
	engine) openssl engine pkcs11 ;;
	python:*)
		python3 -c "import ${1#python:}" && return 0
		/usr/bin/python3 -c "import ${1#python:}" || return 1
		python3() { /usr/bin/python3 "$@"; }
		;;
	*) command -v "$1" ;;
	esac >/dev/null 2>&1
}

# ready LINE NEEDS
ready()
{
	at=$1
	for ready_need in $(echo "$2" | tr , ' '); do
		there_is "$ready_need" && continue
		[ "${CI-}" != true ] || [ "$ready_need" = db ] || { echo "$document:$1: $ready_need is missing"; exit 1; }
		echo "SKIP: $document:$1: $ready_need is not installed"
		return 1
	done
}

# judge STATUS LINE [fails]: what the command of that line said is what the document shows.
judge()
{
	judge_status=$1
	at=$2
	cat "$said.err" >>"$said"
	[ -z "${3-}" ] || judge_status=$((! judge_status))
	awk '
	# What stands in a document as a regular expression for all of the output.
	function pattern(line, out, at) {
		while ((at = index(line, "...")) > 0) {
			out = out quoted(substr(line, 1, at - 1)) "[^\n]*"
			line = substr(line, at + 3)
		}
		return out quoted(line)
	}
	function quoted(text) {
		gsub(/[][\\.*+?(){}|^$]/, "[&]", text)
		gsub(/\[\\\]/, "\\\\", text)
		gsub(/\[\^\]/, "\\^", text)
		return text
	}
	{ sub(/[ \t]+$/, "") }
	expected { want = want ($0 == "..." ? "([^\n]*\n)*" : pattern($0) "\n"); next }
	{ have = have $0 "\n" }
	END { exit have !~ ("^" want "$") }' expected=1 "$where/expected.$2" expected=0 "$said" &&
		[ "$judge_status" -eq 0 ] && return 0
	echo "$document:$2: exit status $1; the document shows"
	sed 's/^/    /' "$where/expected.$2"
	echo "but the command says"
	sed 's/^/    /' "$said"
	exit 1
}

# elsewhere LINE TESTS: the words of each line that are no values are in the tests.
elsewhere()
{
	at=$1
	: >"$where/tests"
	for elsewhere_test in $(echo "$2" | tr , ' '); do
		cat "$top/$elsewhere_test" >>"$where/tests"
	done
	awk '{ going = goes; goes = /\\$/; sub(/#.*/, ""); if (!going) after = 0 }
	{
		for (i = 1; i <= NF; i++) {
			if (sub(/=.*/, "", $i) && $i == "")
				break
			sub(/>.*/, ">", $i)
			if (i == 1)
				sub(/.*\//, "", $i)
			if (i == 1 && !going || $i ~ /^--?[A-Za-z]/ ||
			    !after && $i ~ /^[a-z][a-z0-9-]+$/)
				print $i
			after = $i ~ /^-/
		}
	}' "$where/lines.$1" | sort -u >"$where/words"
	while read -r elsewhere_word; do
		case $elsewhere_word in
		-*) elsewhere_how=-qwFe ;;
		*) elsewhere_how=-qFe ;;
		esac
		grep $elsewhere_how "$elsewhere_word" "$where/tests" && continue
		echo "$document:$1: $elsewhere_word is not in $2"
		exit 1
	done <"$where/words"
}

# Not every shell knows the line.
PS4='+ ${LINENO-}: '
set -eu
END_OF_FILE

# world NAME: an empty one.
world()
{
	where=$dir/$1
	said=$where/said
	mkdir -p "$where/home" "$where/work" || exit 99
	HOME=$where/home
	export HOME where said
	unset SOFTHSM2_CONF
}

# demo: what GETTING-STARTED.md leads to, and a key of BIND's for MIGRATION.md.
demo()
{
	demo_conf=$HOME/.config/softhsm2/softhsm2.conf
	# shellcheck disable=SC2015 # none of it may fail
	mkdir -p "${demo_conf%/*}" && mkdir -m 700 "$HOME/tokens" &&
		echo "directories.tokendir = $HOME/tokens" >"$demo_conf" &&
		echo 1234 >"$HOME/pin" && echo 5678 >"$HOME/so-pin" &&
		cp "$top/tests/data/bind/example.com-13.private" \
			"$where/work/Kexample.com.+013+12345.private" &&
		softhsm2-util --init-token --free --label demo --so-pin "file:$HOME/so-pin" \
			--pin "file:$HOME/pin" >"$where/log" 2>&1 ||
		{ echo "FAIL: the token for $1"; cat "$where/log"; exit 1; }
}

# play DOCUMENT
play()
{
	world "$(basename "$1")"
	[ "$1" = docs/GETTING-STARTED.md ] || demo "$1"
	export MODULE document="$1" top
	if ! awk -v where="$where" -v module="$MODULE" -f "$here/translate.awk" "$top/$1" \
		>"$where/script"; then
		failures=$((failures + 1))
		return
	fi
	# shellcheck disable=SC2016 # expanded there
	if (cd "$where/work" && timeout 300 "$shell" -c \
		'. "$1"; . "$2"' documents "$dir/functions" "$where/script") \
		>"$where/log" 2>&1 </dev/null; then
		echo "ok: $1"
		grep '^SKIP' "$where/log"
	else
		echo "FAIL: $1"
		tail -n 40 "$where/log" | sed 's/^/    /'
		failures=$((failures + 1))
	fi
}

# Without arguments all documents that are for users.
if [ $# -eq 0 ]; then
	set -- README.md \
		docs/GETTING-STARTED.md \
		docs/CONFIGURATION.md \
		docs/ADMINISTRATION.md \
		docs/CLIENTS.md \
		docs/REMOTE.md \
		docs/MIGRATION.md \
		docs/DIFFERENCES.md \
		docs/TROUBLESHOOTING.md
fi
for name in "$@"; do
	play "$name"
done
[ $failures -eq 0 ]

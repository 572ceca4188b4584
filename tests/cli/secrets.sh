#!/bin/sh
# shellcheck disable=SC2034 # for lib.sh
# PINs from the environment, from files and from standard input. SoftHSM 2.6.1 does not know these.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

side=ours
util=$SOFTHSM2_UTIL
mkdir "$dir/$side"
world

# says TEXT STATUS COMMAND...: the tool's output and errors have that line, and it ends so.
says()
{
	says_line=$1
	says_status=$2
	shift 2
	"$@" >"$dir/said" 2>&1
	says_got=$?
	[ $says_got -eq "$says_status" ] || fail "$*: status $says_got"
	grep -qF -e "$says_line" "$dir/said" || fail "$*: no '$says_line' in: $(cat "$dir/said")"
}

export SO_PIN=5678 USER_PIN=1234 EMPTY_PIN=
printf '1234\r\nsecond\n' >"$dir/pin"
printf '5678' >"$dir/so-pin"
printf '' >"$dir/none"
: >"$dir/long"
for _ in 1 2 3 4 5 6 7 8 9; do
	printf '%0512d' 0 >>"$dir/long"
done

says 'has been initialized' 0 "$util" --init-token --free --label env \
	--so-pin env:SO_PIN --pin env:USER_PIN
says 'has been initialized' 0 "$util" --init-token --token env --label file \
	--so-pin "file:$dir/so-pin" --pin "file:$dir/pin"
says 'CKR_PIN_INCORRECT' 1 "$util" --init-token --token file --label file \
	--so-pin env:USER_PIN --pin env:USER_PIN

# Each "-" takes a line, in the order of the command line.
printf '1234\n5678\n' >"$dir/both"
says 'has been initialized' 0 "$util" --init-token --token file --label stdin --pin - --so-pin - \
	<"$dir/both"
says 'CKR_PIN_INCORRECT' 1 "$util" --init-token --token stdin --label stdin --so-pin - --pin - \
	<"$dir/both"
says 'does not match' 1 "$util" --import "$data/p256.pem" --token stdin --label l --id 01 --pin - \
	<"$dir/so-pin"
printf '1234\nfile\n' >"$dir/pin-and-password"
says 'has been imported' 0 "$util" --import "$data/rsa-encrypted.pem" --token stdin --label l \
	--id 01 --pin - --file-pin - <"$dir/pin-and-password"

list()
{
	"$util" --list-objects --token stdin "$@" </dev/null
}
says 'private-key' 0 list --pin "file:$dir/pin"
says 'There is no environment variable NO_SUCH' 1 list --pin env:NO_SUCH
says "Could not read a PIN from $dir/absent: No such file or directory" 1 \
	list --pin "file:$dir/absent"
says "Could not read a PIN from $dir/none: there is no line" 1 list --pin "file:$dir/none"
says "Could not read a PIN from $dir/long: there is no line" 1 list --pin "file:$dir/long"
says "Could not read a PIN from $dir: Is a directory" 1 list --pin "file:$dir"
says 'Could not read a PIN from standard input: there is no line' 1 list --pin -
says 'Could not get user PIN' 1 list --pin env:EMPTY_PIN
says 'Could not get user PIN' 1 list --pin 123

# The list of processes does not show a PIN for long: it is wiped before the module is opened.
mkfifo "$dir/fifo"
"$util" --import "$dir/fifo" --aes --token stdin --label fifo --id 02 --pin 1234 \
	>"$dir/waiting" 2>&1 &
waiting=$!
exec 3>"$dir/fifo"	# returns when the tool has opened it
tr '\0' ' ' <"/proc/$waiting/cmdline" >"$dir/cmdline"
cat "$data/aes128.key" >&3
exec 3>&-
wait $waiting || fail "import from a FIFO: $(cat "$dir/waiting")"
grep -qF -e '--pin' "$dir/cmdline" || fail "no command line: $(cat "$dir/cmdline")"
if grep -qF 1234 "$dir/cmdline"; then
	fail "the PIN is in the command line: $(cat "$dir/cmdline")"
fi

echo "secrets: $failures failed"
finish

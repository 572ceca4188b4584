#!/bin/sh
# shellcheck disable=SC2034,SC2086 # for lib.sh; $pins is a list of words
# What SoftHSM 2.6.1 does not know, or answers by chance: keys at the PIN
# prompt, a library that is no module, hexadecimal slots, a directory as
# configuration.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

side=ours
util=$SOFTHSM2_UTIL
module=$MODULE
mkdir "$dir/$side"
world

# expect NAME TEXT: the last case showed that line, or had that status.
expect()
{
	grep -qxF "$2" "$dir/$side/$1.case" || {
		fail "$1: no line '$2'"
		cat -v "$dir/$side/$1.case"
	}
}

# init NAME ANSWERS
init()
{
	typed "$1" "$2" --init-token --free --label "$1" --pin 1234
	expect "$1" 'out: [echo on]'
}

# made NAME: the token is there and its SO PIN is 5678.
made()
{
	expect "$1" 'status: 0'
	quietly --init-token --token "$1" --label "$1" $pins
}

init backspace '567\x7f78\n 5678\n'
made backspace
init backspace-control '99\x08\x085678\n 5678\n'
made backspace-control
init backspace-too-often '\x7f\x7f5678\n 5678\n'
made backspace-too-often
init kill-line 'oops\x155678\n 5678\n'
made kill-line
init carriage-return '5678\x0d 5678\x0d'
made carriage-return
init stop-is-harmless '56\x1a 5678\n 5678\n'
made stop-is-harmless

init end-of-input '\x04'
expect end-of-input 'err: ERROR: Could not get SO PIN'
expect end-of-input 'status: 1'
init end-midway '5678\n 56\x04'
expect end-midway 'err: ERROR: Could not get SO PIN'
expect end-midway 'status: 1'
init too-long "$(printf '1%.0s' $(seq 256))\\n 5678\\n 5678\\n"
expect too-long 'err: ERROR: The length of the PIN is out of range.'
made too-long

check no-module --show-slots --module libm.so.6
expect no-module \
	'err: ERROR: Could not load the PKCS#11 library/module: it has no function C_GetFunctionList'
expect no-module 'err: ERROR: Please check log files for additional information.'
expect no-module 'status: 1'

quietly --init-token --free --label hexadecimal $pins
slot=$(printf '0x%X' "$(slot_of hexadecimal)")
check hexadecimal --init-token --slot "$slot" --label hexadecimal $pins
expect hexadecimal 'out: The token has been initialized on slot <slot>'

SOFTHSM2_CONF=$world
check conf-is-directory --show-slots
expect conf-is-directory 'err: ERROR: Could not load the SoftHSM configuration.'
expect conf-is-directory 'err: ERROR: Please verify that the SoftHSM configuration is correct.'
expect conf-is-directory 'status: 1'

echo "beyond: $(grep -c . "$dir/$side/cases") cases, $failures failed"
finish

#!/bin/sh
# A Java program that ends in many ways.
# shellcheck source=tests/exit/lib.sh
. "$(dirname "$0")/lib.sh"
need java javac

exports='--add-modules jdk.crypto.cryptoki
	--add-exports jdk.crypto.cryptoki/sun.security.pkcs11.wrapper=ALL-UNNAMED'
# One word each; the machine's log of a crash goes where it is cleaned up.
java="java -XX:TieredStopAtLevel=1 -XX:ErrorFile=$dir/crash.log $exports -cp $dir/classes Host"
few=1
! long || few=20

new_token "$label"
# shellcheck disable=SC2086 # lists of words
check "compile" javac $exports -d "$dir/classes" "$(dirname "$0")/Host.java"
for ending in finalised left finalised_at_exit under_workers under_workers_finalised in_worker \
	halted; do
	# shellcheck disable=SC2086
	check "$ending" many $few ends 7 $java "$MODULE" "$user_pin" $ending
done
# shellcheck disable=SC2086
check "raised" many $few ends_saying "meant to be" 1 $java "$MODULE" "$user_pin" raised
# shellcheck disable=SC2086
check "finalised behind OpenSSL's end" many $few late 0x0 7 $java "$MODULE" "$user_pin" left
check "no crash" [ ! -e "$dir/crash.log" ]
finish

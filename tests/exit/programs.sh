#!/bin/sh
# Programs that leave in their own ways, with success and without: openssl, GnuTLS, NSS, Java.
# shellcheck source=tests/exit/lib.sh
. "$(dirname "$0")/lib.sh"
need p11tool modutil certutil keytool
need_engine

# all_programs [PREFIX]: each once well and once with a wrong PIN or name.
all_programs()
{
	for pin in "$user_pin" 0000; do
		status=1
		[ "$pin" != "$user_pin" ] || status=0
		# shellcheck disable=SC2086 # $1 is a list of words
		check "openssl, PIN $pin${1:+, valgrind}" ends $status $1 openssl req -new \
			-engine pkcs11 -keyform engine -subj /CN=exit -out "$dir/req.pem" \
			-key "pkcs11:token=$label;id=%01;type=private;pin-value=$pin"
		# shellcheck disable=SC2086
		GNUTLS_PIN=$pin check "p11tool, PIN $pin${1:+, valgrind}" ends $status $1 p11tool \
			--provider "$MODULE" --batch --login --list-all-privkeys \
			"pkcs11:token=$label"
		# shellcheck disable=SC2086
		check "pkcs11-tool, PIN $pin${1:+, valgrind}" ends $status $1 pkcs11-tool \
			--module "$MODULE" --token-label "$label" --login --pin "$pin" -O
	done
}

# nss_program STATUS PIN: it takes the database of nss_begin.
nss_program()
{
	echo "$2" >"$dir/pin"
	check "certutil, PIN $2" ends "$1" certutil -K -d "sql:$dir/db" -h "$label" -f "$dir/pin"
}

# behind_openssl: the same well, and finalised at the very end. The engine and Java leave the module
# as it is, the others finalise it themselves.
behind_openssl()
{
	check "openssl, late" late 0x0 0 openssl req -new -engine pkcs11 -keyform engine \
		-subj /CN=exit -out "$dir/req.pem" \
		-key "pkcs11:token=$label;id=%01;type=private;pin-value=$user_pin"
	GNUTLS_PIN=$user_pin check "p11tool, late" late 0x190 0 p11tool --provider "$MODULE" \
		--batch --login --list-all-privkeys "pkcs11:token=$label"
	check "pkcs11-tool, late" late 0x190 0 pkcs11-tool --module "$MODULE" \
		--token-label "$label" --login --pin "$user_pin" -O
	echo "$user_pin" >"$dir/pin"
	check "certutil, late" late 0x190 0 certutil -K -d "sql:$dir/db" -h "$label" -f "$dir/pin"
	check "keytool, late" late 0x0 0 keytool -keystore NONE -storetype PKCS11 \
		-storepass "$user_pin" -addprovider SunPKCS11 -providerArg "$dir/p11.cfg" -list
}

nss_begin()
{
	mkdir "$dir/db"
	check "certutil makes a database" ends 0 certutil -N -d "sql:$dir/db" --empty-password
	check "modutil adds the module" ends 0 modutil -dbdir "sql:$dir/db" -force -add exit \
		-libfile "$MODULE"
	check "modutil lists it" ends 0 modutil -dbdir "sql:$dir/db" -list exit
}

# java_program STATUS PIN
java_program()
{
	check "keytool, PIN $2" ends "$1" keytool -keystore NONE -storetype PKCS11 -storepass "$2" \
		-addprovider SunPKCS11 -providerArg "$dir/p11.cfg" -list
}

new_token "$label"
check "generate" pkcs11-tool --module "$MODULE" --token-label "$label" --login \
	--pin "$user_pin" --keypairgen --key-type EC:prime256v1 --id 01
all_programs ""
nss_begin
nss_program 0 "$user_pin"
nss_program 255 0000
printf 'name = exit\nlibrary = %s\nslotListIndex = 0\n' "$MODULE" >"$dir/p11.cfg"
java_program 0 "$user_pin"
java_program 1 0000
behind_openssl
long || finish
need valgrind
all_programs "$grind"
finish

#!/bin/sh
# NSS: the module in a database, keys and certificates in the token.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need modutil certutil openssl

db=sql:$dir/db
in_token="-d $db -h $label -f $dir/pin"

new_token "$label"
mkdir "$dir/db"
echo "$user_pin" >"$dir/pin"
head -c 100 /dev/urandom >"$dir/noise"
check "make a database" certutil -N -d "$db" --empty-password
check "add the module" modutil -dbdir "$db" -force -add softhsm -libfile "$MODULE"
check "it shows the token" says "Token Name: $label" modutil -dbdir "$db" -list softhsm

# certify NAME ARGUMENT...: a key pair in the token, a certificate and a request signed by it.
certify()
{
	name=$1
	shift
	# shellcheck disable=SC2086 # a list of words
	check "certify $name" certutil -S $in_token -n "$name" -s "CN=$name" -x -t ,, -m 1 \
		-z "$dir/noise" "$@"
	# shellcheck disable=SC2086
	check "print $name" certutil -L $in_token -n "$label:$name" -a -o "$dir/$name.pem"
	check "openssl verifies $name" says OK openssl verify -check_ss_sig \
		-CAfile "$dir/$name.pem" "$dir/$name.pem"
	# shellcheck disable=SC2086
	check "request with $name" certutil -R $in_token -s "CN=$name" -a -o "$dir/$name.csr" \
		-z "$dir/noise" "$@"
	check "openssl verifies it" says "verify OK" openssl req -verify -noout \
		-in "$dir/$name.csr"
}

certify rsa -k rsa -g 2048
certify ec -k ec -q nistp256
# shellcheck disable=SC2086
check "list the keys" says "ec" certutil -K $in_token
# shellcheck disable=SC2086
check "delete a key" certutil -F $in_token -n "$label:ec"
# shellcheck disable=SC2086
check "it is gone" lacks ":ec" certutil -K $in_token
check "remove the module" modutil -dbdir "$db" -force -delete softhsm
finish

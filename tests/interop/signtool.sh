#!/bin/sh
# NSS signtool: an archive signed by a key and certificate of the token.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need signtool modutil certutil openssl python3

db=sql:$dir/db
new_token "$label"
mkdir "$dir/db" "$dir/tree"
echo "$user_pin" >"$dir/pin"
head -c 100 /dev/urandom >"$dir/noise"
echo text >"$dir/tree/text"
check "make a database" certutil -N -d "$db" --empty-password
check "add the module" modutil -dbdir "$db" -force -add softhsm -libfile "$MODULE"
check "certify" certutil -S -d "$db" -h "$label" -f "$dir/pin" -n signer -s CN=signer -x \
	-t ,,C -m 1 -z "$dir/noise" -k rsa -g 2048 --nsCertType objectSigning,objectSigningCA
check "print the certificate" certutil -L -d "$db" -h "$label" -f "$dir/pin" \
	-n "$label:signer" -a -o "$dir/cert.pem"
check "sign" signtool -d "$db" -k "$label:signer" -p "$user_pin" -Z "$dir/signed.jar" "$dir/tree"
check "signtool verifies it" says "verified *text" signtool -d "$db" -v "$dir/signed.jar"
check "unpack" python3 -m zipfile -e "$dir/signed.jar" "$dir/unpacked"
check "openssl verifies the signature" openssl cms -verify -inform DER -binary -purpose any \
	-in "$dir/unpacked/META-INF/zigbert.rsa" -content "$dir/unpacked/META-INF/zigbert.sf" \
	-CAfile "$dir/cert.pem" -out "$dir/text"
check "a wrong PIN signs nothing" fails signtool -d "$db" -k "$label:signer" -p 0000 \
	-Z "$dir/none.jar" "$dir/tree"
finish

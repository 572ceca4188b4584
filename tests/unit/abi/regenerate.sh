#!/bin/sh
# The committed interface files are what gen_pkcs11.py makes of the tables.
# Skipped (77) without Python; the build never needs it.
command -v python3 >/dev/null || exit 77

folder=$srcdir/src/lib/pkcs11
output=$(mktemp -d) || exit 1
trap 'rm -rf "$output"' EXIT

python3 "$folder/gen_pkcs11.py" "$TEST_DATA/pkcs11" "$output" || exit 1
status=0
for file in "$output"/*; do
	cmp "$file" "$folder/${file##*/}" || status=1
done
exit $status

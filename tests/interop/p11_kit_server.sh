#!/bin/sh
# p11-kit serves the token on a Unix socket to many clients at a time.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need p11-kit pkcs11-tool openssl
client=
for file in /usr/lib/pkcs11/p11-kit-client.so /usr/lib/*/pkcs11/p11-kit-client.so \
	/usr/lib64/pkcs11/p11-kit-client.so; do
	[ ! -f "$file" ] || client=$file
done
[ -n "$client" ] || missing "p11-kit-client.so (package p11-kit-modules)"
clients=20

# remote ARGUMENT...: pkcs11-tool at the other end of the socket.
remote()
{
	pkcs11-tool --module "$client" --token-label "$label" --login --pin "$user_pin" "$@"
}

# one_client N: signs, and openssl verifies.
one_client()
{
	echo "text $1" >"$dir/text.$1"
	remote --sign --mechanism SHA256-RSA-PKCS --id 01 \
		--input-file "$dir/text.$1" --output-file "$dir/sig.$1" >"$dir/log.$1" 2>&1 &&
		openssl dgst -sha256 -verify "$dir/pub.pem" -signature "$dir/sig.$1" \
			"$dir/text.$1" >>"$dir/log.$1" 2>&1
}

all_clients()
{
	pids=
	for n in $(seq $clients); do
		one_client "$n" &
		pids="$pids $!"
	done
	all_status=0
	for pid in $pids; do
		wait "$pid" || all_status=1
	done
	[ $all_status -eq 0 ] || cat "$dir"/log.*
	return $all_status
}

new_token "$label"
eval "$(p11-kit server --sh --provider "$MODULE" --name "$dir/socket" "pkcs11:token=$label")"
[ -n "${P11_KIT_SERVER_PID-}" ] || { echo "FAIL: the server does not start"; exit 1; }
trap 'kill "$P11_KIT_SERVER_PID"; rm -rf "$dir"' EXIT

check "the token is seen" says "$label" pkcs11-tool --module "$client" --list-token-slots
check "generate" remote --keypairgen --key-type rsa:2048 --id 01 --label key
check "read the public key" remote --read-object --type pubkey --id 01 \
	--output-file "$dir/pub.der"
check "openssl reads it" openssl pkey -pubin -inform DER -in "$dir/pub.der" -out "$dir/pub.pem"
check "$clients clients at once" all_clients
check "the server's host sees the key, too" says "label: *key" pkcs11-tool --module "$MODULE" \
	--token-label "$label" --login --pin "$user_pin" --list-objects
check "no wrong PIN" fails pkcs11-tool --module "$client" --token-label "$label" --login \
	--pin 0000 --list-objects
finish

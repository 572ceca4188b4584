# A token served by p11-kit, and clients of it; to be sourced behind lib.sh.
# shellcheck shell=sh disable=SC2154

need p11-kit pkcs11-tool openssl
client=
for file in /usr/lib/pkcs11/p11-kit-client.so /usr/lib/*/pkcs11/p11-kit-client.so \
	/usr/lib64/pkcs11/p11-kit-client.so; do
	[ ! -f "$file" ] || client=$file
done
[ -n "$client" ] || missing "p11-kit-client.so (package p11-kit-modules)"

# serve_token SOCKET: sets P11_KIT_SERVER_ADDRESS, which clients need, and P11_KIT_SERVER_PID.
serve_token()
{
	eval "$(p11-kit server --sh --provider "$MODULE" --name "$1" "pkcs11:token=$label")"
	[ -n "${P11_KIT_SERVER_PID-}" ] || { echo "FAIL: the server does not start"; exit 1; }
	trap 'kill "$P11_KIT_SERVER_PID"; rm -rf "$dir"' EXIT
	check "the token comes into sight" within 60 seen	# the server listens a bit later
}

# seen: the token is, through the socket.
seen()
{
	says "$label" timeout 120 pkcs11-tool --module "$client" --list-token-slots
}

# remote ARGUMENT...: pkcs11-tool at the other end of the socket.
remote()
{
	timeout 120 pkcs11-tool --module "$client" --token-label "$label" --login \
		--pin "$user_pin" "$@"
}

# refused_remote: a wrong PIN is.
refused_remote()
{
	! timeout 120 pkcs11-tool --module "$client" --token-label "$label" --login --pin 0000 \
		--list-objects
}

# remote_key: makes a key there, whose public half is $dir/pub.pem.
remote_key()
{
	check "generate" remote --keypairgen --key-type rsa:2048 --id 01 --label key
	check "read the public key" remote --read-object --type pubkey --id 01 \
		--output-file "$dir/pub.der"
	check "openssl reads it" openssl pkey -pubin -inform DER -in "$dir/pub.der" \
		-out "$dir/pub.pem"
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

# all_clients COUNT: so many of them at once.
all_clients()
{
	pids=
	rm -f "$dir"/sig.* "$dir"/log.*
	for n in $(seq "$1"); do
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

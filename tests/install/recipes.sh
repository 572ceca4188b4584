#!/bin/sh
# The recipes for containers: their syntax, and what they do, played without a container.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/../interop/lib.sh"
need python3 p11-kit pkcs11-tool openssl
python3 -c 'import yaml' 2>/dev/null || missing "python3-yaml"
client=
for file in /usr/lib/pkcs11/p11-kit-client.so /usr/lib/*/pkcs11/p11-kit-client.so; do
	[ ! -f "$file" ] || client=$file
done
[ -n "$client" ] || missing "p11-kit-client.so (package p11-kit-modules)"
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
unset P11_KIT_SERVER_ADDRESS

# piece NAME: of the recipes, with the paths of this test in the place of the container's.
piece()
{
	python3 "$here/recipes.py" "$top" print "$1" |
		sed -e "s|/var/lib/softhsm/tokens|$dir/tokens|g" -e "s|/run/softhsm|$dir/run|g" \
			-e "s|/run/secrets/softhsm|$dir/pins|g" -e "s|= stderr|= $dir/log|g" \
			-e "s|/usr/lib/softhsm/libsofthsm2.so|$MODULE|g"
}

# become NAME: a piece that is a command, a line a word.
become()
{
	piece "$1" >"$dir/words"
	set --
	while IFS= read -r word; do
		set -- "$@" "$word"
	done <"$dir/words"
	exec "$@"
}

run()
{
	(become "$1")
}

make_token()
{
	piece token >"$dir/token.sh"
	TOKEN=$(piece label) sh -e "$dir/token.sh"
}

is_one()
{
	[ "$(softhsm2-util --show-slots | grep -c 'Initialized: *yes')" -eq 1 ]
}

# The server tells on its output that it listens.
start_server()
{
	: >"$dir/server.out"
	become server >"$dir/server.out" 2>&1 &
	server=$!
	for _ in $(seq 100); do
		[ ! -s "$dir/server.out" ] || return 0
		kill -0 $server || break
		sleep 0.1
	done
	cat "$dir/server.out"
	return 1
}

stop_server()
{
	kill "$1" $server
	wait $server 2>/dev/null
	return 0
}

# remote ARGUMENT...: the application, which has the socket and the PIN.
remote()
{
	P11_KIT_SERVER_ADDRESS=$(piece address) pkcs11-tool --module "$client" \
		--token-label "$(piece label)" --login --pin "$(cat "$dir/pins/pin")" "$@"
}

signs()
{
	echo text >"$dir/text"
	rm -f "$dir/sig"
	remote --sign --mechanism SHA256-RSA-PKCS --id 01 --input-file "$dir/text" \
		--output-file "$dir/sig" &&
		remote --read-object --type pubkey --id 01 --output-file "$dir/pub" &&
		openssl dgst -sha256 -verify "$dir/pub" -keyform DER -signature "$dir/sig" \
			"$dir/text"
}

quiet_log()
{
	cat "$dir/log" 2>/dev/null && [ ! -s "$dir/log" ]
}

# The tool as the image has it, with its module in place.
mkdir "$dir/bin" "$dir/run" "$dir/pins" || exit 1
printf '#!/bin/sh\nexec %s --module %s "$@"\n' "$SOFTHSM2_UTIL" "$MODULE" >"$dir/bin/softhsm2-util"
chmod +x "$dir/bin/softhsm2-util"
PATH=$dir/bin:$PATH
# As a volume of the pod's group is.
chmod 2770 "$dir/tokens"
piece conf >"$SOFTHSM2_CONF"
printf %s "$(piece pin)" >"$dir/pins/pin"
printf %s "$(piece so-pin)" >"$dir/pins/so-pin"

check "syntax and names" python3 "$here/recipes.py" "$top" check
check "the token is made" make_token
check "only once" make_token
check "one token" is_one
check "not ready before there is a server" fails run ready
start_server || { echo "FAIL: the server does not start"; exit 1; }
trap 'kill $server; rm -rf "$dir"' EXIT
check "ready" run ready
check "alive" run alive
check "healthy" sh -c "$(piece health)"
check "the application makes a key" remote --keypairgen --key-type rsa:2048 --id 01 --label key
check "and signs" signs
# What a killed server leaves is not in the way of the next.
stop_server -KILL
check "not healthy without a server's token" fails env SOFTHSM2_CONF=/nonexistent \
	sh -c "$(piece health)"
start_server || { echo "FAIL: the server does not start again"; exit 1; }
check "it signs after a crash of the server" signs
stop_server -TERM
check "not ready after the end of the server" fails run ready
trap 'rm -rf "$dir"' EXIT
check "nothing to complain about" quiet_log
finish

# For the tests of TLS servers; to be sourced behind lib.sh.
# shellcheck shell=sh disable=SC2154

server_pid=
trap '[ -z "$server_pid" ] || kill "$server_pid"; rm -rf "$dir"' EXIT

# serve COMMAND...: starts a server on $port in the background.
serve()
{
	"$@" >"$dir/server.log" 2>&1 </dev/null &
	server_pid=$!
}

# stop: ends it by a signal.
stop()
{
	kill "$server_pid"
	wait "$server_pid" 2>/dev/null
	server_pid=
}

# shake VERSION: a handshake that openssl verifies against $dir/cert.pem; waits for the server.
shake()
{
	shake_tries=60
	while :; do
		echo Q | timeout 20 openssl s_client -connect "127.0.0.1:$port" "-$1" \
			-CAfile "$dir/cert.pem" -verify_return_error >"$dir/shake" 2>&1 && break
		grep -q 'connect:errno' "$dir/shake" && [ $shake_tries -gt 0 ] &&
			kill -0 "$server_pid" 2>/dev/null ||
			{ cat "$dir/shake" "$dir/server.log"; return 1; }
		shake_tries=$((shake_tries - 1))
		sleep 0.5
	done
	grep -q 'Verify return code: 0 (ok)' "$dir/shake"
}

# A port that is likely to be free; another one for each process.
port=$((20000 + $$ % 10000))

# serve_until PATTERN FUNCTION: the same by a function that ends in exec, on
# another port while $port is in use; returns once the server's log has the pattern.
serve_until()
{
	for _ in 1 2 3 4 5; do
		serve "$2"
		within 60 answered "$1"
		grep -q "$1" "$dir/server.log" && return 0
		cat "$dir/server.log"
		stop 2>/dev/null
		port=$((port + 1))
	done
	return 1
}

# answered PATTERN: the server said it, or is gone.
answered()
{
	grep -q "$1" "$dir/server.log" || ! kill -0 "$server_pid" 2>/dev/null
}

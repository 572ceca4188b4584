#!/bin/sh
# stunnel through the engine of libp11: a TLS server with the token's key.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need stunnel
need_engine
# shellcheck source=tests/interop/tls.sh
. "$(dirname "$0")/tls.sh"

stunnel_starts()
{
	cat >"$dir/stunnel.conf" <<END_OF_FILE
foreground = yes
pid =
engine = pkcs11
engineCtrl = MODULE_PATH:$MODULE
engineCtrl = PIN:$user_pin
[tls]
accept = 127.0.0.1:$port
exec = /bin/cat
engineId = pkcs11
cert = $dir/$name.pem
key = pkcs11:token=$label;object=$name;type=private
END_OF_FILE
	exec stunnel "$dir/stunnel.conf"
}

# serve_with TYPE ID NAME
serve_with()
{
	name=$3
	certified_key "$@"
	cp "$dir/$name.pem" "$dir/cert.pem"
	check "start" serve_until "Configuration successful" stunnel_starts
	check "handshake with $name, TLS 1.2" shake tls1_2
	check "handshake with $name, TLS 1.3" shake tls1_3
	check "it ends by a signal" ended
}

# ended: with success, after it gave back what it had.
ended()
{
	kill "$server_pid"
	wait "$server_pid"
	ended_status=$?
	server_pid=
	cat "$dir/server.log"
	[ $ended_status -eq 0 ] && grep -q Terminated "$dir/server.log"
}

new_token "$label"
serve_with rsa:2048 01 rsa
serve_with EC:prime256v1 02 ec
finish

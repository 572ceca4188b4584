#!/bin/sh
# OpenVPN: a client with key and certificate in the token, and a server that has only the latter.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin
need openvpn python3
openvpn --version | grep -q 'PKCS11' || missing "openvpn with PKCS#11"
need_engine
# shellcheck source=tests/interop/tls.sh
. "$(dirname "$0")/tls.sh"

# vpn ARGUMENT...: either end, without a tunnel device.
vpn()
{
	exec openvpn --dev null --ifconfig-noexec --ca "$dir/ca.pem" --cd "$dir" "$@"
}

server_starts()
{
	vpn --proto tcp4-server --local 127.0.0.1 --port "$port" --tls-server --dh none \
		--cert "$dir/server.pem" --key "$dir/server.key" --verb 3
}

# OpenVPN takes no token's PIN from a file: it asks a manager. This one also ends it once connected.
cat >"$dir/manager.py" <<'END_OF_FILE'
import socket
import sys

where, pin = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX)
listener.bind(where)
listener.listen()
listener.settimeout(120)
connection = listener.accept()[0]
connection.settimeout(120)
for line in connection.makefile():
    print(line.strip(), flush=True)
    if line.startswith(">PASSWORD:Need '"):
        name = line.split("'")[1]
        connection.sendall(f'password "{name}" "{pin}"\n'.encode())
    elif line.startswith('>STATE:') and ',CONNECTED,SUCCESS' in line:
        connection.sendall(b'signal SIGTERM\n')
    elif line.startswith('>HOLD:'):
        connection.sendall(b'state on\nhold release\n')
END_OF_FILE

# connect NAME OPTION...: a client's life until it is connected.
connect()
{
	id=$(openvpn --show-pkcs11-ids "$MODULE" | sed -n "/DN: *CN=$1\$/,/Serialized/p" |
		sed -n 's/^ *Serialized id: *//p')
	shift
	rm -f "$dir/manager"
	python3 "$dir/manager.py" "$dir/manager" "$user_pin" >"$dir/manager.log" 2>&1 &
	manager_pid=$!
	within 60 [ -S "$dir/manager" ]
	(vpn --proto tcp4-client --remote 127.0.0.1 "$port" --nobind --tls-client \
		--pkcs11-providers "$MODULE" --pkcs11-id "$id" --remote-cert-tls server \
		--management "$dir/manager" unix --management-client --management-hold \
		--management-query-passwords --connect-retry-max 2 --verb 3 "$@") \
		>"$dir/client.log" 2>&1
	connect_status=$?
	wait "$manager_pid"
	cat "$dir/manager.log" "$dir/client.log" "$dir/server.log"
	[ $connect_status -eq 0 ] && grep -q 'CONNECTED,SUCCESS' "$dir/manager.log"
}

# connects NAME VERSION: the server says whose certificate it saw a signature for.
connects()
{
	cat "$dir/$1.pem" "$dir/server.pem" >"$dir/ca.pem"
	check "the server starts" serve_until "Listening for incoming" server_starts
	check "connect with $1, TLS $2" connect "$1" --tls-version-min "$2" --tls-version-max "$2"
	check "the server verified it" grep "VERIFY OK: depth=0, CN=$1" "$dir/server.log"
	check "and is connected" grep "Control Channel: TLSv$2" "$dir/server.log"
	stop
}

new_token "$label"
openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server \
	-addext keyUsage=digitalSignature -addext extendedKeyUsage=serverAuth -days 9 \
	-keyout "$dir/server.key" -out "$dir/server.pem" 2>"$dir/out"
certified_key rsa:2048 01 rsa
certified_key EC:prime256v1 02 ec
connects rsa 1.2
connects rsa 1.3
connects ec 1.3
finish

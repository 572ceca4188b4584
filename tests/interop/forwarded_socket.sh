#!/bin/sh
# One token for many hosts: p11-kit's server on the host that has it, and its
# socket forwarded by ssh to the others, both ways round.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/remote.sh
. "$(dirname "$0")/remote.sh"
# shellcheck source=tests/interop/sshd.sh
. "$(dirname "$0")/sshd.sh"
clients=5

# tunnel ARGUMENT...: an ssh that only forwards, in the background once it does.
tunnel()
{
	timeout 60 ssh -F "$dir/ssh_config" -f -N -M -S "$dir/control" \
		-o ExitOnForwardFailure=yes -o StreamLocalBindUnlink=yes "$@" tokenhost \
		>"$dir/ssh.log" 2>&1 </dev/null || { cat "$dir/ssh.log"; return 1; }
}

close_tunnel()
{
	ssh -F "$dir/ssh_config" -S "$dir/control" -O exit tokenhost
}

# through NAME: what the clients at the other end do.
through()
{
	check "$1: the token is in sight" seen
	check "$1: only the user can use the socket" \
		[ "$(stat -c %a "$dir/$1")" = 600 ]
	check "$1: $clients clients at once" all_clients $clients
	check "$1: no wrong PIN" refused_remote
}

new_token "$label"
new_sshd
ssh-keygen -q -t ed25519 -N '' -f "$dir/login_key" </dev/null
cp "$dir/login_key.pub" "$dir/authorized_keys"
printf 'IdentityFile %s\nIdentitiesOnly yes\n' "$dir/login_key" >>"$dir/ssh_config"
serve_token "$dir/socket"
trap 'close_tunnel 2>/dev/null; kill "$P11_KIT_SERVER_PID"; rm -rf "$dir"' EXIT
remote_key

# The client's host fetches the socket; a second time, too.
export P11_KIT_SERVER_ADDRESS="unix:path=$dir/fetched"
for _ in 1 2; do
	check "fetch the socket" tunnel -L "$dir/fetched:$dir/socket"
	through fetched
	check "close the tunnel" close_tunnel
	check "no tunnel, no token" within 60 fails seen
done

# The token's host brings it.
export P11_KIT_SERVER_ADDRESS="unix:path=$dir/brought"
check "bring the socket" tunnel -R "$dir/brought:$dir/socket"
through brought
check "close the tunnel" close_tunnel
check "no tunnel, no token" within 60 fails seen
check "the server is still there" kill -0 "$P11_KIT_SERVER_PID"
finish

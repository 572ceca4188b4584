#!/bin/sh
# OpenSSH: keys listed, used by ssh itself and by the agent, to log in at an sshd.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin
need ssh ssh-keygen ssh-agent ssh-add sshd pkcs11-tool

new_token "$label"
id=10
for type in rsa:2048 EC:prime256v1; do
	check "generate $type" pkcs11-tool --module "$MODULE" --token-label "$label" --login \
		--pin "$user_pin" --keypairgen --key-type "$type" --id "$id"
	id=$((id + 1))
done

printf '#!/bin/sh\necho %s\n' "$user_pin" >"$dir/askpass"
chmod 700 "$dir/askpass"
SSH_ASKPASS=$dir/askpass
SSH_ASKPASS_REQUIRE=force
export SSH_ASKPASS SSH_ASKPASS_REQUIRE

# public_keys: as sshd wants them; the agent's helper allows the module by its real path.
public_keys()
{
	ssh-keygen -D "$MODULE" >"$dir/authorized_keys" && cat "$dir/authorized_keys"
}
check "ssh-keygen -D" says ssh-rsa public_keys
check "the curve, too" grep -q ecdsa-sha2-nistp256 "$dir/authorized_keys"

# sshd speaks over a pipe and needs no port.
ssh-keygen -q -t ed25519 -N '' -f "$dir/host_key" </dev/null
cat >"$dir/sshd_config" <<END
HostKey $dir/host_key
AuthorizedKeysFile $dir/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
PidFile none
END
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
# log_in OPTION...: a command run at the other end.
log_in()
{
	says "at the other end" ssh -F none -o "UserKnownHostsFile=$dir/known_hosts" \
		-o StrictHostKeyChecking=no -o PreferredAuthentications=publickey \
		-o "ProxyCommand=$(command -v sshd) -i -f $dir/sshd_config" "$@" \
		"$(id -un)@interop" echo at the other end
}
check "log in with RSA" log_in -o "PKCS11Provider=$MODULE" \
	-o PubkeyAcceptedAlgorithms=rsa-sha2-512,rsa-sha2-256
check "log in with the curve" log_in -o "PKCS11Provider=$MODULE" \
	-o PubkeyAcceptedAlgorithms=ecdsa-sha2-nistp256
check "not without the token" fails log_in -o "IdentityFile=$dir/host_key" \
	-o IdentitiesOnly=yes

eval "$(ssh-agent -s -P "$(realpath "$MODULE")")" >"$dir/out"
trap 'kill "$SSH_AGENT_PID"; rm -rf "$dir"' EXIT
check "ssh-add -s" ssh-add -s "$(realpath "$MODULE")"
check "the agent lists the keys" says RSA ssh-add -l
check "log in by the agent" log_in -o PubkeyAcceptedAlgorithms=rsa-sha2-512
check "the agent's signature is right" ssh-add -T "$dir/authorized_keys"
check "ssh-add -e" ssh-add -e "$(realpath "$MODULE")"
check "the keys are gone" fails says RSA ssh-add -l
finish

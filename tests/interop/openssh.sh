#!/bin/sh
# OpenSSH: keys listed, used by ssh itself and by the agent, to log in at an sshd.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/sshd.sh
. "$(dirname "$0")/sshd.sh"
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

new_sshd
# log_in OPTION...: a command run at the other end.
log_in()
{
	says "at the other end" ssh -F "$dir/ssh_config" "$@" interop echo at the other end
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

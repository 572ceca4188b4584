# An sshd of the test's own, and ssh to it; to be sourced behind lib.sh.
# shellcheck shell=sh disable=SC2154

PATH=$PATH:/usr/sbin

# new_sshd: lets those of $dir/authorized_keys in. It speaks over a pipe and
# needs no port; "ssh -F $dir/ssh_config" leads to it, whatever the host's name.
new_sshd()
{
	need ssh ssh-keygen sshd
	ssh-keygen -q -t ed25519 -N '' -f "$dir/host_key" </dev/null
	cat >"$dir/sshd_config" <<END_OF_FILE
HostKey $dir/host_key
AuthorizedKeysFile $dir/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
PidFile none
END_OF_FILE
	cat >"$dir/ssh_config" <<END_OF_FILE
ProxyCommand $(command -v sshd) -i -f $dir/sshd_config
User $(id -un)
UserKnownHostsFile $dir/known_hosts
StrictHostKeyChecking no
PreferredAuthentications publickey
END_OF_FILE
	[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
}

#!/bin/sh
# Two users of one group share tokens, set up as SHARED TOKENS in softhsm2.conf(5) says.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/../interop/lib.sh"
[ "$(id -u)" -eq 0 ] || skip "only root can be several users"
need setpriv pkcs11-tool openssl

# Numbers without a name: the group, its two members, and somebody else.
group=61000
ann=61001
bob=61002
eve=61003

# Users other than root need not see the build's directory.
cp "$MODULE" "$dir/module.so"
cp "$SOFTHSM2_UTIL" "$dir/util"
chmod 711 "$dir"
mkdir -m 1777 "$dir/work"

# as USER COMMAND...: with the umask $mask, in the group unless the user is eve.
as()
{
	as_user=$1
	shift
	as_groups=--clear-groups
	[ "$as_user" = $eve ] || as_groups="--groups $group"
	SOFTHSM2_CONF=$dir/work/$as_user.conf
	{
		printf '%s\n' "directories.tokendir = $dir/shared" \
			"objectstore.backend = $backend" "log.level = INFO" \
			"log.file = $dir/work/$as_user.log"
		[ -z "$store_mask" ] || echo "objectstore.umask = $store_mask"
	} >"$SOFTHSM2_CONF"
	(
		# shellcheck disable=SC2086 # one or two words
		umask "$mask" && cd "$dir/work" &&
			setpriv --reuid "$as_user" --regid "$as_user" $as_groups "$@"
	)
}

# tool USER ARGUMENT...: pkcs11-tool, logged in.
tool()
{
	tool_user=$1
	shift
	as "$tool_user" pkcs11-tool --module "$dir/module.so" --token-label shared --login \
		--pin "$user_pin" "$@"
}

slots()
{
	as "$1" "$dir/util" --module "$dir/module.so" --show-slots
}

# place: a new token directory, with the mode and the group that are recommended.
place()
{
	rm -rf "$dir/shared" "$dir"/work/*
	mkdir "$dir/shared" && chgrp $group "$dir/shared" && chmod 2770 "$dir/shared"
}

make_token()
{
	as $ann "$dir/util" --module "$dir/module.so" --init-token --free --label shared \
		--so-pin "$so_pin" --pin "$user_pin"
}

# signs USER ID: and openssl verifies with the public key that the other user reads.
signs()
{
	echo "text of $1" >"$dir/work/text"
	rm -f "$dir"/work/sig "$dir"/work/pub
	tool "$1" --sign --mechanism SHA256-RSA-PKCS --id "$2" --input-file text \
		--output-file sig &&
		tool "$3" --read-object --type pubkey --id "$2" --output-file pub &&
		openssl dgst -sha256 -verify "$dir/work/pub" -keyform DER \
			-signature "$dir/work/sig" "$dir/work/text"
}

# modes: whatever was made belongs to the group and to nobody else.
modes()
{
	find "$dir/shared" -mindepth 1 \( ! -group $group -o -type d ! -perm 2770 \
		-o -type f ! -perm 660 \) -exec ls -ld {} + >"$dir/wrong"
	cat "$dir/wrong"
	[ ! -s "$dir/wrong" ]
}

no_word()
{
	! grep -e WARNING -e ERROR "$dir/work/$1.log"
}

refused()
{
	slots "$1" >"$dir/said" 2>&1 && return 1
	grep "enumerate object store in $dir/shared" "$dir/said"
}

# together BACKEND: the recommended set-up.
together()
{
	backend=$1 mask=007 store_mask=0007
	place
	check "$1: ann makes a token" make_token
	check "$1: bob makes a key in it" tool $bob --keypairgen --key-type rsa:2048 --id 01 \
		--label bob
	check "$1: ann makes another" tool $ann --keypairgen --key-type rsa:2048 --id 02 \
		--label ann
	check "$1: ann signs with bob's key" signs $ann 01 $bob
	check "$1: bob signs with ann's key" signs $bob 02 $ann
	check "$1: ann changes bob's key" tool $ann --set-id 03 --type privkey --id 01
	check "$1: bob finds the change" says 'ID: *03' tool $bob --list-objects --type privkey
	check "$1: bob deletes ann's key" tool $bob --delete-object --type privkey --id 02
	check "$1: ann sees it gone" lacks 'ID: *02' tool $ann --list-objects --type privkey
	check "$1: bob changes the PIN" tool $bob --change-pin --new-pin 4321
	check "$1: and back" tool $ann --pin 4321 --change-pin --new-pin "$user_pin"
	check "$1: modes and groups" modes
	check "$1: ann's log is clean" no_word $ann
	check "$1: bob's log is clean" no_word $bob
	check "$1: eve is kept out" refused $eve
}

# share_token DIRECTORY: one that its owner had alone.
share_token()
{
	chgrp -R $group "$1"
	chmod -R u=rwX,g=rwX,o= "$1"
	chmod g+s "$1"
}

# What the default does, and what a forgotten umask of the process does.
apart()
{
	backend=$1 mask=007 store_mask=
	place
	check "$1: ann makes a token of her own" make_token
	check "$1: bob does not see it" lacks 'Label: *shared' slots $bob
	share_token "$dir"/shared/*
	mask=007 store_mask=0007
	check "$1: it is opened for him" tool $bob --keypairgen --key-type rsa:2048 --id 01
	check "$1: modes and groups then" modes
	mask=022 store_mask=0007
	place
	check "$1: ann makes a token with umask 022" make_token
	check "$1: bob sees it" says 'Label: *shared' slots $bob
	check "$1: bob cannot write to it" fails tool $bob --keypairgen --key-type rsa:2048 --id 01
}

for each in file db; do
	backend=$each mask=007 store_mask=
	place
	# A build may be without databases.
	[ "$each" = file ] || slots $ann >"$dir/out" 2>&1 || continue
	together "$each"
	apart "$each"
done
finish

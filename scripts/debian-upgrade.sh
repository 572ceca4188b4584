#!/bin/sh
# Installs the packages of scripts/debian.sh over Debian's SoftHSM 2.6.1, in a tree of its own, and
# sees that configuration, tokens and keys live through it, and through removal and purge.
set -u
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

usage='usage: scripts/debian-upgrade.sh [--base TREE] PACKAGES
PACKAGES is the directory with the packages that scripts/debian.sh made. TREE is
a Debian bookworm as debootstrap makes it, which is copied; without it
debootstrap is run. Needs root.'
base=
packages=

while [ $# -gt 0 ]; do
	case $1 in
	--base=*) base=${1#--base=}; shift ;;
	--base) [ $# -ge 2 ] || die "$usage"; base=$2; shift 2 ;;
	-h | --help) say "$usage"; exit 0 ;;
	-*) die "unknown argument $1; $usage" ;;
	*) packages=$1; shift ;;
	esac
done
[ -d "$packages" ] || die "$usage"
[ "$(id -u)" -eq 0 ] || die "needs root"
work=$(mktemp -d "${TMPDIR:-/tmp}/softhsm-upgrade.XXXXXX") || die "no temporary directory"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
tree=$work/tree
if [ -n "$base" ]; then
	cp -a "$base" "$tree" || die "cannot copy $base"
else
	install_packages "$work/packages.log" debootstrap
	logged debootstrap "$work/debootstrap.log" debootstrap --variant=minbase bookworm "$tree"
fi

conf=/etc/softhsm/softhsm2.conf
tokens=/var/lib/softhsm/tokens
module=/usr/lib/softhsm/libsofthsm2.so
ours=$(cd "$top" && dpkg-parsechangelog -S Version) || exit 1
failures=0

# inside COMMAND...: in the tree.
inside()
{
	chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive "$@" </dev/null
}

# must COMMAND...: what there is no going on without.
must()
{
	logged "$*" "$work/log" inside "$@"
}

# check NAME COMMAND...: one result.
check()
{
	check_name=$1
	shift
	if "$@" >"$work/out" 2>&1; then
		say "ok: $check_name"
	else
		say "FAIL: $check_name: $*"
		sed 's/^/    /' "$work/out"
		failures=$((failures + 1))
	fi
}

version_is()
{
	for package in softhsm2 softhsm2-common libsofthsm2; do
		# shellcheck disable=SC2016 # dpkg-query expands it
		[ "$(inside dpkg-query -W -f '${Version} ${db:Status-Status}' $package)" = \
			"$1 installed" ] || { inside dpkg -l $package; return 1; }
	done
}

debians()
{
	must apt-get -qq -y --allow-downgrades --no-install-recommends install "softhsm2=$theirs" \
		"libsofthsm2=$theirs" "softhsm2-common=$theirs"
}

install_ours()
{
	inside dpkg -i "/packages/softhsm2_${ours}_$arch.deb" \
		"/packages/softhsm2-common_${ours}_$arch.deb" \
		"/packages/libsofthsm2_${ours}_$arch.deb"
}

hsm()
{
	inside pkcs11-tool --module $module --token-label kept --login --pin 1234 "$@"
}

# signs: with the key that 2.6.1 made; the public key is the one that 2.6.1 told.
signs()
{
	rm -f "$tree/root/sig"
	hsm --sign --mechanism SHA256-RSA-PKCS --id 01 --input-file /root/text \
		--output-file /root/sig &&
		inside openssl dgst -sha256 -verify /root/pub -keyform DER -signature /root/sig \
			/root/text
}

shows_token()
{
	inside softhsm2-util --show-slots | grep 'Label: *kept'
}

# sums: of all files of the tokens, with their modes and owners.
sums()
{
	(cd "$tree$tokens" && find . -type f -exec sha256sum {} + | sort -k 2 &&
		find . -printf '%p %m %U %G\n' | sort)
}

tokens_are_kept()
{
	sums | diff "$work/tokens" -
}

modes_are()
{
	inside stat -c '%a %U %G' /etc/softhsm $conf /var/lib/softhsm $tokens >"$work/modes"
	printf '%s\n' '750 root softhsm' '640 root softhsm' '2770 root softhsm' \
		'2770 root softhsm' | diff - "$work/modes"
}

# without PATH...: none of them is there.
without()
{
	for path in "$@"; do
		[ ! -e "$tree$path" ] || { echo "$path is there"; return 1; }
	done
}

no_override()
{
	! grep softhsm "$tree/var/lib/dpkg/statoverride"
}

no_group()
{
	! inside getent group softhsm
}

remove()
{
	inside apt-get -qq -y "$1" softhsm2 softhsm2-common libsofthsm2
}

mkdir "$tree/packages" "$tree/tests" && cp "$packages"/*.deb "$tree/packages" &&
	cp "$top"/debian/tests/* "$tree/tests" || exit 1
arch=$(inside dpkg --print-architecture)
must apt-get -qq update
must apt-get -qq -y --no-install-recommends install opensc openssl p11-kit pkg-config
theirs=$(inside apt-cache madison softhsm2 |
	sed -n 's/^[^|]*| *\(2\.6\.1[^ ]*\).*/\1/p' | head -n 1)
[ -n "$theirs" ] || die "there is no SoftHSM 2.6.1 in this Debian"

say "--- over $theirs, with a configuration that was changed"
debians
echo '# changed by the administrator' >>"$tree$conf"
must softhsm2-util --init-token --free --label kept --so-pin 5678 --pin 1234
must pkcs11-tool --module $module --token-label kept --login --pin 1234 \
	--keypairgen --key-type rsa:2048 --id 01 --label key
must pkcs11-tool --module $module --token-label kept --read-object --type pubkey --id 01 \
	--output-file /root/pub
echo text >"$tree/root/text"
sums >"$work/tokens"
cp "$tree$conf" "$work/conf" || exit 1
check "install" install_ours
check "installed" version_is "$ours"
check "the configuration is kept" cmp "$work/conf" "$tree$conf"
check "the token is kept" tokens_are_kept
check "owners and modes" modes_are
check "the token is seen" shows_token
check "its key signs" signs
check "smoke test" inside /tests/smoke
check "test of the system" inside /tests/system
check "remove" remove remove
check "the programs are gone" without $module /usr/bin/softhsm2-util
check "the configuration is left" cmp "$work/conf" "$tree$conf"
check "install again" install_ours
check "its key still signs" signs

say "--- purge and installation"
check "purge" remove purge
check "the configuration is gone" without $conf /etc/softhsm
check "no overrides of modes" no_override
check "the token is left" tokens_are_kept
check "install" install_ours
check "a new configuration" inside cmp /usr/share/softhsm/softhsm2.conf $conf
check "owners and modes" modes_are
check "its key signs" signs

say "--- back to $theirs and forth"
debians
check "its key signs with $theirs" signs
check "install" install_ours
check "its key signs" signs
must softhsm2-util --delete-token --token kept
check "purge without tokens" remove purge
check "nothing is left" without /etc/softhsm /var/lib/softhsm /usr/lib/softhsm
check "no group" no_group
check "no overrides" no_override

say "--- over $theirs, with its configuration"
debians
check "install" install_ours
check "the new configuration" inside cmp /usr/share/softhsm/softhsm2.conf $conf
check "owners and modes" modes_are
check "test of the system" inside /tests/system
say "$failures failed"
[ $failures -eq 0 ]

#!/bin/sh
# Builds and installs SoftHSM on a bare Debian, makes a token, signs a file with
# a key of that token and verifies the signature with OpenSSL. May be run again:
# a token and a key that are there already are used, never replaced.
set -u
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

usage='usage: scripts/quickstart.sh [--prefix DIR]   (default: ./_install)'
prefix=$top/_install
# Sample values. Choose your own for a token that matters.
so_pin=5678
user_pin=1234
label=quickstart
key_id=01

while [ $# -gt 0 ]; do
	case $1 in
	--prefix=*) prefix=${1#--prefix=}; shift ;;
	--prefix) [ $# -ge 2 ] || die "$usage"; prefix=$2; shift 2 ;;
	-h | --help) say "$usage"; exit 0 ;;
	*) die "unknown argument $1; $usage" ;;
	esac
done
[ -n "$prefix" ] || die "$usage"
mkdir -p "$prefix" || die "cannot make the directory $prefix"
prefix=$(cd "$prefix" && pwd) || die "cannot enter $prefix"
case $prefix in
*[[:space:]#=]*) die "the prefix must not hold blanks, # or =: $prefix" ;;
esac

build=$top/build/quickstart
home=$prefix/quickstart
module=$prefix/lib/softhsm/libsofthsm2.so
util=$prefix/bin/softhsm2-util
mkdir -p "$build" || die "cannot make the directory $build"

# shellcheck disable=SC2086 # a list of words
install_packages "$build/packages.log" $build_packages openssl opensc

say "building in $build"
make_configure "$build/autoreconf.log"
cd "$build" || die "cannot enter $build"
logged configure configure.log "$top/configure" --prefix="$prefix" \
	--libdir="$prefix/lib"
# Paths are compiled in, and make does not see that the prefix has changed.
if [ -e prefix ] && [ "$(cat prefix)" != "$prefix" ]; then
	logged "make clean" clean.log make clean
fi
printf '%s\n' "$prefix" >prefix || die "cannot write in $build"
logged make make.log make -j"$(cpu_count)"
say "installing under $prefix"
logged "make install" install.log make install

say "making a token in $home/tokens"
(umask 077 && mkdir -p "$home/tokens") || die "cannot make $home/tokens"
SOFTHSM2_CONF=$home/softhsm2.conf
export SOFTHSM2_CONF
if [ ! -e "$SOFTHSM2_CONF" ]; then
	printf 'directories.tokendir = %s\nlog.level = ERROR\nlog.file = %s\n' \
		"$home/tokens" "$home/softhsm.log" >"$SOFTHSM2_CONF" ||
		die "cannot write $SOFTHSM2_CONF"
fi
"$util" --show-slots >slots.txt || die "softhsm2-util --show-slots failed"
if ! grep -q "Label: *$label *\$" slots.txt; then
	"$util" --init-token --free --label "$label" \
		--so-pin "$so_pin" --pin "$user_pin" ||
		die "the token could not be initialised"
fi
"$util" --show-slots || die "softhsm2-util --show-slots failed"

hsm()
{
	pkcs11-tool --module "$module" --token-label "$label" \
		--login --pin "$user_pin" "$@"
}

hsm --list-objects --type privkey >objects.txt 2>&1 ||
	die "pkcs11-tool cannot use the token: $(tail -n 1 objects.txt)"
if ! grep -q "ID: *$key_id\$" objects.txt; then
	say "generating an RSA key with pkcs11-tool"
	logged "key generation" keygen.log hsm --keypairgen \
		--key-type rsa:2048 --label "$label" --id "$key_id"
fi

say "signing $home/message.txt"
date >"$home/message.txt" || die "cannot write $home/message.txt"
logged "signing" sign.log hsm --sign --mechanism SHA256-RSA-PKCS \
	--id "$key_id" --input-file "$home/message.txt" \
	--output-file "$home/message.sig"
logged "reading the public key" pubkey.log hsm --read-object \
	--type pubkey --id "$key_id" --output-file "$home/pubkey.der"
logged "converting the public key" pubkey.log openssl pkey -pubin \
	-inform DER -in "$home/pubkey.der" -out "$home/pubkey.pem"
say "verifying the signature with openssl"
openssl dgst -sha256 -verify "$home/pubkey.pem" \
	-signature "$home/message.sig" "$home/message.txt" ||
	die "openssl does not accept the signature"

cat <<END

It works. Use it from your shell (user PIN $user_pin, SO PIN $so_pin):
  export SOFTHSM2_CONF=$SOFTHSM2_CONF
  $util --show-slots
  pkcs11-tool --module $module --login --pin $user_pin --list-objects
END

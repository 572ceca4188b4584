#!/bin/sh
# Tokens change hands: one that this module made works in SoftHSM 2.6.1 and
# then here again, and the reverse, with every key, PIN and object in it.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need pkcs11-tool p11tool openssl

need_reference

# user PIN_HOLDER_MODULE OPTION...: pkcs11-tool, logged in to the token $label.
user()
{
	user_module=$1
	shift
	pkcs11-tool --module "$user_module" --token-label "$label" --login \
		--pin "$user_pin" "$@"
}

# set_label MODULE ID NEW: the label of the key pair's private half.
set_label()
{
	GNUTLS_PIN=$user_pin p11tool --provider "$1" --login --batch \
		--set-label "$3" "pkcs11:token=$label;id=%$2;type=private"
}

# make_keys MODULE: what the other module will have to understand.
make_keys()
{
	for pair in 01:rsa:2048 02:EC:prime256v1 03:EC:secp521r1; do
		check "$1 generates ${pair#*:}" user "$1" --keypairgen --id "${pair%%:*}" \
			--key-type "${pair#*:}" --label "key${pair%%:*}"
		check "read its public key" user "$1" --read-object --type pubkey \
			--id "${pair%%:*}" --output-file "$dir/pub.der"
		check "openssl reads it" openssl pkey -pubin -inform DER \
			-in "$dir/pub.der" -out "$dir/pub${pair%%:*}.pem"
	done
	check "generate Ed25519" user "$1" --keypairgen --key-type EC:edwards25519 \
		--id 04 --label key04
	check "generate AES" user "$1" --keygen --key-type AES:32 --id 0a --label aes
	check "encrypt with it" aes "$1" --encrypt "$dir/data" "$dir/cipher"
	check "write a private data object" user "$1" --write-object "$dir/data" \
		--type data --label note --private
}

# aes MODULE --encrypt|--decrypt IN OUT
aes()
{
	user "$1" "$2" --id 0a --mechanism AES-CBC-PAD \
		--iv 000102030405060708090a0b0c0d0e0f --input-file "$3" --output-file "$4"
}

# ecdsa MODULE ID: signs the hash, openssl verifies.
ecdsa()
{
	user "$1" --sign --id "$2" --mechanism ECDSA --signature-format openssl \
		--input-file "$dir/hash" --output-file "$dir/sig" &&
		openssl dgst -sha256 -verify "$dir/pub$2.pem" -signature "$dir/sig" "$dir/data"
}

rsa()
{
	user "$1" --sign --id 01 --mechanism SHA256-RSA-PKCS \
		--input-file "$dir/data" --output-file "$dir/sig" &&
		openssl dgst -sha256 -verify "$dir/pub01.pem" -signature "$dir/sig" "$dir/data"
}

# ed25519 MODULE: deterministic, so both modules must make the same signature.
ed25519()
{
	user "$1" --sign --id 04 --mechanism EDDSA \
		--input-file "$dir/data" --output-file "$dir/ed.$2"
}

decrypts()
{
	aes "$1" --decrypt "$dir/cipher" "$dir/plain" && cmp "$dir/data" "$dir/plain"
}

reads_note()
{
	user "$1" --read-object --type data --label note --output-file "$dir/copy" &&
		cmp "$dir/data" "$dir/copy"
}

# use_keys MODULE NAME: every key and object in the token works there.
use_keys()
{
	check "$1: lists all objects" says "label: *key04" user "$1" -O
	check "$1: RSA" rsa "$1"
	check "$1: P-256" ecdsa "$1" 02
	check "$1: P-521" ecdsa "$1" 03
	check "$1: Ed25519" ed25519 "$1" "$2"
	check "$1: AES" decrypts "$1"
	check "$1: private data" reads_note "$1"
}

# change MODULE: a label, an object that comes and one that goes, the PIN.
change()
{
	check "$1: changes a label" set_label "$1" 01 renamed
	check "$1: creates an object" user "$1" --write-object "$dir/hash" --type data \
		--label extra --private
	check "$1: deletes it" user "$1" --delete-object --type data --label extra
	check "$1: creates a key" user "$1" --keypairgen --id 05 --key-type EC:prime256v1 \
		--label added
	check "$1: changes the PIN" pkcs11-tool --module "$1" --token-label "$label" \
		--change-pin --pin "$user_pin" --new-pin 24680
	user_pin=24680
}

# exchange FIRST SECOND: the token of one, used and changed by the other, and back.
exchange()
{
	label=$3
	user_pin=1234
	"$SOFTHSM2_UTIL" --module "$1" --init-token --free --label "$label" \
		--so-pin "$so_pin" --pin "$user_pin" >"$dir/out" 2>&1 || {
		cat "$dir/out"
		failures=$((failures + 1))
	}
	make_keys "$1"
	use_keys "$1" first
	use_keys "$2" second
	check "both make the same Ed25519 signature" cmp "$dir/ed.first" "$dir/ed.second"
	change "$2"
	use_keys "$1" again
	check "$1 sees the new label" says "label: *renamed" user "$1" -O
	check "$1 sees the new key" says "label: *added" user "$1" -O
	check "$1 sees no deleted object" lacks "label: *extra" user "$1" -O
}

printf 'a message of no great length' >"$dir/data"
openssl dgst -sha256 -binary -out "$dir/hash" "$dir/data"
exchange "$MODULE" "$reference_module" ours
exchange "$reference_module" "$MODULE" theirs
finish

#!/bin/sh
# OpenSC's pkcs11-tool: slots, PINs, keys, signatures and objects.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need pkcs11-tool openssl

tool()
{
	pkcs11-tool --module "$MODULE" "$@"
}

user()
{
	tool --token-label "$label" --login --pin "$user_pin" "$@"
}

# keypair ID TYPE [OPTION...]: makes a key pair and reads its public half.
keypair()
{
	keypair_id=$1
	shift
	check "generate $*" user --keypairgen --id "$keypair_id" \
		--label "key$keypair_id" --key-type "$@"
	check "read the public key $keypair_id" user --read-object --type pubkey \
		--id "$keypair_id" --output-file "$dir/pub.der"
	check "openssl reads it" openssl pkey -pubin -inform DER \
		-in "$dir/pub.der" -out "$dir/pub$keypair_id.pem"
}

# sign ID MECHANISM [OPTION...]: makes $dir/sig from $dir/data.
sign()
{
	sign_id=$1
	shift
	user --sign --id "$sign_id" --input-file "$dir/data" \
		--output-file "$dir/sig" --mechanism "$@"
}

# verify ID OPTION...: openssl on $dir/sig and $dir/data.
verify()
{
	verify_id=$1
	shift
	openssl dgst -sha256 -verify "$dir/pub$verify_id.pem" \
		-signature "$dir/sig" "$@" "$dir/data"
}

# tool_verifies ID MECHANISM [OPTION...]: the module verifies what it signed.
tool_verifies()
{
	tool_verifies_id=$1
	shift
	says "Signature is valid" user --verify --id "$tool_verifies_id" \
		--input-file "$dir/data" --signature-file "$dir/sig" --mechanism "$@"
}

# encrypt PADDING: openssl encrypts $dir/data to the key 01.
encrypt()
{
	openssl pkeyutl -encrypt -pubin -inkey "$dir/pub01.pem" -in "$dir/data" \
		-out "$dir/cipher" -pkeyopt "rsa_padding_mode:$1"
}

# decrypts MECHANISM [OPTION...]: the module gets $dir/data back.
decrypts()
{
	user --decrypt --id 01 --input-file "$dir/cipher" \
		--output-file "$dir/plain" --mechanism "$@" &&
		cmp "$dir/data" "$dir/plain"
}

same_as_openssl()
{
	user --encrypt --id 0a --mechanism AES-CBC-PAD \
		--iv 000102030405060708090a0b0c0d0e0f \
		--input-file "$dir/data" --output-file "$dir/cipher" &&
		openssl enc -aes-256-cbc -K "$(od -An -tx1 -v "$dir/aes" | tr -d ' \n')" \
			-iv 000102030405060708090a0b0c0d0e0f \
			-in "$dir/data" -out "$dir/cipher2" &&
		cmp "$dir/cipher" "$dir/cipher2"
}

printf 'a message of no great length' >"$dir/data"
new_token "$label"

check "-L" says "token label *: $label" tool -L
check "-M" says "SHA256-RSA-PKCS, " tool --token-label "$label" -M
check "-O of an empty token" user -O

keypair 01 rsa:2048
check "sign PKCS#1" sign 01 SHA256-RSA-PKCS
check "openssl verifies PKCS#1" verify 01
check "verify PKCS#1" tool_verifies 01 SHA256-RSA-PKCS
check "sign PSS" sign 01 SHA256-RSA-PKCS-PSS
check "openssl verifies PSS" verify 01 -sigopt rsa_padding_mode:pss
check "verify PSS" tool_verifies 01 SHA256-RSA-PKCS-PSS
check "openssl encrypts PKCS#1" encrypt pkcs1
check "decrypt PKCS#1" decrypts RSA-PKCS
check "openssl encrypts OAEP" encrypt oaep
check "decrypt OAEP" decrypts RSA-PKCS-OAEP --hash-algorithm SHA-1

keypair 02 EC:prime256v1
openssl dgst -sha256 -binary -out "$dir/hash" "$dir/data"
check "sign ECDSA" user --sign --id 02 --mechanism ECDSA \
	--signature-format openssl --input-file "$dir/hash" --output-file "$dir/sig"
check "openssl verifies ECDSA" verify 02
# pkcs11-tool 0.23 cannot export a P-384 key, of any module.
keypair 03 EC:secp521r1
if ! reference; then
	check "sign ECDSA-SHA256" sign 03 ECDSA-SHA256 --signature-format openssl
	check "openssl verifies ECDSA-SHA256" verify 03
fi

check "generate Ed25519" user --keypairgen --key-type EC:edwards25519 \
	--id 04 --label key04
check "sign EdDSA" sign 04 EDDSA

check "generate X25519" user --keypairgen --key-type EC:curve25519 \
	--id 15 --label key15

# The same secret on both sides.
keypair 16 EC:prime256v1 --usage-derive
check "openssl makes a peer" openssl genpkey -algorithm EC \
	-pkeyopt ec_paramgen_curve:prime256v1 -out "$dir/peer.pem"
check "openssl writes its public key" openssl pkey -in "$dir/peer.pem" -pubout \
	-outform DER -out "$dir/peer.der"
check "derive ECDH" user --derive --mechanism ECDH1-DERIVE --id 16 \
	--input-file "$dir/peer.der" --output-file "$dir/secret"
check "openssl derives" openssl pkeyutl -derive -inkey "$dir/peer.pem" \
	-peerkey "$dir/pub16.pem" -out "$dir/secret.openssl"
check "the secrets are the same" cmp "$dir/secret" "$dir/secret.openssl"

# A key leaves the token wrapped and comes back.
check "generate a wrapping key" user --keygen --key-type AES:32 --id 17 \
	--label key17 --usage-wrap
check "generate a key to wrap" user --keygen --key-type AES:16 --id 18 \
	--label key18 --extractable
check "wrap" user --wrap --mechanism AES-KEY-WRAP --id 17 \
	--application-id 18 --output-file "$dir/wrapped"
check "24 bytes" test "$(wc -c <"$dir/wrapped")" -eq 24
check "unwrap" user --unwrap --mechanism AES-KEY-WRAP --id 17 \
	--application-id 19 --key-type AES: --application-label key19 \
	--input-file "$dir/wrapped" --extractable
check "wrap what was unwrapped" user --wrap --mechanism AES-KEY-WRAP --id 17 \
	--application-id 19 --output-file "$dir/wrapped.again"
check "it is the same key" cmp "$dir/wrapped" "$dir/wrapped.again"

check "write a data object" user --write-object "$dir/data" --type data \
	--label note --private
check "read it" user --read-object --type data --label note \
	--output-file "$dir/copy"
check "it is the same" cmp "$dir/data" "$dir/copy"
check "delete it" user --delete-object --type data --label note
check "it is gone" lacks "note" user -O --type data

check "openssl makes a certificate" openssl req -x509 -newkey rsa:2048 -nodes \
	-subj /CN=interop -keyout "$dir/soft.pem" -outform DER -out "$dir/cert.der"
check "openssl converts the key" openssl pkey -in "$dir/soft.pem" -outform DER \
	-out "$dir/soft.der"
check "openssl extracts the public key" openssl pkey -in "$dir/soft.pem" \
	-pubout -out "$dir/pub05.pem"
check "write a certificate" user --write-object "$dir/cert.der" --type cert \
	--id 05 --label imported
check "read the certificate" user --read-object --type cert --id 05 \
	--output-file "$dir/copy"
check "it is the same" cmp "$dir/cert.der" "$dir/copy"
check "write a private key" user --write-object "$dir/soft.der" --type privkey \
	--id 05 --label imported --usage-sign
check "sign with it" sign 05 SHA256-RSA-PKCS
check "openssl verifies" verify 05
check "delete the private key" user --delete-object --type privkey --id 05

head -c 32 /dev/urandom >"$dir/aes"
check "write an AES key" user --write-object "$dir/aes" --type secrkey \
	--key-type AES:32 --id 0a --label aes --usage-decrypt
check "AES-CBC-PAD as openssl does" same_as_openssl
check "generate an AES key" user --keygen --key-type AES:32 --id 0b --label aes2

check "-O lists the keys" says "label: *key02" user -O
check "-O without login shows no private key" lacks "Private Key Object" \
	tool --token-label "$label" -O
reference || check "--test" says "No errors" user --test

check "change-pin" tool --token-label "$label" --change-pin \
	--pin "$user_pin" --new-pin 4321
check "the old PIN is refused" fails user -O
user_pin=4321
check "the new PIN works" user -O

# The free slot is the last one.
free=$(tool --list-slots 2>/dev/null | grep -c '^Slot ')
check "init-token" tool --init-token --slot-index $((free - 1)) --label second \
	--so-pin "$so_pin"
label=second
user_pin=1234
check "init-pin" tool --token-label "$label" --init-pin --login --login-type so \
	--so-pin "$so_pin" --new-pin "$user_pin"
check "login to it" user -O
finish

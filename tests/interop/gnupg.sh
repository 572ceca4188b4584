#!/bin/sh
# GnuPG with gnupg-pkcs11-scd: a key of the token signs for gpg and for gpgsm.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need gpg gpgv gpgsm gpgconf gpg-connect-agent gnupg-pkcs11-scd
need_engine

GNUPGHOME=$dir/gnupg
export GNUPGHOME
trap 'gpgconf --kill all; rm -rf "$dir"' EXIT
mkdir -m 700 "$GNUPGHOME"
# The prompt for PINs: it has one answer.
cat >"$dir/pinentry" <<END
#!/bin/sh
echo OK
while read -r word _; do
	[ "\$word" != GETPIN ] || echo "D \$(cat '$dir/pin')"
	echo OK
	[ "\$word" != BYE ] || exit 0
done
END
chmod 700 "$dir/pinentry"
echo "$user_pin" >"$dir/pin"
printf 'scdaemon-program %s\npinentry-program %s\n' "$(command -v gnupg-pkcs11-scd)" \
	"$dir/pinentry" >"$GNUPGHOME/gpg-agent.conf"
printf 'providers softhsm\nprovider-softhsm-library %s\n' "$MODULE" \
	>"$GNUPGHOME/gnupg-pkcs11-scd.conf"

# learn: the agent takes notice of the keys in the token; their names go to $dir/learnt.
learn()
{
	gpg-connect-agent 'learn --sendinfo' /bye >"$dir/learnt" && cat "$dir/learnt" &&
		grep -q '^S KEYPAIRINFO' "$dir/learnt" && ! grep -q ^ERR "$dir/learnt"
}

# make_key: an OpenPGP key of the key in the token.
make_key()
{
	grip=$(sed -n 's/^S KEYPAIRINFO \([0-9A-F]*\) .*/\1/p' "$dir/learnt" | head -n 1)
	printf 'Key-Type: RSA\nKey-Grip: %s\nKey-Usage: sign\nName-Real: interop\n%%commit\n' \
		"$grip" | gpg_batch --gen-key
}

gpg_batch()
{
	gpg --batch --yes "$@"
}

# cms: gpgsm signs $text, and verifies that without the token.
cms()
{
	gpgsm --batch --yes --disable-crl-checks --local-user CN=signer --output "$dir/cms" \
		--detach-sign "$text" && says 'Good signature' gpgsm --batch \
		--disable-crl-checks --verify "$dir/cms" "$text"
}

# plain_cms: gpg-agent puts a zero byte before a card's signature with the high
# bit set, half of all, which OpenSSL refuses; so one without is made.
plain_cms()
{
	for n in $(seq 50); do
		cp "$dir/signer.pem" "$text" && echo "text $n" >>"$text" && cms || return 1
		openssl asn1parse -inform DER -in "$dir/cms" | grep 'OCTET STRING' | tail -n 1 |
			grep -q ' l= 256 ' && return 0
	done
	return 1
}

new_token "$label"
certified_key rsa:2048 01 signer
text=$dir/text
cp "$dir/signer.pem" "$text"
check "the card" says '^Version' gpg_batch --card-status
check "learn" learn
check "an OpenPGP key" make_key
check "it is on the card" says 'Card serial' gpg_batch --list-secret-keys
check "sign" gpg_batch --detach-sign --output "$dir/sig" "$text"
check "gpg verifies it" says 'Good signature' gpg_batch --verify "$dir/sig" "$text"
check "export" gpg_batch --export --output "$dir/pub.gpg"
check "gpgv verifies it" says 'Good signature' gpgv --keyring "$dir/pub.gpg" "$dir/sig" "$text"

openssl x509 -in "$dir/signer.pem" -noout -fingerprint | sed 's/.*=//; s/$/ S relax/' \
	>"$GNUPGHOME/trustlist.txt"
check "gpgsm learns" gpgsm --batch --learn-card
check "gpgsm signs and verifies" cms
check "the same in OpenSSL's form" plain_cms
check "openssl verifies it" openssl cms -verify -inform DER -binary -purpose any -in "$dir/cms" \
	-content "$text" -certfile "$dir/signer.pem" -CAfile "$dir/signer.pem" -out "$dir/copy"

gpgconf --kill all
echo 0000 >"$dir/pin"
check "not with a wrong PIN" fails gpg_batch --detach-sign --output "$dir/none" "$text"
finish

#!/bin/sh
# shellcheck disable=SC2034 # for lib.sh
# softhsm2-keyconv both ways, for all algorithms: beside the public keys that dnssec-keygen and
# ldns-keygen wrote, and with their own programs as readers.
tool=keyconv
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
: "${TEST_DATA:?names tests/data}"
bind=$TEST_DATA/bind
for peer in openssl base64; do
	command -v $peer >/dev/null && continue
	echo "$peer is not installed"
	[ "${CI-}" != true ] || exit 1
	exit 77
done

# convert ARGUMENT...: must do; refuse TEXT ARGUMENT...: must not, and must say so.
convert()
{
	"$ours" "$@" >"$dir/said" 2>&1 </dev/null || fail "$*: $(cat "$dir/said")"
}

refuse()
{
	refuse_text=$1
	shift
	rm -f "$dir/refused"
	"$ours" "$@" --out "$dir/refused" >"$dir/said" 2>&1 </dev/null && fail "$*: status 0"
	grep -qF -e "$refuse_text" "$dir/said" || fail "$*: no '$refuse_text': $(cat "$dir/said")"
	[ ! -e "$dir/refused" ] || fail "$*: there is a file"
}

# public_bytes ALGORITHM FILE: the end of SubjectPublicKeyInfo that DNSKEY has too, in base64.
public_bytes()
{
	case $1 in
	13) tail=64 ;;
	14) tail=96 ;;
	15) tail=32 ;;
	16) tail=57 ;;
	03 | 06) tail=128 ;;	# the public value
	*) tail=133 ;;		# the modulus, and the exponent 65537 behind it
	esac
	openssl pkey -in "$2" -pubout -outform DER | tail -c $tail |
		if [ $tail -eq 133 ]; then head -c 128; else cat; fi | base64 -w 0
}

# dnskey_bytes ALGORITHM FILE: the same out of a .key file.
dnskey_bytes()
{
	case $1 in
	13) tail=64 ;;
	14) tail=96 ;;
	15) tail=32 ;;
	16) tail=57 ;;
	*) tail=128 ;;
	esac
	sed -n 's/.*DNSKEY[[:space:]]*[0-9]* 3 [0-9]* \([^;]*\).*/\1/p' "$2" | tr -d ' ' |
		base64 -d | tail -c $tail | base64 -w 0
}

for private in "$bind"/*.private; do
	name=$(basename "$private" .private)
	algorithm=${name##*-}
	convert --in "$private" --out "$dir/pem"
	openssl pkey -in "$dir/pem" -check -noout >"$dir/said" 2>&1 ||
		fail "$name: $(cat "$dir/said")"
	ours_bytes=$(public_bytes "$algorithm" "$dir/pem")
	dnskey=$(dnskey_bytes "$algorithm" "${private%private}key")
	if [ -z "$dnskey" ] || [ "$ours_bytes" != "$dnskey" ]; then
		fail "$name: the public key is another: $ours_bytes"
	fi
	# And back: the same file but for what is not part of the key.
	convert --in "$dir/pem" --out "$dir/back" --algorithm "$algorithm"
	sed -e '/^Created/d' -e '/^Publish:/d' -e '/^Activate/d' -e 's/v1\.2/v1.3/' \
		-e 's/(DSA_NSEC3)/(NSEC3DSA)/' "$private" |
		cmp -s - "$dir/back" || fail "$name came back as another: $(cat "$dir/back")"
	openssl pkey -in "$dir/pem" -outform DER -out "$dir/der"
	convert --in "$dir/der" --out "$dir/back2" --algorithm "$algorithm"
	cmp -s "$dir/back" "$dir/back2" || fail "$name: DER is read as another key"
done

# With a password.
secret=sesame
export secret
convert --in "$bind/example.com-13.private" --out "$dir/sealed" --pin env:secret
grep -q 'BEGIN ENCRYPTED PRIVATE KEY' "$dir/sealed" || fail "the key is not encrypted"
[ "$(stat -c %a "$dir/sealed")" = 600 ] || fail "the key can be read by others"
openssl pkey -in "$dir/sealed" -passin pass:sesame -noout || fail "openssl cannot decrypt it"
openssl asn1parse -in "$dir/sealed" >"$dir/said"
for part in PBES2 PBKDF2 hmacWithSHA256 aes-256-cbc; do
	grep -q ":$part" "$dir/said" || fail "encrypted without $part"
done
convert --in "$dir/sealed" --out "$dir/back" --pin sesame
grep -q '^Algorithm: 13 (ECDSAP256SHA256)$' "$dir/back" || fail "not algorithm 13"
refuse 'Maybe wrong PIN' --in "$dir/sealed" --pin wrong
refuse 'Maybe it is encypted' --in "$dir/sealed"

# The algorithm of the other direction.
convert --in "$bind/example.com-08.private" --out "$dir/rsa"
refuse 'Use --algorithm <name>, e.g. RSASHA256' --in "$dir/rsa"
refuse 'The algorithm 4 is not supported.' --in "$dir/rsa" --algorithm 4
refuse 'The algorithm x is not supported.' --in "$dir/rsa" --algorithm x
refuse 'The key is not one of algorithm 13' --in "$dir/rsa" --algorithm 13
convert --in "$dir/rsa" --out "$dir/back" --algorithm rsasha512
grep -q '^Algorithm: 10 (RSASHA512)$' "$dir/back" || fail "not algorithm 10"
refuse 'The key is not one of algorithm 14' --in "$dir/sealed" --pin sesame --algorithm 14
openssl ecparam -name secp521r1 -genkey -noout -out "$dir/p521"
refuse 'DNSSEC has no algorithm' --in "$dir/p521"

# wrong NAME SED FILE: numbers that are no key, or not that key.
wrong()
{
	sed "$2" "$bind/$3.private" >"$dir/wrong"
	cmp -s "$dir/wrong" "$bind/$3.private" && fail "$1: nothing is wrong"
	refuse "$4" --in "$dir/wrong"
}

not='is not a key of algorithm'
wrong modulus 's/^Modulus: ..../Modulus: AAAB/' example.com-08 "$not"
wrong exponent 's/^PrivateExponent: ..../PrivateExponent: AAAB/' example.com-08 "$not"
wrong prime 's/^Prime1: ..../Prime1: AAAB/' example.com-08 "$not"
wrong crt 's/^Exponent1: ..../Exponent1: AAAB/' example.com-08 "$not"
wrong coefficient 's/^Coefficient: ..../Coefficient: AAAB/' example.com-08 "$not"
wrong public 's/^\(Public_value(y): \)..../\1AAAB/' ldns.example-03 "$not"
wrong base 's/^\(Base(g): \).*/\1AQ==/' ldns.example-03 "$not"
wrong curve 's/^Algorithm: 13/Algorithm: 14/' example.com-13 "$not"
wrong zero 's/^\(PrivateKey: \).*/\1AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=/' \
	example.com-13 "$not"
wrong length 's/^\(PrivateKey: \)..../\1/' example.com-15 "$not"
wrong padding 's/=$//' example.com-15 'Could not parse the base64 string on line 3.'
wrong bits 's/.=$/B=/' example.com-15 'Could not parse the base64 string on line 3.'

# What a failure leaves of a file that was there: all of it.
echo kept >"$dir/kept"
"$ours" --in "$dir/wrong" --out "$dir/kept" 2>/dev/null && fail "a wrong key was converted"
[ "$(cat "$dir/kept")" = kept ] || fail "a failure overwrote the file"
echo more >"$dir/target"
ln -s target "$dir/link"
convert --in "$bind/example.com-15.private" --out "$dir/link"
openssl pkey -in "$dir/target" -noout || fail "a link is not followed"
convert --in "$bind/example.com-15.private" --out -
grep -q '^-----BEGIN PRIVATE KEY-----$' "$dir/said" || fail "nothing on standard output"

# ldns signs with what is written.
if command -v ldns-signzone >/dev/null && command -v ldns-verify-zone >/dev/null; then
	zone=$dir/zone
	# shellcheck disable=SC2016 # not a variable of ours
	printf '%s\n' '$TTL 300' '@ IN SOA ns.example.com. root.example.com. 1 2 3 4 5' \
		'@ IN NS ns.example.com.' 'ns IN A 192.0.2.1' >"$zone"
	for algorithm in 08 13 15; do
		convert --in "$bind/example.com-$algorithm.private" --out "$dir/pem"
		cp "$bind/example.com-$algorithm.key" "$dir/K.key"
		convert --in "$dir/pem" --out "$dir/K.private" --algorithm $algorithm
		ldns-signzone -o example.com -f "$dir/signed" "$zone" "$dir/K" >"$dir/said" 2>&1 ||
			fail "ldns-signzone with $algorithm: $(cat "$dir/said")"
		ldns-verify-zone -S "$dir/signed" >"$dir/said" 2>&1 ||
			ldns-verify-zone "$dir/signed" >"$dir/said" 2>&1 ||
			fail "ldns-verify-zone with $algorithm: $(cat "$dir/said")"
	done
fi

echo "convert_keys: $failures failed"
finish

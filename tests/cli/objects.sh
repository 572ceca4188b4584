#!/bin/sh
# shellcheck disable=SC2034,SC2086 # for lib.sh; $pins is a list of words
# What SoftHSM 2.6.1 does not know: keys made, listed, exported, and imported from other files. What
# comes out is judged by openssl and python3.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
for peer in openssl python3; do
	command -v $peer >/dev/null && continue
	echo "$peer is not installed"
	[ "${CI-}" != true ] || exit 1
	exit 77
done

side=ours
util=$SOFTHSM2_UTIL
module=$MODULE
mkdir "$dir/$side"
world
quietly --init-token --free --label tok $pins

# on ARGUMENT...: the tool with the token; $dir/said is what it says. ends STATUS, says TEXT: how
# the last one went.
on()
{
	"$util" "$@" --token tok >"$dir/said" 2>&1 </dev/null
	status=$?
	command="$*"
}

ends()
{
	[ $status -eq "$1" ] || fail "$command: status $status: $(cat "$dir/said")"
}

says()
{
	grep -qF -e "$1" "$dir/said" || fail "$command: no '$1' in: $(cat "$dir/said")"
}

# public_of FILE [ARGUMENT...]: a digest of the public key of a key file.
public_of()
{
	openssl pkey -in "$@" -pubout -outform DER 2>/dev/null | openssl dgst -sha256 -r
}

# exported ID: the public and the private key that come out belong together.
exported()
{
	rm -f "$dir/public" "$dir/private"
	on --export "$dir/public" --id "$1"
	ends 0
	on --export "$dir/private" --id "$1" --export-type keypair --pin 1234 --file-pin sesame
	ends 0
	[ "$(stat -c %a "$dir/private")" = 600 ] || fail "the private key $1 can be read by others"
	grep -q 'BEGIN ENCRYPTED PRIVATE KEY' "$dir/private" || fail "key $1 is not encrypted"
	of_public=$(public_of "$dir/public" -pubin)
	of_private=$(public_of "$dir/private" -passin pass:sesame)
	if [ ! -s "$dir/public" ] || [ "$of_public" != "$of_private" ]; then
		fail "key $1: $of_public is not $of_private"
	fi
}

generate_all()
{
	id=10
	for type in rsa:2048 ec:P-256 ec:P-384 ec:P-521 ed25519 ed448 x25519 x448; do
		id=$((id + 1))
		on --generate $type --label "made $type" --id $id --pin 1234 --extractable
		ends 0
		says "key pair with label=made $type has been generated."
		exported $id
	done
	for type in aes:128 aes:192 aes:256 generic:256; do
		id=$((id + 1))
		on --generate $type --label "made $type" --id $id --pin 1234
		ends 0
		says "key with label=made $type has been generated."
	done
	for type in rsa rsa: rsa:x rsa:2049 rsa:99999999 ec:P-1 ec ed25519:1 aes:7 paper ''; do
		on --generate "$type" --label l --id 99 --pin 1234
		ends 1
		says "There is no such type of key: $type"
		says 'Hint: rsa:2048, ec:P-256'
	done
	on --generate aes:64 --label l --id 99 --pin 1234
	ends 1
	on --generate ed25519 --label l --id 11 --pin 1234
	ends 1
	says 'The ID is already assigned'
	on --generate ed25519 --label sealed --id 30 --pin 1234
	ends 0
}

refuse_exports()
{
	on --export "$dir/sealed" --id 30 --export-type keypair --pin 1234 --file-pin sesame
	ends 1
	says 'The private key is not extractable.'
	on --export "$dir/sealed" --id 30 --export-type keypair --pin 1234
	ends 1
	says 'Use --file-pin <PIN>'
	on --export "$dir/sealed" --id 30 --export-type keypair --pin 9999 --file-pin sesame
	ends 1
	says 'does not match'
	on --export "$dir/sealed" --id ee
	ends 1
	says 'Could not find the public key.'
	on --export "$dir/sealed"
	ends 1
	says 'An object must be supplied.'
	on --export "$dir/sealed" --id 3
	ends 1
	on --export "$dir/sealed" --id 30 --export-type paper
	ends 1
	says "Invalid export type 'paper'"
	on --export "$dir/none/sealed" --id 30
	ends 1
	says 'No such file or directory'
	[ ! -e "$dir/sealed" ] || fail "an export that failed left a file"
	on --export "$dir/public" --id 30
	ends 1
	says 'Use --force'
	on --export "$dir/public" --id 30 --force
	ends 0
	on --export - --label sealed
	ends 0
	cmp -s "$dir/said" "$dir/public" || fail "standard output is not the file"
}

# listed PYTHON ARGUMENT...: that is true of the JSON, called "x".
listed()
{
	listed_test=$1
	shift
	"$util" --json "$@" >"$dir/json" 2>"$dir/said" </dev/null
	python3 -c "import json, sys
x = json.load(open(sys.argv[1]))
assert ($listed_test), x" "$dir/json" >>"$dir/said" 2>&1 || fail "$*: $(cat "$dir/said")"
}

lists()
{
	on --list-objects
	ends 0
	says 'Kind:             rsa 2048 bits'
	says 'Hint: these are the public objects'
	! grep -q 'private-key' "$dir/said" || fail "private keys are listed without a PIN"
	on --list-objects --pin 1234
	says 'Object: private-key'
	says 'Flags:            private, sensitive, always-sensitive, never-extractable, local'
	on --list-objects --pin 9999
	ends 1
	listed 'len(x) == 9 and all(o["class"] == "public-key" for o in x)' \
		--list-objects --token tok
	listed 'len([o for o in x if o["class"] == "secret-key" and o["kind"] == "aes 192 bits"
		and o["id"] == "20"]) == 1' --list-objects --token tok --pin 1234
	quietly --init-token --free --label "$(printf 'a"b\\c\001\377')" $pins
	listed 'sorted(s["token"]["label"] for s in x)[1] == "a\"b\\c\u0001\ufffd"
		and [s["token"]["initialized"] for s in x].count(True) == 2' --show-slots
}

imports()
{
	rsa=$(public_of "$data/rsa.pem")
	openssl pkey -in "$data/p256.pem" -pubout -out "$dir/p256.pub"
	openssl pkey -in "$data/rsa.pem" -pubout -outform DER -out "$dir/rsa.pub"
	openssl rsa -in "$data/rsa.pem" -RSAPublicKey_out -out "$dir/rsa1.pub" 2>/dev/null
	id=40
	for file in "$dir/p256.pub" "$dir/rsa.pub" "$dir/rsa1.pub" "$data/certificate.pem"; do
		id=$((id + 1))
		on --import "$file" --import-type pubkey --label public --id $id --pin 1234
		ends 0
		says 'public key with label=public has been imported.'
		on --export "$dir/back$id" --id $id
		ends 0
	done
	cmp -s "$dir/p256.pub" "$dir/back41" || fail "p256.pub came back as another"
	[ "$(public_of "$dir/back42" -pubin)" = "$rsa" ] || fail "rsa.pub came back as another"
	[ "$(public_of "$dir/back43" -pubin)" = "$rsa" ] || fail "rsa1.pub came back as another"
	on --import "$data/p256.pem" --import-type pubkey --label public --id 50 --pin 1234
	ends 1
	says 'Could not read a public key from the file'
	traditional
}

# OpenSSL's older forms.
traditional()
{
	openssl rsa -in "$data/rsa.pem" -traditional -aes128 -passout pass:file \
		-out "$dir/traditional" 2>/dev/null
	openssl ec -in "$data/p384.pem" -out "$dir/ec" 2>/dev/null
	openssl dsa -in "$data/dsa.pem" -out "$dir/dsa" -traditional 2>/dev/null ||
		openssl pkey -in "$data/dsa.pem" -traditional -out "$dir/dsa"
	on --import "$dir/traditional" --label old --id 51 --pin 1234 --extractable
	ends 1
	says 'Maybe it is encypted'
	on --import "$dir/traditional" --label old --id 51 --pin 1234 --file-pin wrong
	ends 1
	says 'Maybe wrong PIN to file'
	on --import "$dir/traditional" --label old --id 51 --pin 1234 --file-pin file \
		--extractable
	ends 0
	exported 51
	[ "$of_private" = "$rsa" ] || fail "the traditional key came back as another"
	on --import "$dir/ec" --label old --id 52 --pin 1234 --extractable
	ends 0
	exported 52
	[ "$of_private" = "$(public_of "$data/p384.pem")" ] || fail "the EC key came back as another"
	on --import "$dir/dsa" --label old --id 53 --pin 1234 --extractable
	ends 0
	exported 53
	on --import "$data/rsa-pss.pem" --label pss --id 54 --pin 1234
	ends 0
	"$objects" "$module" tok 1234 2>&1 | grep -q 'label=pss .* !decrypt !unwrap' ||
		fail "a key for PSS may decrypt"
	openssl pkey -in "$data/rsa-pss.pem" -pubout -out "$dir/pss.pub"
	on --import "$dir/pss.pub" --import-type pubkey --label pss-public --id 56 --pin 1234
	ends 0
	says 'The RSA public key with label=pss-public has been imported.'
	"$objects" "$module" tok 1234 2>&1 | grep -q 'label=pss-public .* !encrypt !wrap' ||
		fail "a public key for PSS may encrypt"
	# Keys for agreement do just that.
	openssl genpkey -algorithm X448 -out "$dir/x448"
	for key in "$dir/x448" "$data/x25519.pem"; do
		id=$((id + 1))
		on --import "$key" --label agrees --id $id --pin 1234 --extractable
		ends 0
		exported $id
		[ "$of_private" = "$(public_of "$key")" ] || fail "$key came back as another"
	done
	listed '[o["uses"] for o in x if o["label"] == "agrees" and o["class"] == "private-key"] ==
		[["derive"], ["derive"]]' --list-objects --token tok --pin 1234
	on --import "$dir/dsa" --import-type cert --label l --id 59 --pin 1234
	ends 1
	on --import "$data/aes128.key" --aes --label raw --id 55 --pin 1234 --extractable
	ends 0
	"$objects" "$module" tok 1234 2>&1 | grep -q 'label=raw .* sensitive extractable' ||
		fail "an AES key imported with --extractable is not"
}

# issue NAME ISSUER: a certificate NAME.crt with its key.
issue()
{
	openssl req -new -newkey rsa:2048 -nodes -keyout "$dir/$1.key" -subj "/CN=$1" \
		-out "$dir/$1.csr" 2>/dev/null
	openssl x509 -req -in "$dir/$1.csr" -CA "$dir/$2.crt" -CAkey "$dir/$2.key" -days 9 \
		-set_serial "0x$3" -out "$dir/$1.crt" 2>/dev/null || fail "no certificate $1"
}

# A chain in PKCS#7, whose order does not count: the leaf is the one that issued no other.
bag()
{
	quietly --init-token --free --label bag $pins
	for form in PEM DER; do
		openssl crl2pkcs7 -nocrl -certfile "$dir/root.crt" -certfile "$dir/middle.crt" \
			-certfile "$dir/leaf.crt" -outform $form -out "$dir/bag.$form"
		quietly --import "$dir/bag.$form" --import-type chain --token bag \
			--label "$form" --id 01 --pin 1234 --force
		"$util" --export - --token bag --label $form --export-type cert >"$dir/said"
		cmp -s "$dir/said" "$dir/leaf.crt" || fail "PKCS#7 in $form: not the leaf"
	done
	[ "$("$util" --list-objects --token bag 2>/dev/null | grep -c certificate)" = 4 ] ||
		fail "PKCS#7: issuers were stored twice"
	quietly --delete-token --token bag
}

certificates()
{
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$dir/root.key" -subj /CN=root -days 9 \
		-out "$dir/root.crt" 2>/dev/null
	issue middle root a1
	issue leaf middle a2
	cat "$dir/leaf.crt" "$dir/middle.crt" "$dir/root.crt" >"$dir/chain"
	on --import "$dir/chain" --import-type chain --label chain --id 61 --pin 1234
	ends 0
	says 'The certificate with label=chain 3 has been imported.'
	on --export - --label 'chain 2' --export-type cert
	cmp -s "$dir/said" "$dir/middle.crt" || fail "the second certificate came back as another"
	bag
	openssl pkcs12 -export -in "$dir/leaf.crt" -inkey "$dir/leaf.key" \
		-certfile "$dir/chain" -passout pass:file -out "$dir/p12"
	on --import "$dir/p12" --import-type p12 --label bundle --id 62 --pin 1234 --file-pin wrong
	ends 1
	says 'Could not decrypt the PKCS#12 file.'
	on --import "$dir/p12" --import-type p12 --label bundle --id 62 --pin 1234 --file-pin file \
		--extractable
	ends 0
	exported 62
	[ "$of_private" = "$(public_of "$dir/leaf.key")" ] || fail "the key came back as another"
	on --export - --id 62 --export-type cert
	cmp -s "$dir/said" "$dir/leaf.crt" || fail "the certificate came back as another"
	# Those of the chain are there already.
	listed 'len([o for o in x if o["class"] == "certificate"]) == 4' \
		--list-objects --token tok
	on --import "$data/rsa.pem" --import-type p12 --label l --id 69 --pin 1234
	ends 1
	says 'Could not read the PKCS#12 file'
	outdated
}

# RC2 and triple DES, as they were usual: the password is right, and that is said.
outdated()
{
	openssl pkcs12 -export -legacy -in "$dir/leaf.crt" -inkey "$dir/leaf.key" \
		-passout pass:file -out "$dir/old.p12" 2>/dev/null || return
	on --import "$dir/old.p12" --import-type p12 --label old --id 63 --pin 1234 --file-pin file
	ends 1
	says 'Its cipher is outdated.'
	says 'Hint: openssl pkcs12 -legacy'
}

config()
{
	"$util" --show-config >"$dir/said" 2>&1 || fail "--show-config: $(cat "$dir/said")"
	command=--show-config
	says "# $SOFTHSM2_CONF, named by: the environment variable SOFTHSM2_CONF"
	says "log.level = ERROR # $SOFTHSM2_CONF:2"
	says 'slots.mechanisms = ALL # default'
	says 'objectstore.sync = full # default'
	says '# the token directory can be read and written'
	# What is printed is a configuration itself.
	SOFTHSM2_CONF=$dir/said "$util" --show-slots >"$dir/slots" 2>&1 || fail "not a configuration"
	grep -q 'Label:  *tok' "$dir/slots" || fail "another configuration: $(cat "$dir/slots")"
	listed 'x["keys"]["log.level"] == {"value": "ERROR", "from": x["file"] + ":2"}
		and x["tokendir_accessible"]' --show-config
	[ "$("$util" --show-config directories.tokendir)" = "$world/tokens" ] ||
		fail "--show-config directories.tokendir"
	echo "directories.tokendir = $world/none" >"$dir/bad"
	SOFTHSM2_CONF=$dir/bad
	on --show-config
	ends 1
	says 'cannot be read and written: No such file or directory'
	SOFTHSM2_CONF=$dir/absent
	on --show-config
	ends 1
	says 'cannot read the configuration: No such file or directory'
}

generate_all
refuse_exports
lists
imports
certificates
config
echo "objects: $failures failed"
finish

#!/bin/sh
# shellcheck disable=SC2034,SC2086 # for lib.sh; $pins is a list of words
# --import
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# key NAME FILE ID [ARGUMENT...]: a case that imports a file into the token "tok".
key()
{
	key_name=$1
	key_file=$2
	key_id=$3
	shift 3
	check "$key_name" --import "$data/$key_file" --token tok --label "$key_name" \
		--id "$key_id" --pin 1234 "$@"
}

usage_errors()
{
	check no-selector --import x
	check free-is-not-enough --import x --free --label l --id 01 --pin 1234
	check no-label --import x --token tok
	check no-id --import x --token tok --label l
	check id-odd --import x --token tok --label l --id abc
	check id-empty --import x --token tok --label l --id '' --pin 1234
	check id-not-hex --import x --token tok --label l --id zz
	check id-odd-not-hex --import x --token tok --label l --id zzz
	check no-terminal --import x --token tok --label l --id 01
	check short-pin --import x --token tok --label l --id 01 --pin 12
	check wrong-pin --import x --token tok --label l --id 01 --pin 9999
	check missing-slot --import x --slot 98 --label l --id 01 --pin 1234
	check negative-slot --import x --slot -1 --label l --id 01 --pin 1234
	check word-slot --import x --slot none --label l --id 01 --pin 1234
	check free-slot --import x --slot 1 --label l --id 01 --pin 1234
	check no-token --import x --token none --label l --id 01 --pin 1234
	check long-token --import x --token 123456789012345678901234567890123
	check long-serial --import x --serial 12345678901234567
	check other-serial --import x --token tok --serial 0 --label l --id 01 --pin 1234
	check by-slot --import "$data/p256.pem" --slot "$(slot_of tok)" --label l --id e1 --pin 1234
	check by-serial --import "$data/p256.pem" --serial "$(serial_of tok)" --label l --id e2 --pin 1234
	check by-both --import "$data/p256.pem" --serial "$(serial_of tok)" --token tok \
		--label l --id e3 --pin 1234
}

bad_files()
{
	check file-missing --import "$data/none" --token tok --label l --id 01 --pin 1234
	check file-is-directory --import "$data" --token tok --label l --id 01 --pin 1234
	key file-empty empty 01
	key file-junk junk.txt 01
	key file-cut cut.pem 01
	key file-certificate certificate.pem 01
	key file-traditional rsa-traditional.pem ee
	key encrypted rsa-encrypted.pem 01
	key encrypted-wrong-pin rsa-encrypted.pem 01 --file-pin wrong
	key encrypted-empty-pin rsa-encrypted.pem 01 --file-pin ''
	key plain-with-pin rsa.pem 01 --file-pin file
	key junk-with-pin junk.txt 01 --file-pin file
	key dh dh.pem 01
	key rsa-pss rsa-pss.pem ef
	key unknown-algorithm unknown-algorithm.pem 01
}

key_pairs()
{
	key rsa rsa.pem a1
	key id-in-use p256.pem a1
	key id-in-use-no-file none a1
	key id-in-use-forced rsa.pem a1 --force
	key id-longer p256.pem a1a1
	key id-capitals p256.pem AbCd
	key p256 p256.pem b1
	key p384 p384.pem b2
	key p521 p521.pem b3
	key ed25519 ed25519.pem b4
	key ed448 ed448.pem b5
	key dsa dsa.pem b6
	key x25519 x25519.pem b7
	key rsa-encrypted rsa-encrypted.pem c1 --file-pin file
	key p256-v1 p256-encrypted-v1.pem c2 --file-pin file
	key p256-scrypt p256-encrypted-scrypt.pem c3 --file-pin file
	key empty-file-pin ed25519-encrypted-empty.pem c4 --file-pin ''
	key after-certificate certificate-and-key.pem c5
	key no-public-key p256.pem c6 --no-public-key
	key type-keypair p384.pem c7 --import-type keypair
	check label-empty --import "$data/p256.pem" --token tok --label '' --id c8 --pin 1234
	check label-utf8 --import "$data/p256.pem" --token tok --label 'é ü' --id c9 --pin 1234
	holds pairs tok
}

play()
{
	world
	quietly --init-token --free --label tok $pins
	usage_errors
	bad_files

	world
	quietly --init-token --free --label tok $pins
	key_pairs

	world
	quietly --init-token --free --label tok $pins
	key der rsa.der d1
	key der-traditional rsa-traditional.der d1 --force
	key der-encrypted p256-encrypted.der d2 --file-pin file
	key der-encrypted-no-pin p256-encrypted.der d8
	key type-unknown p256.pem d3 --import-type paper
	key certificate certificate.pem d4 --import-type cert
	key certificate-der certificate.der d5 --import-type cert
	key certificate-id certificate.pem d4 --import-type cert
	key certificate-forced certificate.pem d4 --import-type cert --force
	key certificate-junk junk.txt d6 --import-type cert
	key certificate-missing none d6 --import-type cert
	key certificate-is-key p256.pem d6 --import-type cert
	key type-aes aes128.key d7 --import-type aes
	holds types tok

	world
	quietly --init-token --free --label tok $pins
	key aes256 aes256.key f1 --aes
	key aes128 aes128.key f2 --aes
	key aes-again aes128.key f2 --aes
	key aes-20-bytes aes-20-bytes.key f3 --aes
	key aes-empty empty f4 --aes
	key aes-missing none f4 --aes
	check aes-directory --import "$data" --aes --token tok --label l --id f4 --pin 1234
	check aes-no-id --import "$data/aes128.key" --aes --token tok --label l --pin 1234
	holds aes tok
}
compare

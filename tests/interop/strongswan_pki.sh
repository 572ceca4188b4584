#!/bin/sh
# strongSwan's pki, which finalises the module from an exit handler.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need pki openssl pkcs11-tool setsid

new_token "$label"
cat >"$dir/strongswan.conf" <<END
pki {
	load = random nonce openssl pem pkcs1 pkcs8 x509 pubkey pkcs11
}
libstrongswan {
	plugins {
		pkcs11 {
			modules {
				softhsm {
					path = $MODULE
				}
			}
		}
	}
}
END
STRONGSWAN_CONF=$dir/strongswan.conf
export STRONGSWAN_CONF

# with_pin FILE COMMAND...: the PIN is read from standard input where there is no terminal.
with_pin()
{
	with_pin_file=$1
	shift
	echo "$user_pin" | setsid -w "$@" >"$with_pin_file" 2>"$dir/err" ||
		{ with_pin_status=$?; cat "$dir/err"; return $with_pin_status; }
}

# self_sign TYPE ID: by the token's key.
self_sign()
{
	check "self-sign with $1" with_pin "$dir/cert.pem" pki --self --type priv --keyid "$2" \
		--dn "CN=interop" --outform pem
	check "openssl verifies it" says OK openssl verify -check_ss_sig -no-CApath \
		-partial_chain -CAfile "$dir/cert.pem" "$dir/cert.pem"
	check "request with $1" with_pin "$dir/req.pem" pki --req --type priv --keyid "$2" \
		--dn "CN=interop" --outform pem
	check "openssl verifies it" says "verify OK" openssl req -verify -noout -in "$dir/req.pem"
}

check "generate RSA" pkcs11_tool --keypairgen --key-type rsa:2048 --id 0a01
check "generate EC" pkcs11_tool --keypairgen --key-type EC:prime256v1 --id 0a02
self_sign RSA 0a01
self_sign EC 0a02
check "no such key is an error and no crash" fails with_pin "$dir/none" pki --self --type priv \
	--keyid 0a03 --dn "CN=interop"
[ "$with_pin_status" -lt 128 ] || failures=$((failures + 1))
finish

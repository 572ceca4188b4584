#!/bin/sh
# Knot DNS: keys of a zone in the token, the zone signed with them.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin
need keymgr kzonesign ldns-verify-zone dnssec-verify

new_token "$label"
mkdir "$dir/zones" "$dir/signed"
cat >"$dir/zones/example.zone" <<'END'
$ORIGIN example.
$TTL 3600
@	SOA	ns hostmaster 1 3600 900 86400 300
	NS	ns
ns	A	192.0.2.1
www	A	192.0.2.2
END

# sign_with ALGORITHM: a key-signing and a zone-signing key, and a zone that two others verify.
sign_with()
{
	mkdir "$dir/db.$1"
	cat >"$dir/knot.conf" <<END
server:
    rundir: "$dir"
database:
    storage: "$dir/db.$1"
keystore:
  - id: token
    backend: pkcs11
    config: "pkcs11:token=$label;pin-value=$user_pin $MODULE"
policy:
  - id: manual
    keystore: token
    manual: on
    algorithm: $1
template:
  - id: default
    storage: "$dir/zones"
    file: "%s.zone"
zone:
  - domain: example.
    dnssec-signing: on
    dnssec-policy: manual
END
	check "$1: key-signing key" keymgr -c "$dir/knot.conf" example. generate ksk=yes
	check "$1: zone-signing key" keymgr -c "$dir/knot.conf" example. generate zsk=yes
	check "$1: list" says KSK keymgr -c "$dir/knot.conf" example. list
	rm -f "$dir/signed/example.zone"
	check "$1: sign" kzonesign -c "$dir/knot.conf" -o "$dir/signed" example.
	check "$1: ldns verifies the zone" ldns-verify-zone "$dir/signed/example.zone"
	check "$1: BIND verifies it" says "fully signed" dnssec-verify -o example. \
		"$dir/signed/example.zone"
}

sign_with ecdsap256sha256
sign_with rsasha256
finish

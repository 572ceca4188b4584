#!/bin/sh
# OpenDNSSEC's ods-hsmutil: keys made, listed, tested, and their DNSKEY records.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin
need ods-hsmutil pkcs11-tool openssl

new_token "$label"
cat >"$dir/conf.xml" <<END
<?xml version="1.0" encoding="UTF-8"?>
<Configuration>
  <RepositoryList>
    <Repository name="softhsm">
      <Module>$MODULE</Module>
      <TokenLabel>$label</TokenLabel>
      <PIN>$user_pin</PIN>
      <SkipPublicKey/>
    </Repository>
  </RepositoryList>
</Configuration>
END

hsmutil()
{
	ods-hsmutil -c "$dir/conf.xml" "$@"
}

# key_id: of the only key.
key_id()
{
	hsmutil list softhsm 2>/dev/null | sed -n 's/^softhsm *\([0-9a-f]\{32\}\).*/\1/p'
}

# generate TYPE SIZE ALGORITHM: one key's life.
generate()
{
	check "generate $1" hsmutil generate softhsm "$1" "$2"
	id=$(key_id)
	check "DNSKEY of $1" says "DNSKEY.257 3 $3" hsmutil dnskey "$id" example. 257 "$3"
	check "remove $1" hsmutil remove "$id"
	check "it is gone" [ -z "$(key_id)" ]
}

generate rsa 2048 8
generate ecdsa 256 13

# It also asks for GOST, and prints no result for ECDSA.
own_test()
{
	hsmutil test softhsm >"$dir/test" 2>&1
	cat "$dir/test"
	[ "$(grep -c 'with key... OK' "$dir/test")" -ge 20 ] &&
		[ "$(grep -c Failed "$dir/test")" -eq 1 ] &&
		grep -q 'GOST key... Failed' "$dir/test"
}
check "its own test of all algorithms but GOST" own_test
finish

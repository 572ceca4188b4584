# OpenSSL's pkcs11-provider; to be sourced behind lib.sh.
# shellcheck shell=sh disable=SC2154

# provider_file: where it is, if it is installed.
provider_file()
{
	echo "$(openssl version -m 2>/dev/null | sed -n 's/^MODULESDIR: "\(.*\)"$/\1/p')/pkcs11.so"
}

# need_provider: where there is no package of it to
# install, as in Debian 12, its absence fails nothing.
need_provider()
{
	[ ! -f "$(provider_file)" ] || return 0
	if command -v apt-cache >/dev/null &&
		[ -z "$(apt-cache madison pkcs11-provider 2>/dev/null)" ]; then
		skip "pkcs11-provider is not to be had here"
	fi
	missing "pkcs11-provider"
}

# provider_config first|last LINE...: $dir/openssl.cnf lists it before or behind OpenSSL's own.
provider_config()
{
	order='default = own
pkcs11 = pkcs11'
	[ "$1" = last ] || order='pkcs11 = pkcs11
default = own'
	shift
	cat >"$dir/openssl.cnf" <<END
openssl_conf = start
[start]
providers = providers
[providers]
$order
[own]
activate = 1
[pkcs11]
module = $(provider_file)
pkcs11-module-path = $MODULE
activate = 1
$(printf '%s\n' "$@")
END
}

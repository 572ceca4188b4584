#!/bin/sh
# p11-kit loads the module by a softhsm2.module in a user's configuration.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need p11-kit

new_token "$label"
config=$HOME/.config/pkcs11
mkdir -p "$config/modules"
echo 'user-config: only' >"$config/pkcs11.conf"
cp "$MODULE" "$dir/module.so"
echo "module: $dir/module.so" >"$config/modules/softhsm2.module"

# p11-kit reads no user configuration for root, so it runs as somebody else.
as_user()
{
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
	else
		chmod -R a+rX "$dir" && chown -R 65534 "$dir" &&
			setpriv --reuid 65534 --clear-groups "$@"
	fi
}
[ "$(id -u)" -ne 0 ] || need setpriv

check "list-modules" says "token: $label" as_user p11-kit list-modules
check "no other module is listed" lacks "opensc" as_user p11-kit list-modules
finish

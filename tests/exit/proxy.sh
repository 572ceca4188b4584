#!/bin/sh
# The same C program, which knows p11-kit's proxy only; and p11-kit's own commands.
# shellcheck source=tests/exit/lib.sh
. "$(dirname "$0")/lib.sh"
need p11-kit
proxy=
for file in /usr/lib/p11-kit-proxy.so /usr/lib/*/p11-kit-proxy.so /usr/lib64/p11-kit-proxy.so; do
	[ ! -f "$file" ] || proxy=$file
done
[ -n "$proxy" ] || missing "p11-kit-proxy.so (package p11-kit)"

new_token "$label"
p11_kit_use
mkdir "$dir/bin" && cp "$TEST_HELPERS/exit/host" "$dir/bin/host" && chmod 755 "$dir/bin/host"

check "list-modules" ends 0 as_user p11-kit list-modules
# Threads in calls when the proxy's own destructor runs are not for it: it frees its functions.
for ending in finalised left finalised_at_exit at_once at_once_under_workers; do
	check "$ending" ends 7 as_user "$dir/bin/host" "$proxy" "$user_pin" "$ending"
done
MODULE=$dir/module.so
check "left, finalised behind OpenSSL's end" late 0x0 7 as_user "$dir/bin/host" "$proxy" \
	"$user_pin" left
finish

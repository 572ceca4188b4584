#!/bin/sh
# p11-kit serves the token on a Unix socket to many clients at a time.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/remote.sh
. "$(dirname "$0")/remote.sh"
clients=20

new_token "$label"
serve_token "$dir/socket"
remote_key
check "$clients clients at once" all_clients $clients
check "the server's host sees the key, too" says "label: *key" pkcs11_tool --list-objects
check "no wrong PIN" refused_remote
finish

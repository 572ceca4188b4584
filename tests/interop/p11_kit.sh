#!/bin/sh
# p11-kit loads the module by a softhsm2.module in a user's configuration.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need p11-kit

new_token "$label"
p11_kit_use

check "list-modules" says "token: $label" as_user p11-kit list-modules
check "no other module is listed" lacks "opensc" as_user p11-kit list-modules
finish

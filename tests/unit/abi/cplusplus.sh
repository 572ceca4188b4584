#!/bin/sh
# pkcs11.h serves C++11 applications too, without a warning.
# Skipped (77) without a C++ compiler; the build never needs one.
cxx=${CXX:-c++}
command -v "${cxx%% *}" >/dev/null || exit 77

printf '%s\n' '#include "pkcs11/pkcs11.h"' \
	'static_assert(sizeof(CK_FUNCTION_LIST_3_2) == 105 * sizeof(void *), "size");' \
	'CK_C_Sign sign = NULL_PTR;' |
	$cxx -std=c++11 -Wall -Wextra -pedantic -Werror -fsyntax-only \
		-I "$srcdir/src/lib" -x c++ -

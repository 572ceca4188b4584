# Appends to interop_tests; see tests/local.mk.

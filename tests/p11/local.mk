# Appends to p11_tests; see tests/local.mk.

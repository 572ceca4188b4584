# Appends to unit_tests; see tests/local.mk.

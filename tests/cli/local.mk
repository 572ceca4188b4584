# Appends to cli_tests; see tests/local.mk.

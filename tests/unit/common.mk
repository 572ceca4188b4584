# Appends to unit_tests; see tests/local.mk. Any unit test may list
# tests/unit/unit.c, the helpers that all of them share.
noinst_HEADERS += %D%/unit.h

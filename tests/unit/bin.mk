# What the tools read: files and databases that others made.

unit_tests += tests/unit/test_tools
tests_unit_test_tools_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src
tests_unit_test_tools_SOURCES = %D%/bin/test_tools.c %D%/unit.c
tests_unit_test_tools_LDADD = libtools.la $(UNIT_LIBS)

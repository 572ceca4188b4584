# What the tools read: files and databases that others made.

unit_tests += tests/unit/test_bind
tests_unit_test_bind_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src
tests_unit_test_bind_SOURCES = %D%/bin/test_bind.c %D%/unit.c \
	src/bin/keyconv/base64.c \
	src/bin/keyconv/bind_algorithm.c \
	src/bin/keyconv/bind_key.c \
	src/bin/keyconv/bind_read.c \
	src/bin/keyconv/bind_write.c
tests_unit_test_bind_LDADD = libtools.la $(UNIT_LIBS)

unit_tests += tests/unit/test_dump
tests_unit_test_dump_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src
tests_unit_test_dump_SOURCES = %D%/bin/test_dump.c %D%/unit.c \
	src/bin/dump/dump_file.c \
	src/bin/dump/line.c \
	src/bin/dump/native.c
tests_unit_test_dump_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_tools
tests_unit_test_tools_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src
tests_unit_test_tools_SOURCES = %D%/bin/test_tools.c %D%/unit.c
tests_unit_test_tools_LDADD = libtools.la $(UNIT_LIBS)

unit_tests += tests/unit/test_busy
tests_unit_test_busy_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src
tests_unit_test_busy_SOURCES = %D%/bin/test_busy.c %D%/unit.c src/bin/util/busy.c
tests_unit_test_busy_LDADD = $(UNIT_LIBS)

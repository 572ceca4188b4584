# Appends to unit_tests; see tests/local.mk. Any unit test may list
# tests/unit/unit.c, the helpers that all of them share, and
# tests/unit/nomem.c with NOMEM_FLAGS, which makes memory run out.
noinst_HEADERS += %D%/unit.h %D%/nomem.h

NOMEM_FLAGS = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup

unit_tests += tests/unit/test_attrset
tests_unit_test_attrset_SOURCES = %D%/common/test_attrset.c %D%/unit.c %D%/nomem.c
tests_unit_test_attrset_LDFLAGS = $(AM_LDFLAGS) $(NOMEM_FLAGS)
tests_unit_test_attrset_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_buf
tests_unit_test_buf_SOURCES = %D%/common/test_buf.c %D%/unit.c %D%/nomem.c
tests_unit_test_buf_LDFLAGS = $(AM_LDFLAGS) $(NOMEM_FLAGS)
tests_unit_test_buf_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_conf
tests_unit_test_conf_SOURCES = %D%/common/test_conf.c %D%/unit.c %D%/nomem.c
tests_unit_test_conf_LDFLAGS = $(AM_LDFLAGS) $(NOMEM_FLAGS)
tests_unit_test_conf_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_handle
tests_unit_test_handle_SOURCES = %D%/common/test_handle.c %D%/unit.c %D%/nomem.c
tests_unit_test_handle_LDFLAGS = $(AM_LDFLAGS) $(NOMEM_FLAGS)
tests_unit_test_handle_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_str
tests_unit_test_str_SOURCES = %D%/common/test_str.c %D%/unit.c %D%/nomem.c
tests_unit_test_str_LDFLAGS = $(AM_LDFLAGS) $(NOMEM_FLAGS)
tests_unit_test_str_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_lock
tests_unit_test_lock_SOURCES = %D%/common/test_lock.c %D%/unit.c
tests_unit_test_lock_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_log
tests_unit_test_log_SOURCES = %D%/common/test_log.c %D%/unit.c
tests_unit_test_log_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_secmem
tests_unit_test_secmem_SOURCES = %D%/common/test_secmem.c %D%/unit.c
tests_unit_test_secmem_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_reason
tests_unit_test_reason_SOURCES = %D%/common/test_reason.c %D%/unit.c
tests_unit_test_reason_LDADD = $(UNIT_LIBS)

# The library: one convenience archive for the module, the utility and the
# unit tests. Every folder appends its files to libcore_la_SOURCES.

noinst_LTLIBRARIES += libcore.la
libcore_la_SOURCES =
libcore_la_LIBADD = $(OPENSSL_LIBS)

include src/lib/pkcs11/local.mk
include src/lib/common/local.mk
include src/lib/crypto/local.mk
include src/lib/object_store/local.mk
include src/lib/object/local.mk
include src/lib/slot/local.mk
include src/lib/maintain/local.mk
include src/lib/session/local.mk
include src/lib/api/local.mk

# The module: the same archive, showing nothing but the functions of the standard.
module_LTLIBRARIES = libsofthsm2.la
# It stays until the process ends: a thread may be inside when it is closed, and OpenSSL calls it
# at exit.
libsofthsm2_la_SOURCES =
libsofthsm2_la_LIBADD = libcore.la
libsofthsm2_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared \
	-no-undefined $(MODULE_LDFLAGS) -Wl,-z,nodelete \
	-Wl,--version-script=$(top_srcdir)/src/lib/libsofthsm2.map
EXTRA_libsofthsm2_la_DEPENDENCIES = src/lib/libsofthsm2.map
EXTRA_DIST += src/lib/libsofthsm2.map

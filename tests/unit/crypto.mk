# Appends to unit_tests; see tests/local.mk.
crypto_util = %D%/crypto_util.c %D%/crypto_util.h %D%/unit.c
noinst_HEADERS += %D%/ec_vectors.h %D%/rsa_vectors.h

unit_tests += tests/unit/test_der
tests_unit_test_der_SOURCES = %D%/test_der.c $(crypto_util)
tests_unit_test_der_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_tokenkey
tests_unit_test_tokenkey_SOURCES = %D%/test_tokenkey.c $(crypto_util)
tests_unit_test_tokenkey_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_digest
tests_unit_test_digest_SOURCES = %D%/test_digest.c $(crypto_util)
tests_unit_test_digest_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_cipher
tests_unit_test_cipher_SOURCES = %D%/test_cipher.c $(crypto_util)
tests_unit_test_cipher_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_keytype
tests_unit_test_keytype_SOURCES = %D%/test_keytype.c $(crypto_util)
tests_unit_test_keytype_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_rsa
tests_unit_test_rsa_SOURCES = %D%/test_rsa.c $(crypto_util)
tests_unit_test_rsa_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_ecdsa
tests_unit_test_ecdsa_SOURCES = %D%/test_ecdsa.c $(crypto_util)
tests_unit_test_ecdsa_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_op
tests_unit_test_op_SOURCES = %D%/test_op.c $(crypto_util)
tests_unit_test_op_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_mech
tests_unit_test_mech_SOURCES = %D%/test_mech.c $(crypto_util)
tests_unit_test_mech_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_ossl
tests_unit_test_ossl_SOURCES = %D%/test_ossl.c $(crypto_util)
tests_unit_test_ossl_LDADD = $(UNIT_LIBS)

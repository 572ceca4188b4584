# Appends to unit_tests; see tests/local.mk.
crypto_util = %D%/crypto_util.c %D%/crypto_util.h %D%/unit.c
noinst_HEADERS += %D%/ec_vectors.h %D%/key_vectors.h %D%/rsa_vectors.h %D%/tls_vectors.h

unit_tests += tests/unit/test_der
tests_unit_test_der_SOURCES = %D%/crypto/test_der.c $(crypto_util)
tests_unit_test_der_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_tokenkey
tests_unit_test_tokenkey_SOURCES = %D%/crypto/test_tokenkey.c $(crypto_util)
tests_unit_test_tokenkey_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_digest
tests_unit_test_digest_SOURCES = %D%/crypto/test_digest.c $(crypto_util)
tests_unit_test_digest_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_cipher
tests_unit_test_cipher_SOURCES = %D%/crypto/test_cipher.c $(crypto_util)
tests_unit_test_cipher_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_keytype
tests_unit_test_keytype_SOURCES = %D%/crypto/test_keytype.c $(crypto_util)
tests_unit_test_keytype_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_keytype_values
tests_unit_test_keytype_values_SOURCES = %D%/crypto/test_keytype_values.c $(crypto_util)
tests_unit_test_keytype_values_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_agrees
tests_unit_test_agrees_SOURCES = %D%/crypto/test_agrees.c $(crypto_util)
tests_unit_test_agrees_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_keytype_nomem
tests_unit_test_keytype_nomem_SOURCES = %D%/crypto/test_keytype_nomem.c %D%/nomem.c $(crypto_util)
tests_unit_test_keytype_nomem_LDFLAGS = $(AM_LDFLAGS) $(NOMEM_FLAGS)
tests_unit_test_keytype_nomem_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_pkcs8
tests_unit_test_pkcs8_SOURCES = %D%/crypto/test_pkcs8.c $(crypto_util)
tests_unit_test_pkcs8_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_pkcs8_forms
tests_unit_test_pkcs8_forms_SOURCES = %D%/crypto/test_pkcs8_forms.c $(crypto_util)
tests_unit_test_pkcs8_forms_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_rsa
tests_unit_test_rsa_SOURCES = %D%/crypto/test_rsa.c $(crypto_util)
tests_unit_test_rsa_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_ecdsa
tests_unit_test_ecdsa_SOURCES = %D%/crypto/test_ecdsa.c $(crypto_util)
tests_unit_test_ecdsa_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_op
tests_unit_test_op_SOURCES = %D%/crypto/test_op.c $(crypto_util)
tests_unit_test_op_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_mech
tests_unit_test_mech_SOURCES = %D%/crypto/test_mech.c $(crypto_util)
tests_unit_test_mech_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_ossl
tests_unit_test_ossl_SOURCES = %D%/crypto/test_ossl.c $(crypto_util)
tests_unit_test_ossl_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_wrap
tests_unit_test_wrap_SOURCES = %D%/crypto/test_wrap.c $(crypto_util)
tests_unit_test_wrap_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_derive
tests_unit_test_derive_SOURCES = %D%/crypto/test_derive.c $(crypto_util)
tests_unit_test_derive_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_mac
tests_unit_test_mac_SOURCES = %D%/crypto/test_mac.c $(crypto_util)
tests_unit_test_mac_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_gather
tests_unit_test_gather_SOURCES = %D%/crypto/test_gather.c $(crypto_util)
tests_unit_test_gather_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_chacha20
tests_unit_test_chacha20_SOURCES = %D%/crypto/test_chacha20.c $(crypto_util)
tests_unit_test_chacha20_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_dlog
tests_unit_test_dlog_SOURCES = %D%/crypto/test_dlog.c $(crypto_util)
tests_unit_test_dlog_LDADD = $(UNIT_LIBS)

noinst_HEADERS += %D%/kdf_vectors.h
unit_tests += tests/unit/test_kdf
tests_unit_test_kdf_SOURCES = %D%/crypto/test_kdf.c $(crypto_util)
tests_unit_test_kdf_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_kbkdf
tests_unit_test_kbkdf_SOURCES = %D%/crypto/test_kbkdf.c $(crypto_util)
tests_unit_test_kbkdf_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_tls
tests_unit_test_tls_SOURCES = %D%/crypto/test_tls.c $(crypto_util)
tests_unit_test_tls_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_derive_public
tests_unit_test_derive_public_SOURCES = %D%/crypto/test_derive_public.c $(crypto_util)
tests_unit_test_derive_public_LDADD = $(UNIT_LIBS)

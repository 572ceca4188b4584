/*
 * What the tests of src/lib/crypto share: keys from hex, and whole operations in one call, in one
 * piece or in parts.
 */
#ifndef UNIT_CRYPTO_UTIL_H
#define UNIT_CRYPTO_UTIL_H

#include <CUnit/CUnit.h>

#include "crypto/key/keytype.h"
#include "crypto/mech/op.h"

/* A check that names the row of a table when it fails. */
#define CHECK(row, value) \
	CU_assertImplementation((value) ? CU_TRUE : CU_FALSE, __LINE__, (row), __FILE__, "", \
				CU_FALSE)

/* Opens OpenSSL, runs the tests, closes it. Returns main's exit status. */
#define CRYPTO_RUN(suite, tests) crypto_run(suite, tests, sizeof(tests) / sizeof((tests)[0]))
struct unit_test;
int crypto_run(const char *suite, const struct unit_test *tests, size_t count);

/* Bytes with their length; NULL stands for nothing at all. */
struct bytes {
	size_t len;
	unsigned char data[4096];
};

/* Decodes hex; ends the program when it is none. NULL is the empty string. */
struct bytes unhex(const char *hex);

/* Does out hold what the hex says? */
bool is_hex(const unsigned char *out, size_t len, const char *hex);

struct hex_attr {
	CK_ATTRIBUTE_TYPE type;
	const char *hex;	/* NULL ends the list */
};

/* A set with these byte strings. The caller frees it. */
struct attrset *make_set(const struct hex_attr *attrs);

/* A key from its parts; NULL when it does not load. */
struct key *make_key(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const struct hex_attr *attrs);
struct key *make_secret(CK_KEY_TYPE type, const char *hex);

/* Loads both halves of a generated pair; ends the program when one does not load. */
void make_pair(CK_MECHANISM_TYPE generator, const struct attrset *wanted, struct key **pub,
	       struct key **priv);

/* One of the names of a set: a CK_MECHANISM without parameter, or with the bytes of p. */
#define MECH(type) { (type), NULL, 0 }
#define MECH_WITH(type, p) { (type), (p), sizeof(*(p)) }

/*
 * A whole operation. out has room for *out_len bytes. The size query is made too and must be large
 * enough.
 */
CK_RV run(enum op_kind kind, CK_MECHANISM m, struct key *key, const void *in, size_t len,
	  unsigned char *out,
	  CK_ULONG *out_len);

/* The same in parts of step bytes; step 0: one update with everything. */
CK_RV run_parts(enum op_kind kind, CK_MECHANISM m, struct key *key, const void *in, size_t len,
		size_t step,
		unsigned char *out, CK_ULONG *out_len);

/* Only the Init: CKR_OK is followed by op_free. */
CK_RV try_begin(enum op_kind kind, CK_MECHANISM m, struct key *key);

CK_RV verify(CK_MECHANISM m, struct key *key, const void *in, size_t len, const void *sig,
	     size_t sig_len);
CK_RV verify_parts(CK_MECHANISM m, struct key *key, const void *in, size_t len, size_t step,
		   const void *sig,
		   size_t sig_len);

/*
 * A known answer of a cipher: both ways, in one call, in place, in parts of several lengths, into
 * buffers that are just large enough.
 */
void check_both_ways(const char *name, CK_MECHANISM m, struct key *k, const char *plain,
		     const char *cipher);

/* A known answer of a MAC, in one call and in parts; a wrong one, and one of another length. */
void check_mac(const char *name, CK_MECHANISM m, struct key *k, const char *data,
	       const char *mac);

/* Does not decrypt, and leaves nothing in the output buffer. */
void check_forgery(const char *name, CK_MECHANISM m, struct key *k, const struct bytes *cipher);

/* The same for each of many changes to the ciphertext. */
void check_forgeries(const char *name, CK_MECHANISM m, struct key *k, const char *cipher);

#endif

/* The rules that all operations share: sizes, parts, when one is over. */
#include "config.h"

#include "crypto/mech/op.h"

#include <string.h>

#include "crypto/ossl/ossl.h"
#include "unit/crypto_util.h"
#include "unit/ec_vectors.h"
#include "unit/rsa_vectors.h"
#include "unit/unit.h"

static struct key *aes, *hmac, *rsa_pub, *rsa_priv;
static unsigned char iv[16];

static void load_keys(void)
{
	static const struct hex_attr pub[] = { { CKA_MODULUS, RSA_N },
					       { CKA_PUBLIC_EXPONENT, RSA_E }, { 0, NULL } };
	static const struct hex_attr priv[] = { { CKA_MODULUS, RSA_N },
						{ CKA_PRIVATE_EXPONENT, RSA_D }, { 0, NULL } };

	aes = make_secret(CKK_AES, AES_KEY);
	hmac = make_secret(CKK_GENERIC_SECRET, AES_KEY AES_KEY);
	rsa_pub = make_key(CKO_PUBLIC_KEY, CKK_RSA, pub);
	rsa_priv = make_key(CKO_PRIVATE_KEY, CKK_RSA, priv);
	CU_ASSERT_FATAL(aes != NULL && hmac != NULL && rsa_pub != NULL && rsa_priv != NULL);
}

static void drop_keys(void)
{
	key_unref(aes);
	key_unref(hmac);
	key_unref(rsa_pub);
	key_unref(rsa_priv);
}

static struct op *begin(enum op_kind kind, CK_MECHANISM_TYPE type, struct key *key)
{
	CK_MECHANISM m = { type, type == CKM_AES_CBC_PAD || type == CKM_AES_CBC ? iv : NULL, 0 };
	struct op *op = NULL;

	m.ulParameterLen = m.pParameter != NULL ? sizeof(iv) : 0;
	CU_ASSERT_EQUAL_FATAL(op_new(kind, mech_find(type), &m, key, NULL, &op), CKR_OK);
	return op;
}

/* NULL asks for the size, a small buffer gets it too, and neither changes anything. */
static void test_sizes(void)
{
	static const struct {
		const char *name;
		enum op_kind kind;
		CK_MECHANISM_TYPE type;
		size_t in;
		CK_ULONG single, part, end;	/* sizes of the answers; end: after the part */
	} rows[] = {
		{ "digest", OP_DIGEST, CKM_SHA256, 100, 32, 0, 32 },
		{ "MAC", OP_SIGN, CKM_SHA256_HMAC, 100, 32, 0, 32 },
		{ "CBC-PAD", OP_ENCRYPT, CKM_AES_CBC_PAD, 32, 48, 32, 16 },
		{ "CBC-PAD, 33 bytes", OP_ENCRYPT, CKM_AES_CBC_PAD, 33, 48, 32, 16 },
		{ "CBC-PAD, nothing", OP_ENCRYPT, CKM_AES_CBC_PAD, 0, 16, 0, 16 },
		{ "CBC", OP_ENCRYPT, CKM_AES_CBC, 32, 32, 32, 0 },
		{ "ECB", OP_DECRYPT, CKM_AES_ECB, 32, 32, 32, 0 },
	};

	load_keys();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct key *key = rows[i].kind == OP_DIGEST ? NULL : rows[i].kind == OP_SIGN ?
			hmac : aes;
		bool cipher = rows[i].kind == OP_ENCRYPT || rows[i].kind == OP_DECRYPT;
		unsigned char in[128] = { 0 }, out[128];
		struct op *op = begin(rows[i].kind, rows[i].type, key);
		bool done = true;
		CK_ULONG n = 0;

		CHECK(rows[i].name, op_single(op, in, rows[i].in, NULL, &n, &done) == CKR_OK);
		CHECK(rows[i].name, n == rows[i].single && !done);
		n--;
		CHECK(rows[i].name, op_single(op, in, rows[i].in, out, &n, &done) ==
		      CKR_BUFFER_TOO_SMALL);
		CHECK(rows[i].name, n == rows[i].single && !done);
		CHECK(rows[i].name, op_single(op, in, rows[i].in, out, &n, &done) == CKR_OK);
		CHECK(rows[i].name, n == rows[i].single && done);
		op_free(op);

		op = begin(rows[i].kind, rows[i].type, key);
		if (cipher) {
			CHECK(rows[i].name, op_update(op, in, rows[i].in, NULL, &n, &done) ==
			      CKR_OK);
			CHECK(rows[i].name, n == rows[i].part && !done);
			n = n > 0 ? n - 1 : 0;
			CHECK(rows[i].name, op_update(op, in, rows[i].in, out, &n, &done) ==
						    (rows[i].part > 0 ? CKR_BUFFER_TOO_SMALL :
						     CKR_OK));
			if (rows[i].part > 0)
				CHECK(rows[i].name, op_update(op, in, rows[i].in, out, &n, &done) ==
				      CKR_OK);
			CHECK(rows[i].name, n == rows[i].part && !done);
		} else {
			CHECK(rows[i].name, op_feed(op, in, rows[i].in, &done) == CKR_OK && !done);
		}
		CHECK(rows[i].name, op_finish(op, NULL, &n, &done) == CKR_OK && n == rows[i].end &&
		      !done);
		CHECK(rows[i].name, op_finish(op, out, &n, &done) == CKR_OK && n == rows[i].end &&
		      done);
		op_free(op);
	}
	drop_keys();
}

/* A part begun is no single-part operation any more. */
static void test_single_after_part(void)
{
	unsigned char data[16] = { 0 }, out[64];
	CK_ULONG n = sizeof(out);
	bool done = false;
	struct op *op;

	load_keys();
	op = begin(OP_ENCRYPT, CKM_AES_ECB, aes);
	CU_ASSERT_EQUAL(op_update(op, data, 16, out, &n, &done), CKR_OK);
	CU_ASSERT_EQUAL(op_single(op, data, 16, out, &n, &done), CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_TRUE(done);
	op_free(op);
	op = begin(OP_SIGN, CKM_SHA256_HMAC, hmac);
	CU_ASSERT_EQUAL(op_feed(op, data, 16, &done), CKR_OK);
	CU_ASSERT_EQUAL(op_single(op, data, 16, out, &n, &done), CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_TRUE(done);
	op_free(op);
	op = begin(OP_VERIFY, CKM_SHA256_HMAC, hmac);
	CU_ASSERT_EQUAL(op_feed(op, data, 16, &done), CKR_OK);
	CU_ASSERT_EQUAL(op_verify(op, data, 16, out, 32, &done), CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_TRUE(done);
	op_free(op);
	drop_keys();
}

/* A mechanism that takes its data at once only: sign and verify end, a cipher does not. */
static void test_no_parts(void)
{
	unsigned char data[16] = { 0 }, out[128];
	CK_ULONG n = sizeof(out);
	bool done = false;
	struct op *op;

	load_keys();
	op = begin(OP_SIGN, CKM_RSA_PKCS, rsa_priv);
	CU_ASSERT_EQUAL(op_feed(op, data, 16, &done), CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_TRUE(done);
	op_free(op);
	op = begin(OP_SIGN, CKM_RSA_PKCS, rsa_priv);
	CU_ASSERT_EQUAL(op_finish(op, out, &n, &done), CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_TRUE(done);
	op_free(op);
	op = begin(OP_VERIFY, CKM_RSA_PKCS, rsa_pub);
	CU_ASSERT_EQUAL(op_verify_finish(op, out, 128, &done), CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_TRUE(done);
	op_free(op);
	op = begin(OP_ENCRYPT, CKM_RSA_PKCS, rsa_pub);
	CU_ASSERT_EQUAL(op_update(op, data, 16, out, &n, &done), CKR_FUNCTION_NOT_SUPPORTED);
	CU_ASSERT_FALSE(done);
	CU_ASSERT_EQUAL(op_finish(op, out, &n, &done), CKR_FUNCTION_NOT_SUPPORTED);
	CU_ASSERT_FALSE(done);
	CU_ASSERT_EQUAL(op_single(op, data, 16, out, &n, &done), CKR_OK);
	CU_ASSERT_TRUE(done);
	op_free(op);
	drop_keys();
}

/* Lengths that no memory can have. */
static void test_endless(void)
{
	static const CK_ULONG lengths[] = { (CK_ULONG)-1, (CK_ULONG)-16, ((CK_ULONG)-1) / 2 };
	unsigned char out[64];
	bool done;

	load_keys();
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		CK_ULONG n = sizeof(out);
		struct op *op = begin(OP_ENCRYPT, CKM_AES_CBC_PAD, aes);

		CU_ASSERT_EQUAL(op_single(op, iv, lengths[i], out, &n, &done), CKR_DATA_LEN_RANGE);
		op_free(op);
		op = begin(OP_DECRYPT, CKM_AES_CBC_PAD, aes);
		CU_ASSERT_EQUAL(op_update(op, iv, lengths[i], out, &n, &done),
				CKR_ENCRYPTED_DATA_LEN_RANGE);
		op_free(op);
		op = begin(OP_SIGN, CKM_SHA256_HMAC, hmac);
		CU_ASSERT_EQUAL(op_feed(op, iv, lengths[i], &done), CKR_DATA_LEN_RANGE);
		op_free(op);
		op = begin(OP_VERIFY, CKM_SHA256_HMAC, hmac);
		CU_ASSERT_EQUAL(op_verify(op, iv, lengths[i], out, 32, &done), CKR_DATA_LEN_RANGE);
		op_free(op);
	}
	drop_keys();
}

/* Finish without any part: the digest, MAC or ciphertext of nothing. */
static void test_nothing(void)
{
	unsigned char out[64];
	CK_ULONG n = sizeof(out);
	bool done;
	struct op *op = begin(OP_DIGEST, CKM_SHA_1, NULL);

	CU_ASSERT_EQUAL(op_finish(op, out, &n, &done), CKR_OK);
	CU_ASSERT_TRUE(is_hex(out, n, "da39a3ee5e6b4b0d3255bfef95601890afd80709"));
	op_free(op);
	op = begin(OP_DIGEST, CKM_SHA_1, NULL);
	CU_ASSERT_EQUAL(op_feed(op, NULL, 0, &done), CKR_OK);
	n = sizeof(out);
	CU_ASSERT_EQUAL(op_finish(op, out, &n, &done), CKR_OK);
	CU_ASSERT_TRUE(is_hex(out, n, "da39a3ee5e6b4b0d3255bfef95601890afd80709"));
	op_free(op);
	op_free(NULL);
}

/* The operation keeps the key alive. */
static void test_key_is_counted(void)
{
	struct key *k = make_secret(CKK_GENERIC_SECRET, AES_KEY AES_KEY);
	struct op *op = begin(OP_SIGN, CKM_SHA256_HMAC, k);
	unsigned char out[32];
	CK_ULONG n = sizeof(out);
	bool done;

	key_unref(k);
	CU_ASSERT_EQUAL(op_single(op, (const CK_BYTE *)"abc", 3, out, &n, &done), CKR_OK);
	op_free(op);
}

static void test_kinds(void)
{
	static const struct {
		enum op_kind kind;
		CK_FLAGS flag;
		CK_ATTRIBUTE_TYPE usage;
	} rows[] = {
		{ OP_ENCRYPT, CKF_ENCRYPT, CKA_ENCRYPT }, { OP_DECRYPT, CKF_DECRYPT, CKA_DECRYPT },
		{ OP_DIGEST, CKF_DIGEST, 0 },		  { OP_SIGN, CKF_SIGN, CKA_SIGN },
		{ OP_VERIFY, CKF_VERIFY, CKA_VERIFY },
		{ OP_SIGN_RECOVER, CKF_SIGN_RECOVER, CKA_SIGN_RECOVER },
		{ OP_VERIFY_RECOVER, CKF_VERIFY_RECOVER, CKA_VERIFY_RECOVER },
		{ OP_WRAP, CKF_WRAP, CKA_WRAP },
		{ OP_UNWRAP, CKF_UNWRAP, CKA_UNWRAP },
		{ OP_DERIVE, CKF_DERIVE, CKA_DERIVE },
	};

	CU_ASSERT_EQUAL(ARRAY_LEN(rows), OP_ALL_KINDS);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CU_ASSERT_EQUAL(op_kind_flag(rows[i].kind), rows[i].flag);
		CU_ASSERT_EQUAL(op_kind_usage(rows[i].kind), rows[i].usage);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_sizes),
		UNIT_TEST(test_single_after_part),
		UNIT_TEST(test_no_parts),
		UNIT_TEST(test_endless),
		UNIT_TEST(test_nothing),
		UNIT_TEST(test_key_is_counted),
		UNIT_TEST(test_kinds),
	};

	return CRYPTO_RUN("op", tests);
}

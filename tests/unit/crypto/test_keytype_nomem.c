/* Memory runs out, request by request, while keys are checked, encoded and decoded. */
#include "config.h"

#include "crypto/key/keytype.h"

#include "unit/crypto_util.h"
#include "unit/ec_vectors.h"
#include "unit/nomem.h"
#include "unit/rsa_vectors.h"
#include "unit/unit.h"

#define END { 0, NULL }

static const struct {
	const char *name;
	CK_KEY_TYPE type;
	struct hex_attr priv[5];
	struct hex_attr pub[5];
} keys[] = {
	{ "RSA", CKK_RSA, { { CKA_MODULUS, RSA_N }, { CKA_PRIVATE_EXPONENT, RSA_D }, END },
	  { { CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, RSA_E }, END } },
	{ "EC", CKK_EC, { { CKA_EC_PARAMS, P256 }, { CKA_VALUE, P256_D }, END },
	  { { CKA_EC_PARAMS, P256 }, { CKA_EC_POINT, "03" P256_X }, END } },
	{ "Ed25519", CKK_EC_EDWARDS, { { CKA_EC_PARAMS, ED25519 }, { CKA_VALUE, ED25519_SEED },
				       END },
	  { { CKA_EC_PARAMS, ED25519 }, { CKA_EC_POINT, ED25519_PUB }, END } },
	{ "DSA", CKK_DSA, { { CKA_PRIME, DSA_P }, { CKA_SUBPRIME, DSA_Q }, { CKA_BASE, DSA_G },
			    { CKA_VALUE, DSA_X }, END },
	  { { CKA_PRIME, DSA_P }, { CKA_SUBPRIME, DSA_Q }, { CKA_BASE, DSA_G },
	    { CKA_VALUE, DSA_Y }, END } },
	{ "DH", CKK_DH, { { CKA_PRIME, DSA_P }, { CKA_BASE, DSA_G }, { CKA_VALUE, DSA_X }, END },
	  { { CKA_PRIME, DSA_P }, { CKA_BASE, DSA_G }, { CKA_VALUE, DSA_Y }, END } },
};

/* What is done with each key; priv and pub are copies, der is the private one's PKCS#8. */
struct trial {
	CK_KEY_TYPE type;
	struct attrset *priv;
	struct attrset *pub;
	struct secbuf *der;
};

static CK_RV complete_private(struct trial *t)
{
	return keytype_complete(CKO_PRIVATE_KEY, t->type, t->priv);
}

static CK_RV complete_public(struct trial *t)
{
	return keytype_complete(CKO_PUBLIC_KEY, t->type, t->pub);
}

static CK_RV encode(struct trial *t)
{
	struct secbuf *out = NULL;
	CK_RV rv = keytype_encode(t->type, t->priv, &out);

	CU_ASSERT((out != NULL) == (rv == CKR_OK));
	secbuf_free(out);
	return rv;
}

static CK_RV decode(struct trial *t)
{
	struct attrset *out = attrset_new(true);
	CK_RV rv = out == NULL ? CKR_HOST_MEMORY :
		keytype_decode(t->type, t->der->data, t->der->len, out);

	attrset_free(out);
	return rv;
}

static CK_RV info(struct trial *t)
{
	struct buf out = BUF_INIT;
	CK_RV rv = keytype_public_info(CKO_PRIVATE_KEY, t->type, t->priv, &out);

	if (rv == CKR_OK)
		rv = keytype_public_info_check(CKO_PUBLIC_KEY, t->type, t->pub, out.data, out.len);
	buf_free(&out);
	return rv;
}

static const struct {
	const char *name;
	CK_RV (*call)(struct trial *t);
} calls[] = {
	{ "complete private", complete_private },
	{ "complete public", complete_public },
	{ "encode", encode },
	{ "decode", decode },
	{ "public info", info },
};

/* One request more is served each time, until none fails. */
static void run_out(size_t key, size_t call)
{
	bool more = true;

	for (unsigned long n = 0; more && n < 1000; n++) {
		struct trial t = { keys[key].type, make_set(keys[key].priv),
				   make_set(keys[key].pub), NULL };
		CK_RV rv;

		CHECK(keys[key].name, keytype_encode(t.type, t.priv, &t.der) == CKR_OK);
		nomem_begin(n, NOMEM_ONCE);
		rv = calls[call].call(&t);
		more = nomem_end();
		CHECK(calls[call].name, rv == (more ? CKR_HOST_MEMORY : CKR_OK));
		secbuf_free(t.der);
		attrset_free(t.priv);
		attrset_free(t.pub);
	}
	CHECK(calls[call].name, !more);
}

static void test_run_out(void)
{
	for (size_t k = 0; k < ARRAY_LEN(keys); k++)
		for (size_t c = 0; c < ARRAY_LEN(calls); c++)
			run_out(k, c);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_run_out),
	};

	return CRYPTO_RUN("keytype_nomem", tests);
}

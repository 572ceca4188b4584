/*
 * Keys as SubjectPublicKeyInfo and PKCS#8, against OpenSSL's own encoders and decoders (in its
 * default context, which the library never touches).
 */
#include "config.h"

#include "crypto/key/keytype.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "unit/crypto_util.h"
#include "unit/ec_vectors.h"
#include "unit/rsa_vectors.h"
#include "unit/unit.h"

#define PUB CKO_PUBLIC_KEY
#define PRIV CKO_PRIVATE_KEY

/* A key pair in all its forms. */
struct pair {
	EVP_PKEY *pkey;
	struct attrset *pub;
	struct attrset *priv;
	unsigned char *spki;	/* as OpenSSL writes it */
	size_t spki_len;
	unsigned char *pkcs8;
	size_t pkcs8_len;
};

struct kind {
	const char *name;
	CK_KEY_TYPE type;
	const char *openssl;	/* its name there */
	const char *group;	/* of EC and DH */
	size_t bits;		/* of RSA */
};

static const struct kind kinds[] = {
	{ "RSA 1024", CKK_RSA, "RSA", NULL, 1024 },
	{ "RSA 2048", CKK_RSA, "RSA", NULL, 2048 },
	{ "DSA", CKK_DSA, "DSA", NULL, 0 },
	{ "DH", CKK_DH, "DH", "ffdhe2048", 0 },
	{ "P-224", CKK_EC, "EC", "P-224", 0 },
	{ "P-256", CKK_EC, "EC", "P-256", 0 },
	{ "P-384", CKK_EC, "EC", "P-384", 0 },
	{ "P-521", CKK_EC, "EC", "P-521", 0 },
	{ "secp256k1", CKK_EC, "EC", "secp256k1", 0 },
	{ "brainpoolP320r1", CKK_EC, "EC", "brainpoolP320r1", 0 },
	{ "Ed25519", CKK_EC_EDWARDS, "ED25519", NULL, 0 },
	{ "Ed448", CKK_EC_EDWARDS, "ED448", NULL, 0 },
	{ "X25519", CKK_EC_MONTGOMERY, "X25519", NULL, 0 },
	{ "X448", CKK_EC_MONTGOMERY, "X448", NULL, 0 },
	{ "ML-DSA-44", CKK_ML_DSA, "ML-DSA-44", NULL, 0 },
	{ "ML-DSA-65", CKK_ML_DSA, "ML-DSA-65", NULL, 0 },
	{ "ML-DSA-87", CKK_ML_DSA, "ML-DSA-87", NULL, 0 },
};

/* Small domain parameters take OpenSSL seconds, so the known ones serve. */
static EVP_PKEY *dsa_key(void)
{
	static const struct {
		const char *name;
		const char *hex;
	} parts[] = {
		{ OSSL_PKEY_PARAM_FFC_P, DSA_P },    { OSSL_PKEY_PARAM_FFC_Q, DSA_Q },
		{ OSSL_PKEY_PARAM_FFC_G, DSA_G },    { OSSL_PKEY_PARAM_PUB_KEY, DSA_Y },
		{ OSSL_PKEY_PARAM_PRIV_KEY, DSA_X },
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
	OSSL_PARAM params[ARRAY_LEN(parts) + 1];
	static unsigned char native[ARRAY_LEN(parts)][256];
	EVP_PKEY *pkey = NULL;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct bytes be = unhex(parts[i].hex);
		BIGNUM *n = BN_bin2bn(be.data, (int)be.len, NULL);

		BN_bn2nativepad(n, native[i], (int)be.len);
		BN_free(n);
		params[i] = OSSL_PARAM_construct_BN(parts[i].name, native[i], be.len);
	}
	params[ARRAY_LEN(parts)] = OSSL_PARAM_construct_end();
	if (EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static EVP_PKEY *group_key(const struct kind *k)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, k->openssl, NULL);
	EVP_PKEY *pkey = NULL;

	if (EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_CTX_set_group_name(ctx, k->group) != 1 ||
	    EVP_PKEY_generate(ctx, &pkey) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static EVP_PKEY *make(const struct kind *k)
{
	if (k->type == CKK_DSA)
		return dsa_key();
	if (k->group != NULL)
		return group_key(k);
	if (k->bits != 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, k->openssl, k->bits);
	return EVP_PKEY_Q_keygen(NULL, NULL, k->openssl);
}

/* false: this OpenSSL has no such keys. */
static bool open_pair(const struct kind *k, struct pair *p)
{
	PKCS8_PRIV_KEY_INFO *info;
	CK_KEY_TYPE type = CK_UNAVAILABLE_INFORMATION;

	memset(p, 0, sizeof(*p));
	p->pkey = make(k);
	if (p->pkey == NULL) {
		CHECK(k->name, k->type == CKK_ML_DSA);
		return false;
	}
	p->pub = attrset_new(true);
	p->priv = attrset_new(true);
	CHECK(k->name, keytype_from_pkey(p->pkey, &type, p->pub, p->priv) == CKR_OK);
	CHECK(k->name, type == k->type);
	p->spki_len = (size_t)i2d_PUBKEY(p->pkey, &p->spki);
	info = EVP_PKEY2PKCS8(p->pkey);
	p->pkcs8_len = (size_t)i2d_PKCS8_PRIV_KEY_INFO(info, &p->pkcs8);
	PKCS8_PRIV_KEY_INFO_free(info);
	return true;
}

static void close_pair(struct pair *p)
{
	EVP_PKEY_free(p->pkey);
	attrset_free(p->pub);
	attrset_free(p->priv);
	OPENSSL_free(p->spki);
	OPENSSL_free(p->pkcs8);
}

static void with_each(void (*check)(const struct kind *k, const struct pair *p))
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct pair p;

		if (!open_pair(&kinds[i], &p))
			continue;
		check(&kinds[i], &p);
		close_pair(&p);
	}
}

/* Every part of a is in b, with the same value. */
static bool contains(const struct attrset *b, const struct attrset *a)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct attr *other = attrset_get(b, a->items[i].type);

		if (other == NULL || !attr_equal(&a->items[i], other))
			return false;
	}
	return true;
}

/* From the public and from the private parts, byte for byte what OpenSSL writes. */
static void check_public_info(const struct kind *k, const struct pair *p)
{
	const CK_OBJECT_CLASS classes[] = { PUB, PRIV };
	EVP_PKEY *read = NULL;

	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		const struct attrset *parts = classes[i] == PUB ? p->pub : p->priv;
		struct buf der = BUF_INIT;
		const unsigned char *d;

		CHECK(k->name, keytype_public_info(classes[i], k->type, parts, &der) == CKR_OK);
		/* OpenSSL adds the length of private values of a DH group that it knows */
		CHECK(k->name, k->type == CKK_DH ||
		      (der.len == p->spki_len && memcmp(der.data, p->spki, der.len) == 0));
		d = der.data;
		read = d2i_PUBKEY(NULL, &d, (long)der.len);
		CHECK(k->name, read != NULL && d == der.data + der.len);
		CHECK(k->name, read != NULL && EVP_PKEY_eq(read, p->pkey) == 1);
		EVP_PKEY_free(read);
		CHECK(k->name, keytype_public_info_check(classes[i], k->type, parts, p->spki,
							 p->spki_len) == CKR_OK);
		CHECK(k->name, keytype_public_info_check(classes[i], k->type, parts, p->spki,
							 p->spki_len - 1) ==
		      CKR_ATTRIBUTE_VALUE_INVALID);
		buf_free(&der);
	}
}

static void test_public_info(void)
{
	with_each(check_public_info);
}

static void check_encode(const struct kind *k, const struct pair *p)
{
	struct secbuf *der = NULL;
	const unsigned char *d;
	EVP_PKEY *read = NULL;

	CHECK(k->name, keytype_encode(k->type, p->priv, &der) == CKR_OK);
	if (der == NULL)
		return;
	/* DH: as above */
	CHECK(k->name, k->type == CKK_DH ||
	      (der->len == p->pkcs8_len && memcmp(der->data, p->pkcs8, der->len) == 0));
	d = der->data;
	read = d2i_AutoPrivateKey(NULL, &d, (long)der->len);
	CHECK(k->name, read != NULL && d == der->data + der->len);
	CHECK(k->name, read != NULL && EVP_PKEY_eq(read, p->pkey) == 1);
	EVP_PKEY_free(read);
	secbuf_free(der);
}

static void test_encode(void)
{
	with_each(check_encode);
}

static CK_RV decode(CK_KEY_TYPE type, const unsigned char *der, size_t len, struct attrset **out)
{
	*out = attrset_new(true);
	return keytype_decode(type, der, len, *out);
}

static void check_decode(const struct kind *k, const struct pair *p)
{
	struct secbuf *padded = secbuf_new(p->pkcs8_len + 16);
	struct attrset *priv = NULL;

	CHECK(k->name, decode(k->type, p->pkcs8, p->pkcs8_len, &priv) == CKR_OK);
	CHECK(k->name, contains(priv, p->priv));
	attrset_free(priv);
	/* the padding of a wrapped key */
	memcpy(padded->data, p->pkcs8, p->pkcs8_len);
	CHECK(k->name, decode(k->type, padded->data, padded->len, &priv) == CKR_OK);
	CHECK(k->name, contains(priv, p->priv));
	attrset_free(priv);
	secbuf_free(padded);
	for (size_t n = 0; n < p->pkcs8_len; n += n < 64 ? 1 : 97) {
		CHECK(k->name, decode(k->type, p->pkcs8, n, &priv) == CKR_WRAPPED_KEY_INVALID);
		attrset_free(priv);
	}
}

static void test_decode(void)
{
	with_each(check_decode);
}

/* No type takes the keys of another, but for old habits. */
static void check_types(const struct kind *k, const struct pair *p)
{
	static const CK_KEY_TYPE types[] = { CKK_RSA, CKK_DSA, CKK_DH, CKK_EC, CKK_EC_EDWARDS,
					     CKK_EC_MONTGOMERY, CKK_ML_DSA };

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		bool fits = types[i] == k->type ||
			    (types[i] == CKK_EC_EDWARDS && k->type == CKK_EC_MONTGOMERY);
		struct attrset *priv = NULL;
		CK_RV rv = decode(types[i], p->pkcs8, p->pkcs8_len, &priv);

		CHECK(k->name, fits ? rv == CKR_OK : rv == CKR_WRAPPED_KEY_INVALID);
		attrset_free(priv);
	}
}

static void test_types(void)
{
	with_each(check_types);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_public_info),
		UNIT_TEST(test_encode),
		UNIT_TEST(test_decode),
		UNIT_TEST(test_types),
	};

	return CRYPTO_RUN("pkcs8", tests);
}

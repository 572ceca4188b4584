/* Keys out of keys: published vectors, parameters that are refused, which end is cut. */
#include "config.h"

#include "crypto/mech/derive.h"

#include <string.h>

#include "common/reason.h"
#include "crypto/ossl/ossl.h"
#include "unit/crypto_util.h"
#include "unit/ec_vectors.h"
#include "unit/unit.h"

#define ZEROS_32 "0000000000000000000000000000000000000000000000000000000000000000"
#define CURVE25519 "130a63757276653235353139"
#define CURVE448 "13086375727665343438"

static CK_RV derive(CK_MECHANISM m, struct key *base, struct key *other, size_t want,
		    struct bytes *out)
{
	const struct mech *row = mech_find(m.mechanism);
	const struct derive_input in = { &m, base, other, want };
	struct secbuf *secret = NULL;
	CK_RV rv;

	CU_ASSERT_PTR_NOT_NULL_FATAL(row);
	rv = derive_bytes(row, &in, &secret);
	if (rv == CKR_OK) {
		CU_ASSERT_FATAL(secret->len > 0 && secret->len <= sizeof(out->data));
		CU_ASSERT(want == 0 || secret->len == want);
		memcpy(out->data, secret->data, secret->len);
		out->len = secret->len;
	}
	secbuf_free(secret);
	return rv;
}

static struct key *private_key(CK_KEY_TYPE type, const char *params, const char *value)
{
	const struct hex_attr attrs[] = { { CKA_EC_PARAMS, params }, { CKA_VALUE, value },
					  { 0, NULL } };

	return make_key(CKO_PRIVATE_KEY, type, attrs);
}

/* NIST's ECC CDH vectors (count 0 of P-256), RFC 7748 sections 6.1 and 6.2. */
static const struct agreement {
	const char *name;
	CK_KEY_TYPE type;
	const char *params;
	const char *value;
	const char *peer;
	const char *peer_der;	/* the header of its OCTET STRING */
	const char *secret;
} agreements[] = {
	{ "P-256", CKK_EC, P256,
	  "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
	  "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
	  "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac", "0441",
	  "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b" },
	{ "P-256, compressed", CKK_EC, P256,
	  "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
	  "02700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287", "0421",
	  "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b" },
	{ "X25519", CKK_EC_MONTGOMERY, CURVE25519,
	  "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
	  "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f", "0420",
	  "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
	{ "X448", CKK_EC_EDWARDS, CURVE448,
	  "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf5"
	  "74a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
	  "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972"
	  "fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609", "0438",
	  "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56"
	  "fd2464c335543936521c24403085d59a449a5037514a879d" },
};

static CK_RV agree(const struct agreement *a, const char *header, size_t want, struct bytes *out)
{
	struct key *base = private_key(a->type, a->params, a->value);
	struct bytes peer = unhex(header), point = unhex(a->peer);
	CK_ECDH1_DERIVE_PARAMS p = { CKD_NULL, 0, NULL, peer.len + point.len, peer.data };
	CK_MECHANISM m = MECH_WITH(CKM_ECDH1_DERIVE, &p);
	CK_RV rv;

	CU_ASSERT_PTR_NOT_NULL_FATAL(base);
	memcpy(peer.data + peer.len, point.data, point.len);
	rv = derive(m, base, NULL, want, out);
	key_unref(base);
	return rv;
}

static void test_agreements(void)
{
	for (size_t i = 0; i < ARRAY_LEN(agreements); i++) {
		const struct agreement *a = &agreements[i];
		size_t all = strlen(a->secret) / 2;
		struct bytes out;

		CHECK(a->name, agree(a, "", 0, &out) == CKR_OK);
		CHECK(a->name, is_hex(out.data, out.len, a->secret));
		CHECK(a->name, agree(a, a->peer_der, all, &out) == CKR_OK);
		CHECK(a->name, is_hex(out.data, out.len, a->secret));
		CHECK(a->name, agree(a, "", 16, &out) == CKR_OK);
		CHECK(a->name, is_hex(out.data, out.len, a->secret + 2 * (all - 16)));
		CHECK(a->name, agree(a, "", all + 1, &out) == CKR_KEY_SIZE_RANGE);
	}
}

/* --- Diffie-Hellman modulo a prime --- */

/*
 * The group of 1024 bits of RFC 2409; the other party's value was chosen so that the secret begins
 * with a zero byte. Computed with big integers alone.
 */
#define DH_PRIME \
	"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22" \
	"514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6" \
	"f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381" \
	"ffffffffffffffff"
/* one less, two less, one more */
#define DH_HEAD \
	"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22" \
	"514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6" \
	"f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381"
#define DH_PRIME_1 DH_HEAD "fffffffffffffffe"
#define DH_PRIME_2 DH_HEAD "fffffffffffffffd"
#define DH_VALUE "eab4ce8ff7ac1292c2a41d639c48d6bcc9d79633cfcab292d241b4262b57766a"
#define DH_PUBLIC \
	"34751ca83f2c9661b55461c773816b747544b37fddd43961c8eee6da68707b3d59966bba48c5b812" \
	"fa7c6884a66fde5d5c4c651ead72e1dbada78b466fe9c90d5d3ffad25e129fad481685e4d467d5fb" \
	"5d39cec30c73246a1da19b4bc3b950fdbaab3a9fa7c9ae6cdc9dd6f107ae6a0a4cbbbf2c3dfb4754" \
	"18d3ef4ed60187f9"
#define DH_PEER \
	"de1556d481f3f58cb83b5c86a58b3e9571e1b06e7b260b1715da59920af38ae90f001e148fbfaad3" \
	"1b00ac9a2f43f63ba44a0f2d81d98cbbbfe3dacd23fbdbb31907706846d153c77c99d9b390a25091" \
	"f3f62064d809687ff9a3a7cb714a13ddb1679d06a929de991775309da066f55a39c7f90fecc30017" \
	"f0f2e93067d040cc"
#define DH_SECRET \
	"00c1baf3570356d0d80be00ec0a4eaf8e2f57a586afd7291d240a5109142c75f1bb60793ff07c4cd" \
	"6fc64acb06c391d3a4dfe2f22a0c21669c144f0c866c5a70728edb2d586e877d95d9f0c8f54129ce" \
	"d1418bec3c15de3789f1bc2c059cf0327adf45564fd283bea79094b44fa37faf9e243ee4d8a1358e" \
	"2fc5ca86fc183405"

static struct key *dh_key(void)
{
	static const struct hex_attr attrs[] = { { CKA_PRIME, DH_PRIME }, { CKA_BASE, "02" },
						 { CKA_VALUE, DH_VALUE }, { 0, NULL } };
	struct key *k = make_key(CKO_PRIVATE_KEY, CKK_DH, attrs);

	CU_ASSERT_PTR_NOT_NULL_FATAL(k);
	return k;
}

static const struct {
	const char *name;
	const char *peer;
	size_t want;
	CK_RV expected;
	const char *secret;
} dh_rows[] = {
	{ "all, with its zero byte", DH_PEER, 0, CKR_OK, DH_SECRET },
	{ "all, asked for", DH_PEER, 128, CKR_OK, DH_SECRET },
	{ "the last bytes", DH_PEER, 8, CKR_OK, "2fc5ca86fc183405" },
	{ "zeros in front", "000000" DH_PEER, 8, CKR_OK, "2fc5ca86fc183405" },
	{ "more than there are", DH_PEER, 129, CKR_KEY_SIZE_RANGE, NULL },
	{ "2, the least", "02", 0, CKR_OK, DH_PUBLIC },
	{ "p - 2, the most", DH_PRIME_2, 8, CKR_OK, NULL },
	{ "0", "00", 0, CKR_MECHANISM_PARAM_INVALID, NULL },
	{ "1", "01", 0, CKR_MECHANISM_PARAM_INVALID, NULL },
	{ "1, with zeros", "0000000001", 0, CKR_MECHANISM_PARAM_INVALID, NULL },
	{ "p - 1", DH_PRIME_1, 0, CKR_MECHANISM_PARAM_INVALID, NULL },
	{ "p", DH_PRIME, 0, CKR_MECHANISM_PARAM_INVALID, NULL },
	{ "longer than p", "01" DH_PEER, 0, CKR_MECHANISM_PARAM_INVALID, NULL },
	{ "nothing", "", 0, CKR_MECHANISM_PARAM_INVALID, NULL },
};

static void test_dh(void)
{
	struct key *base = dh_key();

	for (size_t i = 0; i < ARRAY_LEN(dh_rows); i++) {
		struct bytes peer = unhex(dh_rows[i].peer), out;
		CK_MECHANISM m = { CKM_DH_PKCS_DERIVE, peer.data, peer.len };

		CHECK(dh_rows[i].name, derive(m, base, NULL, dh_rows[i].want, &out) ==
		      dh_rows[i].expected);
		if (dh_rows[i].secret != NULL)
			CHECK(dh_rows[i].name, is_hex(out.data, out.len, dh_rows[i].secret));
	}
	key_unref(base);
}

/* In a group that OpenSSL knows; a public value of our own is as good as another's. */
static void test_dh_named_group(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
	EVP_PKEY *pkey = NULL;
	struct attrset *pub = attrset_new(true), *priv = attrset_new(true);
	struct key *base = NULL;
	CK_MECHANISM m = { CKM_DH_PKCS_DERIVE, NULL, 0 };
	struct bytes out;
	CK_KEY_TYPE type;
	const unsigned char *value;
	size_t len;

	CU_ASSERT_FATAL(EVP_PKEY_keygen_init(ctx) == 1 &&
			EVP_PKEY_CTX_set_group_name(ctx, "ffdhe2048") == 1 &&
			EVP_PKEY_generate(ctx, &pkey) == 1);
	CU_ASSERT_FATAL(keytype_from_pkey(pkey, &type, pub, priv) == CKR_OK);
	CU_ASSERT_FATAL(keytype_load(CKO_PRIVATE_KEY, CKK_DH, priv, &base) == CKR_OK);
	CU_ASSERT_TRUE_FATAL(attrset_bytes(pub, CKA_VALUE, &value, &len));
	m.pParameter = (void *)(uintptr_t)value;
	m.ulParameterLen = len;
	CU_ASSERT_EQUAL(derive(m, base, NULL, 0, &out), CKR_OK);
	CU_ASSERT_EQUAL(out.len, 256);
	key_unref(base);
	attrset_free(pub);
	attrset_free(priv);
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(ctx);
}

/* --- key derivation functions of ECDH --- */

static const struct {
	const char *md;
	CK_EC_KDF_TYPE kdf;
} kdfs[] = {
	{ "SHA1", CKD_SHA1_KDF },	  { "SHA224", CKD_SHA224_KDF },
	{ "SHA256", CKD_SHA256_KDF },	  { "SHA384", CKD_SHA384_KDF },
	{ "SHA512", CKD_SHA512_KDF },	  { "SHA3-224", CKD_SHA3_224_KDF },
	{ "SHA3-256", CKD_SHA3_256_KDF }, { "SHA3-384", CKD_SHA3_384_KDF },
	{ "SHA3-512", CKD_SHA3_512_KDF },
};

/* ANSI X9.63 section 5.6.3: hash(secret, counter from 1, shared data), as often as it takes. */
static void x963(const char *md, const struct bytes *secret, const struct bytes *shared,
		 size_t want, unsigned char *out)
{
	for (unsigned char counter = 1; want > 0; counter++) {
		const unsigned char number[4] = { 0, 0, 0, counter };
		unsigned char hash[EVP_MAX_MD_SIZE];
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		unsigned n = 0;
		size_t part;

		CU_ASSERT_FATAL(EVP_DigestInit_ex(ctx, ossl_md(md), NULL) == 1 &&
				EVP_DigestUpdate(ctx, secret->data, secret->len) == 1 &&
				EVP_DigestUpdate(ctx, number, sizeof(number)) == 1 &&
				EVP_DigestUpdate(ctx, shared->data, shared->len) == 1 &&
				EVP_DigestFinal_ex(ctx, hash, &n) == 1);
		EVP_MD_CTX_free(ctx);
		part = want < n ? want : n;
		memcpy(out, hash, part);
		out += part;
		want -= part;
	}
}

/* want is 0 in one row: as many bytes as the secret has. */
static void check_kdf(size_t k, const struct agreement *a, const char *shared_hex, size_t want)
{
	struct key *base = private_key(a->type, a->params, a->value);
	struct bytes point = unhex(a->peer), secret = unhex(a->secret), out = { 0, { 0 } };
	struct bytes shared = unhex(shared_hex);
	size_t len = want > 0 ? want : secret.len;
	CK_ECDH1_DERIVE_PARAMS p = { kdfs[k].kdf, shared.len, shared.len > 0 ? shared.data : NULL,
				     point.len, point.data };
	CK_MECHANISM m = MECH_WITH(CKM_ECDH1_DERIVE, &p);
	unsigned char expected[256];

	x963(kdfs[k].md, &secret, &shared, len, expected);
	CHECK(kdfs[k].md, derive(m, base, NULL, want, &out) == CKR_OK);
	CHECK(kdfs[k].md, out.len == len && memcmp(out.data, expected, len) == 0);
	key_unref(base);
}

static void test_kdfs(void)
{
	static const size_t wants[] = { 0, 1, 16, 20, 32, 64, 65, 200 };
	struct key *base = private_key(CKK_EC_MONTGOMERY, CURVE25519, agreements[2].value);
	struct bytes point = unhex(agreements[2].peer), out;
	CK_ECDH1_DERIVE_PARAMS p = { CKD_SHA256_KDF, 0, NULL, point.len, point.data };
	CK_MECHANISM m = MECH_WITH(CKM_ECDH1_DERIVE, &p);

	CU_ASSERT_EQUAL(derive(m, base, NULL, SIZE_MAX, &out), CKR_KEY_SIZE_RANGE);
	key_unref(base);

	for (size_t k = 0; k < ARRAY_LEN(kdfs); k++) {
		for (size_t i = 0; i < ARRAY_LEN(wants); i++) {
			check_kdf(k, &agreements[0], "", wants[i]);
			check_kdf(k, &agreements[2], "75eef81aa3041e33b80971203d2c0c52", wants[i]);
		}
	}
}

/* The public point is not on the curve, of small order, or none at all. */
static const struct {
	const char *name;
	const struct agreement *base;
	const char *point;
} points[] = {
	{ "P-256: not on the curve", &agreements[0],
	  "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
	  "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ad" },
	{ "P-256: zeros", &agreements[0], "04" ZEROS_32 ZEROS_32 },
	{ "P-256: infinity", &agreements[0], "00" },
	{ "P-256: one byte short", &agreements[0],
	  "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
	  "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4" },
	{ "P-256: another OCTET STRING", &agreements[0], "0420" ZEROS_32 },
	{ "P-256: bytes behind the OCTET STRING", &agreements[0],
	  "044104700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
	  "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac00" },
	{ "P-256: unknown form", &agreements[0],
	  "05700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287" },
	{ "X25519: order 1", &agreements[2], ZEROS_32 },
	{ "X25519: order 8", &agreements[2],
	  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800" },
	{ "X25519: 31 bytes", &agreements[2],
	  "00000000000000000000000000000000000000000000000000000000000000" },
	{ "X448: order 1", &agreements[3],
	  ZEROS_32 "000000000000000000000000000000000000000000000000" },
};

static void test_points(void)
{
	for (size_t i = 0; i < ARRAY_LEN(points); i++) {
		struct agreement a = *points[i].base;
		struct bytes out;

		a.peer = points[i].point;
		CHECK(points[i].name, agree(&a, "", 0, &out) == CKR_MECHANISM_PARAM_INVALID);
	}
}

/* --- parameters --- */

static CK_BYTE data[32] = { 1, 2, 3 };
static CK_BYTE point[32] = { 9 };
static CK_BYTE vast[2];			/* said to be vast; nobody may look behind its end */

#define HUGE ((CK_ULONG)-1)

static CK_ECDH1_DERIVE_PARAMS ecdh_kdf_0 = { 0, 0, NULL, 32, point };
static CK_ECDH1_DERIVE_PARAMS ecdh_kdf_asn1 = { CKD_SHA1_KDF_ASN1, 0, NULL, 32, point };
static CK_ECDH1_DERIVE_PARAMS ecdh_shared = { CKD_NULL, 3, data, 32, point };
static CK_ECDH1_DERIVE_PARAMS ecdh_shared_0 = { CKD_NULL, 0, data, 32, point };
static CK_ECDH1_DERIVE_PARAMS ecdh_shared_null = { CKD_SHA256_KDF, HUGE, NULL, 32, point };
static CK_ECDH1_DERIVE_PARAMS ecdh_shared_huge = { CKD_SHA256_KDF, HUGE, vast, 32, point };
static CK_ECDH1_DERIVE_PARAMS ecdh_public_null = { CKD_NULL, 0, NULL, HUGE, NULL };
static CK_ECDH1_DERIVE_PARAMS ecdh_public_none = { CKD_NULL, 0, NULL, 0, point };
static CK_ECDH1_DERIVE_PARAMS ecdh_public_huge = { CKD_NULL, 0, NULL, HUGE, vast };
static CK_ECDH1_DERIVE_PARAMS ecdh_good = { CKD_NULL, 0, NULL, 32, point };
static CK_KEY_DERIVATION_STRING_DATA string_good = { data, 32 };
static CK_KEY_DERIVATION_STRING_DATA string_odd = { data, 31 };
static CK_KEY_DERIVATION_STRING_DATA string_none = { data, 0 };
static CK_KEY_DERIVATION_STRING_DATA string_null = { NULL, HUGE };
static CK_KEY_DERIVATION_STRING_DATA string_huge = { vast, HUGE };
static CK_AES_CBC_ENCRYPT_DATA_PARAMS aes_cbc_good = { { 0 }, data, 32 };
static CK_AES_CBC_ENCRYPT_DATA_PARAMS aes_cbc_odd = { { 0 }, data, 24 };
static CK_AES_CBC_ENCRYPT_DATA_PARAMS aes_cbc_null = { { 0 }, NULL, 32 };
static CK_DES_CBC_ENCRYPT_DATA_PARAMS des_cbc_good = { { 0 }, data, 32 };
static CK_DES_CBC_ENCRYPT_DATA_PARAMS des_cbc_odd = { { 0 }, data, 12 };
static CK_OBJECT_HANDLE handle = 77;

/* The base keys of the table. */
enum base { AES, DES_2, GENERIC, P256_PRIVATE, X25519_PRIVATE, ED25519_PRIVATE, P256_PUBLIC, DH_KEY,
	    BASES };

static void make_bases(struct key *bases[BASES])
{
	static const struct hex_attr public_parts[] = { { CKA_EC_PARAMS, P256 },
							{ CKA_EC_POINT, P256_POINT }, { 0, NULL } };

	bases[AES] = make_secret(CKK_AES, AES_KEY);
	bases[DES_2] = make_secret(CKK_DES2, AES_KEY);
	bases[GENERIC] = make_secret(CKK_GENERIC_SECRET, "0102030405");
	bases[P256_PRIVATE] = private_key(CKK_EC, P256, P256_D);
	bases[X25519_PRIVATE] = private_key(CKK_EC_MONTGOMERY, CURVE25519, agreements[2].value);
	bases[ED25519_PRIVATE] = private_key(CKK_EC_EDWARDS, ED25519, agreements[2].value);
	bases[P256_PUBLIC] = make_key(CKO_PUBLIC_KEY, CKK_EC, public_parts);
	bases[DH_KEY] = dh_key();
	for (size_t i = 0; i < BASES; i++)
		CU_ASSERT_PTR_NOT_NULL_FATAL(bases[i]);
}

static const struct {
	const char *name;
	CK_MECHANISM m;
	enum base base;
	CK_RV expected;
} params[] = {
#define P(type, p) { CKM_##type, &(p), sizeof(p) }
#define NONE(type) { CKM_##type, NULL, 0 }
#define WRONG CKR_MECHANISM_PARAM_INVALID
	{ "DH: none", NONE(DH_PKCS_DERIVE), DH_KEY, WRONG },
	{ "DH: NULL of a length", { CKM_DH_PKCS_DERIVE, NULL, HUGE }, DH_KEY, WRONG },
	{ "DH: key is AES", P(DH_PKCS_DERIVE, data), AES, CKR_KEY_TYPE_INCONSISTENT },
	{ "ECDH: none", NONE(ECDH1_DERIVE), X25519_PRIVATE, WRONG },
	{ "ECDH: short", { CKM_ECDH1_DERIVE, &ecdh_good, 32 }, X25519_PRIVATE, WRONG },
	{ "ECDH: kdf 0", P(ECDH1_DERIVE, ecdh_kdf_0), X25519_PRIVATE, WRONG },
	{ "ECDH: kdf not offered", P(ECDH1_DERIVE, ecdh_kdf_asn1), X25519_PRIVATE, WRONG },
	{ "ECDH: CKD_NULL, shared data", P(ECDH1_DERIVE, ecdh_shared), X25519_PRIVATE, WRONG },
	{ "ECDH: CKD_NULL, no bytes of it", P(ECDH1_DERIVE, ecdh_shared_0), X25519_PRIVATE,
	  WRONG },
	{ "ECDH: shared data NULL", P(ECDH1_DERIVE, ecdh_shared_null), X25519_PRIVATE, WRONG },
	{ "ECDH: shared data huge", P(ECDH1_DERIVE, ecdh_shared_huge), X25519_PRIVATE, WRONG },
	{ "ECDH: public data NULL", P(ECDH1_DERIVE, ecdh_public_null), X25519_PRIVATE, WRONG },
	{ "ECDH: public data empty", P(ECDH1_DERIVE, ecdh_public_none), X25519_PRIVATE, WRONG },
	{ "ECDH: public data huge", P(ECDH1_DERIVE, ecdh_public_huge), P256_PRIVATE, WRONG },
	{ "ECDH: good", P(ECDH1_DERIVE, ecdh_good), X25519_PRIVATE, CKR_OK },
	{ "ECDH: point of another curve", P(ECDH1_DERIVE, ecdh_good), P256_PRIVATE, WRONG },
	{ "ECDH: key signs", P(ECDH1_DERIVE, ecdh_good), ED25519_PRIVATE,
	  CKR_KEY_TYPE_INCONSISTENT },
	{ "ECDH: key is public", P(ECDH1_DERIVE, ecdh_good), P256_PUBLIC,
	  CKR_KEY_TYPE_INCONSISTENT },
	{ "ECDH: key is generic", P(ECDH1_DERIVE, ecdh_good), GENERIC, CKR_KEY_TYPE_INCONSISTENT },
	{ "AES-ECB: none", NONE(AES_ECB_ENCRYPT_DATA), AES, WRONG },
	{ "AES-ECB: good", P(AES_ECB_ENCRYPT_DATA, string_good), AES, CKR_OK },
	{ "AES-ECB: 31 bytes", P(AES_ECB_ENCRYPT_DATA, string_odd), AES, WRONG },
	{ "AES-ECB: no bytes", P(AES_ECB_ENCRYPT_DATA, string_none), AES, WRONG },
	{ "AES-ECB: NULL", P(AES_ECB_ENCRYPT_DATA, string_null), AES, WRONG },
	{ "AES-ECB: huge", P(AES_ECB_ENCRYPT_DATA, string_huge), AES, WRONG },
	{ "AES-ECB: CBC's", P(AES_ECB_ENCRYPT_DATA, aes_cbc_good), AES, WRONG },
	{ "AES-ECB: key is DES2", P(AES_ECB_ENCRYPT_DATA, string_good), DES_2,
	  CKR_KEY_TYPE_INCONSISTENT },
	{ "AES-CBC: good", P(AES_CBC_ENCRYPT_DATA, aes_cbc_good), AES, CKR_OK },
	{ "AES-CBC: 24 bytes", P(AES_CBC_ENCRYPT_DATA, aes_cbc_odd), AES, WRONG },
	{ "AES-CBC: NULL", P(AES_CBC_ENCRYPT_DATA, aes_cbc_null), AES, WRONG },
	{ "AES-CBC: DES's", P(AES_CBC_ENCRYPT_DATA, des_cbc_good), AES, WRONG },
	{ "AES-CBC: key is generic", P(AES_CBC_ENCRYPT_DATA, aes_cbc_good), GENERIC,
	  CKR_KEY_TYPE_INCONSISTENT },
	{ "DES3-ECB: good", P(DES3_ECB_ENCRYPT_DATA, string_good), DES_2, CKR_OK },
	{ "DES3-ECB: 31 bytes", P(DES3_ECB_ENCRYPT_DATA, string_odd), DES_2, WRONG },
	{ "DES3-CBC: good", P(DES3_CBC_ENCRYPT_DATA, des_cbc_good), DES_2, CKR_OK },
	{ "DES3-CBC: 12 bytes", P(DES3_CBC_ENCRYPT_DATA, des_cbc_odd), DES_2, WRONG },
	{ "DES3-CBC: AES's", P(DES3_CBC_ENCRYPT_DATA, aes_cbc_good), DES_2, WRONG },
	{ "DES-ECB: key is DES2", P(DES_ECB_ENCRYPT_DATA, string_good), DES_2,
	  CKR_KEY_TYPE_INCONSISTENT },
	{ "DES3-CBC: key is AES", P(DES3_CBC_ENCRYPT_DATA, des_cbc_good), AES,
	  CKR_KEY_TYPE_INCONSISTENT },
	{ "base, data: none", NONE(CONCATENATE_BASE_AND_DATA), GENERIC, WRONG },
	{ "base, data: no bytes", P(CONCATENATE_BASE_AND_DATA, string_none), GENERIC, WRONG },
	{ "base, data: NULL", P(CONCATENATE_BASE_AND_DATA, string_null), GENERIC, WRONG },
	{ "base, data: huge", P(CONCATENATE_BASE_AND_DATA, string_huge), GENERIC, WRONG },
	{ "base, data: key is private", P(CONCATENATE_BASE_AND_DATA, string_good), P256_PRIVATE,
	  CKR_KEY_TYPE_INCONSISTENT },
	{ "data, base: NULL", P(CONCATENATE_DATA_AND_BASE, string_null), AES, WRONG },
	{ "data, base: good", P(CONCATENATE_DATA_AND_BASE, string_odd), AES, CKR_OK },
	{ "base, key: without the other", P(CONCATENATE_BASE_AND_KEY, handle), AES,
	  CKR_KEY_TYPE_INCONSISTENT },
	{ "no derivation", NONE(SHA256), AES, CKR_MECHANISM_INVALID },
	{ "no derivation, with its key", NONE(AES_ECB), AES, CKR_MECHANISM_INVALID },
};

static void test_params(void)
{
	struct key *bases[BASES];

	make_bases(bases);
	for (size_t i = 0; i < ARRAY_LEN(params); i++) {
		struct bytes out;

		reason_clear();
		CHECK(params[i].name, derive(params[i].m, bases[params[i].base], NULL, 0, &out) ==
		      params[i].expected);
		if (params[i].expected != CKR_OK && params[i].expected != CKR_MECHANISM_INVALID)
			CHECK(params[i].name, reason_text() != NULL);
		if (params[i].expected == CKR_MECHANISM_PARAM_INVALID)
			CHECK(params[i].name, strstr(reason_text(), " parameter: ") != NULL);
	}
	for (size_t i = 0; i < BASES; i++)
		key_unref(bases[i]);
}

/* --- data --- */

/* NIST SP 800-38A F.1.1 and F.2.1, SP 800-67 appendix B.1. */
#define BLOCKS "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
#define IV "000102030405060708090a0b0c0d0e0f"
#define TDEA_KEY "0123456789abcdef23456789abcdef01456789abcdef0123"
#define TDEA_TEXT "54686520717566636b2062726f776e20666f78206a756d70"

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_KEY_TYPE base;
	const char *key;
	const char *iv;
	const char *data;
	const char *out;
} encrypted[] = {
	{ "AES-ECB", CKM_AES_ECB_ENCRYPT_DATA, CKK_AES, AES_KEY, NULL, BLOCKS,
	  "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf" },
	{ "AES-CBC", CKM_AES_CBC_ENCRYPT_DATA, CKK_AES, AES_KEY, IV, BLOCKS,
	  "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2" },
	{ "DES3-ECB", CKM_DES3_ECB_ENCRYPT_DATA, CKK_DES3, TDEA_KEY, NULL, TDEA_TEXT,
	  "a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900" },
	/* the first block alone is the same when the IV is zero */
	{ "DES3-CBC", CKM_DES3_CBC_ENCRYPT_DATA, CKK_DES3, TDEA_KEY, "0000000000000000",
	  "5468652071756663", "a826fd8ce53b855f" },
	/* FIPS 81 */
	{ "DES-ECB", CKM_DES_ECB_ENCRYPT_DATA, CKK_DES, "0123456789abcdef", NULL,
	  "4e6f77206973207468652074696d6520666f7220616c6c20",
	  "3fa40e8a984d48156a271787ab8883f9893d51ec4b563b53" },
	{ "DES-CBC", CKM_DES_CBC_ENCRYPT_DATA, CKK_DES, "0123456789abcdef", "1234567890abcdef",
	  "4e6f77206973207468652074696d6520666f7220616c6c20",
	  "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6" },
};

static CK_RV encrypt_data(size_t i, size_t want, struct bytes *out)
{
	struct key *base = make_secret(encrypted[i].base, encrypted[i].key);
	struct bytes text = unhex(encrypted[i].data), start = unhex(encrypted[i].iv);
	CK_KEY_DERIVATION_STRING_DATA ecb = { text.data, text.len };
	CK_AES_CBC_ENCRYPT_DATA_PARAMS aes = { { 0 }, text.data, text.len };
	CK_DES_CBC_ENCRYPT_DATA_PARAMS des = { { 0 }, text.data, text.len };
	CK_MECHANISM m = { encrypted[i].type, &ecb, sizeof(ecb) };
	CK_RV rv;

	memcpy(aes.iv, start.data, sizeof(aes.iv));
	memcpy(des.iv, start.data, sizeof(des.iv));
	if (start.len == 16)
		m = (CK_MECHANISM){ encrypted[i].type, &aes, sizeof(aes) };
	else if (start.len == 8)
		m = (CK_MECHANISM){ encrypted[i].type, &des, sizeof(des) };
	rv = derive(m, base, NULL, want, out);
	key_unref(base);
	return rv;
}

static void test_encrypted(void)
{
	for (size_t i = 0; i < ARRAY_LEN(encrypted); i++) {
		size_t all = strlen(encrypted[i].out) / 2;
		struct bytes out;

		CHECK(encrypted[i].name, encrypt_data(i, 0, &out) == CKR_OK);
		CHECK(encrypted[i].name, is_hex(out.data, out.len, encrypted[i].out));
		CHECK(encrypted[i].name, encrypt_data(i, all - 1, &out) == CKR_OK);
		out.data[all - 1] = unhex(encrypted[i].out).data[all - 1];
		CHECK(encrypted[i].name, is_hex(out.data, all, encrypted[i].out));
		CHECK(encrypted[i].name, encrypt_data(i, all + 1, &out) == CKR_KEY_SIZE_RANGE);
	}
}

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	const char *base, *more;
	size_t want;
	const char *out;	/* NULL: CKR_KEY_SIZE_RANGE */
} joined[] = {
	{ "key and key", CKM_CONCATENATE_BASE_AND_KEY, "010203", "0405", 0, "0102030405" },
	{ "key and key, cut", CKM_CONCATENATE_BASE_AND_KEY, "010203", "0405", 4, "01020304" },
	{ "key and key, too short", CKM_CONCATENATE_BASE_AND_KEY, "010203", "0405", 6, NULL },
	{ "key and data", CKM_CONCATENATE_BASE_AND_DATA, "010203", "0405", 0, "0102030405" },
	{ "key and data, cut", CKM_CONCATENATE_BASE_AND_DATA, "010203", "0405", 2, "0102" },
	{ "key and data, too short", CKM_CONCATENATE_BASE_AND_DATA, "010203", "0405", 16, NULL },
	{ "data and key", CKM_CONCATENATE_DATA_AND_BASE, "010203", "0405", 0, "0405010203" },
	{ "data and key, cut", CKM_CONCATENATE_DATA_AND_BASE, "010203", "0405", 4, "04050102" },
	{ "data and key, too short", CKM_CONCATENATE_DATA_AND_BASE, "010203", "0405", 6, NULL },
};

static void test_joined(void)
{
	for (size_t i = 0; i < ARRAY_LEN(joined); i++) {
		bool keys = joined[i].type == CKM_CONCATENATE_BASE_AND_KEY;
		struct key *base = make_secret(CKK_GENERIC_SECRET, joined[i].base);
		struct key *other = keys ? make_secret(CKK_SHA256_HMAC, joined[i].more) : NULL;
		struct bytes more = unhex(joined[i].more), out;
		CK_KEY_DERIVATION_STRING_DATA text = { more.data, more.len };
		CK_MECHANISM m = { joined[i].type, &text, sizeof(text) };
		CK_RV rv;

		if (keys)
			m = (CK_MECHANISM){ joined[i].type, &handle, sizeof(handle) };
		rv = derive(m, base, other, joined[i].want, &out);
		CHECK(joined[i].name, rv == (joined[i].out != NULL ? CKR_OK : CKR_KEY_SIZE_RANGE));
		if (joined[i].out != NULL)
			CHECK(joined[i].name, is_hex(out.data, out.len, joined[i].out));
		key_unref(base);
		key_unref(other);
	}
}

static void test_other(void)
{
	const struct mech *join = mech_find(CKM_CONCATENATE_BASE_AND_KEY);
	CK_MECHANISM m = P(CONCATENATE_BASE_AND_KEY, handle);
	CK_OBJECT_HANDLE found = 1;

	CU_ASSERT_EQUAL(derive_other(join, &m, &found), CKR_OK);
	CU_ASSERT_EQUAL(found, handle);
	m.ulParameterLen--;
	CU_ASSERT_EQUAL(derive_other(join, &m, &found), CKR_MECHANISM_PARAM_INVALID);
	m.pParameter = NULL;
	CU_ASSERT_EQUAL(derive_other(join, &m, &found), CKR_MECHANISM_PARAM_INVALID);
	CU_ASSERT_EQUAL(derive_other(mech_find(CKM_ECDH1_DERIVE), &m, &found), CKR_OK);
	CU_ASSERT_EQUAL(found, CK_INVALID_HANDLE);
	CU_ASSERT_EQUAL(derive_other(mech_find(CKM_SHA256), &m, &found), CKR_OK);
	CU_ASSERT_EQUAL(found, CK_INVALID_HANDLE);
}

static void test_kin(void)
{
	CU_ASSERT_EQUAL(derive_kin(mech_find(CKM_DH_PKCS_DERIVE)), KIN_BASE);
	CU_ASSERT_EQUAL(derive_kin(mech_find(CKM_ECDH1_DERIVE)), KIN_BASE);
	CU_ASSERT_EQUAL(derive_kin(mech_find(CKM_AES_CBC_ENCRYPT_DATA)), KIN_BASE);
	CU_ASSERT_EQUAL(derive_kin(mech_find(CKM_CONCATENATE_BASE_AND_KEY)), KIN_INHERIT);
	CU_ASSERT_EQUAL(derive_kin(mech_find(CKM_CONCATENATE_BASE_AND_DATA)), KIN_INHERIT);
	CU_ASSERT_EQUAL(derive_kin(mech_find(CKM_CONCATENATE_DATA_AND_BASE)), KIN_INHERIT);
}

/* Two keys of each curve that are new, and both sides of it. */
static void test_both_sides(void)
{
	static const struct {
		const char *name;
		CK_MECHANISM_TYPE generator;
		const char *params;
		size_t secret;
	} rows[] = {
		{ "P-224", CKM_EC_KEY_PAIR_GEN, P224, 28 },
		{ "P-384", CKM_EC_KEY_PAIR_GEN, P384, 48 },
		{ "P-521", CKM_EC_KEY_PAIR_GEN, P521, 66 },
		{ "X25519", CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CURVE25519, 32 },
		{ "X448", CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CURVE448, 56 },
		{ "X25519, typed as Edwards", CKM_EC_EDWARDS_KEY_PAIR_GEN, CURVE25519, 32 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct hex_attr wanted[] = { { CKA_EC_PARAMS, rows[i].params }, { 0, NULL } };
		struct attrset *set = make_set(wanted);
		struct key *pub[2], *priv[2];
		struct bytes out[2];

		for (int k = 0; k < 2; k++)
			make_pair(rows[i].generator, set, &pub[k], &priv[k]);
		for (int k = 0; k < 2; k++) {
			unsigned char *value = NULL;
			size_t n = EVP_PKEY_get1_encoded_public_key(pub[1 - k]->pkey, &value);
			CK_ECDH1_DERIVE_PARAMS p = { CKD_NULL, 0, NULL, n, value };
			CK_MECHANISM m = MECH_WITH(CKM_ECDH1_DERIVE, &p);

			CHECK(rows[i].name, derive(m, priv[k], NULL, 0, &out[k]) == CKR_OK);
			CHECK(rows[i].name, out[k].len == rows[i].secret);
			OPENSSL_free(value);
		}
		CHECK(rows[i].name, memcmp(out[0].data, out[1].data, rows[i].secret) == 0);
		for (int k = 0; k < 2; k++) {
			key_unref(pub[k]);
			key_unref(priv[k]);
		}
		attrset_free(set);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_agreements),
		UNIT_TEST(test_dh),
		UNIT_TEST(test_dh_named_group),
		UNIT_TEST(test_kdfs),
		UNIT_TEST(test_points),
		UNIT_TEST(test_params),
		UNIT_TEST(test_encrypted),
		UNIT_TEST(test_joined),
		UNIT_TEST(test_other),
		UNIT_TEST(test_kin),
		UNIT_TEST(test_both_sides),
	};

	return CRYPTO_RUN("derive", tests);
}

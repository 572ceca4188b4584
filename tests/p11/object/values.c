#include "config.h"

#include <string.h>

#include "p11/object/object.h"

/*
 * The values of keys are checked on the way in: nothing is stored that is provably no such key.
 * What follows from them is computed.
 */

/* --- one part of a key damaged ------------------------------------------ */

static void make_empty(CK_BYTE *value, CK_ULONG *len)
{
	(void)value;
	*len = 0;
}

static void make_zero(CK_BYTE *value, CK_ULONG *len)
{
	memset(value, 0, *len);
}

/* Another number: the lowest bit but one is the other way round. */
static void make_other(CK_BYTE *value, CK_ULONG *len)
{
	value[*len - 1] ^= 2;
}

static void make_cut(CK_BYTE *value, CK_ULONG *len)
{
	(void)value;
	(*len)--;
}

static void make_longer(CK_BYTE *value, CK_ULONG *len)
{
	value[(*len)++] = 1;
}

enum {
	EMPTY = 1, ZERO = 2, OTHER = 4, CUT = 8, LONGER = 16
};

static const struct damage {
	const char *name;
	unsigned bit;
	void (*make)(CK_BYTE *value, CK_ULONG *len);
} damages[] = {
	{ "empty", EMPTY, make_empty }, { "zero", ZERO, make_zero }, { "other", OTHER, make_other },
	{ "cut", CUT, make_cut }, { "longer", LONGER, make_longer },
};

static const struct part {
	const char *name;
	CK_ATTRIBUTE_TYPE type;
} parts[] = {
	{ "modulus", CKA_MODULUS }, { "public_exponent", CKA_PUBLIC_EXPONENT },
	{ "private_exponent", CKA_PRIVATE_EXPONENT }, { "prime_1", CKA_PRIME_1 },
	{ "prime_2", CKA_PRIME_2 }, { "exponent_1", CKA_EXPONENT_1 },
	{ "exponent_2", CKA_EXPONENT_2 }, { "coefficient", CKA_COEFFICIENT },
	{ "prime", CKA_PRIME }, { "subprime", CKA_SUBPRIME }, { "base", CKA_BASE },
	{ "params", CKA_EC_PARAMS }, { "point", CKA_EC_POINT }, { "value", CKA_VALUE },
};

/*
 * What such damage deserves, unless it is CKR_ATTRIBUTE_VALUE_INVALID. CKR_OK: it is a good value,
 * too, as far as anybody can tell, or stands for one that is not given.
 */
static const struct {
	unsigned kinds;
	CK_ATTRIBUTE_TYPE type;
	unsigned damages;
	CK_RV expected;
} verdicts[] = {
	{ IS(RSA_PUBLIC), CKA_MODULUS, OTHER | CUT | LONGER, CKR_OK },
	{ IS(RSA_PUBLIC), CKA_PUBLIC_EXPONENT, OTHER | LONGER, CKR_OK },
	{ IS(RSA_PRIVATE), CKA_PUBLIC_EXPONENT, EMPTY | ZERO, CKR_OK },
	{ IS(RSA_PRIVATE), CKA_PRIME_1, EMPTY | ZERO, CKR_OK },
	{ IS(RSA_PRIVATE), CKA_PRIME_2, EMPTY | ZERO, CKR_OK },
	{ IS(RSA_PRIVATE), CKA_EXPONENT_1, EMPTY | ZERO, CKR_OK },
	{ IS(RSA_PRIVATE), CKA_EXPONENT_2, EMPTY | ZERO, CKR_OK },
	{ IS(RSA_PRIVATE), CKA_COEFFICIENT, EMPTY | ZERO, CKR_OK },
	{ IS(EC_PRIVATE), CKA_VALUE, OTHER | CUT, CKR_OK },
	{ IS(ED_PRIVATE) | IS(X25519_PRIVATE), CKA_VALUE, ZERO | OTHER, CKR_OK },
	{ IS(ED_PUBLIC) | IS(X25519_PUBLIC), CKA_EC_POINT, OTHER, CKR_OK },
	{ IS(ED_PUBLIC) | IS(X25519_PUBLIC) | IS(ED_PRIVATE) | IS(X25519_PRIVATE), CKA_EC_PARAMS,
	  OTHER, CKR_CURVE_NOT_SUPPORTED },
	{ IS(AES) | IS(DES3), CKA_VALUE, ZERO | OTHER, CKR_OK },
	{ IS(GENERIC) | IS(HMAC), CKA_VALUE, ZERO | OTHER | CUT | LONGER, CKR_OK },
	{ IS(DSA_PRIVATE) | IS(DH_PUBLIC), CKA_VALUE, OTHER | CUT, CKR_OK },
	{ IS(DH_PRIVATE), CKA_VALUE, OTHER | CUT | LONGER, CKR_OK },
	{ IS(DH_PUBLIC) | IS(DH_PRIVATE) | IS(DH_DOMAIN), CKA_BASE, LONGER, CKR_OK },
	{ ~0u, CKA_PRIME, OTHER | CUT | LONGER, CKR_DOMAIN_PARAMS_INVALID },
	{ ~0u, CKA_SUBPRIME, OTHER | CUT | LONGER, CKR_DOMAIN_PARAMS_INVALID },
	{ IS(DSA_PUBLIC) | IS(DSA_PRIVATE) | IS(DSA_DOMAIN), CKA_BASE, OTHER | CUT | LONGER,
	  CKR_DOMAIN_PARAMS_INVALID },
};

static CK_RV verdict(enum kind kind, const struct part *part, const struct damage *damage)
{
	for (size_t i = 0; i < LENGTH(verdicts); i++)
		if (verdicts[i].kinds & IS(kind) && verdicts[i].type == part->type &&
		    verdicts[i].damages & damage->bit)
			return verdicts[i].expected;
	return CKR_ATTRIBUTE_VALUE_INVALID;
}

struct damage_case {
	enum kind kind;
	const struct part *part;
	const struct damage *damage;
};

static const CK_ATTRIBUTE *attribute_of(enum kind kind, CK_ATTRIBUTE_TYPE type)
{
	for (const CK_ATTRIBUTE *a = kind_templates[kind]; a->type != CK_UNAVAILABLE_INFORMATION;
	     a++)
		if (a->type == type)
			return a;
	return NULL;
}

static CK_RV create_damaged(struct ctx *c)
{
	const struct damage_case *d = c->arg;
	CK_ATTRIBUTE a = *attribute_of(d->kind, d->part->type);
	CK_BYTE value[512];
	CK_OBJECT_HANDLE o = 0;

	memcpy(value, a.pValue, a.ulValueLen);
	a.pValue = value;
	d->damage->make(value, &a.ulValueLen);
	return kind_make(c->s, d->kind, T(a), &o);
}

static void run_damage(enum kind kind, const struct part *part, const struct damage *damage)
{
	const struct damage_case d = { kind, part, damage };
	CK_RV expected = verdict(kind, part, damage);

	row_runf(RW_USER, create_damaged, &d, expected, "part_%s_%s_%s_%s",
		 expected == CKR_OK ? "good" : "bad", kind_names[kind], part->name, damage->name);
}

/* --- lengths of secret keys --------------------------------------------- */

struct secret_case {
	CK_KEY_TYPE type;
	CK_ULONG len;
	bool good;
};

/* The length and the check value follow from the value. */
static CK_RV create_secret(struct ctx *c)
{
	const struct secret_case *v = c->arg;
	static CK_BYTE value[64];
	const CK_ATTRIBUTE len = A_ULONG(CKA_VALUE_LEN, v->len);
	const CK_ATTRIBUTE no_kcv = NO_BYTES(CKA_CHECK_VALUE);
	CK_ATTRIBUTE t[] = {
		A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, v->type),
		{ CKA_VALUE, value, v->len }, A_END,
	};
	bool des = v->type == CKK_DES || v->type == CKK_DES2 || v->type == CKK_DES3;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv;

	memset(value, 0x5b, sizeof(value));	/* of odd parity */
	rv = object_make(c->s, t, &o);
	if (rv != CKR_OK || !v->good)
		return rv;
	if (!des)
		rv = attr_is(c->s, o, &len);
	return rv == CKR_OK ? want(attr_is(c->s, o, &no_kcv) == ROW_WRONG) : rv;
}

static const struct {
	const char *name;
	CK_KEY_TYPE type;
	CK_ULONG lengths[4];	/* none: every length but 0 */
} secrets[] = {
	{ "aes", CKK_AES, { 16, 24, 32 } }, { "des", CKK_DES, { 8 } }, { "des2", CKK_DES2, { 16 } },
	{ "des3", CKK_DES3, { 24 } }, { "generic", CKK_GENERIC_SECRET, { 0 } },
	{ "md5_hmac", CKK_MD5_HMAC, { 0 } }, { "sha_1_hmac", CKK_SHA_1_HMAC, { 0 } },
	{ "sha224_hmac", CKK_SHA224_HMAC, { 0 } }, { "sha256_hmac", CKK_SHA256_HMAC, { 0 } },
	{ "sha384_hmac", CKK_SHA384_HMAC, { 0 } }, { "sha512_hmac", CKK_SHA512_HMAC, { 0 } },
	{ "later_ripemd128_hmac", CKK_RIPEMD128_HMAC, { 0 } },
	{ "later_ripemd160_hmac", CKK_RIPEMD160_HMAC, { 0 } },
	{ "later_sha512_224_hmac", CKK_SHA512_224_HMAC, { 0 } },
	{ "later_sha512_256_hmac", CKK_SHA512_256_HMAC, { 0 } },
	{ "later_sha512_t_hmac", CKK_SHA512_T_HMAC, { 0 } },
	{ "later_sha3_224_hmac", CKK_SHA3_224_HMAC, { 0 } },
	{ "later_sha3_256_hmac", CKK_SHA3_256_HMAC, { 0 } },
	{ "later_sha3_384_hmac", CKK_SHA3_384_HMAC, { 0 } },
	{ "later_sha3_512_hmac", CKK_SHA3_512_HMAC, { 0 } },
	{ "later_blake2b_160_hmac", CKK_BLAKE2B_160_HMAC, { 0 } },
	{ "later_blake2b_256_hmac", CKK_BLAKE2B_256_HMAC, { 0 } },
	{ "later_blake2b_384_hmac", CKK_BLAKE2B_384_HMAC, { 0 } },
	{ "later_blake2b_512_hmac", CKK_BLAKE2B_512_HMAC, { 0 } },
};

static void run_secret(size_t i, CK_ULONG len)
{
	struct secret_case v = { secrets[i].type, len, secrets[i].lengths[0] == 0 && len > 0 };

	for (size_t j = 0; secrets[i].lengths[j]; j++)
		v.good |= secrets[i].lengths[j] == len;
	row_runf(RW_USER, create_secret, &v, v.good ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID,
		 "secret_%s_%s_%lu", v.good ? "good" : "bad", secrets[i].name, len);
}

void test_parts(void)
{
	static const CK_ULONG lengths[] = { 0, 1, 7, 8, 15, 16, 20, 23, 24, 32, 33, 64 };

	for (enum kind kind = DATA; kind < KINDS; kind++)
		for (size_t i = 0; i < LENGTH(parts); i++)
			for (size_t j = 0; j < LENGTH(damages); j++)
				if ((KEYS | DOMAINS) & IS(kind) &&
				    attribute_of(kind, parts[i].type))
					run_damage(kind, &parts[i], &damages[j]);
	for (size_t i = 0; i < LENGTH(secrets); i++)
		for (size_t j = 0; j < LENGTH(lengths); j++)
			run_secret(i, lengths[j]);
}

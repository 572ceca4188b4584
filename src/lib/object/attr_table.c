#include "config.h"

#include "object/attr.h"

#include <pthread.h>

/* Two digits. */
static unsigned two(const unsigned char *p)
{
	return (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
}

/* CK_DATE: YYYYMMDD, or empty (PKCS#11 2.40 section 3.4). */
static CK_RV check_date(const struct attrset *object, const struct attr *value)
{
	const unsigned char *p = value->u.bytes.data;
	bool good = value->u.bytes.len == sizeof(CK_DATE);

	(void)object;
	if (value->u.bytes.len == 0)
		return CKR_OK;
	for (size_t i = 0; good && i < sizeof(CK_DATE); i++)
		good = p[i] >= '0' && p[i] <= '9';
	if (good)
		good = two(p + 4) >= 1 && two(p + 4) <= 12 && two(p + 6) >= 1 && two(p + 6) <= 31;
	return good ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

/*
 * Re-authentication protects only what needs a login in the first place (section 4.9,
 * CKA_ALWAYS_AUTHENTICATE).
 */
static CK_RV check_reauth(const struct attrset *object, const struct attr *value)
{
	if (value->u.flag && !attrset_flag(object, CKA_PRIVATE, true))
		return CKR_TEMPLATE_INCONSISTENT;
	return CKR_OK;
}

static CK_RV check_mechs(const struct attrset *object, const struct attr *value)
{
	(void)object;
	return value->u.mechs.count == 0 ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_OK;
}

#define B ATTR_BOOL
#define U ATTR_ULONG
#define S ATTR_BYTES
#define M ATTR_MAP
#define X ATTR_MECHS

#define C_PUBLIC (MUST_CREATE | NOT_GENERATE)	/* of a public key */
#define C_PRIVATE (C_PUBLIC | NOT_UNWRAP)	/* of a private key, readable */
#define C_SECRET (C_PRIVATE | SECRET)
#define C_CRT (NOT_GENERATE | NOT_UNWRAP | SECRET)
#define C_DOMAIN (MUST_CREATE | MUST_GENERATE)	/* parameters in a public key's template */

/*
 * The first row whose type and scope both fit is the attribute's. Creation only: a row with neither
 * MAY_SET nor MAY_COPY.
 */
const struct attr_rule attr_table[] = {
	/* type, where, kind, rules, default, check */

	/* all objects */
	{ CKA_CLASS, IN_ALL, U, MUST_CREATE | IDENTITY, 0, NULL },
	{ CKA_TOKEN, IN_ALL, B, MAY_COPY, false, NULL },
	{ CKA_PRIVATE, IN_CERT | IN_PUB, B, MAY_COPY, false, NULL },
	{ CKA_PRIVATE, IN_ALL, B, MAY_COPY, true, NULL },
	{ CKA_LABEL, IN_ALL, S, MAY_SET, 0, NULL },
	{ CKA_MODIFIABLE, IN_ALL, B, MAY_COPY, true, NULL },
	{ CKA_COPYABLE, IN_ALL, B, MAY_SET | ONLY_TO_FALSE, true, NULL },
	{ CKA_DESTROYABLE, IN_ALL, B, MAY_COPY, true, NULL },

	/* data */
	{ CKA_APPLICATION, IN_DATA, S, 0, 0, NULL },
	{ CKA_OBJECT_ID, IN_DATA, S, 0, 0, NULL },
	{ CKA_VALUE, IN_DATA, S, 0, 0, NULL },

	/* certificates */
	{ CKA_CERTIFICATE_TYPE, IN_CERT, U, MUST_CREATE | IDENTITY, 0, NULL },
	{ CKA_TRUSTED, IN_CERT, B, SO_SETS_TRUE, false, NULL },
	{ CKA_CERTIFICATE_CATEGORY, IN_CERT, U, 0, 0, NULL },
	{ CKA_CHECK_VALUE, IN_CERT, S, 0, 0, NULL },
	{ CKA_START_DATE, IN_CERT, S, CLEAR, 0, check_date },
	{ CKA_END_DATE, IN_CERT, S, CLEAR, 0, check_date },
	{ CKA_PUBLIC_KEY_INFO, IN_CERT, S, 0, 0, NULL },
	{ CKA_SUBJECT, IN_CERT, S, MUST_CREATE, 0, NULL },
	{ CKA_ID, IN_CERT, S, MAY_SET, 0, NULL },
	{ CKA_ISSUER, IN_CERT, S, MAY_SET, 0, NULL },
	{ CKA_SERIAL_NUMBER, IN_CERT, S, MAY_SET, 0, NULL },
	{ CKA_VALUE, IN_CERT, S, MUST_CREATE, 0, NULL },
	{ CKA_URL, IN_CERT, S, 0, 0, NULL },
	{ CKA_HASH_OF_SUBJECT_PUBLIC_KEY, IN_X509, S, 0, 0, NULL },
	{ CKA_HASH_OF_ISSUER_PUBLIC_KEY, IN_X509, S, 0, 0, NULL },
	{ CKA_JAVA_MIDP_SECURITY_DOMAIN, IN_X509, U, 0, 0, NULL },
	{ CKA_NAME_HASH_ALGORITHM, IN_X509, U, 0, CKM_SHA_1, NULL },

	/* keys and domain parameters */
	{ CKA_KEY_TYPE, IN_KEYS | IN_DOM, U, MUST_CREATE | MUST_UNWRAP | IDENTITY, 0, NULL },
	{ CKA_LOCAL, IN_KEYS | IN_DOM, B, BY_LIBRARY, false, NULL },
	{ CKA_ID, IN_KEYS, S, MAY_SET, 0, NULL },
	{ CKA_START_DATE, IN_KEYS, S, MAY_SET | CLEAR, 0, check_date },
	{ CKA_END_DATE, IN_KEYS, S, MAY_SET | CLEAR, 0, check_date },
	{ CKA_DERIVE, IN_KEYS, B, MAY_SET, false, NULL },
	{ CKA_KEY_GEN_MECHANISM, IN_KEYS, U, BY_LIBRARY, UNAVAILABLE, NULL },
	{ CKA_ALLOWED_MECHANISMS, IN_KEYS, X, 0, 0, check_mechs },

	{ CKA_SUBJECT, IN_PUB | IN_PRIV, S, MAY_SET, 0, NULL },
	{ CKA_PUBLIC_KEY_INFO, IN_PUB, S, COMPUTED, 0, NULL },
	{ CKA_PUBLIC_KEY_INFO, IN_PRIV, S, MAY_SET | COMPUTED, 0, NULL },
	{ CKA_ENCRYPT, IN_PUB | IN_SEC, B, MAY_SET, true, NULL },
	{ CKA_VERIFY, IN_PUB | IN_SEC, B, MAY_SET, true, NULL },
	{ CKA_VERIFY_RECOVER, IN_PUB, B, MAY_SET, true, NULL },
	{ CKA_WRAP, IN_PUB | IN_SEC, B, MAY_SET, true, NULL },
	{ CKA_TRUSTED, IN_PUB | IN_SEC, B, SO_SETS_TRUE, false, NULL },
	{ CKA_WRAP_TEMPLATE, IN_PUB | IN_SEC, M, 0, 0, NULL },

	{ CKA_SENSITIVE, IN_PRIV | IN_SEC, B, MAY_SET | ONLY_TO_TRUE, false, NULL },
	{ CKA_EXTRACTABLE, IN_PRIV | IN_SEC, B, MAY_SET | ONLY_TO_FALSE, false, NULL },
	{ CKA_DECRYPT, IN_PRIV | IN_SEC, B, MAY_SET, true, NULL },
	{ CKA_SIGN, IN_PRIV | IN_SEC, B, MAY_SET, true, NULL },
	{ CKA_SIGN_RECOVER, IN_PRIV, B, MAY_SET, true, NULL },
	{ CKA_UNWRAP, IN_PRIV | IN_SEC, B, MAY_SET, true, NULL },
	{ CKA_ALWAYS_SENSITIVE, IN_PRIV | IN_SEC, B, BY_LIBRARY, false, NULL },
	{ CKA_NEVER_EXTRACTABLE, IN_PRIV | IN_SEC, B, BY_LIBRARY, true, NULL },
	{ CKA_WRAP_WITH_TRUSTED, IN_PRIV | IN_SEC, B, MAY_SET | ONLY_TO_TRUE, false, NULL },
	{ CKA_UNWRAP_TEMPLATE, IN_PRIV | IN_SEC, M, 0, 0, NULL },
	{ CKA_DERIVE_TEMPLATE, IN_PRIV | IN_SEC, M, SPARSE, 0, NULL },
	{ CKA_ALWAYS_AUTHENTICATE, IN_PRIV, B, 0, false, check_reauth },
	{ CKA_CHECK_VALUE, IN_SEC, S, MAY_SET, 0, NULL },

	/* RSA */
	{ CKA_MODULUS, IN_RSA_PUB, S, C_PUBLIC, 0, NULL },
	{ CKA_MODULUS, IN_RSA_PRIV, S, C_PRIVATE, 0, NULL },
	{ CKA_MODULUS_BITS, IN_RSA_PUB, U, NOT_CREATE | MUST_GENERATE, 0, NULL },
	{ CKA_PUBLIC_EXPONENT, IN_RSA_PUB, S, MUST_CREATE, 0, NULL },
	{ CKA_PUBLIC_EXPONENT, IN_RSA_PRIV, S, NOT_GENERATE | NOT_UNWRAP, 0, NULL },
	{ CKA_PRIVATE_EXPONENT, IN_RSA_PRIV, S, C_SECRET, 0, NULL },
	{ CKA_PRIME_1, IN_RSA_PRIV, S, C_CRT, 0, NULL },
	{ CKA_PRIME_2, IN_RSA_PRIV, S, C_CRT, 0, NULL },
	{ CKA_EXPONENT_1, IN_RSA_PRIV, S, C_CRT, 0, NULL },
	{ CKA_EXPONENT_2, IN_RSA_PRIV, S, C_CRT, 0, NULL },
	{ CKA_COEFFICIENT, IN_RSA_PRIV, S, C_CRT, 0, NULL },

	/* DSA and Diffie-Hellman */
	{ CKA_PRIME, IN_DSA_PUB | IN_DH_PUB, S, C_DOMAIN, 0, NULL },
	{ CKA_SUBPRIME, IN_DSA_PUB, S, C_DOMAIN, 0, NULL },
	{ CKA_BASE, IN_DSA_PUB | IN_DH_PUB, S, C_DOMAIN, 0, NULL },
	{ CKA_VALUE, IN_DSA_PUB | IN_DH_PUB, S, C_PUBLIC, 0, NULL },
	{ CKA_PRIME, IN_DSA_PRIV | IN_DH_PRIV, S, C_PRIVATE, 0, NULL },
	{ CKA_SUBPRIME, IN_DSA_PRIV, S, C_PRIVATE, 0, NULL },
	{ CKA_BASE, IN_DSA_PRIV | IN_DH_PRIV, S, C_PRIVATE, 0, NULL },
	{ CKA_VALUE, IN_DSA_PRIV | IN_DH_PRIV, S, C_SECRET, 0, NULL },
	{ CKA_VALUE_BITS, IN_DH_PRIV, U, NOT_CREATE, 0, NULL },
	{ CKA_PRIME, IN_DOM, S, C_PUBLIC, 0, NULL },
	{ CKA_SUBPRIME, IN_DSA_DOM, S, C_PUBLIC, 0, NULL },
	{ CKA_BASE, IN_DOM, S, C_PUBLIC, 0, NULL },
	{ CKA_PRIME_BITS, IN_DOM, U, NOT_CREATE | MUST_GENERATE, 0, NULL },
	{ CKA_SUBPRIME_BITS, IN_DSA_DOM, U, NOT_CREATE | SPARSE, 0, NULL },

	/* elliptic curves, Edwards and Montgomery included */
	{ CKA_EC_PARAMS, IN_EC_PUB, S, C_DOMAIN, 0, NULL },
	{ CKA_EC_POINT, IN_EC_PUB, S, C_PUBLIC, 0, NULL },
	{ CKA_EC_PARAMS, IN_EC_PRIV, S, C_PRIVATE, 0, NULL },
	{ CKA_VALUE, IN_EC_PRIV, S, C_SECRET, 0, NULL },
	/* not of the standard: clients ask a private key for it when they find no public key */
	{ CKA_EC_POINT, IN_EC_PRIV, S, COMPUTED | NO_TEMPLATE | SPARSE, 0, NULL },

	/* ML-DSA */
	{ CKA_PARAMETER_SET, IN_MLDSA_PUB, U, C_DOMAIN, 0, NULL },
	{ CKA_VALUE, IN_MLDSA_PUB, S, C_PUBLIC, 0, NULL },
	{ CKA_PARAMETER_SET, IN_MLDSA_PRIV, U, C_PRIVATE, 0, NULL },
	{ CKA_VALUE, IN_MLDSA_PRIV, S, C_SECRET, 0, NULL },
	{ CKA_SEED, IN_MLDSA_PRIV, S, C_CRT, 0, NULL },

	/* secret keys */
	{ CKA_VALUE, IN_SEC, S, C_SECRET, 0, NULL },
	{ CKA_VALUE_LEN, IN_GENERIC | IN_AES, U, NOT_CREATE | MUST_GENERATE, 0, NULL },
};

const size_t attr_table_len = ARRAY_LEN(attr_table);

/* The rows by their type: chains of row numbers, in the order of the table, that NO_ROW ends. */
#define CHAINS 256
#define NO_ROW UINT16_MAX

static uint16_t heads[CHAINS], follows[ARRAY_LEN(attr_table)];
static pthread_once_t chains_once = PTHREAD_ONCE_INIT;

static size_t chain_of(CK_ATTRIBUTE_TYPE type)
{
	return (type ^ type >> 6 ^ type >> 30) % CHAINS;
}

static void make_chains(void)
{
	for (size_t i = 0; i < CHAINS; i++)
		heads[i] = NO_ROW;
	for (size_t i = attr_table_len; i-- > 0;) {
		uint16_t *head = &heads[chain_of(attr_table[i].type)];

		follows[i] = *head;
		*head = (uint16_t)i;
	}
}

static size_t first_row(CK_ATTRIBUTE_TYPE type)
{
	pthread_once(&chains_once, make_chains);
	return heads[chain_of(type)];
}

const struct attr_rule *attr_rule_find(uint32_t scope, CK_ATTRIBUTE_TYPE type)
{
	for (size_t i = first_row(type); i != NO_ROW; i = follows[i])
		if (attr_table[i].type == type && (attr_table[i].where & scope) != 0)
			return &attr_table[i];
	return NULL;
}

uint32_t attr_rules_of(CK_ATTRIBUTE_TYPE type)
{
	uint32_t rules = 0;

	for (size_t i = first_row(type); i != NO_ROW; i = follows[i])
		if (attr_table[i].type == type)
			rules |= attr_table[i].rules;
	return rules;
}

enum attr_kind attr_kind_of(CK_ATTRIBUTE_TYPE type)
{
	const struct attr_rule *rule = attr_rule_find(IN_ALL, type);

	return rule != NULL ? rule->kind : 0;
}

/* Mechanism parameters from byte programs. */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "crypto/mech/mech.h"

enum field_kind {
	NUMBER,
	SMALL,		/* a number that costs time or memory */
	FLAG,		/* a CK_BBOOL */
	MECH,		/* a mechanism */
	KEY,		/* a handle */
	BYTES,		/* a pointer and, elsewhere, how many */
	BITS,		/* the same in bits */
	RAW,		/* so many bytes in place */
	OUT,		/* a pointer to so many bytes that may be written */
	OAEP,		/* a pointer to CK_RSA_PKCS_OAEP_PARAMS */
	MATERIAL,	/* a pointer to CK_SSL3_KEY_MAT_OUT */
	PRF_DATA,	/* a pointer to a list and, elsewhere, its length */
	MORE_KEYS
};

/* size: where the length is, or the bytes themselves. */
struct field {
	enum field_kind kind;
	size_t at, size;
};

#define MAX_FIELDS 9

struct layout {
	size_t size;
	size_t count;
	struct field fields[MAX_FIELDS];
};

#define AT(s, member) offsetof(s, member)
#define LAYOUT(s, ...) \
	{ .size = sizeof(s), \
	  .count = sizeof((const struct field[]){ __VA_ARGS__ }) / sizeof(struct field), \
	  .fields = { __VA_ARGS__ } }

static const struct layout number = LAYOUT(CK_ULONG, { NUMBER, 0, 0 });
static const struct layout handle = LAYOUT(CK_OBJECT_HANDLE, { KEY, 0, 0 });
static const struct layout ctr = LAYOUT(CK_AES_CTR_PARAMS,
	{ NUMBER, AT(CK_AES_CTR_PARAMS, ulCounterBits), 0 },
	{ RAW, AT(CK_AES_CTR_PARAMS, cb), 16 });
static const struct layout gcm = LAYOUT(CK_GCM_PARAMS,
	{ BYTES, AT(CK_GCM_PARAMS, pIv), AT(CK_GCM_PARAMS, ulIvLen) },
	{ NUMBER, AT(CK_GCM_PARAMS, ulIvBits), 0 },
	{ BYTES, AT(CK_GCM_PARAMS, pAAD), AT(CK_GCM_PARAMS, ulAADLen) },
	{ NUMBER, AT(CK_GCM_PARAMS, ulTagBits), 0 });
static const struct layout ccm = LAYOUT(CK_CCM_PARAMS,
	{ NUMBER, AT(CK_CCM_PARAMS, ulDataLen), 0 },
	{ BYTES, AT(CK_CCM_PARAMS, pNonce), AT(CK_CCM_PARAMS, ulNonceLen) },
	{ BYTES, AT(CK_CCM_PARAMS, pAAD), AT(CK_CCM_PARAMS, ulAADLen) },
	{ NUMBER, AT(CK_CCM_PARAMS, ulMACLen), 0 });
static const struct layout chacha20 = LAYOUT(CK_CHACHA20_PARAMS,
	{ BITS, AT(CK_CHACHA20_PARAMS, pBlockCounter), AT(CK_CHACHA20_PARAMS, blockCounterBits) },
	{ BITS, AT(CK_CHACHA20_PARAMS, pNonce), AT(CK_CHACHA20_PARAMS, ulNonceBits) });
static const struct layout chacha20_poly1305 = LAYOUT(CK_SALSA20_CHACHA20_POLY1305_PARAMS,
	{ BYTES, AT(CK_SALSA20_CHACHA20_POLY1305_PARAMS, pNonce),
	  AT(CK_SALSA20_CHACHA20_POLY1305_PARAMS, ulNonceLen) },
	{ BYTES, AT(CK_SALSA20_CHACHA20_POLY1305_PARAMS, pAAD),
	  AT(CK_SALSA20_CHACHA20_POLY1305_PARAMS, ulAADLen) });
static const struct layout oaep = LAYOUT(CK_RSA_PKCS_OAEP_PARAMS,
	{ MECH, AT(CK_RSA_PKCS_OAEP_PARAMS, hashAlg), 0 },
	{ NUMBER, AT(CK_RSA_PKCS_OAEP_PARAMS, mgf), 0 },
	{ NUMBER, AT(CK_RSA_PKCS_OAEP_PARAMS, source), 0 },
	{ BYTES, AT(CK_RSA_PKCS_OAEP_PARAMS, pSourceData),
	  AT(CK_RSA_PKCS_OAEP_PARAMS, ulSourceDataLen) });
static const struct layout rsa_aes = LAYOUT(CK_RSA_AES_KEY_WRAP_PARAMS,
	{ NUMBER, AT(CK_RSA_AES_KEY_WRAP_PARAMS, ulAESKeyBits), 0 },
	{ OAEP, AT(CK_RSA_AES_KEY_WRAP_PARAMS, pOAEPParams), 0 });
static const struct layout pss = LAYOUT(CK_RSA_PKCS_PSS_PARAMS,
	{ MECH, AT(CK_RSA_PKCS_PSS_PARAMS, hashAlg), 0 },
	{ NUMBER, AT(CK_RSA_PKCS_PSS_PARAMS, mgf), 0 },
	{ NUMBER, AT(CK_RSA_PKCS_PSS_PARAMS, sLen), 0 });
static const struct layout ecdh = LAYOUT(CK_ECDH1_DERIVE_PARAMS,
	{ NUMBER, AT(CK_ECDH1_DERIVE_PARAMS, kdf), 0 },
	{ BYTES, AT(CK_ECDH1_DERIVE_PARAMS, pSharedData),
	  AT(CK_ECDH1_DERIVE_PARAMS, ulSharedDataLen) },
	{ BYTES, AT(CK_ECDH1_DERIVE_PARAMS, pPublicData),
	  AT(CK_ECDH1_DERIVE_PARAMS, ulPublicDataLen) });
static const struct layout ecdh_aes = LAYOUT(CK_ECDH_AES_KEY_WRAP_PARAMS,
	{ NUMBER, AT(CK_ECDH_AES_KEY_WRAP_PARAMS, ulAESKeyBits), 0 },
	{ NUMBER, AT(CK_ECDH_AES_KEY_WRAP_PARAMS, kdf), 0 },
	{ BYTES, AT(CK_ECDH_AES_KEY_WRAP_PARAMS, pSharedData),
	  AT(CK_ECDH_AES_KEY_WRAP_PARAMS, ulSharedDataLen) });
static const struct layout string = LAYOUT(CK_KEY_DERIVATION_STRING_DATA,
	{ BYTES, AT(CK_KEY_DERIVATION_STRING_DATA, pData),
	  AT(CK_KEY_DERIVATION_STRING_DATA, ulLen) });
static const struct layout aes_data = LAYOUT(CK_AES_CBC_ENCRYPT_DATA_PARAMS,
	{ RAW, AT(CK_AES_CBC_ENCRYPT_DATA_PARAMS, iv), 16 },
	{ BYTES, AT(CK_AES_CBC_ENCRYPT_DATA_PARAMS, pData),
	  AT(CK_AES_CBC_ENCRYPT_DATA_PARAMS, length) });
static const struct layout des_data = LAYOUT(CK_DES_CBC_ENCRYPT_DATA_PARAMS,
	{ RAW, AT(CK_DES_CBC_ENCRYPT_DATA_PARAMS, iv), 8 },
	{ BYTES, AT(CK_DES_CBC_ENCRYPT_DATA_PARAMS, pData),
	  AT(CK_DES_CBC_ENCRYPT_DATA_PARAMS, length) });
static const struct layout hkdf = LAYOUT(CK_HKDF_PARAMS,
	{ FLAG, AT(CK_HKDF_PARAMS, bExtract), 0 },
	{ FLAG, AT(CK_HKDF_PARAMS, bExpand), 0 },
	{ MECH, AT(CK_HKDF_PARAMS, prfHashMechanism), 0 },
	{ NUMBER, AT(CK_HKDF_PARAMS, ulSaltType), 0 },
	{ BYTES, AT(CK_HKDF_PARAMS, pSalt), AT(CK_HKDF_PARAMS, ulSaltLen) },
	{ KEY, AT(CK_HKDF_PARAMS, hSaltKey), 0 },
	{ BYTES, AT(CK_HKDF_PARAMS, pInfo), AT(CK_HKDF_PARAMS, ulInfoLen) });
static const struct layout kbkdf = LAYOUT(CK_SP800_108_KDF_PARAMS,
	{ MECH, AT(CK_SP800_108_KDF_PARAMS, prfType), 0 },
	{ PRF_DATA, AT(CK_SP800_108_KDF_PARAMS, pDataParams),
	  AT(CK_SP800_108_KDF_PARAMS, ulNumberOfDataParams) },
	{ MORE_KEYS, AT(CK_SP800_108_KDF_PARAMS, pAdditionalDerivedKeys),
	  AT(CK_SP800_108_KDF_PARAMS, ulAdditionalDerivedKeys) });
static const struct layout feedback = LAYOUT(CK_SP800_108_FEEDBACK_KDF_PARAMS,
	{ MECH, AT(CK_SP800_108_FEEDBACK_KDF_PARAMS, prfType), 0 },
	{ PRF_DATA, AT(CK_SP800_108_FEEDBACK_KDF_PARAMS, pDataParams),
	  AT(CK_SP800_108_FEEDBACK_KDF_PARAMS, ulNumberOfDataParams) },
	{ BYTES, AT(CK_SP800_108_FEEDBACK_KDF_PARAMS, pIV),
	  AT(CK_SP800_108_FEEDBACK_KDF_PARAMS, ulIVLen) },
	{ MORE_KEYS, AT(CK_SP800_108_FEEDBACK_KDF_PARAMS, pAdditionalDerivedKeys),
	  AT(CK_SP800_108_FEEDBACK_KDF_PARAMS, ulAdditionalDerivedKeys) });
static const struct layout pbkdf2 = LAYOUT(CK_PKCS5_PBKD2_PARAMS2,
	{ NUMBER, AT(CK_PKCS5_PBKD2_PARAMS2, saltSource), 0 },
	{ BYTES, AT(CK_PKCS5_PBKD2_PARAMS2, pSaltSourceData),
	  AT(CK_PKCS5_PBKD2_PARAMS2, ulSaltSourceDataLen) },
	{ SMALL, AT(CK_PKCS5_PBKD2_PARAMS2, iterations), 0 },
	{ NUMBER, AT(CK_PKCS5_PBKD2_PARAMS2, prf), 0 },
	{ BYTES, AT(CK_PKCS5_PBKD2_PARAMS2, pPrfData), AT(CK_PKCS5_PBKD2_PARAMS2, ulPrfDataLen) },
	{ BYTES, AT(CK_PKCS5_PBKD2_PARAMS2, pPassword),
	  AT(CK_PKCS5_PBKD2_PARAMS2, ulPasswordLen) });
static const struct layout context = LAYOUT(CK_SIGN_ADDITIONAL_CONTEXT,
	{ NUMBER, AT(CK_SIGN_ADDITIONAL_CONTEXT, hedgeVariant), 0 },
	{ BYTES, AT(CK_SIGN_ADDITIONAL_CONTEXT, pContext),
	  AT(CK_SIGN_ADDITIONAL_CONTEXT, ulContextLen) });
static const struct layout eddsa = LAYOUT(CK_EDDSA_PARAMS,
	{ FLAG, AT(CK_EDDSA_PARAMS, phFlag), 0 },
	{ BYTES, AT(CK_EDDSA_PARAMS, pContextData), AT(CK_EDDSA_PARAMS, ulContextDataLen) });

/* The two random values of a handshake, which several structures have inside. */
#define RANDOMS(s) \
	{ BYTES, AT(s, RandomInfo.pClientRandom), AT(s, RandomInfo.ulClientRandomLen) }, \
	{ BYTES, AT(s, RandomInfo.pServerRandom), AT(s, RandomInfo.ulServerRandomLen) }

static const struct layout master = LAYOUT(CK_TLS12_MASTER_KEY_DERIVE_PARAMS,
	RANDOMS(CK_TLS12_MASTER_KEY_DERIVE_PARAMS),
	{ OUT, AT(CK_TLS12_MASTER_KEY_DERIVE_PARAMS, pVersion), sizeof(CK_VERSION) },
	{ MECH, AT(CK_TLS12_MASTER_KEY_DERIVE_PARAMS, prfHashMechanism), 0 });
static const struct layout extended = LAYOUT(CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS,
	{ MECH, AT(CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS, prfHashMechanism), 0 },
	{ BYTES, AT(CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS, pSessionHash),
	  AT(CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS, ulSessionHashLen) },
	{ OUT, AT(CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS, pVersion), sizeof(CK_VERSION) });
static const struct layout material = LAYOUT(CK_TLS12_KEY_MAT_PARAMS,
	{ NUMBER, AT(CK_TLS12_KEY_MAT_PARAMS, ulMacSizeInBits), 0 },
	{ NUMBER, AT(CK_TLS12_KEY_MAT_PARAMS, ulKeySizeInBits), 0 },
	{ SMALL, AT(CK_TLS12_KEY_MAT_PARAMS, ulIVSizeInBits), 0 },
	{ FLAG, AT(CK_TLS12_KEY_MAT_PARAMS, bIsExport), 0 },
	RANDOMS(CK_TLS12_KEY_MAT_PARAMS),
	{ MATERIAL, AT(CK_TLS12_KEY_MAT_PARAMS, pReturnedKeyMaterial), 0 },
	{ MECH, AT(CK_TLS12_KEY_MAT_PARAMS, prfHashMechanism), 0 });
static const struct layout tls_kdf = LAYOUT(CK_TLS_KDF_PARAMS,
	{ MECH, AT(CK_TLS_KDF_PARAMS, prfMechanism), 0 },
	{ BYTES, AT(CK_TLS_KDF_PARAMS, pLabel), AT(CK_TLS_KDF_PARAMS, ulLabelLength) },
	RANDOMS(CK_TLS_KDF_PARAMS),
	{ BYTES, AT(CK_TLS_KDF_PARAMS, pContextData),
	  AT(CK_TLS_KDF_PARAMS, ulContextDataLength) });
static const struct layout tls_mac = LAYOUT(CK_TLS_MAC_PARAMS,
	{ MECH, AT(CK_TLS_MAC_PARAMS, prfHashMechanism), 0 },
	{ NUMBER, AT(CK_TLS_MAC_PARAMS, ulMacLength), 0 },
	{ NUMBER, AT(CK_TLS_MAC_PARAMS, ulServerOrClient), 0 });

/* Mechanisms that are not here take none, or plain bytes: an IV, a public value. */
static const struct {
	CK_MECHANISM_TYPE type;
	const struct layout *layout;
} layouts[] = {
	{ CKM_AES_CTR, &ctr },
	{ CKM_AES_GCM, &gcm },
	{ CKM_AES_GMAC, &gcm },
	{ CKM_AES_CCM, &ccm },
	{ CKM_CHACHA20, &chacha20 },
	{ CKM_CHACHA20_POLY1305, &chacha20_poly1305 },
	{ CKM_RSA_PKCS_OAEP, &oaep },
	{ CKM_RSA_AES_KEY_WRAP, &rsa_aes },
	{ CKM_RSA_PKCS_PSS, &pss },
	{ CKM_SHA1_RSA_PKCS_PSS, &pss },
	{ CKM_SHA224_RSA_PKCS_PSS, &pss },
	{ CKM_SHA256_RSA_PKCS_PSS, &pss },
	{ CKM_SHA384_RSA_PKCS_PSS, &pss },
	{ CKM_SHA512_RSA_PKCS_PSS, &pss },
	{ CKM_SHA3_224_RSA_PKCS_PSS, &pss },
	{ CKM_SHA3_256_RSA_PKCS_PSS, &pss },
	{ CKM_SHA3_384_RSA_PKCS_PSS, &pss },
	{ CKM_SHA3_512_RSA_PKCS_PSS, &pss },
	{ CKM_ECDH1_DERIVE, &ecdh },
	{ CKM_ECDH1_COFACTOR_DERIVE, &ecdh },
	{ CKM_ECDH_AES_KEY_WRAP, &ecdh_aes },
	{ CKM_AES_ECB_ENCRYPT_DATA, &string },
	{ CKM_DES_ECB_ENCRYPT_DATA, &string },
	{ CKM_DES3_ECB_ENCRYPT_DATA, &string },
	{ CKM_CONCATENATE_BASE_AND_DATA, &string },
	{ CKM_CONCATENATE_DATA_AND_BASE, &string },
	{ CKM_XOR_BASE_AND_DATA, &string },
	{ CKM_AES_CBC_ENCRYPT_DATA, &aes_data },
	{ CKM_DES_CBC_ENCRYPT_DATA, &des_data },
	{ CKM_DES3_CBC_ENCRYPT_DATA, &des_data },
	{ CKM_CONCATENATE_BASE_AND_KEY, &handle },
	{ CKM_EXTRACT_KEY_FROM_KEY, &number },
	{ CKM_HKDF_DERIVE, &hkdf },
	{ CKM_HKDF_DATA, &hkdf },
	{ CKM_SP800_108_COUNTER_KDF, &kbkdf },
	{ CKM_SP800_108_DOUBLE_PIPELINE_KDF, &kbkdf },
	{ CKM_SP800_108_FEEDBACK_KDF, &feedback },
	{ CKM_PKCS5_PBKD2, &pbkdf2 },
	{ CKM_TLS12_MASTER_KEY_DERIVE, &master },
	{ CKM_TLS12_MASTER_KEY_DERIVE_DH, &master },
	{ CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, &extended },
	{ CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, &extended },
	{ CKM_TLS12_KEY_AND_MAC_DERIVE, &material },
	{ CKM_TLS12_KEY_SAFE_DERIVE, &material },
	{ CKM_TLS12_KDF, &tls_kdf },
	{ CKM_TLS_KDF, &tls_kdf },
	{ CKM_TLS12_MAC, &tls_mac },
	{ CKM_TLS_MAC, &tls_mac },
	{ CKM_ML_DSA, &context },
	{ CKM_EDDSA, &eddsa },
};

static const struct layout *layout_of(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < ARRAY_LEN(layouts); i++)
		if (layouts[i].type == type)
			return layouts[i].layout;
	return NULL;
}

static void put_number(unsigned char *at, CK_ULONG n)
{
	memcpy(at, &n, sizeof(n));
}

static void put_pointer(unsigned char *at, void *p)
{
	memcpy(at, &p, sizeof(p));
}

static CK_OBJECT_HANDLE take_key(struct fuzz_input *in)
{
	size_t count;
	const struct fuzz_key *keys = fuzz_keys(&count);
	size_t i = fuzz_take_index(in, count + 1);

	return i < count ? keys[i].handle : fuzz_take_number(in);
}

static void take_bytes(struct fuzz_input *in, unsigned char *base, const struct field *f)
{
	CK_ULONG len = 0;
	CK_BYTE *p = NULL;

	if (fuzz_take_byte(in) == 255)	/* NULL with a length */
		len = fuzz_take_number(in);
	else
		p = fuzz_take_bytes(in, &len);
	put_pointer(base + f->at, p);
	put_number(base + f->size, f->kind == BITS && len < 1024 ? 8 * len : len);
}

static void *take_struct(struct fuzz_input *in, const struct layout *l);

static void *take_material(struct fuzz_input *in)
{
	CK_SSL3_KEY_MAT_OUT *out = fuzz_block(in, sizeof(*out));

	/* as large as the largest of SMALL makes them */
	if (fuzz_take_byte(in) != 255) {
		out->pIVClient = fuzz_block(in, 32);
		out->pIVServer = fuzz_block(in, 32);
	}
	return out;
}

static CK_PRF_DATA_PARAM take_prf_data(struct fuzz_input *in)
{
	static const struct layout counter = LAYOUT(CK_SP800_108_COUNTER_FORMAT,
		{ FLAG, AT(CK_SP800_108_COUNTER_FORMAT, bLittleEndian), 0 },
		{ NUMBER, AT(CK_SP800_108_COUNTER_FORMAT, ulWidthInBits), 0 });
	static const struct layout length = LAYOUT(CK_SP800_108_DKM_LENGTH_FORMAT,
		{ NUMBER, AT(CK_SP800_108_DKM_LENGTH_FORMAT, dkmLengthMethod), 0 },
		{ FLAG, AT(CK_SP800_108_DKM_LENGTH_FORMAT, bLittleEndian), 0 },
		{ NUMBER, AT(CK_SP800_108_DKM_LENGTH_FORMAT, ulWidthInBits), 0 });
	static const struct layout *const kinds[] = { &counter, &length, &handle };
	CK_PRF_DATA_PARAM d = { fuzz_take_number(in), NULL, 0 };
	size_t kind = fuzz_take_index(in, ARRAY_LEN(kinds) + 1);

	if (kind < ARRAY_LEN(kinds)) {
		d.pValue = take_struct(in, kinds[kind]);
		d.ulValueLen = kinds[kind]->size;
	} else {
		d.pValue = fuzz_take_bytes(in, &d.ulValueLen);
	}
	return d;
}

static void take_prf_list(struct fuzz_input *in, unsigned char *base, const struct field *f)
{
	CK_PRF_DATA_PARAM list[8];
	size_t n = fuzz_take_index(in, ARRAY_LEN(list));

	for (size_t i = 0; i < n; i++)
		list[i] = take_prf_data(in);
	put_number(base + f->size, n);
	put_pointer(base + f->at, n > 0 ? fuzz_block_from(in, list, n * sizeof(list[0])) : NULL);
}

static void take_more_keys(struct fuzz_input *in, unsigned char *base, const struct field *f)
{
	CK_DERIVED_KEY list[3];
	size_t n = fuzz_take_index(in, ARRAY_LEN(list) + 1);

	for (size_t i = 0; i < n; i++) {
		list[i].pTemplate = fuzz_take_template(in, &list[i].ulAttributeCount);
		list[i].phKey = fuzz_block(in, sizeof(CK_OBJECT_HANDLE));
	}
	put_number(base + f->size, n);
	put_pointer(base + f->at, n > 0 ? fuzz_block_from(in, list, n * sizeof(list[0])) : NULL);
}

static void take_raw(struct fuzz_input *in, unsigned char *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = fuzz_take_byte(in);
}

static void take_field(struct fuzz_input *in, unsigned char *base, const struct field *f)
{
	switch (f->kind) {
	case NUMBER:
		put_number(base + f->at, fuzz_take_number(in));
		break;
	case SMALL:
		put_number(base + f->at, fuzz_take_byte(in));
		break;
	case FLAG:
		base[f->at] = fuzz_take_byte(in);
		break;
	case MECH:
		put_number(base + f->at, mech_table[fuzz_take_index(in, mech_table_len)].type);
		break;
	case KEY:
		put_number(base + f->at, take_key(in));
		break;
	case BYTES:
	case BITS:
		take_bytes(in, base, f);
		break;
	case RAW:
		take_raw(in, base + f->at, f->size);
		break;
	case OUT:
		put_pointer(base + f->at,
			    fuzz_take_byte(in) != 255 ? fuzz_block(in, f->size) : NULL);
		break;
	case OAEP:
		put_pointer(base + f->at,
			    fuzz_take_byte(in) != 255 ? take_struct(in, &oaep) : NULL);
		break;
	case MATERIAL:
		put_pointer(base + f->at, take_material(in));
		break;
	case PRF_DATA:
		take_prf_list(in, base, f);
		break;
	case MORE_KEYS:
		take_more_keys(in, base, f);
		break;
	}
}

static void *take_struct(struct fuzz_input *in, const struct layout *l)
{
	unsigned char *base = fuzz_block(in, l->size);

	for (size_t i = 0; i < l->count; i++)
		take_field(in, base, &l->fields[i]);
	return base;
}

void fuzz_take_parameter(struct fuzz_input *in, CK_MECHANISM *m)
{
	const struct layout *l = layout_of(m->mechanism);
	uint8_t how = fuzz_take_byte(in);

	if (how == 255) {		/* wrong as a whole */
		m->pParameter = NULL;
		m->ulParameterLen = fuzz_take_number(in);
	} else if (l == NULL || how == 254) {
		m->pParameter = fuzz_take_bytes(in, &m->ulParameterLen);
		if (l != NULL && m->ulParameterLen == l->size)
			m->ulParameterLen--;	/* its pointers would be none */
	} else {
		m->pParameter = take_struct(in, l);
		m->ulParameterLen = l->size;
	}
}

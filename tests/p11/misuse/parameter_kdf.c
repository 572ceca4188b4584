/* Parameters of the mechanisms that derive keys from keys, passwords and handshakes. */
#include "config.h"

#include "p11/misuse/parameter.h"

#include <string.h>

static CK_BYTE *derived_handle(void)
{
	CK_OBJECT_HANDLE none = 0;

	return memory_take(SCRATCH, sizeof(none), &none);
}

static void shape_hkdf(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_HKDF_PARAMS p = { CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_DATA, some_bytes(16), 16,
			     w->session_object[GENERIC], some_bytes(5), 5 };

	if (wrong == 1)
		p.bExtract = p.bExpand = CK_FALSE;
	if (wrong == 2)
		p.prfHashMechanism = wrong_number(w);
	if (wrong == 3)
		p.ulSaltType = world_pick(w, 2) ? CKF_HKDF_SALT_KEY : wrong_number(w);
	if (wrong == 4)
		wrong_bounded(w, &p.pSalt, &p.ulSaltLen);
	if (wrong == 5)
		wrong_bounded(w, &p.pInfo, &p.ulInfoLen);
	if (wrong == 6) {
		p.ulSaltType = CKF_HKDF_SALT_KEY;
		p.hSaltKey = wrong_number(w);
	}
	parameter_give(m, &p, sizeof(p));
}

static void shape_pbkdf2(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_BYTE_PTR salt = some_bytes(8);
	CK_PKCS5_PBKD2_PARAMS2 p = { CKZ_SALT_SPECIFIED, NULL, 8, 10, CKP_PKCS5_PBKD2_HMAC_SHA256,
				     NULL, 0, some_bytes(6), 6 };

	if (wrong == 1)
		p.saltSource = wrong_number(w);
	if (wrong == 2)
		wrong_bounded(w, &salt, &p.ulSaltSourceDataLen);
	if (wrong == 3)
		p.iterations = wrong_number(w);
	if (wrong == 4)
		p.prf = wrong_number(w);
	if (wrong == 5)
		p.ulPrfDataLen = wrong_number(w);
	if (wrong == 6)
		wrong_bounded(w, &p.pPassword, &p.ulPasswordLen);
	p.pSaltSourceData = salt;
	parameter_give(m, &p, sizeof(p));
}

/* --- SP 800-108 --------------------------------------------------------- */

/*
 * What is hashed: a counter (elsewhere than in counter mode, what was hashed before), bytes, a key,
 * the length; and how many of them.
 */
static CK_PRF_DATA_PARAM *data_params(struct world *w, const CK_MECHANISM *m, unsigned wrong,
				      CK_ULONG *count)
{
	/* static, so that the bytes between their members are zero too */
	static CK_SP800_108_COUNTER_FORMAT counter = { CK_FALSE, 32 };
	static CK_SP800_108_DKM_LENGTH_FORMAT length = { CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS,
							 CK_FALSE, 32 };

	counter.ulWidthInBits = wrong == 1 ? wrong_number(w) : 32;
	length.ulWidthInBits = wrong == 1 ? wrong_number(w) : 32;

	CK_OBJECT_HANDLE key = wrong == 2 ? wrong_number(w) : w->session_object[GENERIC];
	CK_PRF_DATA_PARAM list[] = {
		{ CK_SP800_108_ITERATION_VARIABLE, memory_take_askew(sizeof(counter), &counter),
		  sizeof(counter) },
		{ CK_SP800_108_BYTE_ARRAY, some_bytes(7), 7 },
		{ CK_SP800_108_KEY_HANDLE, memory_take_askew(sizeof(key), &key), sizeof(key) },
		{ CK_SP800_108_DKM_LENGTH, memory_take_askew(sizeof(length), &length),
		  sizeof(length) },
	};
	CK_PRF_DATA_PARAM *bad = &list[world_pick(w, LENGTH(list))];
	CK_BYTE_PTR value = bad->pValue;

	*count = wrong ? 1 + world_pick(w, LENGTH(list)) : 2;
	if (m->mechanism != CKM_SP800_108_COUNTER_KDF && !wrong)
		list[0] = (CK_PRF_DATA_PARAM){ CK_SP800_108_ITERATION_VARIABLE, NULL, 0 };
	if (wrong == 3) {
		wrong_bounded(w, &value, &bad->ulValueLen);
		bad->pValue = value;
	}
	if (wrong == 4)
		bad->type = wrong_number(w);
	if (wrong == 5)
		bad->ulValueLen -= 1;
	return memory_take_askew(*count * sizeof(*list), list);
}

/* Another key, whose template may have something wrong in it. */
static CK_DERIVED_KEY *more_keys(struct world *w, unsigned wrong, CK_ULONG *count)
{
	const CK_ATTRIBUTE good[] = {
		A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
		A_ULONG(CKA_VALUE_LEN, 16), A_END,
	};
	const CK_ATTRIBUTE base = { entry_type(w), NULL, 0 }, none = A_END;
	CK_DERIVED_KEY key = { NULL, 0, NULL };

	*count = 1;
	key.pTemplate = entries_take(good, wrong == 1 ? entry_spoil(w, &base) : none,
				     &key.ulAttributeCount);
	if (wrong == 2)
		key.ulAttributeCount = ABSURD;
	if (wrong == 3)
		key.pTemplate = NULL;
	if (wrong != 4)
		key.phKey = (CK_OBJECT_HANDLE_PTR)(void *)derived_handle();
	return memory_take_askew(sizeof(key), &key);
}

static void shape_kbkdf(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_SP800_108_KDF_PARAMS p = { CKM_SHA256_HMAC, 0, NULL, 0, NULL };
	unsigned detail = world_pick(w, 6);

	p.pDataParams = data_params(w, m, wrong == 1 ? detail : 0, &p.ulNumberOfDataParams);
	if (wrong == 2)
		p.pAdditionalDerivedKeys = more_keys(w, detail, &p.ulAdditionalDerivedKeys);
	if (wrong == 3)
		p.prfType = wrong_number(w);
	if (wrong == 4)
		p.ulNumberOfDataParams = world_pick(w, 2) ? 0 : ABSURD;
	if (wrong == 5)
		p.ulAdditionalDerivedKeys = world_pick(w, 2) ? 1 : ABSURD;
	if (wrong == 6)
		p.pDataParams = NULL;
	parameter_give(m, &p, sizeof(p));
}

static void shape_feedback(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_SP800_108_FEEDBACK_KDF_PARAMS p = { CKM_SHA256_HMAC, 0, NULL, 16, some_bytes(16), 0,
					       NULL };
	unsigned detail = world_pick(w, 6);

	p.pDataParams = data_params(w, m, wrong == 1 ? detail : 0, &p.ulNumberOfDataParams);
	if (wrong == 2)
		p.pAdditionalDerivedKeys = more_keys(w, detail, &p.ulAdditionalDerivedKeys);
	if (wrong == 3)
		p.prfType = wrong_number(w);
	if (wrong == 4)
		wrong_bounded(w, &p.pIV, &p.ulIVLen);
	if (wrong == 5)
		p.ulAdditionalDerivedKeys = ABSURD;
	parameter_give(m, &p, sizeof(p));
}

/* --- TLS ---------------------------------------------------------------- */

static CK_SSL3_RANDOM_DATA randoms(struct world *w, bool wrong)
{
	CK_SSL3_RANDOM_DATA r = { some_bytes(32), 32, some_bytes(32), 32 };

	if (wrong && world_pick(w, 2))
		wrong_bounded(w, &r.pClientRandom, &r.ulClientRandomLen);
	else if (wrong)
		wrong_bounded(w, &r.pServerRandom, &r.ulServerRandomLen);
	return r;
}

static void shape_master(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_TLS12_MASTER_KEY_DERIVE_PARAMS p = { randoms(w, wrong == 1), NULL, CKM_SHA256 };

	if (wrong != 2)
		p.pVersion = memory_take(SCRATCH, sizeof(*p.pVersion), NULL);
	if (wrong == 3)
		p.prfHashMechanism = wrong_number(w);
	parameter_give(m, &p, sizeof(p));
}

static void shape_extended(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS p = { CKM_SHA256, some_bytes(32), 32, NULL };

	if (wrong == 1)
		wrong_bounded(w, &p.pSessionHash, &p.ulSessionHashLen);
	if (wrong != 2)
		p.pVersion = memory_take(SCRATCH, sizeof(*p.pVersion), NULL);
	if (wrong == 3)
		p.prfHashMechanism = wrong_number(w);
	parameter_give(m, &p, sizeof(p));
}

static void shape_material(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_SSL3_KEY_MAT_OUT out = { 0, 0, 0, 0, memory_take(SCRATCH, 16, NULL),
				    memory_take(SCRATCH, 16, NULL) };
	CK_TLS12_KEY_MAT_PARAMS p = { 160, 128, 128, CK_FALSE, randoms(w, wrong == 1), NULL,
				      CKM_SHA256 };

	if (wrong == 2)
		out.pIVClient = out.pIVServer = NULL;
	if (wrong == 3)
		p.prfHashMechanism = wrong_number(w);
	/* no more IV than there is room for */
	if (wrong == 4)
		p.ulIVSizeInBits = world_pick(w, 2) ? 7 : 0;
	if (wrong == 5)
		p.ulKeySizeInBits = wrong_number(w);
	if (wrong == 6)
		p.ulMacSizeInBits = wrong_number(w);
	else
		p.pReturnedKeyMaterial = memory_take(SCRATCH, sizeof(out), &out);
	parameter_give(m, &p, sizeof(p));
}

static void shape_tls_kdf(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_TLS_KDF_PARAMS p = { CKM_SHA256, some_bytes(8), 8, randoms(w, wrong == 1),
				some_bytes(5), 5 };

	if (wrong == 2)
		wrong_bounded(w, &p.pLabel, &p.ulLabelLength);
	if (wrong == 3)
		wrong_bounded(w, &p.pContextData, &p.ulContextDataLength);
	if (wrong == 4)
		p.prfMechanism = wrong_number(w);
	parameter_give(m, &p, sizeof(p));
}

static void shape_tls_mac(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_TLS_MAC_PARAMS p = { CKM_SHA256, 12, 1 };

	if (wrong == 1)
		p.prfHashMechanism = wrong_number(w);
	if (wrong == 2)
		p.ulMacLength = wrong_number(w);
	if (wrong == 3)
		p.ulServerOrClient = wrong_number(w);
	parameter_give(m, &p, sizeof(p));
}

/* --- others ------------------------------------------------------------- */

static void shape_ecdh_wrap(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_ECDH_AES_KEY_WRAP_PARAMS p = { 256, CKD_SHA256_KDF, 0, NULL };

	if (wrong == 1)
		p.ulAESKeyBits = wrong_number(w);
	if (wrong == 2)
		p.kdf = wrong_number(w);
	if (wrong == 3)
		wrong_bounded(w, &p.pSharedData, &p.ulSharedDataLen);
	parameter_give(m, &p, sizeof(p));
}

/* The bit at which the new key begins. */
static void shape_first_bit(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_EXTRACT_PARAMS p = wrong ? wrong_number(w) : 3;

	parameter_give(m, &p, sizeof(p));
}

shape *shape_of_kdf(CK_MECHANISM_TYPE type)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		shape *make;
	} shapes[] = {
		{ CKM_HKDF_DERIVE, shape_hkdf },
		{ CKM_HKDF_DATA, shape_hkdf },
		{ CKM_PKCS5_PBKD2, shape_pbkdf2 },
		{ CKM_SP800_108_COUNTER_KDF, shape_kbkdf },
		{ CKM_SP800_108_DOUBLE_PIPELINE_KDF, shape_kbkdf },
		{ CKM_SP800_108_FEEDBACK_KDF, shape_feedback },
		{ CKM_TLS12_MASTER_KEY_DERIVE, shape_master },
		{ CKM_TLS12_MASTER_KEY_DERIVE_DH, shape_master },
		{ CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, shape_extended },
		{ CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, shape_extended },
		{ CKM_TLS12_KEY_AND_MAC_DERIVE, shape_material },
		{ CKM_TLS12_KEY_SAFE_DERIVE, shape_material },
		{ CKM_TLS12_KDF, shape_tls_kdf },
		{ CKM_TLS_KDF, shape_tls_kdf },
		{ CKM_TLS12_MAC, shape_tls_mac },
		{ CKM_TLS_MAC, shape_tls_mac },
		{ CKM_ECDH_AES_KEY_WRAP, shape_ecdh_wrap },
		{ CKM_EXTRACT_KEY_FROM_KEY, shape_first_bit },
	};

	for (size_t i = 0; i < LENGTH(shapes); i++)
		if (shapes[i].type == type)
			return shapes[i].make;
	return NULL;
}

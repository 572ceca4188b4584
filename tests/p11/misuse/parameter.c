/* Parameters of mechanisms: right ones, and some with one thing wrong in them. */
#include "config.h"

#include "p11/misuse/parameter.h"

#include <string.h>

void parameter_give(CK_MECHANISM *m, const void *p, CK_ULONG len)
{
	m->pParameter = memory_take_askew(len, p);
	m->ulParameterLen = len;
}

CK_ULONG wrong_number(struct world *w)
{
	static const CK_ULONG numbers[] = { 0, 1, 7, 129, 1000, 1UL << 32, 1UL << 63, ABSURD };

	return numbers[world_pick(w, LENGTH(numbers))];
}

CK_BYTE *some_bytes(size_t len)
{
	return memory_take(INPUT, len, NULL);
}

void wrong_pointer(struct world *w, CK_BYTE_PTR *p, CK_ULONG *len)
{
	static const CK_ULONG lens[] = { 0, 1, 16, ABSURD };

	*p = world_pick(w, 2) ? NULL : memory_edge();
	*len = *p ? 0 : lens[world_pick(w, LENGTH(lens))];
}

void wrong_bounded(struct world *w, CK_BYTE_PTR *p, CK_ULONG *len)
{
	wrong_pointer(w, p, len);
	if (*p && world_pick(w, 2))
		*len = world_pick(w, 2) ? ABSURD : 1UL << 32;
}

static void iv(CK_MECHANISM *m, CK_ULONG len, unsigned wrong)
{
	CK_BYTE zero[33] = { 0 };

	const CK_ULONG lens[] = { len, len - 1, len + 1, sizeof(zero) };

	parameter_give(m, zero, lens[wrong < LENGTH(lens) ? wrong : 0]);
}

static void shape_iv16(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	(void)w;
	iv(m, 16, wrong);
}

static void shape_iv8(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	(void)w;
	iv(m, 8, wrong);
}

static void shape_ctr(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_AES_CTR_PARAMS p = { 64, { 0 } };

	if (wrong == 1)
		p.ulCounterBits = wrong_number(w);
	if (wrong == 2)
		memset(p.cb, 0xff, sizeof(p.cb));
	parameter_give(m, &p, sizeof(p));
}

static void shape_gcm(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_GCM_PARAMS p = { some_bytes(12), 12, 96, some_bytes(5), 5, 128 };

	if (wrong == 1)
		wrong_bounded(w, &p.pIv, &p.ulIvLen);
	if (wrong == 2)
		wrong_pointer(w, &p.pAAD, &p.ulAADLen);
	if (wrong == 3)
		p.ulTagBits = wrong_number(w);
	if (wrong == 4)
		p.ulIvBits = wrong_number(w);
	parameter_give(m, &p, sizeof(p));
}

static void shape_gmac(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_GCM_PARAMS p = { some_bytes(12), 12, 96, NULL, 0, 128 };

	if (wrong == 1)
		wrong_bounded(w, &p.pIv, &p.ulIvLen);
	if (wrong == 2)
		wrong_pointer(w, &p.pAAD, &p.ulAADLen);
	if (wrong == 3)
		p.ulTagBits = wrong_number(w);
	parameter_give(m, &p, sizeof(p));
}

static void shape_ccm(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_CCM_PARAMS p = { 16, some_bytes(12), 12, some_bytes(5), 5, 8 };

	if (wrong == 1)
		wrong_bounded(w, &p.pNonce, &p.ulNonceLen);
	if (wrong == 2)
		wrong_pointer(w, &p.pAAD, &p.ulAADLen);
	if (wrong == 3)
		p.ulMACLen = wrong_number(w);
	if (wrong == 4)
		p.ulDataLen = wrong_number(w);
	parameter_give(m, &p, sizeof(p));
}

static void shape_chacha20(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_CHACHA20_PARAMS p = { some_bytes(4), 32, some_bytes(12), 96 };

	if (wrong == 1)
		wrong_bounded(w, &p.pBlockCounter, &p.blockCounterBits);
	if (wrong == 2)
		wrong_bounded(w, &p.pNonce, &p.ulNonceBits);
	if (wrong == 3)
		p = (CK_CHACHA20_PARAMS){ some_bytes(8), 64, some_bytes(8), 64 };
	parameter_give(m, &p, sizeof(p));
}

static void shape_poly1305(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_SALSA20_CHACHA20_POLY1305_PARAMS p = { some_bytes(12), 12, some_bytes(5), 5 };

	if (wrong == 1)
		wrong_bounded(w, &p.pNonce, &p.ulNonceLen);
	if (wrong == 2)
		wrong_pointer(w, &p.pAAD, &p.ulAADLen);
	parameter_give(m, &p, sizeof(p));
}

static void shape_general(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_MAC_GENERAL_PARAMS p = 4;

	if (wrong == 1)
		p = wrong_number(w);
	parameter_give(m, &p, sizeof(p));
}

static void oaep_make(struct world *w, CK_RSA_PKCS_OAEP_PARAMS *p, unsigned wrong)
{
	CK_BYTE_PTR data = NULL;

	*p = (CK_RSA_PKCS_OAEP_PARAMS){ CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0 };
	if (wrong == 1)
		p->hashAlg = world_pick(w, 2) ? CKM_SHA256 : wrong_number(w);
	if (wrong == 2)
		p->mgf = wrong_number(w);
	if (wrong == 3)
		p->source = wrong_number(w);
	if (wrong == 4) {
		wrong_pointer(w, &data, &p->ulSourceDataLen);
		p->pSourceData = data;
	}
}

static void shape_oaep(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_RSA_PKCS_OAEP_PARAMS p;

	oaep_make(w, &p, wrong);
	parameter_give(m, &p, sizeof(p));
}

static void shape_rsa_aes(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_RSA_PKCS_OAEP_PARAMS oaep;
	CK_RSA_AES_KEY_WRAP_PARAMS p = { 256, NULL };

	oaep_make(w, &oaep, wrong > 2 ? wrong - 2 : 0);
	if (wrong == 1)
		p.ulAESKeyBits = wrong_number(w);
	if (wrong != 2)
		p.pOAEPParams = memory_take_askew(sizeof(oaep), &oaep);
	parameter_give(m, &p, sizeof(p));
}

static void shape_pss(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_RSA_PKCS_PSS_PARAMS p = { CKM_SHA256, CKG_MGF1_SHA256, 32 };

	if (m->mechanism == CKM_SHA1_RSA_PKCS_PSS)
		p = (CK_RSA_PKCS_PSS_PARAMS){ CKM_SHA_1, CKG_MGF1_SHA1, 20 };
	if (wrong == 1)
		p.hashAlg = wrong_number(w);
	if (wrong == 2)
		p.mgf = wrong_number(w);
	if (wrong == 3)
		p.sLen = wrong_number(w);
	parameter_give(m, &p, sizeof(p));
}

/* A point of P-256. */
static CK_BYTE point[] = {
	0x04, 0x10, 0x1c, 0xa7, 0x42, 0x6b, 0x1d, 0x8f, 0x95, 0x3f, 0xad, 0x15, 0x20,
	0x00, 0xce, 0xcf, 0xaf, 0x05, 0x29, 0xad, 0xdc, 0x0b, 0x64, 0x0a, 0x2d, 0x8f,
	0xaa, 0xe8, 0x83, 0x53, 0x51, 0x21, 0x95, 0x2a, 0x47, 0x57, 0xfa, 0xea, 0x1a,
	0x6f, 0xdd, 0xdb, 0xe3, 0x6a, 0x28, 0x5c, 0x82, 0x2a, 0x48, 0x99, 0x08, 0x2a,
	0xb9, 0x2d, 0x03, 0x3e, 0x71, 0xe3, 0x12, 0xbe, 0xc9, 0xe0, 0xfc, 0x94, 0x04,
};

static void shape_ecdh(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_ECDH1_DERIVE_PARAMS p = { CKD_NULL, 0, NULL, sizeof(point),
				     memory_take(INPUT, sizeof(point), point) };

	if (wrong == 1)
		p.kdf = wrong_number(w);
	if (wrong == 2)
		wrong_pointer(w, &p.pSharedData, &p.ulSharedDataLen);
	if (wrong == 3)
		wrong_bounded(w, &p.pPublicData, &p.ulPublicDataLen);
	if (wrong == 4)
		p.ulPublicDataLen = world_pick(w, sizeof(point));
	if (wrong == 5)
		p.pPublicData = some_bytes(sizeof(point));
	parameter_give(m, &p, sizeof(p));
}

static void shape_string(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_KEY_DERIVATION_STRING_DATA p = { some_bytes(16), 16 };

	if (wrong == 1)
		wrong_pointer(w, &p.pData, &p.ulLen);
	if (wrong == 2)
		p.ulLen = world_pick(w, 16);
	parameter_give(m, &p, sizeof(p));
}

static void shape_aes_data(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_AES_CBC_ENCRYPT_DATA_PARAMS p = { { 0 }, some_bytes(16), 16 };

	if (wrong == 1)
		wrong_pointer(w, &p.pData, &p.length);
	if (wrong == 2)
		p.length = world_pick(w, 16);
	parameter_give(m, &p, sizeof(p));
}

static void shape_des_data(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_DES_CBC_ENCRYPT_DATA_PARAMS p = { { 0 }, some_bytes(16), 16 };

	if (wrong == 1)
		wrong_pointer(w, &p.pData, &p.length);
	if (wrong == 2)
		p.length = world_pick(w, 16);
	parameter_give(m, &p, sizeof(p));
}

static void shape_object(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_OBJECT_HANDLE o = w->session_object[AES];

	if (wrong == 1)
		o = wrong_number(w);
	if (wrong == 2)
		o = w->session_object[world_pick(w, ALL_KINDS)];
	if (wrong == 3)
		o = world_pick(w, 2) ? w->foreign : w->destroyed;
	parameter_give(m, &o, sizeof(o));
}

static void shape_public(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	m->ulParameterLen = wrong ? 1 + world_pick(w, 200) : 16;
	m->pParameter = some_bytes(m->ulParameterLen);
}

static void shape_context(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_SIGN_ADDITIONAL_CONTEXT p = { 0, NULL, 0 };

	if (wrong == 1)
		wrong_bounded(w, &p.pContext, &p.ulContextLen);
	if (wrong == 2)
		p.hedgeVariant = wrong_number(w);
	if (wrong == 3)
		p = (CK_SIGN_ADDITIONAL_CONTEXT){ 0, some_bytes(256), 256 };
	parameter_give(m, &p, sizeof(p));
}

static void shape_eddsa(struct world *w, CK_MECHANISM *m, unsigned wrong)
{
	CK_EDDSA_PARAMS p = { CK_FALSE, 0, NULL };

	if (wrong == 1)
		wrong_bounded(w, &p.pContextData, &p.ulContextDataLen);
	if (wrong == 2)
		p.phFlag = (CK_BBOOL)wrong_number(w);
	if (wrong == 3)
		p = (CK_EDDSA_PARAMS){ CK_FALSE, 5, some_bytes(5) };
	parameter_give(m, &p, sizeof(p));
}

static const struct {
	CK_MECHANISM_TYPE type;
	shape *make;
} shapes[] = {
	{ CKM_AES_CBC, shape_iv16 },
	{ CKM_AES_CBC_PAD, shape_iv16 },
	{ CKM_AES_CTR, shape_ctr },
	{ CKM_AES_GCM, shape_gcm },
	{ CKM_AES_OFB, shape_iv16 },
	{ CKM_AES_CFB128, shape_iv16 },
	{ CKM_AES_CFB8, shape_iv16 },
	{ CKM_AES_CFB1, shape_iv16 },
	{ CKM_AES_CTS, shape_iv16 },
	{ CKM_AES_XTS, shape_iv16 },
	{ CKM_AES_CCM, shape_ccm },
	{ CKM_AES_GMAC, shape_gmac },
	{ CKM_CHACHA20, shape_chacha20 },
	{ CKM_CHACHA20_POLY1305, shape_poly1305 },
	{ CKM_AES_CMAC_GENERAL, shape_general },
	{ CKM_AES_MAC_GENERAL, shape_general },
	{ CKM_DES3_CMAC_GENERAL, shape_general },
	{ CKM_DES3_MAC_GENERAL, shape_general },
	{ CKM_DES_MAC_GENERAL, shape_general },
	{ CKM_MD5_HMAC_GENERAL, shape_general },
	{ CKM_RIPEMD160_HMAC_GENERAL, shape_general },
	{ CKM_SHA_1_HMAC_GENERAL, shape_general },
	{ CKM_SHA224_HMAC_GENERAL, shape_general },
	{ CKM_SHA256_HMAC_GENERAL, shape_general },
	{ CKM_SHA384_HMAC_GENERAL, shape_general },
	{ CKM_SHA512_HMAC_GENERAL, shape_general },
	{ CKM_SHA512_224_HMAC_GENERAL, shape_general },
	{ CKM_SHA512_256_HMAC_GENERAL, shape_general },
	{ CKM_SHA3_224_HMAC_GENERAL, shape_general },
	{ CKM_SHA3_256_HMAC_GENERAL, shape_general },
	{ CKM_SHA3_384_HMAC_GENERAL, shape_general },
	{ CKM_SHA3_512_HMAC_GENERAL, shape_general },
	{ CKM_DES_CBC, shape_iv8 },
	{ CKM_DES_CBC_PAD, shape_iv8 },
	{ CKM_DES3_CBC, shape_iv8 },
	{ CKM_DES3_CBC_PAD, shape_iv8 },
	{ CKM_RSA_PKCS_OAEP, shape_oaep },
	{ CKM_RSA_AES_KEY_WRAP, shape_rsa_aes },
	{ CKM_RSA_PKCS_PSS, shape_pss },
	{ CKM_SHA1_RSA_PKCS_PSS, shape_pss },
	{ CKM_SHA224_RSA_PKCS_PSS, shape_pss },
	{ CKM_SHA256_RSA_PKCS_PSS, shape_pss },
	{ CKM_SHA384_RSA_PKCS_PSS, shape_pss },
	{ CKM_SHA512_RSA_PKCS_PSS, shape_pss },
	{ CKM_SHA3_224_RSA_PKCS_PSS, shape_pss },
	{ CKM_SHA3_256_RSA_PKCS_PSS, shape_pss },
	{ CKM_SHA3_384_RSA_PKCS_PSS, shape_pss },
	{ CKM_SHA3_512_RSA_PKCS_PSS, shape_pss },
	{ CKM_ECDH1_DERIVE, shape_ecdh },
	{ CKM_ECDH1_COFACTOR_DERIVE, shape_ecdh },
	{ CKM_AES_ECB_ENCRYPT_DATA, shape_string },
	{ CKM_AES_CBC_ENCRYPT_DATA, shape_aes_data },
	{ CKM_DES_ECB_ENCRYPT_DATA, shape_string },
	{ CKM_DES_CBC_ENCRYPT_DATA, shape_des_data },
	{ CKM_DES3_ECB_ENCRYPT_DATA, shape_string },
	{ CKM_DES3_CBC_ENCRYPT_DATA, shape_des_data },
	{ CKM_CONCATENATE_BASE_AND_DATA, shape_string },
	{ CKM_CONCATENATE_DATA_AND_BASE, shape_string },
	{ CKM_XOR_BASE_AND_DATA, shape_string },
	{ CKM_CONCATENATE_BASE_AND_KEY, shape_object },
	{ CKM_DH_PKCS_DERIVE, shape_public },
	{ CKM_ML_DSA, shape_context },
	{ CKM_EDDSA, shape_eddsa },
};

static shape *shape_of(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < LENGTH(shapes); i++)
		if (shapes[i].type == type)
			return shapes[i].make;
	return shape_of_kdf(type);
}

/* Wrong as a whole. Zeros, because no pointer may be made of what is not one. */
static void spoil_whole(struct world *w, CK_MECHANISM *m)
{
	CK_BYTE zero[64] = { 0 };
	unsigned way = world_pick(w, 5);

	note(" whole %u", way);
	switch (way) {
	case 0:
		m->pParameter = NULL;
		break;
	case 1:
		m->pParameter = memory_edge();
		m->ulParameterLen = ABSURD;
		break;
	case 2:
		m->pParameter = memory_edge();
		m->ulParameterLen = 0;
		break;
	case 3:
		*m = (CK_MECHANISM){ m->mechanism, NULL, ABSURD };
		break;
	default:
		parameter_give(m, zero, 1 + world_pick(w, sizeof(zero)));
		break;
	}
}

void mechanism_parameter(struct world *w, CK_MECHANISM *m, bool spoil)
{
	shape *make = shape_of(m->mechanism);
	unsigned wrong = spoil ? world_pick(w, 7) : 0;

	if (make)
		make(w, m, wrong);
	note(" wrong %u", wrong);
	if (spoil && (wrong == 0 || !make))
		spoil_whole(w, m);
}

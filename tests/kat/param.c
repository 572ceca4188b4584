#include "config.h"

#include "param.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "p11/harness.h"
#include "param_kdf.h"

/* --- symmetric ---------------------------------------------------------- */

bool param_bytes(const struct param *p, const char *name, CK_BYTE **out, CK_ULONG *len)
{
	struct bytes b;

	if (!record_bytes(p->r, name, &b))
		return false;
	*out = b.len ? b.p : NULL;
	*len = b.len;
	return true;
}

bool param_set(struct param *p, CK_ULONG size)
{
	p->m.pParameter = &p->u;
	p->m.ulParameterLen = size;
	return true;
}

static bool no_param(struct param *p)
{
	(void)p;
	return true;
}

static bool iv_bytes(struct param *p)
{
	struct bytes b;

	if (!record_has(p->r, "iv"))
		return true;
	if (!record_bytes(p->r, "iv", &b) || b.len > sizeof(p->u.bytes))
		return record_complain(p->r, "iv is too long");
	memcpy(p->u.bytes, b.p, b.len);
	return param_set(p, b.len);
}

/* A public value of any length (DH). */
static bool public_bytes(struct param *p)
{
	struct bytes b;

	if (!record_bytes(p->r, "public", &b))
		return false;
	p->m.pParameter = b.p;
	p->m.ulParameterLen = b.len;
	return true;
}

static bool mac_general(struct param *p)
{
	return record_number(p->r, "mac_len", 0, &p->u.number) && param_set(p, sizeof(CK_ULONG));
}

static bool aes_ctr(struct param *p)
{
	struct bytes iv;

	if (!record_number(p->r, "counter_bits", 128, &p->u.ctr.ulCounterBits) ||
	    !record_bytes(p->r, "iv", &iv) || iv.len != sizeof(p->u.ctr.cb))
		return record_complain(p->r, "counter_bits or iv is wrong");
	memcpy(p->u.ctr.cb, iv.p, iv.len);
	return param_set(p, sizeof(p->u.ctr));
}

static bool gcm(struct param *p)
{
	CK_GCM_PARAMS *g = &p->u.gcm;

	if (!param_bytes(p, "iv", &g->pIv, &g->ulIvLen) ||
	    !record_number(p->r, "iv_bits", 8 * g->ulIvLen, &g->ulIvBits) ||
	    !param_bytes(p, "aad", &g->pAAD, &g->ulAADLen) ||
	    !record_number(p->r, "tag_bits", 128, &g->ulTagBits))
		return false;
	/* some clients always give a pointer */
	if (record_has(p->r, "aad") && !g->pAAD)
		g->pAAD = pool_alloc(1);
	return param_set(p, sizeof(*g));
}

static bool ccm(struct param *p)
{
	CK_CCM_PARAMS *c = &p->u.ccm;

	return param_bytes(p, "nonce", &c->pNonce, &c->ulNonceLen) &&
	       param_bytes(p, "aad", &c->pAAD, &c->ulAADLen) &&
	       record_number(p->r, "mac_len", 16, &c->ulMACLen) &&
	       record_number(p->r, "data_len", p->data_len, &c->ulDataLen) &&
	       param_set(p, sizeof(*c));
}

static bool chacha20(struct param *p)
{
	CK_CHACHA20_PARAMS *c = &p->u.chacha20;

	if (!param_bytes(p, "counter", &c->pBlockCounter, &c->blockCounterBits) ||
	    !param_bytes(p, "nonce", &c->pNonce, &c->ulNonceBits))
		return false;
	c->blockCounterBits *= 8;
	c->ulNonceBits *= 8;
	return param_set(p, sizeof(*c));
}

static bool chacha20_poly1305(struct param *p)
{
	CK_SALSA20_CHACHA20_POLY1305_PARAMS *c = &p->u.poly1305;

	return param_bytes(p, "nonce", &c->pNonce, &c->ulNonceLen) &&
	       param_bytes(p, "aad", &c->pAAD, &c->ulAADLen) && param_set(p, sizeof(*c));
}

/* --- RSA and curves ----------------------------------------------------- */

static bool oaep_fields(const struct param *p, CK_RSA_PKCS_OAEP_PARAMS *o)
{
	CK_BYTE *label = NULL;

	if (!record_constant(p->r, "hash", CKM_SHA_1, &o->hashAlg) ||
	    !record_constant(p->r, "mgf", CKG_MGF1_SHA1, &o->mgf) ||
	    !record_number(p->r, "source", CKZ_DATA_SPECIFIED, &o->source) ||
	    !param_bytes(p, "label", &label, &o->ulSourceDataLen))
		return false;
	o->pSourceData = label;
	return true;
}

static bool oaep(struct param *p)
{
	return oaep_fields(p, &p->u.oaep) && param_set(p, sizeof(p->u.oaep));
}

static bool rsa_aes(struct param *p)
{
	CK_RSA_AES_KEY_WRAP_PARAMS *w = &p->u.rsa_aes;

	w->pOAEPParams = &p->oaep;
	return oaep_fields(p, &p->oaep) && record_number(p->r, "aes_bits", 256, &w->ulAESKeyBits) &&
	       param_set(p, sizeof(*w));
}

static bool pss(struct param *p)
{
	CK_RSA_PKCS_PSS_PARAMS *o = &p->u.pss;

	return record_constant(p->r, "hash", CKM_SHA_1, &o->hashAlg) &&
	       record_constant(p->r, "mgf", CKG_MGF1_SHA1, &o->mgf) &&
	       record_number(p->r, "salt_len", 0, &o->sLen) && param_set(p, sizeof(*o));
}

static bool eddsa(struct param *p)
{
	CK_EDDSA_PARAMS *e = &p->u.eddsa;

	if (!record_has(p->r, "prehash") && !record_has(p->r, "context"))
		return true;
	e->phFlag = record_flag(p->r, "prehash") ? CK_TRUE : CK_FALSE;
	return param_bytes(p, "context", &e->pContextData, &e->ulContextDataLen) &&
	       param_set(p, sizeof(*e));
}

static bool sign_context(struct param *p)
{
	CK_SIGN_ADDITIONAL_CONTEXT *c = &p->u.context;

	if (!record_has(p->r, "context") && !record_has(p->r, "hedge"))
		return true;
	return record_constant(p->r, "hedge", CKH_HEDGE_PREFERRED, &c->hedgeVariant) &&
	       param_bytes(p, "context", &c->pContext, &c->ulContextLen) &&
	       param_set(p, sizeof(*c));
}

static bool ecdh(struct param *p)
{
	CK_ECDH1_DERIVE_PARAMS *e = &p->u.ecdh;

	return record_constant(p->r, "kdf", CKD_NULL, &e->kdf) &&
	       param_bytes(p, "shared", &e->pSharedData, &e->ulSharedDataLen) &&
	       param_bytes(p, "public", &e->pPublicData, &e->ulPublicDataLen) &&
	       param_set(p, sizeof(*e));
}

static bool ecdh_aes(struct param *p)
{
	CK_ECDH_AES_KEY_WRAP_PARAMS *w = &p->u.ecdh_aes;

	return record_number(p->r, "aes_bits", 256, &w->ulAESKeyBits) &&
	       record_constant(p->r, "kdf", CKD_NULL, &w->kdf) &&
	       param_bytes(p, "shared", &w->pSharedData, &w->ulSharedDataLen) &&
	       param_set(p, sizeof(*w));
}

/* --- the table ---------------------------------------------------------- */

static const struct kind {
	const char *name;
	bool (*build)(struct param *p);
	bool (*check)(const struct param *p);
} kinds[] = {
	{ "none", no_param, NULL },
	{ "bytes[4]", iv_bytes, NULL },
	{ "bytes[8]", iv_bytes, NULL },
	{ "bytes[16]", iv_bytes, NULL },
	{ "bytes", public_bytes, NULL },
	{ "CK_MAC_GENERAL_PARAMS", mac_general, NULL },
	{ "CK_AES_CTR_PARAMS", aes_ctr, NULL },
	{ "CK_GCM_PARAMS", gcm, NULL },
	{ "CK_CCM_PARAMS", ccm, NULL },
	{ "CK_CHACHA20_PARAMS", chacha20, NULL },
	{ "CK_SALSA20_CHACHA20_POLY1305_PARAMS", chacha20_poly1305, NULL },
	{ "CK_RSA_PKCS_OAEP_PARAMS", oaep, NULL },
	{ "CK_RSA_PKCS_PSS_PARAMS", pss, NULL },
	{ "CK_RSA_AES_KEY_WRAP_PARAMS", rsa_aes, NULL },
	{ "CK_EDDSA_PARAMS", eddsa, NULL },
	{ "CK_SIGN_ADDITIONAL_CONTEXT", sign_context, NULL },
	{ "CK_ECDH1_DERIVE_PARAMS", ecdh, NULL },
	{ "CK_ECDH_AES_KEY_WRAP_PARAMS", ecdh_aes, NULL },
	{ "CK_OBJECT_HANDLE", param_other_key, NULL },
	{ "CK_EXTRACT_PARAMS", param_extract, NULL },
	{ "CK_KEY_DERIVATION_STRING_DATA", param_string_data, NULL },
	{ "CK_AES_CBC_ENCRYPT_DATA_PARAMS", param_aes_data, NULL },
	{ "CK_DES_CBC_ENCRYPT_DATA_PARAMS", param_des_data, NULL },
	{ "CK_HKDF_PARAMS", param_hkdf, NULL },
	{ "CK_SP800_108_KDF_PARAMS", param_kbkdf, param_kbkdf_check },
	{ "CK_SP800_108_FEEDBACK_KDF_PARAMS", param_feedback, param_kbkdf_check },
	{ "CK_PKCS5_PBKD2_PARAMS2", param_pbkdf2, NULL },
	{ "CK_PKCS5_PBKD2_PARAMS", param_pbkdf2_old, NULL },
	{ "CK_TLS_KDF_PARAMS", param_tls_kdf, NULL },
	{ "CK_TLS_MAC_PARAMS", param_tls_mac, NULL },
	{ "CK_TLS_PRF_PARAMS", param_tls_prf, param_tls_prf_check },
	{ "CK_TLS12_MASTER_KEY_DERIVE_PARAMS", param_tls_master, param_tls_version_check },
	{ "CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS", param_tls_extended,
	  param_tls_version_check },
	{ "CK_TLS12_KEY_MAT_PARAMS", param_tls_material, param_tls_material_check },
};

static const struct kind *kind_find(struct record *r)
{
	const char *name = record_text(r, "struct", 0);

	if (!name)
		name = r->mechanism->param;
	for (size_t i = 0; i < LENGTH(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

bool param_build(struct record *r, CK_SESSION_HANDLE s, CK_ULONG data_len, struct param *p)
{
	const struct kind *k = kind_find(r);
	const char *raw = record_text(r, "param", 0);
	struct bytes b = { NULL, 0 };

	memset(p, 0, sizeof(*p));
	p->r = r;
	p->s = s;
	p->data_len = data_len;
	p->m.mechanism = r->mechanism->type;
	if (!k)
		return record_complain(r, "no builder for %s", r->mechanism->param);
	if (!raw)
		return k->build(p);
	if (strcmp(raw, "none") != 0 && !record_bytes(r, "param", &b))
		return false;
	p->m.pParameter = b.p;
	p->m.ulParameterLen = b.len;
	return true;
}

bool param_check(const struct param *p)
{
	const struct kind *k = kind_find(p->r);

	return !k || !k->check || k->check(p);
}

#include "config.h"

#include "scene.h"

#include <string.h>

struct scene x;

void scene_clear(void)
{
	memset(&x, 0, sizeof(x));
	for (size_t i = 0; i < sizeof(x.in); i++)
		x.in[i] = (CK_BYTE)i;
	x.len = sizeof(x.out);
}

/* --- arguments ---------------------------------------------------------- */

CK_ULONG *length(CK_ULONG n)
{
	x.len = n;
	return &x.len;
}

CK_BYTE p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
CK_BYTE much[32 * 1024 * 1024];
CK_UTF8CHAR label_of_32[] = {
	'l', 'a', 'b', 'e', 'l', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
	' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
};
static CK_BYTE iv[16];
static CK_GCM_PARAMS gcm = { iv, 12, 96, NULL, 0, 128 };
static CK_AES_CTR_PARAMS ctr = { 128, { 0 } };
static CK_RSA_PKCS_PSS_PARAMS pss = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
static CK_RSA_PKCS_OAEP_PARAMS oaep = { CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0 };
static CK_KEY_DERIVATION_STRING_DATA ecb_data = { iv, sizeof(iv) };

/* The mechanisms of the rows: what each takes, and whose keys. */
static struct {
	CK_MECHANISM m;
	enum kind private_half, public_half;
} mechs[] = {
	{ { CKM_AES_ECB, NULL, 0 }, AES, AES },
	{ { CKM_AES_CBC, iv, sizeof(iv) }, AES, AES },
	{ { CKM_AES_CBC_PAD, iv, sizeof(iv) }, AES, AES },
	{ { CKM_AES_CTR, &ctr, sizeof(ctr) }, AES, AES },
	{ { CKM_AES_GCM, &gcm, sizeof(gcm) }, AES, AES },
	{ { CKM_AES_CMAC, NULL, 0 }, AES, AES },
	{ { CKM_AES_KEY_WRAP, NULL, 0 }, AES, AES },
	{ { CKM_AES_ECB_ENCRYPT_DATA, &ecb_data, sizeof(ecb_data) }, AES, AES },
	{ { CKM_SHA_1_HMAC, NULL, 0 }, GENERIC, GENERIC },
	{ { CKM_SHA256_HMAC, NULL, 0 }, GENERIC, GENERIC },
	{ { CKM_RSA_PKCS, NULL, 0 }, RSA_PRIVATE, RSA_PUBLIC },
	{ { CKM_RSA_X_509, NULL, 0 }, RSA_PRIVATE, RSA_PUBLIC },
	{ { CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep) }, RSA_PRIVATE, RSA_PUBLIC },
	{ { CKM_RSA_PKCS_PSS, &pss, sizeof(pss) }, RSA_PRIVATE, RSA_PUBLIC },
	{ { CKM_SHA256_RSA_PKCS, NULL, 0 }, RSA_PRIVATE, RSA_PUBLIC },
	{ { CKM_ECDSA, NULL, 0 }, EC_PRIVATE, EC_PUBLIC },
	{ { CKM_EDDSA, NULL, 0 }, ED_PRIVATE, ED_PUBLIC },
};

CK_MECHANISM *mech(CK_MECHANISM_TYPE type)
{
	static CK_MECHANISM plain;

	for (size_t i = 0; i < LENGTH(mechs); i++)
		if (mechs[i].m.mechanism == type)
			return &mechs[i].m;
	plain.mechanism = type;
	return &plain;
}

CK_ATTRIBUTE *many_labels(void)
{
	static CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	static CK_KEY_TYPE type = CKK_AES;
	static CK_ATTRIBUTE t[40] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &type, sizeof(type) },
	};

	for (size_t i = 2; i < LENGTH(t); i++)
		t[i] = (CK_ATTRIBUTE){ CKA_LABEL, x.in, 8 };
	return t;
}

/* --- objects ------------------------------------------------------------ */

static CK_RV make(struct ctx *c, enum kind kind, const CK_ATTRIBUTE *base, const CK_ATTRIBUTE *more)
{
	CK_ATTRIBUTE t[TMPL_MAX];

	tmpl_join(t, base, more);
	return kind_make(c->s, kind, t, &x.key);
}

CK_RV with(struct ctx *c, enum kind kind, const CK_ATTRIBUTE *more)
{
	return make(c, kind, WITH(A_BOOL(CKA_PRIVATE, CK_FALSE)), more);
}

CK_RV with_token(struct ctx *c, enum kind kind, const CK_ATTRIBUTE *more)
{
	return make(c, kind, WITH(A_BOOL(CKA_PRIVATE, CK_FALSE), A_BOOL(CKA_TOKEN, CK_TRUE)), more);
}

CK_RV with_key_for(struct ctx *c, CK_MECHANISM_TYPE type, bool private_half,
		   const CK_ATTRIBUTE *more)
{
	for (size_t i = 0; i < LENGTH(mechs); i++)
		if (mechs[i].m.mechanism == type)
			return with(c, private_half ? mechs[i].private_half : mechs[i].public_half,
				    more);
	return ROW_BROKEN;
}

static CK_BYTE short_modulus[] = {
	0xcb, 0x89, 0x14, 0xb0, 0x9e, 0x95, 0xf2, 0xe4, 0xfe, 0x25, 0x99, 0x5c,
	0x06, 0xcd, 0x8f, 0x48, 0xe2, 0x20, 0x2d, 0xfe, 0xd4, 0xb2, 0x4b, 0xf4,
	0xd8, 0xae, 0x2f, 0x47, 0x42, 0xb4, 0xc2, 0x09,
};
static CK_BYTE short_private_exponent[] = {
	0x63, 0x2c, 0x47, 0x0d, 0x8c, 0x28, 0x2a, 0x33, 0x13, 0xf6, 0xc4, 0x14,
	0x08, 0x28, 0x8f, 0x00, 0xa8, 0x56, 0x0f, 0x26, 0x49, 0x29, 0xa2, 0xf8,
	0x0d, 0xa3, 0x88, 0x48, 0xe2, 0x4b, 0xb3, 0x35,
};
static CK_BYTE exponent_65537[] = { 1, 0, 1 };

CK_RV with_short_rsa(struct ctx *c, enum kind half)
{
	bool public_half = half == RSA_PUBLIC;
	CK_ATTRIBUTE t[] = {
		A_ULONG(CKA_CLASS, public_half ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY),
		A_ULONG(CKA_KEY_TYPE, CKK_RSA), A_BYTES(CKA_MODULUS, short_modulus),
		A_BYTES(CKA_PUBLIC_EXPONENT, exponent_65537), A_BOOL(CKA_PRIVATE, CK_FALSE),
		A_BYTES(CKA_PRIVATE_EXPONENT, short_private_exponent),
	};

	return p11->C_CreateObject(c->s, t, LENGTH(t) - public_half, &x.key);
}

CK_RV as_second(struct ctx *c)
{
	(void)c;
	x.second = x.key;
	return CKR_OK;
}

/* --- operations --------------------------------------------------------- */

CK_RV encrypting(struct ctx *c, CK_MECHANISM_TYPE type)
{
	return with_key_for(c, type, false, NULL) || p11->C_EncryptInit(c->s, mech(type), x.key);
}

CK_RV signing(struct ctx *c, CK_MECHANISM_TYPE type)
{
	return with_key_for(c, type, true, NULL) || p11->C_SignInit(c->s, mech(type), x.key);
}

CK_RV digesting(struct ctx *c)
{
	return p11->C_DigestInit(c->s, mech(CKM_SHA256));
}

CK_RV searching(struct ctx *c)
{
	return p11->C_FindObjectsInit(c->s, NULL, 0);
}

CK_RV decrypting(struct ctx *c, CK_MECHANISM_TYPE type, CK_ULONG n)
{
	x.in_len = sizeof(x.out);
	if (encrypting(c, type) || p11->C_Encrypt(c->s, IN(n), x.out, &x.in_len))
		return ROW_BROKEN;
	memcpy(x.in, x.out, x.in_len);
	return with_key_for(c, type, true, NULL) || p11->C_DecryptInit(c->s, mech(type), x.key);
}

CK_RV verifying(struct ctx *c, CK_MECHANISM_TYPE type)
{
	x.sig_len = sizeof(x.sig);
	return signing(c, type) || p11->C_Sign(c->s, IN(16), x.sig, &x.sig_len) ||
	       with_key_for(c, type, false, NULL) || p11->C_VerifyInit(c->s, mech(type), x.key);
}

CK_RV encrypting_parts(struct ctx *c, CK_MECHANISM_TYPE type)
{
	CK_ULONG len = sizeof(x.out);

	return encrypting(c, type) || p11->C_EncryptUpdate(c->s, IN(16), x.out, &len);
}

CK_RV decrypting_parts(struct ctx *c, CK_MECHANISM_TYPE type)
{
	CK_ULONG len = sizeof(x.out);

	return decrypting(c, type, 16) || p11->C_DecryptUpdate(c->s, PREPARED, x.out, &len);
}

CK_RV digesting_parts(struct ctx *c)
{
	return digesting(c) || p11->C_DigestUpdate(c->s, IN(16));
}

CK_RV signing_parts(struct ctx *c, CK_MECHANISM_TYPE type)
{
	return signing(c, type) || p11->C_SignUpdate(c->s, IN(16));
}

CK_RV verifying_parts(struct ctx *c, CK_MECHANISM_TYPE type)
{
	return verifying(c, type) || p11->C_VerifyUpdate(c->s, IN(16));
}

CK_RV signing_with_reauthentication(struct ctx *c, CK_MECHANISM_TYPE type)
{
	return with_key_for(c, type, true, WITH(A_BOOL(CKA_PRIVATE, CK_TRUE),
						A_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE))) ||
	       p11->C_SignInit(c->s, mech(type), x.key);
}

CK_RV signing_recoverably(struct ctx *c, CK_MECHANISM_TYPE type)
{
	return with_key_for(c, type, true, NULL) ||
	       p11->C_SignRecoverInit(c->s, mech(type), x.key);
}

CK_RV recovering(struct ctx *c, CK_MECHANISM_TYPE type)
{
	x.sig_len = sizeof(x.sig);
	return signing_recoverably(c, type) ||
	       p11->C_SignRecover(c->s, IN(16), x.sig, &x.sig_len) ||
	       with_key_for(c, type, false, NULL) ||
	       p11->C_VerifyRecoverInit(c->s, mech(type), x.key);
}

CK_RV digest_encrypting(struct ctx *c, CK_MECHANISM_TYPE type)
{
	return encrypting(c, type) || digesting(c);
}

CK_RV decrypt_digesting(struct ctx *c, CK_MECHANISM_TYPE type)
{
	return decrypting(c, type, 16) || digesting(c);
}

CK_RV sign_encrypting(struct ctx *c, CK_MECHANISM_TYPE type)
{
	return signing(c, CKM_SHA_1_HMAC) || encrypting(c, type);
}

CK_RV decrypt_verifying(struct ctx *c, CK_MECHANISM_TYPE type)
{
	return verifying(c, CKM_SHA_1_HMAC) || decrypting(c, type, 16);
}

CK_RV counting_to_2(struct ctx *c, CK_ATTRIBUTE_TYPE usage)
{
	CK_AES_CTR_PARAMS one_bit = { 1, { 0 } };
	CK_MECHANISM m = { CKM_AES_CTR, &one_bit, sizeof(one_bit) };

	if (with(c, AES, AS_IT_IS))
		return ROW_BROKEN;
	return usage == CKA_ENCRYPT ? p11->C_EncryptInit(c->s, &m, x.key) :
				      p11->C_DecryptInit(c->s, &m, x.key);
}

CK_RV spoiled(void)
{
	x.in[x.in_len - 1] ^= 0x55;
	return CKR_OK;
}

CK_RV all_ones(void)
{
	memset(x.in, 0xff, sizeof(x.in));
	return CKR_OK;
}

/* --- wrapping and derivation -------------------------------------------- */

CK_RV wrapping(struct ctx *c)
{
	return with(c, AES, WITH(A_BOOL(CKA_EXTRACTABLE, CK_TRUE))) || as_second(c) ||
	       with_token(c, AES, AS_IT_IS);
}

CK_RV wrapped(struct ctx *c)
{
	x.in_len = sizeof(x.in);
	return wrapping(c) || p11->C_WrapKey(c->s, mech(CKM_AES_KEY_WRAP), x.key, x.second, x.in,
					     &x.in_len);
}

CK_RV deriving(struct ctx *c)
{
	return with_token(c, AES, WITH(A_BOOL(CKA_DERIVE, CK_TRUE)));
}

/* --- sessions and tokens ------------------------------------------------ */

CK_RV configured(const char *lines)
{
	conf_use("tokens", lines);
	return module_start();
}

CK_RV user_session(struct ctx *c)
{
	return session_open(c->slot, CKF_RW_SESSION, &c->s) || login(c->s, CKU_USER, USER_PIN);
}

CK_RV free_slot(struct ctx *c)
{
	return slot_free(&c->slot);
}

CK_RV user_locked(struct ctx *c)
{
	return configured("token.max_pin_tries = 1\n") ||
	       session_open(c->slot, CKF_RW_SESSION, &c->s) ||
	       want(login(c->s, CKU_USER, "wrong pin") == CKR_PIN_INCORRECT);
}

CK_RV so_locked(struct ctx *c)
{
	return configured("token.max_pin_tries = 1\n") ||
	       want(token_init(c->slot, "wrong pin", TOKEN_LABEL) == CKR_PIN_INCORRECT);
}

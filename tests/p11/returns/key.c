#include "config.h"

#include "returns.h"
#include "scene.h"

#define EXTRACTABLE	WITH(A_BOOL(CKA_EXTRACTABLE, CK_TRUE))
#define ECDH(point) \
	MECH_WITH(CKM_ECDH1_DERIVE, \
		  ((CK_ECDH1_DERIVE_PARAMS){ CKD_NULL, 0, NULL, sizeof(point), (point) }))

/* 1.2.840.10045.3.1.99 */
static CK_BYTE curve_unknown[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 99 };
/* The generator of P-256, and something as long. */
static CK_BYTE peer_point[] = {
	0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6,
	0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33,
	0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42,
	0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e,
	0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40,
	0x68, 0x37, 0xbf, 0x51, 0xf5,
};
static CK_BYTE point_off_the_curve[65] = { 4, 1, 2, 3 };
static CK_KEY_DERIVATION_STRING_DATA data_of_15 = { peer_point, 15 };

/* As wrapping(); the wrapping key is that one. */
static CK_RV wrapping_with(struct ctx *c, enum kind kind, const CK_ATTRIBUTE *more)
{
	return with(c, AES, EXTRACTABLE) || as_second(c) || with(c, kind, more);
}

/* As wrapping(); the key that is wrapped is that one. */
static CK_RV wrapping_that(struct ctx *c, enum kind kind, const CK_ATTRIBUTE *more)
{
	return with(c, kind, more) || as_second(c) || with(c, AES, AS_IT_IS);
}

/* x.key, a session object, unwraps PREPARED, which is itself. */
static CK_RV wrapped_by_itself(struct ctx *c)
{
	x.in_len = sizeof(x.in);
	return with(c, AES, EXTRACTABLE) ||
	       p11->C_WrapKey(c->s, mech(CKM_AES_KEY_WRAP), x.key, x.key, x.in, &x.in_len);
}

#define EC_OID		0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01
#define EC_PRIVATE_KEY	0x04, 0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20	/* and 32 bytes */

/* PKCS#8 of a private key on curve_unknown, and of one on a number. */
static CK_BYTE pkcs8_of_unknown_curve[67] = {
	0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, EC_OID, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
	0x03, 0x01, 0x63, EC_PRIVATE_KEY, 1, 2, 3,
};
static CK_BYTE pkcs8_of_no_curve[60] = {
	0x30, 0x3a, 0x02, 0x01, 0x00, 0x30, 0x0c, EC_OID, 0x02, 0x01, 0x05, EC_PRIVATE_KEY, 1, 2, 3,
};

/* x.key unwraps PREPARED, which it has encrypted, by CKM_AES_CBC_PAD. */
static CK_RV wrapped_bytes(struct ctx *c, CK_BYTE *bytes, CK_ULONG len)
{
	x.in_len = sizeof(x.in);
	return with(c, AES, AS_IT_IS) ||
	       p11->C_EncryptInit(c->s, mech(CKM_AES_CBC_PAD), x.key) ||
	       p11->C_Encrypt(c->s, bytes, len, x.in, &x.in_len);
}

static CK_RV wrapped_with_reauthentication(struct ctx *c)
{
	x.in_len = sizeof(x.in);
	return wrapping_with(c, RSA_PUBLIC, AS_IT_IS) ||
	       p11->C_WrapKey(c->s, mech(CKM_RSA_PKCS), x.key, x.second, x.in, &x.in_len) ||
	       with(c, RSA_PRIVATE, WITH(A_BOOL(CKA_PRIVATE, CK_TRUE),
					 A_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE)));
}

static CK_RV agreeing(struct ctx *c)
{
	return with(c, EC_PRIVATE, WITH(A_BOOL(CKA_DERIVE, CK_TRUE)));
}

static bool with_ml_dsa(void)
{
	CK_MECHANISM_INFO info;
	CK_SLOT_ID slot = 0;

	return module_start() == CKR_OK && slot_find(TOKEN_LABEL, &slot) == CKR_OK &&
	       p11->C_GetMechanismInfo(slot, CKM_ML_DSA_KEY_PAIR_GEN, &info) == CKR_OK;
}

#define ROWS_FILE "key.def"
#define ROWS_TABLE returns_key
#include "rows.h"

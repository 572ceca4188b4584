#include "config.h"

#include "returns.h"
#include "scene.h"

/* --- parameters that look right but cannot be --------------------------- */

static CK_BYTE iv[16];
static CK_GCM_PARAMS gcm_tag_of_136_bits = { iv, 12, 96, NULL, 0, 136 };
static CK_GCM_PARAMS gcm_no_iv = { iv, 0, 0, NULL, 0, 128 };
static CK_AES_CTR_PARAMS ctr_of_129_bits = { 129, { 0 } };
static CK_RSA_PKCS_PSS_PARAMS pss_hash_unknown = { CKM_AES_ECB, CKG_MGF1_SHA256, 32 };

/* --- situations --------------------------------------------------------- */

static CK_RV encrypting_privately(struct ctx *c, CK_MECHANISM_TYPE type)
{
	return with(c, AES, WITH(A_BOOL(CKA_PRIVATE, CK_TRUE))) ||
	       p11->C_EncryptInit(c->s, mech(type), x.key);
}

/* In another session, since the first one has the operation that made PREPARED. */
static CK_RV decrypting_with_reauthentication(struct ctx *c)
{
	return decrypting(c, CKM_RSA_PKCS, 16) || session_open(c->slot, CKF_RW_SESSION, &c->s) ||
	       with(c, RSA_PRIVATE, WITH(A_BOOL(CKA_PRIVATE, CK_TRUE),
					 A_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE))) ||
	       p11->C_DecryptInit(c->s, mech(CKM_RSA_PKCS), x.key);
}

/* x.sig is as long as a signature; PSS has no 16 bytes to sign. */
static CK_RV verifying_pss(struct ctx *c)
{
	x.sig_len = 128;
	return with(c, RSA_PUBLIC, AS_IT_IS) ||
	       p11->C_VerifyInit(c->s, mech(CKM_RSA_PKCS_PSS), x.key);
}

static CK_RV signing_recoverably_with_reauthentication(struct ctx *c)
{
	return with(c, RSA_PRIVATE, WITH(A_BOOL(CKA_PRIVATE, CK_TRUE),
					 A_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE))) ||
	       p11->C_SignRecoverInit(c->s, mech(CKM_RSA_PKCS), x.key);
}

#define ROWS_FILE "crypto.def"
#define ROWS_TABLE returns_crypto
#include "rows.h"

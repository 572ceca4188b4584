#include "config.h"

#include <stdio.h>
#include <string.h>

#include "p11/harness.h"
#include "p11/slot/slot.h"

/* What the slot says of each mechanism, and the configuration that leaves some out. */

/* What C_GetMechanismInfo must say. */
static const struct mechanism_case {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_ULONG min, max;
	CK_FLAGS flags;
} mechanisms[] = {
#define ED	(CKF_ENCRYPT | CKF_DECRYPT)
#define SV	(CKF_SIGN | CKF_VERIFY)
#define WU	(CKF_WRAP | CKF_UNWRAP)
#define RECOVER	(CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER)
#define EC	(CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)
#define M(type, min, max, flags) { #type, type, min, max, flags }
	M(CKM_SHA_1, 0, 0, CKF_DIGEST),
	M(CKM_SHA224, 0, 0, CKF_DIGEST),
	M(CKM_SHA256, 0, 0, CKF_DIGEST),
	M(CKM_SHA384, 0, 0, CKF_DIGEST),
	M(CKM_SHA512, 0, 0, CKF_DIGEST),
	M(CKM_SHA_1_HMAC, 20, 512, SV),
	M(CKM_SHA224_HMAC, 28, 512, SV),
	M(CKM_SHA256_HMAC, 32, 512, SV),
	M(CKM_SHA384_HMAC, 48, 512, SV),
	M(CKM_SHA512_HMAC, 64, 512, SV),
	M(CKM_SHA512_224, 0, 0, CKF_DIGEST),
	M(CKM_SHA512_224_HMAC, 28, 512, SV),
	M(CKM_SHA512_256, 0, 0, CKF_DIGEST),
	M(CKM_SHA512_256_HMAC, 32, 512, SV),
	M(CKM_SHA3_224, 0, 0, CKF_DIGEST),
	M(CKM_SHA3_224_HMAC, 28, 512, SV),
	M(CKM_SHA3_256, 0, 0, CKF_DIGEST),
	M(CKM_SHA3_256_HMAC, 32, 512, SV),
	M(CKM_SHA3_384, 0, 0, CKF_DIGEST),
	M(CKM_SHA3_384_HMAC, 48, 512, SV),
	M(CKM_SHA3_512, 0, 0, CKF_DIGEST),
	M(CKM_SHA3_512_HMAC, 64, 512, SV),
	M(CKM_MD5_HMAC_GENERAL, 16, 512, SV),
	M(CKM_SHA_1_HMAC_GENERAL, 20, 512, SV),
	M(CKM_SHA224_HMAC_GENERAL, 28, 512, SV),
	M(CKM_SHA256_HMAC_GENERAL, 32, 512, SV),
	M(CKM_SHA384_HMAC_GENERAL, 48, 512, SV),
	M(CKM_SHA512_HMAC_GENERAL, 64, 512, SV),
	M(CKM_SHA512_224_HMAC_GENERAL, 28, 512, SV),
	M(CKM_SHA512_256_HMAC_GENERAL, 32, 512, SV),
	M(CKM_SHA3_224_HMAC_GENERAL, 28, 512, SV),
	M(CKM_SHA3_256_HMAC_GENERAL, 32, 512, SV),
	M(CKM_SHA3_384_HMAC_GENERAL, 48, 512, SV),
	M(CKM_SHA3_512_HMAC_GENERAL, 64, 512, SV),
	M(CKM_SHA_1_KEY_GEN, 20, 512, CKF_GENERATE),
	M(CKM_SHA224_KEY_GEN, 28, 512, CKF_GENERATE),
	M(CKM_SHA256_KEY_GEN, 32, 512, CKF_GENERATE),
	M(CKM_SHA384_KEY_GEN, 48, 512, CKF_GENERATE),
	M(CKM_SHA512_KEY_GEN, 64, 512, CKF_GENERATE),
	M(CKM_SHA512_224_KEY_GEN, 28, 512, CKF_GENERATE),
	M(CKM_SHA512_256_KEY_GEN, 32, 512, CKF_GENERATE),
	M(CKM_SHA3_224_KEY_GEN, 28, 512, CKF_GENERATE),
	M(CKM_SHA3_256_KEY_GEN, 32, 512, CKF_GENERATE),
	M(CKM_SHA3_384_KEY_GEN, 48, 512, CKF_GENERATE),
	M(CKM_SHA3_512_KEY_GEN, 64, 512, CKF_GENERATE),
	M(CKM_AES_CMAC, 16, 32, SV),
	M(CKM_AES_CMAC_GENERAL, 16, 32, SV),
	M(CKM_AES_GMAC, 16, 32, SV),
	M(CKM_AES_MAC, 16, 32, SV),
	M(CKM_AES_MAC_GENERAL, 16, 32, SV),
	M(CKM_DES3_CMAC, 0, 0, SV),
	M(CKM_DES3_CMAC_GENERAL, 0, 0, SV),
	M(CKM_DES3_MAC, 0, 0, SV),
	M(CKM_DES3_MAC_GENERAL, 0, 0, SV),
	M(CKM_DES_MAC, 0, 0, SV),
	M(CKM_DES_MAC_GENERAL, 0, 0, SV),
	M(CKM_POLY1305, 32, 32, SV),
	M(CKM_GENERIC_SECRET_KEY_GEN, 1, 0x8000000, CKF_GENERATE),
	M(CKM_AES_KEY_GEN, 16, 32, CKF_GENERATE),
	M(CKM_AES_XTS_KEY_GEN, 32, 64, CKF_GENERATE),
	M(CKM_DES_KEY_GEN, 0, 0, CKF_GENERATE),
	M(CKM_DES2_KEY_GEN, 0, 0, CKF_GENERATE),
	M(CKM_DES3_KEY_GEN, 0, 0, CKF_GENERATE),
	M(CKM_CHACHA20_KEY_GEN, 32, 32, CKF_GENERATE),
	M(CKM_POLY1305_KEY_GEN, 32, 32, CKF_GENERATE),
	M(CKM_AES_ECB, 16, 32, ED | WU),
	M(CKM_AES_CBC, 16, 32, ED | WU),
	M(CKM_AES_CBC_PAD, 16, 32, ED | WU),
	M(CKM_AES_CTR, 16, 32, ED),
	M(CKM_AES_OFB, 16, 32, ED),
	M(CKM_AES_CFB128, 16, 32, ED),
	M(CKM_AES_CFB8, 16, 32, ED),
	M(CKM_AES_CFB1, 16, 32, ED),
	M(CKM_AES_CCM, 16, 32, ED),
	M(CKM_AES_CTS, 16, 32, ED),
	M(CKM_AES_XTS, 32, 64, ED),
	M(CKM_CHACHA20, 32, 32, ED),
	M(CKM_CHACHA20_POLY1305, 32, 32, ED),
	M(CKM_AES_GCM, 16, 32, ED | WU),
	M(CKM_AES_KEY_WRAP, 16, 0x80000000, WU),
	M(CKM_AES_KEY_WRAP_PAD, 1, 0x80000000, WU),
	M(CKM_DES_ECB, 0, 0, ED | WU),
	M(CKM_DES_CBC, 0, 0, ED | WU),
	M(CKM_DES_CBC_PAD, 0, 0, ED | WU),
	M(CKM_DES3_ECB, 0, 0, ED | WU),
	M(CKM_DES3_CBC, 0, 0, ED | WU),
	M(CKM_DES3_CBC_PAD, 0, 0, ED | WU),
	M(CKM_RSA_PKCS_KEY_PAIR_GEN, 512, 16384, CKF_GENERATE_KEY_PAIR),
	M(CKM_RSA_PKCS, 512, 16384, ED | SV | RECOVER | WU),
	M(CKM_RSA_X_509, 512, 16384, ED | SV | RECOVER),
	M(CKM_RSA_PKCS_OAEP, 512, 16384, ED | WU),
	M(CKM_RSA_AES_KEY_WRAP, 512, 16384, WU),
	M(CKM_SHA1_RSA_PKCS, 512, 16384, SV),
	M(CKM_SHA224_RSA_PKCS, 512, 16384, SV),
	M(CKM_SHA256_RSA_PKCS, 512, 16384, SV),
	M(CKM_SHA384_RSA_PKCS, 512, 16384, SV),
	M(CKM_SHA512_RSA_PKCS, 512, 16384, SV),
	M(CKM_SHA3_224_RSA_PKCS, 512, 16384, SV),
	M(CKM_SHA3_256_RSA_PKCS, 512, 16384, SV),
	M(CKM_SHA3_384_RSA_PKCS, 512, 16384, SV),
	M(CKM_SHA3_512_RSA_PKCS, 512, 16384, SV),
	M(CKM_RSA_PKCS_PSS, 512, 16384, SV),
	M(CKM_SHA1_RSA_PKCS_PSS, 512, 16384, SV),
	M(CKM_SHA224_RSA_PKCS_PSS, 512, 16384, SV),
	M(CKM_SHA256_RSA_PKCS_PSS, 512, 16384, SV),
	M(CKM_SHA384_RSA_PKCS_PSS, 512, 16384, SV),
	M(CKM_SHA512_RSA_PKCS_PSS, 512, 16384, SV),
	M(CKM_SHA3_224_RSA_PKCS_PSS, 512, 16384, SV),
	M(CKM_SHA3_256_RSA_PKCS_PSS, 512, 16384, SV),
	M(CKM_SHA3_384_RSA_PKCS_PSS, 512, 16384, SV),
	M(CKM_SHA3_512_RSA_PKCS_PSS, 512, 16384, SV),
	M(CKM_DSA, 512, 10000, SV),
	M(CKM_DSA_SHA1, 512, 10000, SV),
	M(CKM_DSA_SHA224, 512, 10000, SV),
	M(CKM_DSA_SHA256, 512, 10000, SV),
	M(CKM_DSA_SHA384, 512, 10000, SV),
	M(CKM_DSA_SHA512, 512, 10000, SV),
	M(CKM_DSA_SHA3_224, 512, 10000, SV),
	M(CKM_DSA_SHA3_256, 512, 10000, SV),
	M(CKM_DSA_SHA3_384, 512, 10000, SV),
	M(CKM_DSA_SHA3_512, 512, 10000, SV),
	M(CKM_DH_PKCS_DERIVE, 512, 10000, CKF_DERIVE),
	M(CKM_EC_KEY_PAIR_GEN, 112, 521, CKF_GENERATE_KEY_PAIR | EC),
	M(CKM_ECDSA, 112, 521, SV | EC),
	M(CKM_ECDSA_SHA1, 112, 521, SV | EC),
	M(CKM_ECDSA_SHA224, 112, 521, SV | EC),
	M(CKM_ECDSA_SHA256, 112, 521, SV | EC),
	M(CKM_ECDSA_SHA384, 112, 521, SV | EC),
	M(CKM_ECDSA_SHA512, 112, 521, SV | EC),
	M(CKM_ECDSA_SHA3_224, 112, 521, SV | EC),
	M(CKM_ECDSA_SHA3_256, 112, 521, SV | EC),
	M(CKM_ECDSA_SHA3_384, 112, 521, SV | EC),
	M(CKM_ECDSA_SHA3_512, 112, 521, SV | EC),
	M(CKM_ECDH1_DERIVE, 112, 521, CKF_DERIVE | EC),
	M(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, 255, 448, CKF_GENERATE_KEY_PAIR),
	M(CKM_EC_EDWARDS_KEY_PAIR_GEN, 255, 448, CKF_GENERATE_KEY_PAIR),
	M(CKM_EDDSA, 255, 448, SV),
	M(CKM_DES_ECB_ENCRYPT_DATA, 0, 0, CKF_DERIVE),
	M(CKM_DES_CBC_ENCRYPT_DATA, 0, 0, CKF_DERIVE),
	M(CKM_DES3_ECB_ENCRYPT_DATA, 0, 0, CKF_DERIVE),
	M(CKM_DES3_CBC_ENCRYPT_DATA, 0, 0, CKF_DERIVE),
	M(CKM_AES_ECB_ENCRYPT_DATA, 0, 0, CKF_DERIVE),
	M(CKM_AES_CBC_ENCRYPT_DATA, 0, 0, CKF_DERIVE),
	M(CKM_CONCATENATE_BASE_AND_KEY, 1, 512, CKF_DERIVE),
	M(CKM_CONCATENATE_BASE_AND_DATA, 1, 512, CKF_DERIVE),
	M(CKM_CONCATENATE_DATA_AND_BASE, 1, 512, CKF_DERIVE),
};

static CK_RV mechanism_info_is(struct ctx *c)
{
	const struct mechanism_case *m = c->arg;
	CK_MECHANISM_INFO info;
	CK_RV rv = CKR_OK;

	memset(&info, 0xff, sizeof(info));
	rv = p11->C_GetMechanismInfo(c->slot, m->type, &info);
	return rv == CKR_OK ? want(info.ulMinKeySize == m->min && info.ulMaxKeySize == m->max &&
				   info.flags == m->flags) :
			      rv;
}

static CK_RV mechanism_is_listed(struct ctx *c)
{
	const struct mechanism_case *m = c->arg;
	CK_MECHANISM_TYPE list[MAX_MECHANISMS];
	CK_ULONG count = LENGTH(list);
	CK_RV rv = mechanism_list(c->slot, list, &count);

	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++)
		if (list[i] == m->type)
			return CKR_OK;
	return rv == CKR_OK ? ROW_WRONG : rv;
}

void test_mechanisms(void)
{
	for (size_t i = 0; i < LENGTH(mechanisms); i++) {
		row_runf(NO_SESSION, mechanism_is_listed, &mechanisms[i], CKR_OK, "listed_%s",
			 mechanisms[i].name);
		row_runf(NO_SESSION, mechanism_info_is, &mechanisms[i], CKR_OK, "info_%s",
			 mechanisms[i].name);
	}
}

/* slots.mechanisms, and the list that must come out; `but` ends a list of all but those. */
static const struct policy_case {
	const char *name, *value;
	CK_MECHANISM_TYPE only[3];
	CK_ULONG count;
	bool without;
} policies[] = {
	{ "one", "CKM_SHA256", { CKM_SHA256 }, 1, false },
	{ "order_kept", "CKM_SHA512,CKM_AES_CBC,CKM_SHA256",
	  { CKM_SHA512, CKM_AES_CBC, CKM_SHA256 }, 3, false },
	{ "unknown_ignored", "CKM_NONSENSE,CKM_SHA256", { CKM_SHA256 }, 1, false },
	{ "all_in_a_list_ignored", "ALL,CKM_SHA256", { CKM_SHA256 }, 1, false },
	{ "blank_is_part_of_name", "CKM_SHA512, CKM_SHA256", { CKM_SHA512 }, 1, false },
	{ "minus_one", "-CKM_SHA256", { CKM_SHA256 }, 1, true },
	{ "minus_many", "-CKM_SHA512,CKM_AES_CBC,CKM_SHA256",
	  { CKM_SHA512, CKM_AES_CBC, CKM_SHA256 }, 3, true },
	{ "minus_unknown", "-CKM_NONSENSE", { 0 }, 0, true },
	{ "all", "ALL", { 0 }, 0, true },
};

static CK_RV policy_lists(struct ctx *c)
{
	const struct policy_case *p = c->arg;
	CK_MECHANISM_TYPE list[MAX_MECHANISMS];
	CK_ULONG all = LENGTH(list), count = LENGTH(list);
	char line[256];
	CK_RV rv = mechanism_list(c->slot, list, &all);

	snprintf(line, sizeof(line), "slots.mechanisms = %s\n", p->value);
	conf_use("tokens", line);
	if (rv == CKR_OK)
		rv = module_start();
	if (rv == CKR_OK)
		rv = mechanism_list(c->slot, list, &count);
	if (rv == CKR_OK)
		rv = want(count == (p->without ? all - p->count : p->count));
	if (rv == CKR_OK && !p->without)
		rv = want(memcmp(list, p->only, p->count * sizeof(*list)) == 0);
	for (CK_ULONG i = 0; rv == CKR_OK && i < p->count; i++)
		rv = want(mechanism_info(c->slot, p->only[i]) ==
			  (p->without ? CKR_MECHANISM_INVALID : CKR_OK));
	return rv;
}

static CK_RV policy_refuses_digest(struct ctx *c)
{
	CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = CKR_OK;

	conf_use("tokens", c->arg);
	rv = module_start();
	if (rv == CKR_OK)
		rv = session_open(c->slot, 0, &s);
	return rv == CKR_OK ? p11->C_DigestInit(s, &sha256) : rv;
}

static CK_RV policy_refuses_keygen(struct ctx *c)
{
	CK_MECHANISM generate = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE key[] = { A_ULONG(CKA_VALUE_LEN, 16), A_BOOL(CKA_PRIVATE, CK_FALSE) };
	CK_SESSION_HANDLE s = 0;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = CKR_OK;

	conf_use("tokens", c->arg);
	rv = module_start();
	if (rv == CKR_OK)
		rv = session_open(c->slot, 0, &s);
	return rv == CKR_OK ? p11->C_GenerateKey(s, &generate, key, LENGTH(key), &o) : rv;
}

void test_policy(void)
{
	for (size_t i = 0; i < LENGTH(policies); i++)
		row_runf(NO_SESSION, policy_lists, &policies[i], CKR_OK, "policy_%s",
			 policies[i].name);
	row_runf(NO_SESSION, policy_refuses_digest, "slots.mechanisms = CKM_SHA512\n",
		 CKR_MECHANISM_INVALID, "policy_digest_not_listed");
	row_runf(NO_SESSION, policy_refuses_digest, "slots.mechanisms = -CKM_SHA256\n",
		 CKR_MECHANISM_INVALID, "policy_digest_excluded");
	row_runf(NO_SESSION, policy_refuses_digest, "slots.mechanisms = CKM_SHA256\n", CKR_OK,
		 "policy_digest_listed");
	row_runf(NO_SESSION, policy_refuses_keygen, "slots.mechanisms = -CKM_AES_KEY_GEN\n",
		 CKR_MECHANISM_INVALID, "policy_keygen_excluded");
	row_runf(NO_SESSION, policy_refuses_keygen, "slots.mechanisms = CKM_AES_KEY_GEN\n", CKR_OK,
		 "policy_keygen_listed");
}

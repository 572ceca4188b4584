#include "config.h"

#include "bench/keys.h"

#include <string.h>

static const CK_BYTE p256_oid[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
static const CK_BYTE ed25519_oid[] = { 6, 3, 0x2b, 0x65, 0x70 };

static const struct {
	const char *name;
	CK_MECHANISM_TYPE mechanism;
	CK_ULONG bits;		/* of RSA */
	CK_ULONG bytes;		/* of a secret key */
	const CK_BYTE *curve;
	size_t curve_len;
} kinds[KEYS] = {
	[KEY_RSA2048] = { "rsa2048", CKM_RSA_PKCS_KEY_PAIR_GEN, 2048, 0, NULL, 0 },
	[KEY_RSA4096] = { "rsa4096", CKM_RSA_PKCS_KEY_PAIR_GEN, 4096, 0, NULL, 0 },
	[KEY_P256] = { "p256", CKM_EC_KEY_PAIR_GEN, 0, 0, p256_oid, sizeof(p256_oid) },
	[KEY_ED25519] = { "ed25519", CKM_EC_EDWARDS_KEY_PAIR_GEN, 0, 0, ed25519_oid,
			  sizeof(ed25519_oid) },
	[KEY_AES] = { "aes256", CKM_AES_KEY_GEN, 0, 32, NULL, 0 },
	[KEY_HMAC] = { "hmac", CKM_GENERIC_SECRET_KEY_GEN, 0, 32, NULL, 0 },
};

const char *key_name(enum key_id id)
{
	return kinds[id].name;
}

static CK_RV make_secret(struct run *r, enum key_id id, CK_BBOOL token, CK_OBJECT_HANDLE *out)
{
	CK_MECHANISM m = { kinds[id].mechanism, NULL, 0 };
	CK_BBOOL yes = CK_TRUE, aes = id == KEY_AES, mac = id == KEY_HMAC;
	CK_ULONG bytes = kinds[id].bytes;
	char label[16];
	CK_ATTRIBUTE t[] = {
		{ CKA_TOKEN, &token, sizeof(token) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_LABEL, label, strlen(kinds[id].name) },
		{ CKA_VALUE_LEN, &bytes, sizeof(bytes) },
		{ CKA_ENCRYPT, &aes, sizeof(aes) },
		{ CKA_DECRYPT, &aes, sizeof(aes) },
		{ CKA_SIGN, &mac, sizeof(mac) },
		{ CKA_VERIFY, &mac, sizeof(mac) },
	};

	strcpy(label, kinds[id].name);
	return failed(r, "C_GenerateKey",
		      r->p11->C_GenerateKey(r->s, &m, t, LENGTH(t), out));
}

static CK_RV make_pair(struct run *r, enum key_id id, CK_BBOOL token, struct key_pair *out)
{
	CK_MECHANISM m = { kinds[id].mechanism, NULL, 0 };
	CK_BBOOL yes = CK_TRUE, rsa = kinds[id].bits != 0, ec = id == KEY_P256;
	CK_ULONG bits = kinds[id].bits;
	CK_BYTE curve[16], exponent[] = { 1, 0, 1 };
	char label[16];
	CK_ATTRIBUTE public[] = {
		{ CKA_TOKEN, &token, sizeof(token) },
		{ CKA_LABEL, label, strlen(kinds[id].name) },
		{ CKA_VERIFY, &yes, sizeof(yes) },
		{ CKA_ENCRYPT, &rsa, sizeof(rsa) },
		{ CKA_MODULUS_BITS, &bits, sizeof(bits) },
		{ CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent) },
	};
	CK_ATTRIBUTE private[] = {
		{ CKA_TOKEN, &token, sizeof(token) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_LABEL, label, strlen(kinds[id].name) },
		{ CKA_SIGN, &yes, sizeof(yes) },
		{ CKA_DECRYPT, &rsa, sizeof(rsa) },
		{ CKA_DERIVE, &ec, sizeof(ec) },
	};

	strcpy(label, kinds[id].name);
	if (!rsa) {
		memcpy(curve, kinds[id].curve, kinds[id].curve_len);
		public[4] = (CK_ATTRIBUTE){ CKA_EC_PARAMS, curve, kinds[id].curve_len };
	}
	return failed(r, "C_GenerateKeyPair",
		      r->p11->C_GenerateKeyPair(r->s, &m, public, rsa ? 6 : 5, private,
						LENGTH(private), &out->public, &out->private));
}

CK_RV key_make(struct run *r, enum key_id id, bool token, struct key_pair *out)
{
	if (kinds[id].bytes != 0)
		return make_secret(r, id, token, &out->private);
	return make_pair(r, id, token, out);
}

CK_RV objects_find(struct run *r, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out, CK_ULONG max,
		   CK_ULONG *found)
{
	CK_RV rv = r->p11->C_FindObjectsInit(r->s, t, n);

	if (rv != CKR_OK)
		return failed(r, "C_FindObjectsInit", rv);
	rv = r->p11->C_FindObjects(r->s, out, max, found);
	if (rv != CKR_OK)
		return failed(r, "C_FindObjects", rv);
	return failed(r, "C_FindObjectsFinal", r->p11->C_FindObjectsFinal(r->s));
}

static CK_RV find_one(struct run *r, enum key_id id, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *out)
{
	char label[16];
	CK_ULONG found = 0;
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_LABEL, label, strlen(kinds[id].name) },
	};
	CK_RV rv;

	strcpy(label, kinds[id].name);
	rv = objects_find(r, t, LENGTH(t), out, 1, &found);
	return rv == CKR_OK ? want(r, "the token has no such key", found == 1) : rv;
}

CK_RV key_find(struct run *r, enum key_id id, struct key_pair *out)
{
	CK_RV rv;

	if (kinds[id].bytes != 0)
		return find_one(r, id, CKO_SECRET_KEY, &out->private);
	rv = find_one(r, id, CKO_PRIVATE_KEY, &out->private);
	return rv == CKR_OK ? find_one(r, id, CKO_PUBLIC_KEY, &out->public) : rv;
}

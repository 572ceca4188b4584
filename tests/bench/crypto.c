/* Cryptographic workloads through a module. */
#include "config.h"

#include "bench/crypto.h"

#include <stdlib.h>
#include <string.h>

struct crypto {
	CK_MECHANISM mechanism;
	struct key_pair key;
	CK_BYTE *in, *out;
	CK_ULONG in_len, out_len, room;	/* out_len: what each operation must give */
	union {
		CK_GCM_PARAMS gcm;
		CK_RSA_PKCS_PSS_PARAMS pss;
		CK_RSA_PKCS_OAEP_PARAMS oaep;
		CK_ECDH1_DERIVE_PARAMS ecdh;
		CK_AES_CTR_PARAMS ctr;
		CK_BYTE iv[16];
	} p;
	CK_BYTE iv[GCM_IV];
	CK_BYTE point[80];
};

static void set_param(struct crypto *c, void *param, CK_ULONG len)
{
	c->mechanism.pParameter = param;
	c->mechanism.ulParameterLen = len;
}

static void choose_param(struct crypto *c)
{
	switch (c->mechanism.mechanism) {
	case CKM_AES_GCM:
		c->p.gcm = (CK_GCM_PARAMS){ c->iv, GCM_IV, 8 * GCM_IV, NULL, 0, 8 * GCM_TAG };
		set_param(c, &c->p.gcm, sizeof(c->p.gcm));
		break;
	case CKM_AES_CBC_PAD:
		set_param(c, c->p.iv, sizeof(c->p.iv));
		break;
	case CKM_AES_CTR:
		c->p.ctr.ulCounterBits = 128;
		set_param(c, &c->p.ctr, sizeof(c->p.ctr));
		break;
	case CKM_SHA256_RSA_PKCS_PSS:
		c->p.pss = (CK_RSA_PKCS_PSS_PARAMS){ CKM_SHA256, CKG_MGF1_SHA256, 32 };
		set_param(c, &c->p.pss, sizeof(c->p.pss));
		break;
	case CKM_RSA_PKCS_OAEP:
		c->p.oaep = (CK_RSA_PKCS_OAEP_PARAMS){ CKM_SHA_1, CKG_MGF1_SHA1,
						       CKZ_DATA_SPECIFIED, NULL, 0 };
		set_param(c, &c->p.oaep, sizeof(c->p.oaep));
		break;
	default:
		break;
	}
}

static CK_RV start(struct run *r, struct crypto **out)
{
	const struct crypto_arg *a = r->arg;
	struct crypto *c = state_new(r, sizeof(*c));

	c->mechanism.mechanism = a->mechanism;
	choose_param(c);
	c->in_len = a->size;
	c->room = a->size + 1024;
	c->in = calloc(1, c->room);
	c->out = calloc(1, c->room);
	*out = c;
	if (c->in == NULL || c->out == NULL)
		return failed(r, "calloc", BENCH_SYSTEM);
	if (a->key == KEY_NONE)
		return CKR_OK;
	for (CK_ULONG i = 0; i < a->size; i++)
		c->in[i] = (CK_BYTE)(i * 7 + 1);
	if (a->session_key)
		return key_make(r, a->key, false, &c->key);
	return key_find(r, a->key, &c->key);
}

/* --- signatures and MACs ------------------------------------------------ */

static CK_RV sign(struct run *r)
{
	struct crypto *c = r->state;
	CK_ULONG len = c->room;
	CK_RV rv = r->p11->C_SignInit(r->s, &c->mechanism, c->key.private);

	if (rv != CKR_OK)
		return failed(r, "C_SignInit", rv);
	rv = r->p11->C_Sign(r->s, c->in, c->in_len, c->out, &len);
	if (rv != CKR_OK)
		return failed(r, "C_Sign", rv);
	return want(r, "length of the signature", len == c->out_len);
}

static CK_RV verify(struct run *r)
{
	struct crypto *c = r->state;
	CK_OBJECT_HANDLE key = c->key.public != 0 ? c->key.public : c->key.private;
	CK_RV rv = r->p11->C_VerifyInit(r->s, &c->mechanism, key);

	if (rv != CKR_OK)
		return failed(r, "C_VerifyInit", rv);
	rv = r->p11->C_Verify(r->s, c->in, c->in_len, c->out, c->out_len);
	return rv == CKR_OK ? CKR_OK : failed(r, "C_Verify", rv);
}

/* Signs once; the signature must be good, and no good for other data. */
static CK_RV sign_start(struct run *r)
{
	struct crypto *c;
	CK_RV rv = start(r, &c);

	if (rv == CKR_OK)
		rv = failed(r, "C_SignInit",
			    r->p11->C_SignInit(r->s, &c->mechanism, c->key.private));
	c->out_len = c->room;
	if (rv == CKR_OK)
		rv = failed(r, "C_Sign",
			    r->p11->C_Sign(r->s, c->in, c->in_len, c->out, &c->out_len));
	if (rv == CKR_OK)
		rv = verify(r);
	if (rv != CKR_OK)
		return rv;
	c->in[0] ^= 1;
	rv = verify(r);
	c->in[0] ^= 1;
	r->failed = NULL;
	return want(r, "a wrong signature was accepted", rv == CKR_SIGNATURE_INVALID);
}

const struct job p11_sign = { .start = sign_start, .op = sign };
const struct job p11_verify = { .start = sign_start, .op = verify };

/* --- ciphers ------------------------------------------------------------ */

static CK_RV encrypt(struct run *r)
{
	struct crypto *c = r->state;
	CK_ULONG len = c->room;
	CK_RV rv;

	c->iv[0]++;
	rv = r->p11->C_EncryptInit(r->s, &c->mechanism, c->key.private);
	if (rv != CKR_OK)
		return failed(r, "C_EncryptInit", rv);
	rv = r->p11->C_Encrypt(r->s, c->in, c->in_len, c->out, &len);
	if (rv != CKR_OK)
		return failed(r, "C_Encrypt", rv);
	return want(r, "length of the ciphertext", len == c->out_len);
}

/* Decrypts `out` and compares with `in`. */
static CK_RV decrypt(struct run *r)
{
	struct crypto *c = r->state;
	CK_BYTE plain[256];
	CK_ULONG len = sizeof(plain);
	CK_RV rv = r->p11->C_DecryptInit(r->s, &c->mechanism, c->key.private);

	if (rv != CKR_OK)
		return failed(r, "C_DecryptInit", rv);
	rv = r->p11->C_Decrypt(r->s, c->out, c->out_len, plain, &len);
	if (rv != CKR_OK)
		return failed(r, "C_Decrypt", rv);
	return want(r, "decrypted text", len == c->in_len && memcmp(plain, c->in, len) == 0);
}

static CK_RV encrypt_once(struct run *r, CK_OBJECT_HANDLE key)
{
	struct crypto *c = r->state;
	CK_RV rv = r->p11->C_EncryptInit(r->s, &c->mechanism, key);

	c->out_len = c->room;
	if (rv != CKR_OK)
		return failed(r, "C_EncryptInit", rv);
	return failed(r, "C_Encrypt",
		      r->p11->C_Encrypt(r->s, c->in, c->in_len, c->out, &c->out_len));
}

static CK_RV encrypt_start(struct run *r)
{
	struct crypto *c;
	CK_BYTE *plain = NULL;
	CK_ULONG len;
	CK_RV rv = start(r, &c);

	if (rv == CKR_OK)
		rv = encrypt_once(r, c->key.private);
	if (rv != CKR_OK)
		return rv;
	len = c->room;
	plain = calloc(1, len);
	rv = failed(r, "C_DecryptInit",
		    r->p11->C_DecryptInit(r->s, &c->mechanism, c->key.private));
	if (rv == CKR_OK && plain != NULL)
		rv = failed(r, "C_Decrypt",
			    r->p11->C_Decrypt(r->s, c->out, c->out_len, plain, &len));
	if (rv == CKR_OK)
		rv = want(r, "decrypted text", plain != NULL && len == c->in_len &&
			  memcmp(plain, c->in, len) == 0);
	if (rv == CKR_OK)
		rv = want(r, "ciphertext is plaintext", memcmp(c->out, c->in, c->in_len) != 0);
	free(plain);
	return rv;
}

static CK_RV decrypt_start(struct run *r)
{
	struct crypto *c;
	CK_RV rv = start(r, &c);

	if (rv == CKR_OK)
		rv = encrypt_once(r, c->key.public != 0 ? c->key.public : c->key.private);
	return rv == CKR_OK ? decrypt(r) : rv;
}

const struct job p11_encrypt = { .start = encrypt_start, .op = encrypt };
const struct job p11_decrypt = { .start = decrypt_start, .op = decrypt };

/* --- without a key ------------------------------------------------------ */

static CK_RV digest(struct run *r)
{
	struct crypto *c = r->state;
	CK_ULONG len = c->room;
	CK_RV rv = r->p11->C_DigestInit(r->s, &c->mechanism);

	if (rv != CKR_OK)
		return failed(r, "C_DigestInit", rv);
	rv = r->p11->C_Digest(r->s, c->in, c->in_len, c->out, &len);
	if (rv != CKR_OK)
		return failed(r, "C_Digest", rv);
	return want(r, "length of the digest", len == c->out_len);
}

/* The first bytes of the SHA-256 of that many zeros. */
static const struct {
	unsigned long size;
	CK_BYTE first[8];
} zeros[] = {
	{ 64, { 0xf5, 0xa5, 0xfd, 0x42, 0xd1, 0x6a, 0x20, 0x30 } },
	{ 65536, { 0xde, 0x2f, 0x25, 0x60, 0x64, 0xa0, 0xaf, 0x79 } },
};

static CK_RV digest_start(struct run *r)
{
	struct crypto *c;
	CK_RV rv = start(r, &c);

	c->out_len = 32;
	if (rv == CKR_OK)
		rv = digest(r);
	for (size_t i = 0; i < LENGTH(zeros) && rv == CKR_OK; i++)
		if (zeros[i].size == c->in_len)
			rv = want(r, "digest of zeros", memcmp(c->out, zeros[i].first, 8) == 0);
	return rv;
}

static CK_RV random_bytes(struct run *r)
{
	struct crypto *c = r->state;
	CK_RV rv = r->p11->C_GenerateRandom(r->s, c->out, c->in_len);

	return rv == CKR_OK ? CKR_OK : failed(r, "C_GenerateRandom", rv);
}

/* `in` still holds zeros. */
static CK_RV random_start(struct run *r)
{
	struct crypto *c;
	CK_RV rv = start(r, &c);

	if (rv == CKR_OK)
		rv = random_bytes(r);
	return rv == CKR_OK ? want(r, "no random bytes", memcmp(c->out, c->in, c->in_len) != 0) :
			      rv;
}

const struct job p11_digest = { .start = digest_start, .op = digest };
const struct job p11_random = { .start = random_start, .op = random_bytes };

/* --- new session keys --------------------------------------------------- */

static CK_RV derive_key(struct run *r, CK_BBOOL readable, CK_OBJECT_HANDLE *out)
{
	struct crypto *c = r->state;
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_ULONG len = 32;
	CK_BBOOL no = CK_FALSE, sensitive = !readable;
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_VALUE_LEN, &len, sizeof(len) },
		{ CKA_TOKEN, &no, sizeof(no) },
		{ CKA_SENSITIVE, &sensitive, sizeof(sensitive) },
		{ CKA_EXTRACTABLE, &readable, sizeof(readable) },
	};
	CK_RV rv = r->p11->C_DeriveKey(r->s, &c->mechanism, c->key.private, t, LENGTH(t), out);

	return rv == CKR_OK ? CKR_OK : failed(r, "C_DeriveKey", rv);
}

static CK_RV destroy(struct run *r, CK_OBJECT_HANDLE h)
{
	CK_RV rv = r->p11->C_DestroyObject(r->s, h);

	return rv == CKR_OK ? CKR_OK : failed(r, "C_DestroyObject", rv);
}

static CK_RV derive(struct run *r)
{
	CK_OBJECT_HANDLE h = 0;
	CK_RV rv = derive_key(r, CK_FALSE, &h);

	return rv == CKR_OK ? destroy(r, h) : rv;
}

/* The other side is the key itself: its public point, out of the OCTET STRING around it. */
static CK_RV derive_peer(struct run *r, struct crypto *c)
{
	CK_ATTRIBUTE point = { CKA_EC_POINT, c->point, sizeof(c->point) };
	CK_RV rv = failed(r, "C_GetAttributeValue",
			  r->p11->C_GetAttributeValue(r->s, c->key.public, &point, 1));

	c->p.ecdh = (CK_ECDH1_DERIVE_PARAMS){ CKD_NULL, 0, NULL, 65, c->point + 2 };
	set_param(c, &c->p.ecdh, sizeof(c->p.ecdh));
	return rv == CKR_OK ? want(r, "CKA_EC_POINT", point.ulValueLen == 67) : rv;
}

/* Two derivations give the same secret. */
static CK_RV derive_start(struct run *r)
{
	struct crypto *c;
	CK_BYTE value[2][32] = { { 0 }, { 1 } };
	CK_RV rv = start(r, &c);

	if (rv == CKR_OK)
		rv = derive_peer(r, c);
	for (int i = 0; i < 2 && rv == CKR_OK; i++) {
		CK_ATTRIBUTE a = { CKA_VALUE, value[i], sizeof(value[i]) };
		CK_OBJECT_HANDLE h = 0;

		rv = derive_key(r, CK_TRUE, &h);
		if (rv == CKR_OK)
			rv = failed(r, "C_GetAttributeValue",
				    r->p11->C_GetAttributeValue(r->s, h, &a, 1));
		if (rv == CKR_OK)
			rv = destroy(r, h);
	}
	return rv == CKR_OK ? want(r, "derived secret", memcmp(value[0], value[1], 32) == 0) : rv;
}

static CK_RV generate(struct run *r)
{
	const struct crypto_arg *a = r->arg;
	struct key_pair key = { 0, 0 };
	CK_RV rv = key_make(r, a->key, !a->session_key, &key);

	if (rv == CKR_OK && key.public != 0)
		rv = destroy(r, key.public);
	return rv == CKR_OK ? destroy(r, key.private) : rv;
}

static CK_RV generate_start(struct run *r)
{
	return generate(r);
}

const struct job p11_derive = { .start = derive_start, .op = derive };
const struct job p11_generate = { .start = generate_start, .op = generate };

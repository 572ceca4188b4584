/*
 * Keys made of a key and data: the data encrypted, the two in a row or combined, the key's digest,
 * a piece of it, its public half (PKCS#11 2.40 mechanisms, "Key derivation by data encryption",
 * "Miscellaneous simple key derivation mechanisms", "SHA-1 key derivation" and the like).
 */
#include "config.h"

#include <string.h>

#include "common/reason.h"
#include "crypto/family/family.h"
#include "crypto/family/prf.h"
#include "crypto/key/keytype.h"
#include "crypto/mech/op.h"
#include "crypto/ossl/ossl.h"

#define AES_BLOCK 16
#define DES_BLOCK 8

/* The data in a parameter; both members may be hostile. */
static CK_RV check_data(const CK_MECHANISM *param, const CK_BYTE *data, CK_ULONG len)
{
	if (data == NULL || len == 0)
		return mech_bad_param(param, "the data is missing");
	return len <= DERIVE_VALUE_MAX ? CKR_OK : mech_bad_param(param, "the data is too long");
}

static CK_RV read_string(const CK_MECHANISM *param, CK_KEY_DERIVATION_STRING_DATA *s)
{
	CK_RV rv = mech_param(param, s, sizeof(*s));

	return rv == CKR_OK ? check_data(param, s->pData, s->ulLen) : rv;
}

/* --- the data encrypted --- */

struct plain {
	CK_MECHANISM cipher;	/* with the parameter that cipher_ops takes */
	CK_BYTE iv[AES_BLOCK];
	const CK_BYTE *data;
	CK_ULONG len;
	size_t block;
};

static CK_RV read_ecb(const CK_MECHANISM *param, struct plain *p)
{
	CK_KEY_DERIVATION_STRING_DATA s;
	CK_RV rv = read_string(param, &s);

	if (rv != CKR_OK)
		return rv;
	p->data = s.pData;
	p->len = s.ulLen;
	return CKR_OK;
}

/* Those of AES and DES differ in the length of the IV. */
static CK_RV read_cbc(const CK_MECHANISM *param, bool des, struct plain *p)
{
	CK_AES_CBC_ENCRYPT_DATA_PARAMS a;
	CK_DES_CBC_ENCRYPT_DATA_PARAMS d;
	CK_RV rv = des ? mech_param(param, &d, sizeof(d)) : mech_param(param, &a, sizeof(a));

	if (rv != CKR_OK)
		return rv;
	memcpy(p->iv, des ? d.iv : a.iv, p->block);
	p->data = des ? d.pData : a.pData;
	p->len = des ? d.length : a.length;
	return check_data(param, p->data, p->len);
}

static CK_RV read_plain(const struct mech *m, const CK_MECHANISM *param, struct plain *p)
{
	bool des = m->key != CKK_AES, cbc = m->arg.variant == CIPHER_CBC;
	CK_RV rv;

	*p = (struct plain){ .block = des ? DES_BLOCK : AES_BLOCK };
	p->cipher = (CK_MECHANISM){ m->type, cbc ? p->iv : NULL, cbc ? p->block : 0 };
	rv = cbc ? read_cbc(param, des, p) : read_ecb(param, p);
	if (rv == CKR_OK && p->len % p->block != 0)
		rv = mech_bad_param(param, "the data is not a number of whole blocks");
	return rv;
}

static CK_RV data_encrypt(const struct mech *m, const struct derive_input *in, struct secbuf **out)
{
	struct secbuf *bytes = NULL;
	struct op *op = NULL;
	struct plain p;
	CK_ULONG n;
	bool done;
	CK_RV rv = read_plain(m, in->param, &p);

	if (rv == CKR_OK)
		rv = op_new(OP_DERIVE, m, &p.cipher, in->base, NULL, &op);
	if (rv != CKR_OK)
		return rv;
	n = p.len;
	bytes = secbuf_new(n);
	rv = bytes != NULL ? op_single(op, p.data, p.len, bytes->data, &n, &done) : CKR_HOST_MEMORY;
	op_free(op);
	if (rv != CKR_OK) {
		secbuf_free(bytes);
		return rv;
	}
	*out = bytes;
	return CKR_OK;
}

const struct mech_derive data_derives = { .derive = data_encrypt };

/* --- the two in a row --- */

static CK_RV join(struct piece first, struct piece second, struct secbuf **out)
{
	struct secbuf *s = secbuf_new(first.len + second.len);

	if (s == NULL)
		return CKR_HOST_MEMORY;
	memcpy(s->data, first.data, first.len);
	memcpy(s->data + first.len, second.data, second.len);
	*out = s;
	return CKR_OK;
}

static struct piece key_piece(const struct key *k)
{
	return (struct piece){ k->secret->data, k->secret->len };
}

static CK_RV second_key(const CK_MECHANISM *param, CK_OBJECT_HANDLE *out)
{
	return mech_param(param, out, sizeof(*out));
}

static CK_RV base_and_key(const struct mech *m, const struct derive_input *in, struct secbuf **out)
{
	(void)m;
	if (in->other == NULL || in->other->secret == NULL)
		return reason(CKR_KEY_TYPE_INCONSISTENT, "the second key is no secret key");
	return join(key_piece(in->base), key_piece(in->other), out);
}

static CK_RV base_and_data(const struct mech *m, const struct derive_input *in, struct secbuf **out)
{
	CK_KEY_DERIVATION_STRING_DATA s;
	CK_RV rv = read_string(in->param, &s);

	(void)m;
	return rv == CKR_OK ? join(key_piece(in->base), (struct piece){ s.pData, s.ulLen }, out) :
		rv;
}

static CK_RV data_and_base(const struct mech *m, const struct derive_input *in, struct secbuf **out)
{
	CK_KEY_DERIVATION_STRING_DATA s;
	CK_RV rv = read_string(in->param, &s);

	(void)m;
	return rv == CKR_OK ? join((struct piece){ s.pData, s.ulLen }, key_piece(in->base), out) :
		rv;
}

const struct mech_derive base_and_key_derives = {
	.derive = base_and_key, .other = second_key, .inherit = true,
};
const struct mech_derive base_and_data_derives = { .derive = base_and_data, .inherit = true };
const struct mech_derive data_and_base_derives = { .derive = data_and_base, .inherit = true };

/* --- combined --- */

/* As long as the shorter of the two. */
static CK_RV xor_derive(const struct mech *m, const struct derive_input *in, struct secbuf **out)
{
	const struct secbuf *base = in->base->secret;
	CK_KEY_DERIVATION_STRING_DATA s;
	struct secbuf *bytes;
	CK_RV rv = read_string(in->param, &s);

	(void)m;
	if (rv != CKR_OK)
		return rv;
	bytes = secbuf_from(base->data, base->len < s.ulLen ? base->len : s.ulLen);
	if (bytes == NULL)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < bytes->len; i++)
		bytes->data[i] ^= s.pData[i];
	*out = bytes;
	return CKR_OK;
}

const struct mech_derive xor_derives = { .derive = xor_derive, .inherit = true };

/* --- a piece of the key --- */

/* Bit 0 is the highest one of the first byte; after the last one comes the first again. */
static unsigned char byte_at(const struct secbuf *s, size_t bit)
{
	size_t byte = bit / 8 % s->len, shift = bit % 8;
	unsigned both = (unsigned)s->data[byte] << 8 | s->data[(byte + 1) % s->len];

	return (unsigned char)(both >> (8 - shift));
}

static CK_RV extract(const struct mech *m, const struct derive_input *in, struct secbuf **out)
{
	const struct secbuf *base = in->base->secret;
	CK_EXTRACT_PARAMS first;
	struct secbuf *bytes;
	CK_RV rv = mech_param(in->param, &first, sizeof(first));

	(void)m;
	if (rv != CKR_OK)
		return rv;
	if (first / 8 >= base->len)
		return mech_bad_param(in->param, "the base key does not have that bit");
	if (in->want == 0)
		return reason(CKR_TEMPLATE_INCOMPLETE, "CKA_VALUE_LEN is missing");
	if (in->want > base->len)
		return reason(CKR_KEY_SIZE_RANGE, "the base key has only %zu bytes", base->len);
	bytes = secbuf_new(in->want);
	if (bytes == NULL)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < bytes->len; i++)
		bytes->data[i] = byte_at(base, first + 8 * i);
	*out = bytes;
	return CKR_OK;
}

const struct mech_derive extract_derives = { .derive = extract, .inherit = true };

/* --- the key's digest --- */

static CK_RV digest_derive(const struct mech *m, const struct derive_input *in,
			   struct secbuf **out)
{
	const struct secbuf *base = in->base->secret;
	const EVP_MD *md = ossl_md(m->arg.md);
	CK_RV rv = mech_no_param(in->param);
	struct secbuf *bytes;

	if (rv != CKR_OK)
		return rv;
	if (md == NULL)
		return CKR_MECHANISM_INVALID;
	bytes = secbuf_new((size_t)EVP_MD_get_size(md));
	if (bytes == NULL)
		return CKR_HOST_MEMORY;
	if (EVP_Digest(base->data, base->len, bytes->data, NULL, md, NULL) != 1) {
		secbuf_free(bytes);
		return ossl_error(m->arg.md, CKR_FUNCTION_FAILED);
	}
	*out = bytes;
	return CKR_OK;
}

const struct mech_derive digest_derives = { .derive = digest_derive, .generic = true };

/* --- the public half of the key --- */

static CK_RV public_parts(const struct derive_input *in, struct attrset *out)
{
	CK_RV rv = mech_no_param(in->param);

	return rv == CKR_OK ? keytype_public_parts(in->base, out) : rv;
}

const struct mech_derive public_derives = { .parts = public_parts, .result = DERIVE_PUBLIC };

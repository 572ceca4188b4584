#include "config.h"

#include "crypto/key/keyparts.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <string.h>

#include "common/reason.h"
#include "crypto/ossl/ossl.h"
#include "pkcs11/names.h"

/* OSSL_PARAM integers are in the byte order of the machine; PKCS#11's are big-endian. */
static void reorder(unsigned char *out, const unsigned char *in, size_t len)
{
	const union {
		uint16_t number;
		unsigned char first;
	} probe = { 1 };

	if (probe.first == 0) {
		memcpy(out, in, len);
		return;
	}
	for (size_t i = 0; i < len; i++)
		out[i] = in[len - 1 - i];
}

CK_RV keyparts_bad(CK_KEY_TYPE type, CK_ATTRIBUTE_TYPE attr, const char *why)
{
	return reason(CKR_ATTRIBUTE_VALUE_INVALID, "%s of a %s key %s", cka_name(attr),
		      ckk_name(type), why);
}

CK_RV keyparts_refused(CK_KEY_TYPE type, CK_ATTRIBUTE_TYPE attr, const char *why)
{
	CK_RV rv = ossl_quiet(CKR_ATTRIBUTE_VALUE_INVALID);

	return rv == CKR_ATTRIBUTE_VALUE_INVALID ? keyparts_bad(type, attr, why) : rv;
}

static OSSL_PARAM *next(struct keyparts *p, struct secbuf *number)
{
	p->numbers[p->count] = number;
	return &p->params[p->count++];
}

CK_RV keyparts_number(struct keyparts *p, const char *param, const unsigned char *be, size_t len)
{
	struct secbuf *number = secbuf_new(len);

	if (number == NULL)
		return CKR_HOST_MEMORY;
	reorder(number->data, be, len);
	*next(p, number) = OSSL_PARAM_construct_BN(param, number->data, len);
	return CKR_OK;
}

CK_RV keyparts_bn(struct keyparts *p, const char *param, const BIGNUM *bn)
{
	size_t len = (size_t)BN_num_bytes(bn);
	struct secbuf *number = secbuf_new(len);

	if (number == NULL || BN_bn2nativepad(bn, number->data, (int)len) < 0) {
		secbuf_free(number);
		return CKR_HOST_MEMORY;
	}
	*next(p, number) = OSSL_PARAM_construct_BN(param, number->data, len);
	return CKR_OK;
}

/* OpenSSL takes these two as pointers to non-const, but fromdata only reads. */
void keyparts_text(struct keyparts *p, const char *param, const char *text)
{
	*next(p, NULL) = OSSL_PARAM_construct_utf8_string(param, (char *)(uintptr_t)text, 0);
}

void keyparts_octets(struct keyparts *p, const char *param, const unsigned char *data, size_t len)
{
	*next(p, NULL) = OSSL_PARAM_construct_octet_string(param, (void *)(uintptr_t)data, len);
}

CK_RV keyparts_table(struct keyparts *p, CK_KEY_TYPE type, const struct keypart *table, size_t n,
		     const struct attrset *from)
{
	for (size_t i = 0; i < n; i++) {
		size_t len;
		const unsigned char *be = keyparts_trim(from, table[i].type, &len);
		CK_RV rv;

		if (len == 0)
			return keyparts_bad(type, table[i].type, "is missing");
		if (len > KEYPARTS_NUMBER_BYTES)
			return keyparts_bad(type, table[i].type, "is too large");
		rv = keyparts_number(p, table[i].param, be, len);
		if (rv != CKR_OK)
			return rv;
	}
	return CKR_OK;
}

CK_RV keyparts_pkey(struct keyparts *p, CK_KEY_TYPE type, const char *name, int selection,
		    EVP_PKEY **out)
{
	EVP_PKEY_CTX *ctx = ossl_key_ctx(name);
	EVP_PKEY *pkey = NULL;
	CK_RV rv = CKR_OK;

	p->params[p->count] = OSSL_PARAM_construct_end();
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, selection, p->params) != 1)
		rv = ossl_error(ckk_name(type), CKR_ATTRIBUTE_VALUE_INVALID);
	else if (EVP_PKEY_get_size(pkey) <= 0)	/* OpenSSL had no memory to work it out */
		rv = ossl_quiet(CKR_HOST_MEMORY);
	EVP_PKEY_CTX_free(ctx);
	if (rv != CKR_OK) {
		EVP_PKEY_free(pkey);
		return rv;
	}
	*out = pkey;
	return CKR_OK;
}

void keyparts_free(struct keyparts *p)
{
	for (size_t i = 0; i < p->count; i++)
		secbuf_free(p->numbers[i]);
	p->count = 0;
}

static bool has_cofactor_one(const EVP_PKEY *pkey)
{
	BIGNUM *cofactor = NULL;
	bool one = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_COFACTOR, &cofactor) == 1 &&
		   BN_is_one(cofactor);

	BN_free(cofactor);
	ossl_clear();
	return one;
}

CK_RV keyparts_key(CK_OBJECT_CLASS class, CK_KEY_TYPE type, EVP_PKEY *pkey, CK_ULONG size,
		   struct key **out)
{
	struct key *k = key_new(class, type, pkey, NULL, size);

	if (k == NULL)
		return CKR_HOST_MEMORY;
	k->whole_curve = type == CKK_EC && has_cofactor_one(pkey);
	*out = k;
	return CKR_OK;
}

const unsigned char *keyparts_trim(const struct attrset *s, CK_ATTRIBUTE_TYPE type, size_t *len)
{
	const unsigned char *data = NULL;

	*len = 0;
	if (!attrset_bytes(s, type, &data, len))
		return NULL;
	while (*len > 0 && *data == 0) {
		data++;
		(*len)--;
	}
	return data;
}

CK_ULONG keyparts_bits(const struct attrset *s, CK_ATTRIBUTE_TYPE type)
{
	size_t len;
	const unsigned char *data = keyparts_trim(s, type, &len);
	CK_ULONG bits = 8 * len;

	if (len > 0)
		for (unsigned mask = 0x80; (data[0] & mask) == 0; mask >>= 1)
			bits--;
	return bits;
}

BIGNUM *keyparts_get_bn(const struct attrset *s, CK_ATTRIBUTE_TYPE type)
{
	size_t len;
	const unsigned char *data = keyparts_trim(s, type, &len);
	BIGNUM *bn;

	if (len > KEYPARTS_NUMBER_BYTES)
		return NULL;
	bn = BN_bin2bn(data, (int)len, NULL);
	if (bn != NULL)
		BN_set_flags(bn, BN_FLG_CONSTTIME);
	return bn;
}

CK_RV keyparts_set_bn(struct attrset *to, CK_ATTRIBUTE_TYPE type, const BIGNUM *bn)
{
	struct secbuf *be = secbuf_new((size_t)BN_num_bytes(bn));
	CK_RV rv = CKR_HOST_MEMORY;

	if (be != NULL && BN_bn2binpad(bn, be->data, (int)be->len) >= 0)
		rv = attrset_set_bytes(to, type, be->data, be->len);
	secbuf_free(be);
	return rv;
}

static CK_RV extract_one(const EVP_PKEY *pkey, const struct keypart *part, struct secbuf *native,
			 struct secbuf *be, struct attrset *to)
{
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_BN(part->param, native->data, native->len),
				 OSSL_PARAM_construct_end() };
	size_t skip = 0;
	size_t len;

	if (EVP_PKEY_get_params(pkey, params) != 1 || !OSSL_PARAM_modified(params) ||
	    params[0].return_size > native->len)
		return ossl_error(part->param, CKR_FUNCTION_FAILED);
	len = params[0].return_size;
	reorder(be->data, native->data, len);
	while (skip < len && be->data[skip] == 0)
		skip++;
	return attrset_set_bytes(to, part->type, be->data + skip, len - skip);
}

CK_RV keyparts_extract(const EVP_PKEY *pkey, const struct keypart *table, size_t n,
		       struct attrset *to)
{
	struct secbuf *native = secbuf_new(KEYPARTS_NUMBER_BYTES);
	struct secbuf *be = secbuf_new(KEYPARTS_NUMBER_BYTES);
	CK_RV rv = native != NULL && be != NULL ? CKR_OK : CKR_HOST_MEMORY;

	for (size_t i = 0; i < n && rv == CKR_OK; i++)
		rv = extract_one(pkey, &table[i], native, be, to);
	secbuf_free(native);
	secbuf_free(be);
	return rv;
}

/*
 * NIST SP 800-108 (PKCS#11 3.0 mechanisms, "SP 800-108 Key Derivation"): a pseudo-random function,
 * run again and again over data that the caller puts together. OpenSSL's KBKDF has a fixed order.
 */
#include "config.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "common/reason.h"
#include "crypto/family/family.h"
#include "crypto/family/prf.h"
#include "crypto/ossl/des.h"

/* More data parameters than that make no sense. */
#define PARTS_MAX 1024
#define COUNTER_BITS_MAX 32
#define NUMBER_BITS_MAX 64

/* One data parameter. */
struct part {
	CK_PRF_DATA_TYPE type;
	struct piece bytes;	/* CK_SP800_108_BYTE_ARRAY */
	/* of numbers */
	bool present;		/* the iteration variable is the counter */
	bool little;
	size_t width;		/* bytes */
	CK_SP800_108_DKM_LENGTH_METHOD method;
};

struct kbkdf {
	CK_SP800_108_FEEDBACK_KDF_PARAMS p;	/* without an IV in the two other modes */
	const CK_MECHANISM *param;
	struct part *parts;
	size_t n;
	struct prf prf;
	size_t len;		/* bytes to be made */
	unsigned char chain[PRF_MAX];	/* A(i) */
};

static CK_MECHANISM_TYPE mode_of(const struct kbkdf *k)
{
	return k->param->mechanism;
}

/* --- the parameter --- */

static CK_RV read_struct(const CK_MECHANISM *param, CK_SP800_108_FEEDBACK_KDF_PARAMS *out)
{
	CK_SP800_108_KDF_PARAMS p;
	CK_RV rv;

	if (param->mechanism == CKM_SP800_108_FEEDBACK_KDF) {
		rv = mech_param(param, out, sizeof(*out));
		return rv == CKR_OK ? prf_check_bytes(param, out->pIV, out->ulIVLen,
						      "the IV is missing or too long") : rv;
	}
	rv = mech_param(param, &p, sizeof(p));
	if (rv == CKR_OK)
		*out = (CK_SP800_108_FEEDBACK_KDF_PARAMS){
			.prfType = p.prfType,
			.ulNumberOfDataParams = p.ulNumberOfDataParams,
			.pDataParams = p.pDataParams,
			.ulAdditionalDerivedKeys = p.ulAdditionalDerivedKeys,
			.pAdditionalDerivedKeys = p.pAdditionalDerivedKeys,
		};
	return rv;
}

/* The value of a data parameter that is a structure. */
static CK_RV read_format(const CK_MECHANISM *param, const CK_PRF_DATA_PARAM *d, void *out,
			 size_t size)
{
	if (d->pValue == NULL || d->ulValueLen != size)
		return mech_bad_param(param,
				      "the format of a number is missing or has a wrong size");
	memcpy(out, d->pValue, size);
	return CKR_OK;
}

static CK_RV set_width(const CK_MECHANISM *param, CK_ULONG bits, CK_ULONG most, struct part *out)
{
	if (bits == 0 || bits % 8 != 0 || bits > most)
		return mech_bad_param(param, "ulWidthInBits is none that a number can have");
	out->width = bits / 8;
	return CKR_OK;
}

static CK_RV read_counter(const CK_MECHANISM *param, const CK_PRF_DATA_PARAM *d, struct part *out)
{
	CK_SP800_108_COUNTER_FORMAT f;
	CK_RV rv = read_format(param, d, &f, sizeof(f));

	if (rv != CKR_OK)
		return rv;
	out->present = true;
	out->little = f.bLittleEndian;
	return set_width(param, f.ulWidthInBits, COUNTER_BITS_MAX, out);
}

/* In counter mode it is the counter, else what the function gave the last time. */
static CK_RV read_iteration(const CK_MECHANISM *param, const CK_PRF_DATA_PARAM *d,
			    struct part *out)
{
	if (param->mechanism == CKM_SP800_108_COUNTER_KDF)
		return read_counter(param, d, out);
	return d->pValue == NULL && d->ulValueLen == 0 ? CKR_OK :
		mech_bad_param(param, "the iteration variable has a format, and is no counter");
}

static CK_RV read_length(const CK_MECHANISM *param, const CK_PRF_DATA_PARAM *d, struct part *out)
{
	CK_SP800_108_DKM_LENGTH_FORMAT f;
	CK_RV rv = read_format(param, d, &f, sizeof(f));

	if (rv != CKR_OK)
		return rv;
	if (f.dkmLengthMethod != CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS &&
	    f.dkmLengthMethod != CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS)
		return mech_bad_param(param, "dkmLengthMethod is unknown");
	out->method = f.dkmLengthMethod;
	out->little = f.bLittleEndian;
	return set_width(param, f.ulWidthInBits, NUMBER_BITS_MAX, out);
}

static CK_RV read_part(const CK_MECHANISM *param, const CK_PRF_DATA_PARAM *d, struct part *out)
{
	*out = (struct part){ .type = d->type };
	switch (d->type) {
	case CK_SP800_108_ITERATION_VARIABLE:
		return read_iteration(param, d, out);
	case CK_SP800_108_COUNTER:
		if (param->mechanism == CKM_SP800_108_COUNTER_KDF)
			return mech_bad_param(param, "there is a second counter");
		return read_counter(param, d, out);
	case CK_SP800_108_DKM_LENGTH:
		return read_length(param, d, out);
	case CK_SP800_108_BYTE_ARRAY:
		out->bytes = (struct piece){ d->pValue, d->ulValueLen };
		return prf_check_bytes(param, d->pValue, d->ulValueLen,
				       "a byte array is missing or too long");
	default:
		return mech_bad_param(param, "a data parameter is of an unknown type");
	}
}

/* The iteration variable is there once, a counter or a length at most once. */
static CK_RV check_parts(const struct kbkdf *k)
{
	size_t seen[CK_SP800_108_BYTE_ARRAY + 1] = { 0 };

	for (size_t i = 0; i < k->n; i++)
		seen[k->parts[i].type]++;
	if (seen[CK_SP800_108_ITERATION_VARIABLE] != 1)
		return mech_bad_param(k->param, "the iteration variable is not there just once");
	if (seen[CK_SP800_108_COUNTER] > 1 || seen[CK_SP800_108_DKM_LENGTH] > 1)
		return mech_bad_param(k->param, "a counter or a length is there twice");
	return CKR_OK;
}

static CK_RV read_parts(struct kbkdf *k)
{
	CK_RV rv = CKR_OK;

	if (k->p.pDataParams == NULL || k->p.ulNumberOfDataParams == 0 ||
	    k->p.ulNumberOfDataParams > PARTS_MAX)
		return mech_bad_param(k->param, "there are no data parameters, or too many");
	k->n = k->p.ulNumberOfDataParams;
	k->parts = calloc(k->n, sizeof(*k->parts));
	if (k->parts == NULL)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; rv == CKR_OK && i < k->n; i++) {
		CK_PRF_DATA_PARAM d;

		memcpy(&d, (const unsigned char *)k->p.pDataParams + i * sizeof(d), sizeof(d));
		rv = read_part(k->param, &d, &k->parts[i]);
	}
	return rv == CKR_OK ? check_parts(k) : rv;
}

/* --- the pseudo-random function --- */

static const struct {
	CK_SP800_108_PRF_TYPE type;
	const char *md;
	const char *cipher;
} prfs[] = {
	{ CKM_SHA_1_HMAC, "SHA1", NULL },	      { CKM_SHA224_HMAC, "SHA224", NULL },
	{ CKM_SHA256_HMAC, "SHA256", NULL },	      { CKM_SHA384_HMAC, "SHA384", NULL },
	{ CKM_SHA512_HMAC, "SHA512", NULL },	      { CKM_SHA512_224_HMAC, "SHA512-224", NULL },
	{ CKM_SHA512_256_HMAC, "SHA512-256", NULL },  { CKM_SHA3_224_HMAC, "SHA3-224", NULL },
	{ CKM_SHA3_256_HMAC, "SHA3-256", NULL },      { CKM_SHA3_384_HMAC, "SHA3-384", NULL },
	{ CKM_SHA3_512_HMAC, "SHA3-512", NULL },      { CKM_AES_CMAC, NULL, "AES-%u-CBC" },
	{ CKM_DES3_CMAC, NULL, "DES-EDE3-CBC" },
};

/* Triple DES with two keys is the one with three of which two are equal. */
static CK_RV open_des(struct kbkdf *k, const struct secbuf *key)
{
	struct secbuf *triple;
	CK_RV rv;

	if (key->len != DES3_BYTES && key->len != 2 * DES_BYTES)
		return CKR_KEY_SIZE_RANGE;
	triple = des_expand(key->data, key->len);
	rv = triple != NULL ? prf_cmac(&k->prf, "DES-EDE3-CBC", triple->data, triple->len) :
		CKR_HOST_MEMORY;
	secbuf_free(triple);
	return rv;
}

static CK_RV open_prf(struct kbkdf *k, const struct secbuf *key)
{
	CK_RV rv = CKR_OK;
	size_t i = 0;

	while (i < ARRAY_LEN(prfs) && prfs[i].type != k->p.prfType)
		i++;
	if (i == ARRAY_LEN(prfs))
		return mech_bad_param(k->param, "prfType is not supported");
	if (prfs[i].md != NULL)
		return prf_hmac(&k->prf, prfs[i].md, key->data, key->len);
	rv = prfs[i].type == CKM_DES3_CMAC ? open_des(k, key) :
		prf_cmac(&k->prf, prfs[i].cipher, key->data, key->len);
	return rv == CKR_KEY_SIZE_RANGE ?
		reason(rv, "the base key has no length that the cipher of prfType takes") : rv;
}

/* --- the blocks --- */

static CK_RV add_number(struct kbkdf *k, const struct part *part, uint64_t value)
{
	unsigned char bytes[sizeof(value)];

	for (size_t i = 0; i < part->width; i++) {
		bytes[part->little ? i : part->width - 1 - i] = (unsigned char)value;
		value >>= 8;
	}
	return prf_add(&k->prf, bytes, part->width);
}

/* In bits; the segments are what the function gives each time. */
static uint64_t dkm_length(const struct kbkdf *k, const struct part *part)
{
	uint64_t len = k->len;

	if (part->method == CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS)
		len = (len + k->prf.size - 1) / k->prf.size * k->prf.size;
	return len * 8;
}

static bool holds(const struct part *part, uint64_t value)
{
	return part->width >= sizeof(value) || value >> (8 * part->width) == 0;
}

/* Do the numbers have room for their values? A counter that comes round would give keys twice. */
static CK_RV check_widths(const struct kbkdf *k)
{
	uint64_t blocks = (k->len + k->prf.size - 1) / k->prf.size;

	for (size_t i = 0; i < k->n; i++) {
		const struct part *part = &k->parts[i];

		if (part->present && !holds(part, blocks))
			return reason(CKR_KEY_SIZE_RANGE, "the counter is too narrow for so long "
							  "a key");
		if (part->type == CK_SP800_108_DKM_LENGTH && !holds(part, dkm_length(k, part)))
			return mech_bad_param(k->param, "the length does not fit ulWidthInBits");
	}
	return CKR_OK;
}

/*
 * What the function reads in run i: all parts in the order of the caller, last for the iteration
 * variable. fixed: only those that do not change (the A(0) of the double pipeline).
 */
static CK_RV add_parts(struct kbkdf *k, uint64_t i, struct piece last, bool fixed)
{
	CK_RV rv = CKR_OK;

	for (size_t j = 0; rv == CKR_OK && j < k->n; j++) {
		const struct part *part = &k->parts[j];

		if (part->type == CK_SP800_108_BYTE_ARRAY)
			rv = prf_add(&k->prf, part->bytes.data, part->bytes.len);
		else if (part->type == CK_SP800_108_DKM_LENGTH)
			rv = add_number(k, part, dkm_length(k, part));
		else if (fixed)
			continue;
		else if (part->present)
			rv = add_number(k, part, i);
		else
			rv = prf_add(&k->prf, last.data, last.len);
	}
	return rv;
}

/* A(i) = PRF(A(i - 1)); A(0) is the fixed input. */
static CK_RV next_chain(struct kbkdf *k, uint64_t i)
{
	static const struct piece none;
	CK_RV rv = prf_start(&k->prf);

	if (rv == CKR_OK)
		rv = i == 1 ? add_parts(k, i, none, true) :
			prf_add(&k->prf, k->chain, k->prf.size);
	return rv == CKR_OK ? prf_end(&k->prf, k->chain) : rv;
}

/* block holds the one before, and receives this one. */
static CK_RV next_block(struct kbkdf *k, uint64_t i, unsigned char block[PRF_MAX])
{
	struct piece last = { block, k->prf.size };
	CK_RV rv = CKR_OK;

	if (mode_of(k) == CKM_SP800_108_DOUBLE_PIPELINE_KDF) {
		rv = next_chain(k, i);
		last = (struct piece){ k->chain, k->prf.size };
	} else if (i == 1) {
		last = (struct piece){ k->p.pIV, k->p.ulIVLen };
	}
	if (rv == CKR_OK)
		rv = prf_start(&k->prf);
	if (rv == CKR_OK)
		rv = add_parts(k, i, last, false);
	return rv == CKR_OK ? prf_end(&k->prf, block) : rv;
}

static CK_RV run(struct kbkdf *k, struct secbuf *out)
{
	unsigned char block[PRF_MAX];
	CK_RV rv = check_widths(k);
	uint64_t i = 0;

	for (size_t at = 0, n; rv == CKR_OK && at < out->len; at += n) {
		n = out->len - at < k->prf.size ? out->len - at : k->prf.size;
		rv = next_block(k, ++i, block);
		if (rv == CKR_OK)
			memcpy(out->data + at, block, n);
	}
	OPENSSL_cleanse(block, sizeof(block));
	return rv;
}

static CK_RV open_kbkdf(struct kbkdf *k, const struct derive_input *in)
{
	CK_RV rv = read_struct(in->param, &k->p);

	k->param = in->param;
	if (rv == CKR_OK)
		rv = read_parts(k);
	if (rv == CKR_OK)
		rv = open_prf(k, in->base->secret);
	if (rv == CKR_OK && in->want == 0)
		rv = reason(CKR_TEMPLATE_INCOMPLETE, "CKA_VALUE_LEN is missing");
	k->len = in->want;
	return rv;
}

static CK_RV kbkdf_derive(const struct mech *m, const struct derive_input *in, struct secbuf **out)
{
	struct kbkdf k = { .parts = NULL };
	struct secbuf *bytes = NULL;
	CK_RV rv = open_kbkdf(&k, in);

	(void)m;
	if (rv == CKR_OK) {
		bytes = secbuf_new(in->want);
		rv = bytes != NULL ? run(&k, bytes) : CKR_HOST_MEMORY;
	}
	prf_close(&k.prf);
	OPENSSL_cleanse(k.chain, sizeof(k.chain));
	free(k.parts);
	if (rv != CKR_OK) {
		secbuf_free(bytes);
		return rv;
	}
	*out = bytes;
	return CKR_OK;
}

/* --- several keys --- */

static CK_DERIVED_KEY more_key(const CK_SP800_108_FEEDBACK_KDF_PARAMS *p, size_t i)
{
	CK_DERIVED_KEY one;

	memcpy(&one, (const unsigned char *)p->pAdditionalDerivedKeys + i * sizeof(one),
	       sizeof(one));
	return one;
}

/* The key of the call comes first, those of the parameter take the bytes after it. */
static CK_RV kbkdf_keys(const CK_MECHANISM *param, struct derive_key *keys, size_t *count)
{
	CK_SP800_108_FEEDBACK_KDF_PARAMS p;
	CK_RV rv = read_struct(param, &p);

	if (rv != CKR_OK)
		return rv;
	if (p.ulAdditionalDerivedKeys > DERIVE_KEYS_MAX - 1 ||
	    (p.ulAdditionalDerivedKeys > 0 && p.pAdditionalDerivedKeys == NULL))
		return mech_bad_param(param, "the additional keys are missing or too many");
	for (size_t i = 0; i < p.ulAdditionalDerivedKeys; i++) {
		CK_DERIVED_KEY one = more_key(&p, i);

		if (one.phKey == NULL || (one.pTemplate == NULL && one.ulAttributeCount > 0))
			return mech_bad_param(param, "an additional key has no template or handle");
		keys[i + 1] = (struct derive_key){
			.own = true, .templ = one.pTemplate, .count = one.ulAttributeCount,
			.type = CK_UNAVAILABLE_INFORMATION,
		};
	}
	*count = 1 + p.ulAdditionalDerivedKeys;
	return CKR_OK;
}

static void kbkdf_finish(const struct derive_input *in, const CK_OBJECT_HANDLE *handles,
			 const unsigned char *rest, size_t len)
{
	CK_SP800_108_FEEDBACK_KDF_PARAMS p;

	(void)rest;
	(void)len;
	if (read_struct(in->param, &p) != CKR_OK)
		return;
	/* the caller's memory may have changed since kbkdf_keys read it: never past the handles */
	for (size_t i = 0; i < p.ulAdditionalDerivedKeys && i + 1 < DERIVE_KEYS_MAX; i++)
		memcpy(more_key(&p, i).phKey, &handles[i + 1], sizeof(handles[0]));
}

const struct mech_derive kbkdf_derives = {
	.derive = kbkdf_derive, .keys = kbkdf_keys, .finish = kbkdf_finish,
};

#include "config.h"

#include "crypto/ossl/der.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <string.h>

#include "crypto/ossl/ossl.h"

#define TAG_INTEGER 0x02
#define TAG_OID 0x06
#define TAG_PRINTABLE 0x13
/* Curve OIDs and names are far shorter. */
#define PARAMS_SHORT 64

struct named {
	struct der_curve curve;
	const char *text;	/* in the PrintableString of PKCS#11 2.40 (3.0 section 2.3.5) */
	unsigned char oid[3];	/* RFC 8410: 1.3.101.n */
	/* the OID that OpenPGP gave it before, and cards still do; none for the larger curves */
	size_t alias_len;
	unsigned char alias[10];
};

static const struct named named[] = {
	{ { "ED25519", 0, 32, 255, false, false }, "edwards25519", { 0x2b, 0x65, 0x70 }, 9,
	  { 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01 } },
	{ { "ED448", 0, 57, 448, false, false }, "edwards448", { 0x2b, 0x65, 0x71 }, 0, { 0 } },
	{ { "X25519", 0, 32, 255, true, false }, "curve25519", { 0x2b, 0x65, 0x6e }, 10,
	  { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01 } },
	{ { "X448", 0, 56, 448, true, false }, "curve448", { 0x2b, 0x65, 0x6f }, 0, { 0 } },
};

bool der_read(struct reader *r, unsigned char tag, const unsigned char **data, size_t *n)
{
	struct reader t = *r;
	const unsigned char *p;
	uint64_t len;

	if (!reader_bytes(&t, 2, &p) || p[0] != tag)
		return false;
	len = p[1];
	if (len > 0x80) {
		size_t count = len & 0x7f;

		if (count > 4 || !reader_bytes(&t, count, &p) || p[0] == 0)
			return false;
		len = 0;
		for (size_t i = 0; i < count; i++)
			len = len << 8 | p[i];
		if (len < 0x80)
			return false;
	} else if (len == 0x80) {
		return false;
	}
	if (!reader_bytes(&t, len, data))
		return false;
	*n = (size_t)len;
	*r = t;
	return true;
}

/* One element with that tag and nothing behind it. */
static bool only(const unsigned char *der, size_t len, unsigned char tag,
		 const unsigned char **data, size_t *n)
{
	struct reader r = { der, len };

	return der_read(&r, tag, data, n) && r.left == 0;
}

size_t der_header(unsigned char tag, size_t len, unsigned char out[DER_HEADER_MAX])
{
	size_t bytes = 0;

	out[0] = tag;
	if (len < 0x80) {
		out[1] = (unsigned char)len;
		return 2;
	}
	while (bytes < sizeof(len) && len >> (8 * bytes) != 0)
		bytes++;
	out[1] = (unsigned char)(0x80 | bytes);
	for (size_t i = 0; i < bytes; i++)
		out[2 + i] = (unsigned char)(len >> (8 * (bytes - 1 - i)));
	return 2 + bytes;
}

static CK_RV append_element(unsigned char tag, const void *data, size_t len, struct buf *out)
{
	unsigned char head[DER_HEADER_MAX];
	CK_RV rv;

	if (len > UINT32_MAX)
		return CKR_HOST_MEMORY;
	rv = buf_append(out, head, der_header(tag, len, head));
	return rv == CKR_OK ? buf_append(out, data, len) : rv;
}

const struct der_curve *der_curve_by_type(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (strcmp(named[i].curve.name, name) == 0)
			return &named[i].curve;
	return NULL;
}

static CK_RV by_group(const EC_GROUP *group, struct der_curve *out)
{
	int nid = group != NULL ? EC_GROUP_get_curve_name(group) : NID_undef;

	if (nid == NID_undef || nid == NID_sm2 ||
	    EC_GROUP_get_field_type(group) != NID_X9_62_prime_field)
		return ossl_quiet(CKR_CURVE_NOT_SUPPORTED);
	*out = (struct der_curve){ .name = OBJ_nid2sn(nid), .nid = nid };
	return CKR_OK;
}

/*
 * Why there is no group. That it is unknown OpenSSL says last after every failure, and first only
 * when it is true.
 */
static CK_RV no_group(void)
{
	unsigned long first = ERR_peek_error();

	if (first == 0)
		return CKR_HOST_MEMORY;
	if (ERR_GET_LIB(first) == ERR_LIB_EC && ERR_GET_REASON(first) == EC_R_UNKNOWN_GROUP)
		return ossl_quiet(CKR_CURVE_NOT_SUPPORTED);
	return ossl_error("CKA_EC_PARAMS", CKR_FUNCTION_FAILED);
}

static CK_RV by_oid(const unsigned char *der, size_t len, const unsigned char *oid, size_t oid_len,
		    struct der_curve *out)
{
	const EC_GROUP *group;
	ASN1_OBJECT *object;
	const char *name;
	CK_RV rv;

	for (size_t i = 0; i < ARRAY_LEN(named); i++) {
		if ((oid_len == sizeof(named[i].oid) && memcmp(oid, named[i].oid, oid_len) == 0) ||
		    (oid_len > 0 && oid_len == named[i].alias_len &&
		     memcmp(oid, named[i].alias, oid_len) == 0)) {
			*out = named[i].curve;
			out->loose = oid_len != sizeof(named[i].oid);
			return CKR_OK;
		}
	}
	object = d2i_ASN1_OBJECT(NULL, &der, (long)len);
	if (object == NULL)
		return ossl_quiet(CKR_ATTRIBUTE_VALUE_INVALID);
	name = OBJ_nid2sn(OBJ_obj2nid(object));
	group = name != NULL ? ossl_group(name) : NULL;
	rv = group != NULL ? by_group(group, out) : no_group();
	ASN1_OBJECT_free(object);
	return rv;
}

static CK_RV by_text(const unsigned char *text, size_t len, struct der_curve *out)
{
	for (size_t i = 0; i < ARRAY_LEN(named); i++) {
		if (strlen(named[i].text) == len && memcmp(named[i].text, text, len) == 0) {
			*out = named[i].curve;
			return CKR_OK;
		}
	}
	return CKR_CURVE_NOT_SUPPORTED;
}

/* OpenSSL recognises the named curves among explicit parameters. */
static CK_RV by_parameters(const unsigned char *der, size_t len, struct der_curve *out)
{
	const unsigned char *p = der;
	EC_GROUP *group = d2i_ECPKParameters(NULL, &p, (long)len);
	CK_RV rv;

	if (group == NULL || p != der + len)
		rv = ossl_quiet(CKR_ATTRIBUTE_VALUE_INVALID);
	else
		rv = by_group(group, out);
	EC_GROUP_free(group);
	return rv;
}

CK_RV der_curve_read(const unsigned char *der, size_t len, struct der_curve *out)
{
	const unsigned char *data;
	size_t n;

	if (only(der, len, DER_SEQUENCE, &data, &n) && len <= 4096)
		return by_parameters(der, len, out);
	if (len > PARAMS_SHORT)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (only(der, len, TAG_OID, &data, &n))
		return by_oid(der, len, data, n, out);
	if (only(der, len, TAG_PRINTABLE, &data, &n))
		return by_text(data, n, out);
	/* OpenSC 0.23 counts the NUL of "curve25519" and does not send it. */
	if (len > 2 && der[0] == TAG_PRINTABLE && der[1] == len - 1 &&
	    by_text(der + 2, len - 2, out) == CKR_OK) {
		out->loose = true;
		return CKR_OK;
	}
	return CKR_ATTRIBUTE_VALUE_INVALID;
}

CK_RV der_curve_write(const struct der_curve *c, struct buf *out)
{
	const ASN1_OBJECT *object;

	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (c->nid == 0 && strcmp(named[i].curve.name, c->name) == 0)
			return append_element(TAG_PRINTABLE, named[i].text, strlen(named[i].text),
					      out);
	object = c->nid != 0 ? OBJ_nid2obj(c->nid) : NULL;
	if (object == NULL || OBJ_length(object) == 0)
		return ossl_quiet(CKR_CURVE_NOT_SUPPORTED);
	return append_element(TAG_OID, OBJ_get0_data(object), OBJ_length(object), out);
}

bool der_octets_read(const unsigned char *der, size_t len, const unsigned char **data, size_t *n)
{
	return only(der, len, DER_OCTETS, data, n);
}

CK_RV der_octets_write(const unsigned char *data, size_t len, struct buf *out)
{
	return append_element(DER_OCTETS, data, len, out);
}

/* A header and perhaps a zero byte for each number, and a header for both. */
size_t der_pair_max(size_t width)
{
	return 2 * (width + 7) + 6;
}

static size_t put_number(const unsigned char *number, size_t width, unsigned char *out)
{
	size_t n;

	while (width > 1 && *number == 0) {
		number++;
		width--;
	}
	n = der_header(TAG_INTEGER, width + (*number >> 7), out);
	if (*number >> 7)
		out[n++] = 0;
	memcpy(out + n, number, width);
	return n + width;
}

size_t der_pair_write(const unsigned char *pair, size_t width, unsigned char *out)
{
	/* Written behind room for the longest header, then moved up to the real one. */
	unsigned char head[DER_HEADER_MAX];
	unsigned char *body = out + sizeof(head);
	size_t len = put_number(pair, width, body);
	size_t n;

	len += put_number(pair + width, width, body + len);
	n = der_header(DER_SEQUENCE, len, head);
	memmove(out + n, body, len);
	memcpy(out, head, n);
	return n + len;
}

static bool get_number(struct reader *r, unsigned char *out, size_t width)
{
	const unsigned char *data;
	size_t n;

	if (!der_read(r, TAG_INTEGER, &data, &n) || n == 0)
		return false;
	while (n > 1 && *data == 0) {
		data++;
		n--;
	}
	if (n > width)
		return false;
	memset(out, 0, width - n);
	memcpy(out + width - n, data, n);
	return true;
}

bool der_pair_read(const unsigned char *der, size_t len, unsigned char *pair, size_t width)
{
	struct reader r = { NULL, 0 };
	const unsigned char *body;

	if (!only(der, len, DER_SEQUENCE, &body, &r.left))
		return false;
	r.p = body;
	return get_number(&r, pair, width) && get_number(&r, pair + width, width) && r.left == 0;
}

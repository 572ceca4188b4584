#include "config.h"

#include "unit/crypto_util.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "crypto/ossl/ossl.h"
#include "unit/unit.h"

static void die(const char *why)
{
	fprintf(stderr, "%s\n", why);
	exit(1);
}

int crypto_run(const char *suite, const struct unit_test *tests, size_t count)
{
	int status;

	if (ossl_open() != CKR_OK)
		die("OpenSSL does not open");
	status = unit_run(suite, tests, count);
	ossl_close();
	secmem_shutdown();
	return status;
}

struct bytes unhex(const char *hex)
{
	struct bytes b = { 0, { 0 } };

	if (hex != NULL && !str_unhex(hex, b.data, sizeof(b.data), &b.len))
		die("a test has bad hex");
	return b;
}

bool is_hex(const unsigned char *out, size_t len, const char *hex)
{
	struct bytes b = unhex(hex);

	return len == b.len && (len == 0 || memcmp(out, b.data, len) == 0);
}

struct attrset *make_set(const struct hex_attr *attrs)
{
	struct attrset *s = attrset_new(true);

	if (s == NULL)
		die("no memory");
	for (; attrs->hex != NULL; attrs++) {
		struct bytes b = unhex(attrs->hex);

		if (attrset_set_bytes(s, attrs->type, b.data, b.len) != CKR_OK)
			die("no memory");
	}
	return s;
}

struct key *make_key(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const struct hex_attr *attrs)
{
	struct attrset *s = make_set(attrs);
	struct key *key = NULL;

	if (keytype_load(class, type, s, &key) != CKR_OK)
		key = NULL;
	attrset_free(s);
	return key;
}

struct key *make_secret(CK_KEY_TYPE type, const char *hex)
{
	const struct hex_attr attrs[] = { { CKA_VALUE, hex }, { 0, NULL } };

	return make_key(CKO_SECRET_KEY, type, attrs);
}

void make_pair(CK_MECHANISM_TYPE generator, const struct attrset *wanted, struct key **pub,
	       struct key **priv)
{
	const struct mech *m = mech_find(generator);
	CK_MECHANISM param = MECH(generator);
	struct attrset *a = attrset_dup(wanted, true), *b = attrset_new(true);

	if (m == NULL || a == NULL || b == NULL || mech_generate(m, &param, a, b) != CKR_OK ||
	    keytype_load(CKO_PUBLIC_KEY, m->key, a, pub) != CKR_OK ||
	    keytype_load(CKO_PRIVATE_KEY, m->key, b, priv) != CKR_OK)
		die("a key pair cannot be made");
	attrset_free(a);
	attrset_free(b);
}

static CK_RV begin(enum op_kind kind, const CK_MECHANISM *m, struct key *key, struct op **out)
{
	const struct mech *row = mech_find(m->mechanism);

	return row != NULL ? op_new(kind, row, m, key, NULL, out) : CKR_MECHANISM_INVALID;
}

CK_RV try_begin(enum op_kind kind, CK_MECHANISM m, struct key *key)
{
	struct op *op = NULL;
	CK_RV rv = begin(kind, &m, key, &op);

	op_free(op);
	return rv;
}

CK_RV run(enum op_kind kind, CK_MECHANISM m, struct key *key, const void *in, size_t len,
	  unsigned char *out,
	  CK_ULONG *out_len)
{
	struct op *op = NULL;
	CK_ULONG bound = 0;
	bool done = true;
	CK_RV rv = begin(kind, &m, key, &op);

	if (rv != CKR_OK)
		return rv;
	rv = op_single(op, in, len, NULL, &bound, &done);
	if (rv == CKR_OK) {
		CU_ASSERT_FALSE(done);
		rv = op_single(op, in, len, out, out_len, &done);
	}
	CU_ASSERT(rv == CKR_BUFFER_TOO_SMALL || done);
	CU_ASSERT(rv != CKR_OK || *out_len <= bound);
	op_free(op);
	return rv;
}

CK_RV run_parts(enum op_kind kind, CK_MECHANISM m, struct key *key, const void *in, size_t len,
		size_t step,
		unsigned char *out, CK_ULONG *out_len)
{
	bool cipher = kind == OP_ENCRYPT || kind == OP_DECRYPT;
	const unsigned char *p = in;
	struct op *op = NULL;
	CK_ULONG total = 0, n;
	bool done = true;
	CK_RV rv = begin(kind, &m, key, &op);

	while (rv == CKR_OK && len > 0) {
		size_t part = step == 0 || step > len ? len : step;

		n = *out_len - total;
		rv = cipher ? op_update(op, p, part, out + total, &n, &done) :
			op_feed(op, p, part, &done);
		if (cipher && rv == CKR_OK)
			total += n;
		CU_ASSERT(done == (rv != CKR_OK));
		p += part;
		len -= part;
	}
	if (rv == CKR_OK) {
		n = *out_len - total;
		rv = op_finish(op, out + total, &n, &done);
		total += rv == CKR_OK ? n : 0;
		*out_len = total;
	}
	op_free(op);
	return rv;
}

CK_RV verify(CK_MECHANISM m, struct key *key, const void *in, size_t len, const void *sig,
	     size_t sig_len)
{
	struct op *op = NULL;
	bool done = false;
	CK_RV rv = begin(OP_VERIFY, &m, key, &op);

	if (rv != CKR_OK)
		return rv;
	rv = op_verify(op, in, len, sig, sig_len, &done);
	CU_ASSERT_TRUE(done);
	op_free(op);
	return rv;
}

CK_RV verify_parts(CK_MECHANISM m, struct key *key, const void *in, size_t len, size_t step,
		   const void *sig,
		   size_t sig_len)
{
	const unsigned char *p = in;
	struct op *op = NULL;
	bool done = false;
	CK_RV rv = begin(OP_VERIFY, &m, key, &op);

	while (rv == CKR_OK && len > 0) {
		size_t part = step == 0 || step > len ? len : step;

		rv = op_feed(op, p, part, &done);
		p += part;
		len -= part;
	}
	if (rv == CKR_OK)
		rv = op_verify_finish(op, sig, sig_len, &done);
	op_free(op);
	return rv;
}

static const size_t steps[] = { 0, 1, 5, 16, 17, 31, 32 };

void check_both_ways(const char *name, CK_MECHANISM m, struct key *k, const char *plain,
		     const char *cipher)
{
	struct bytes p = unhex(plain), c = unhex(cipher);
	unsigned char out[256];
	CK_ULONG n = sizeof(out);

	CHECK(name, run(OP_ENCRYPT, m, k, p.data, p.len, out, &n) == CKR_OK);
	CHECK(name, is_hex(out, n, cipher));
	n = sizeof(out);
	CHECK(name, run(OP_DECRYPT, m, k, c.data, c.len, out, &n) == CKR_OK);
	CHECK(name, is_hex(out, n, plain));
	/* A buffer that the plaintext just fits is large enough. */
	n = p.len;
	CHECK(name, run(OP_DECRYPT, m, k, c.data, c.len, out, &n) == CKR_OK);
	CHECK(name, is_hex(out, n, plain));
	/* In place. */
	memcpy(out, p.data, p.len);
	n = sizeof(out);
	CHECK(name, run(OP_ENCRYPT, m, k, out, p.len, out, &n) == CKR_OK);
	CHECK(name, is_hex(out, n, cipher));
	n = sizeof(out);
	CHECK(name, run(OP_DECRYPT, m, k, out, c.len, out, &n) == CKR_OK);
	CHECK(name, is_hex(out, n, plain));
	for (size_t s = 0; s < ARRAY_LEN(steps); s++) {
		n = sizeof(out);
		CHECK(name, run_parts(OP_ENCRYPT, m, k, p.data, p.len, steps[s], out, &n) ==
		      CKR_OK);
		CHECK(name, is_hex(out, n, cipher));
		/* Exactly as large as the plaintext. */
		n = p.len;
		CHECK(name, run_parts(OP_DECRYPT, m, k, c.data, c.len, steps[s], out, &n) ==
		      CKR_OK);
		CHECK(name, is_hex(out, n, plain));
	}
}

void check_mac(const char *name, CK_MECHANISM m, struct key *k, const char *data, const char *mac)
{
	struct bytes in = unhex(data), right = unhex(mac);
	unsigned char out[64];
	CK_ULONG n = sizeof(out);

	CHECK(name, run(OP_SIGN, m, k, in.data, in.len, out, &n) == CKR_OK);
	CHECK(name, is_hex(out, n, mac));
	for (size_t s = 0; s < ARRAY_LEN(steps); s++) {
		n = sizeof(out);
		CHECK(name, run_parts(OP_SIGN, m, k, in.data, in.len, steps[s], out, &n) == CKR_OK);
		CHECK(name, is_hex(out, n, mac));
		CHECK(name, verify_parts(m, k, in.data, in.len, steps[s], right.data, right.len) ==
		      CKR_OK);
	}
	CHECK(name, verify(m, k, in.data, in.len, right.data, right.len) == CKR_OK);
	CHECK(name, verify(m, k, in.data, in.len, right.data, right.len - 1) ==
	      CKR_SIGNATURE_LEN_RANGE);
	CHECK(name, verify(m, k, in.data, in.len, right.data, right.len + 1) ==
	      CKR_SIGNATURE_LEN_RANGE);
	right.data[right.len - 1] ^= 1;
	CHECK(name, verify(m, k, in.data, in.len, right.data, right.len) == CKR_SIGNATURE_INVALID);
	CHECK(name, verify_parts(m, k, in.data, in.len, 3, right.data, right.len) ==
	      CKR_SIGNATURE_INVALID);
}

/* Nothing of the plaintext may stay in the output buffer. */
static bool was_wiped(const unsigned char *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (out[i] != 0)
			return false;
	return true;
}

void check_forgery(const char *name, CK_MECHANISM m, struct key *k, const struct bytes *cipher)
{
	unsigned char out[256] = { 0 };
	CK_ULONG n = sizeof(out);

	CHECK(name, run(OP_DECRYPT, m, k, cipher->data, cipher->len, out, &n) ==
	      CKR_ENCRYPTED_DATA_INVALID);
	CHECK(name, was_wiped(out, sizeof(out)));
	n = sizeof(out);
	CHECK(name, run_parts(OP_DECRYPT, m, k, cipher->data, cipher->len, 13, out, &n) ==
	      CKR_ENCRYPTED_DATA_INVALID);
	CHECK(name, was_wiped(out, sizeof(out)));
}

void check_forgeries(const char *name, CK_MECHANISM m, struct key *k, const char *cipher)
{
	struct bytes c = unhex(cipher);

	for (size_t at = 0; at < c.len; at += 7) {
		c.data[at] ^= 0x40;
		check_forgery(name, m, k, &c);
		c.data[at] ^= 0x40;
	}
	c.data[c.len - 1] ^= 1;
	check_forgery(name, m, k, &c);
}

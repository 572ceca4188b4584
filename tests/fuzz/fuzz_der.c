/*
 * DER that callers hand in: curves and points, the numbers of a signature, SubjectPublicKeyInfo,
 * and private keys that are unwrapped. The first byte chooses.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/key/keytype.h"
#include "crypto/ossl/der.h"
#include "p11/kinds.h"

/* What was read must be written and read as the same curve. */
static void run_curve(const uint8_t *der, size_t len)
{
	struct buf again = BUF_INIT;
	struct der_curve curve, twin;

	if (der_curve_read(der, len, &curve) == CKR_OK) {
		fuzz_check(der_curve_write(&curve, &again) == CKR_OK);
		fuzz_check(der_curve_read(again.data, again.len, &twin) == CKR_OK);
		fuzz_check(strcmp(curve.name, twin.name) == 0 && !twin.loose);
	}
	buf_free(&again);
}

#define WIDTH 66

static void run_pair(const uint8_t *der, size_t len)
{
	unsigned char pair[2 * WIDTH], twin[2 * WIDTH], *again = malloc(der_pair_max(WIDTH));

	if (der_pair_read(der, len, pair, WIDTH)) {
		fuzz_check(again != NULL);
		fuzz_check(der_pair_read(again, der_pair_write(pair, WIDTH, again), twin, WIDTH));
		fuzz_check(memcmp(pair, twin, sizeof(pair)) == 0);
	}
	free(again);
}

static const CK_KEY_TYPE types[] = { CKK_RSA, CKK_EC, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY,
				     CKK_DSA, CKK_DH, CKK_ML_DSA };

/* The key types' own decoder, without the encryption around it. */
static void run_pkcs8(const uint8_t *der, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct attrset *priv = attrset_new(true);
		struct secbuf *again = NULL;

		fuzz_check(priv != NULL);
		if (keytype_decode(types[i], der, len, priv) == CKR_OK)
			fuzz_check(keytype_encode(types[i], priv, &again) == CKR_OK);
		secbuf_free(again);
		attrset_free(priv);
	}
}

/* Compared with the key of one of the kinds. */
static void check_info(const CK_ATTRIBUTE *t, const uint8_t *der, size_t len)
{
	struct attrset *parts = attrset_new(true);
	CK_RV rv;

	fuzz_check(parts != NULL);
	for (size_t i = 2; t[i].type != CK_UNAVAILABLE_INFORMATION; i++)
		fuzz_check(attrset_set_bytes(parts, t[i].type, t[i].pValue, t[i].ulValueLen) ==
			   CKR_OK);
	rv = keytype_public_info_check(*(const CK_OBJECT_CLASS *)t[0].pValue,
				       *(const CK_KEY_TYPE *)t[1].pValue, parts, der, len);
	fuzz_check(rv == CKR_OK || rv == CKR_ATTRIBUTE_VALUE_INVALID ||
		   rv == CKR_CURVE_NOT_SUPPORTED);
	attrset_free(parts);
}

static void run_spki(const uint8_t *der, size_t len)
{
	for (unsigned kind = 0; kind < KINDS; kind++)
		if (kind_infos[kind].ulValueLen > 0)
			check_info(kind_templates[kind], der, len);
}

/* --- through the functions of the standard -------------------------------------- */

static void unwrap(CK_SESSION_HANDLE s, CK_KEY_TYPE type, CK_BYTE *blob, CK_ULONG len)
{
	CK_BYTE iv[16] = { 0 };
	CK_MECHANISM m = { CKM_AES_CBC_PAD, iv, sizeof(iv) };
	CK_ATTRIBUTE t[] = { A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_ULONG(CKA_KEY_TYPE, type),
			     A_BOOL(CKA_TOKEN, CK_FALSE) };
	CK_OBJECT_HANDLE h = 0;

	(void)C_UnwrapKey(s, &m, fuzz_key(CKO_SECRET_KEY, CKK_AES), blob, len, t, ARRAY_LEN(t),
			  &h);
}

static void run_unwrap(const uint8_t *der, size_t len)
{
	CK_SESSION_HANDLE s = fuzz_session();
	struct fuzz_input in = { der, len, NULL };
	CK_BYTE iv[16] = { 0 };
	CK_MECHANISM m = { CKM_AES_CBC_PAD, iv, sizeof(iv) };
	CK_ULONG blob_len = len + 16;
	CK_BYTE *plain = fuzz_block_from(&in, der, len), *blob = fuzz_block(&in, blob_len);

	fuzz_check(C_EncryptInit(s, &m, fuzz_key(CKO_SECRET_KEY, CKK_AES)) == CKR_OK);
	if (C_Encrypt(s, plain, len, blob, &blob_len) == CKR_OK)
		for (size_t i = 0; i < ARRAY_LEN(types); i++)
			unwrap(s, types[i], blob, blob_len);
	fuzz_input_end(&in);
	fuzz_session_end(s);
}

/* Parameters and point of a public key, each with its length. */
static void run_point(const uint8_t *data, size_t size)
{
	static const CK_KEY_TYPE curves[] = { CKK_EC, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY };
	CK_SESSION_HANDLE s = fuzz_session();
	struct fuzz_input in = { data, size, NULL };
	CK_ULONG params_len = 0, point_len = 0;
	CK_BYTE *params = fuzz_take_bytes(&in, &params_len);
	CK_BYTE *point = fuzz_take_bytes(&in, &point_len);

	for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
		CK_ATTRIBUTE t[] = { A_ULONG(CKA_CLASS, CKO_PUBLIC_KEY),
				     A_ULONG(CKA_KEY_TYPE, curves[i]),
				     { CKA_EC_PARAMS, params, params_len },
				     { CKA_EC_POINT, point, point_len } };
		CK_OBJECT_HANDLE h = 0;

		(void)C_CreateObject(s, t, ARRAY_LEN(t), &h);
	}
	fuzz_input_end(&in);
	fuzz_session_end(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const runs[])(const uint8_t *, size_t) = {
		run_curve, run_pair, run_pkcs8, run_spki, run_unwrap, run_point
	};

	if (size == 0)
		return 0;
	fuzz_session_end(fuzz_session());	/* some of them need OpenSSL */
	runs[data[0] % ARRAY_LEN(runs)](data + 1, size - 1);
	return 0;
}

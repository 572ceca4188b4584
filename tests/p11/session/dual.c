#include "config.h"

#include <string.h>

#include "p11/kinds.h"
#include "p11/session/session.h"

/* Parts are as long as they come; the whole is a multiple of a block. */
#define TEXT_LEN	160
#define ROOM		(TEXT_LEN + 64)
#define OVERLAP_BY	5

enum dual { DIGEST_ENCRYPT, SIGN_ENCRYPT, DECRYPT_DIGEST, DECRYPT_VERIFY };

/* Where the output goes, and what comes before. */
enum manner {
	APART,
	IN_PLACE,
	OVERLAP,		/* the output begins some bytes after the input */
	ASKED			/* a question for the size and a small buffer first */
};

static CK_BYTE iv[16] = { 1, 2, 3 };
static CK_MECHANISM cbc = { CKM_AES_CBC, iv, sizeof(iv) };
static CK_MECHANISM cbc_pad = { CKM_AES_CBC_PAD, iv, sizeof(iv) };
static CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
static CK_MECHANISM hmac = { CKM_SHA_1_HMAC, NULL, 0 };

/* What a row works with: keys that are not private, the text, and what has to come out. */
static struct {
	CK_OBJECT_HANDLE aes, mac_key;
	CK_BYTE plain[TEXT_LEN], cipher[TEXT_LEN], digest[32], mac[20];
} x;

static CK_RV prepare(struct ctx *c)
{
	CK_ULONG len = sizeof(x.cipher), digest_len = sizeof(x.digest), mac_len = sizeof(x.mac);
	CK_RV rv = kind_make(c->s, AES, NULL, &x.aes);

	for (size_t i = 0; i < sizeof(x.plain); i++)
		x.plain[i] = (CK_BYTE)(i * 7);
	if (rv == CKR_OK)
		rv = kind_make(c->s, GENERIC, NULL, &x.mac_key);
	if (rv == CKR_OK)
		rv = p11->C_EncryptInit(c->s, &cbc, x.aes);
	if (rv == CKR_OK)
		rv = p11->C_Encrypt(c->s, x.plain, sizeof(x.plain), x.cipher, &len);
	if (rv == CKR_OK)
		rv = p11->C_DigestInit(c->s, &sha256);
	if (rv == CKR_OK)
		rv = p11->C_Digest(c->s, x.plain, sizeof(x.plain), x.digest, &digest_len);
	if (rv == CKR_OK)
		rv = p11->C_SignInit(c->s, &hmac, x.mac_key);
	if (rv == CKR_OK)
		rv = p11->C_Sign(c->s, x.plain, sizeof(x.plain), x.mac, &mac_len);
	return rv == CKR_OK ? want(len == TEXT_LEN && digest_len == 32 && mac_len == 20) : rv;
}

static bool decrypts(enum dual d)
{
	return d == DECRYPT_DIGEST || d == DECRYPT_VERIFY;
}

static CK_RV begin_cipher(struct ctx *c, enum dual d, CK_MECHANISM *m)
{
	return decrypts(d) ? p11->C_DecryptInit(c->s, m, x.aes) :
			     p11->C_EncryptInit(c->s, m, x.aes);
}

static CK_RV begin_other(struct ctx *c, enum dual d)
{
	if (d == SIGN_ENCRYPT)
		return p11->C_SignInit(c->s, &hmac, x.mac_key);
	if (d == DECRYPT_VERIFY)
		return p11->C_VerifyInit(c->s, &hmac, x.mac_key);
	return p11->C_DigestInit(c->s, &sha256);
}

static CK_RV begin(struct ctx *c, enum dual d)
{
	CK_RV rv = prepare(c);

	if (rv == CKR_OK)
		rv = begin_cipher(c, d, &cbc);
	return rv == CKR_OK ? begin_other(c, d) : rv;
}

static CK_RV update(struct ctx *c, enum dual d, CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
		    CK_ULONG *out_len)
{
	switch (d) {
	case DIGEST_ENCRYPT:
		return p11->C_DigestEncryptUpdate(c->s, in, len, out, out_len);
	case SIGN_ENCRYPT:
		return p11->C_SignEncryptUpdate(c->s, in, len, out, out_len);
	case DECRYPT_DIGEST:
		return p11->C_DecryptDigestUpdate(c->s, in, len, out, out_len);
	default:
		return p11->C_DecryptVerifyUpdate(c->s, in, len, out, out_len);
	}
}

/* The size and too small a buffer: neither is to leave a trace. */
static CK_RV ask(struct ctx *c, enum dual d, CK_BYTE *in, CK_ULONG len)
{
	CK_BYTE out[ROOM];
	CK_ULONG need = 0, small = 0;
	CK_RV rv = update(c, d, in, len, NULL, &need);

	if (rv != CKR_OK || need == 0)
		return rv;
	small = need - 1;
	rv = update(c, d, in, len, out, &small);
	return want(rv == CKR_BUFFER_TOO_SMALL && small == need);
}

/* One part, by way of a buffer in which it overlaps its output as asked for. */
static CK_RV one_part(struct ctx *c, enum dual d, enum manner how, const CK_BYTE *in, CK_ULONG len,
		      CK_BYTE *out, CK_ULONG *out_len)
{
	CK_BYTE space[2 * ROOM];
	CK_BYTE *to = how == APART || how == ASKED ? space + ROOM :
		      how == OVERLAP ? space + OVERLAP_BY : space;
	CK_RV rv = CKR_OK;

	memcpy(space, in, len);
	if (how == ASKED)
		rv = ask(c, d, space, len);
	*out_len = ROOM;
	if (rv == CKR_OK)
		rv = update(c, d, space, len, to, out_len);
	if (rv == CKR_OK)
		memcpy(out, to, *out_len);
	return rv;
}

static CK_RV finish_other(struct ctx *c, enum dual d)
{
	const CK_BYTE *expected = d == SIGN_ENCRYPT ? x.mac : x.digest;
	CK_ULONG expected_len = d == SIGN_ENCRYPT ? sizeof(x.mac) : sizeof(x.digest);
	CK_BYTE out[32];
	CK_ULONG len = sizeof(out);
	CK_RV rv = CKR_OK;

	if (d == DECRYPT_VERIFY)
		return p11->C_VerifyFinal(c->s, x.mac, sizeof(x.mac));
	rv = d == SIGN_ENCRYPT ? p11->C_SignFinal(c->s, out, &len) :
				 p11->C_DigestFinal(c->s, out, &len);
	return rv == CKR_OK ? want(len == expected_len && memcmp(out, expected, len) == 0) : rv;
}

static CK_RV finish_cipher(struct ctx *c, enum dual d, CK_BYTE *out, CK_ULONG *len)
{
	return decrypts(d) ? p11->C_DecryptFinal(c->s, out, len) :
			     p11->C_EncryptFinal(c->s, out, len);
}

/* The text in so many parts, the last of them longer. */
static CK_RV dual_is_right(struct ctx *c, enum dual d, enum manner how, CK_ULONG parts)
{
	const CK_BYTE *in = decrypts(d) ? x.cipher : x.plain;
	const CK_BYTE *expected = decrypts(d) ? x.plain : x.cipher;
	CK_ULONG each = TEXT_LEN / parts - (parts > 1 ? 3 : 0), done = 0, n = 0, total = 0;
	CK_BYTE out[2 * ROOM];
	CK_RV rv = begin(c, d);

	for (CK_ULONG i = 0; rv == CKR_OK && i < parts; i++) {
		CK_ULONG len = i + 1 < parts ? each : TEXT_LEN - done;

		rv = one_part(c, d, how, in + done, len, out + total, &n);
		done += len;
		total += n;
	}
	n = ROOM;
	if (rv == CKR_OK)
		rv = finish_cipher(c, d, out + total, &n);
	if (rv == CKR_OK)
		rv = want(total + n == TEXT_LEN && memcmp(out, expected, TEXT_LEN) == 0);
	return rv == CKR_OK ? finish_other(c, d) : rv;
}

static CK_RV verify_wrong(struct ctx *c)
{
	CK_BYTE out[ROOM];
	CK_ULONG len = sizeof(out);
	CK_RV rv = begin(c, DECRYPT_VERIFY);

	x.cipher[20] ^= 1;
	if (rv == CKR_OK)
		rv = update(c, DECRYPT_VERIFY, x.cipher, sizeof(x.cipher), out, &len);
	return rv == CKR_OK ? finish_other(c, DECRYPT_VERIFY) : rv;
}

/* What C_DecryptFinal gives of padded data has to be digested by the caller. */
static CK_RV padded_end(struct ctx *c)
{
	CK_BYTE cipher[ROOM], out[ROOM];
	CK_ULONG cipher_len = sizeof(cipher), len = sizeof(out), last = sizeof(out);
	CK_RV rv = prepare(c);

	if (rv == CKR_OK)
		rv = p11->C_EncryptInit(c->s, &cbc_pad, x.aes);
	if (rv == CKR_OK)
		rv = p11->C_Encrypt(c->s, x.plain, sizeof(x.plain), cipher, &cipher_len);
	if (rv == CKR_OK)
		rv = begin_cipher(c, DECRYPT_DIGEST, &cbc_pad);
	if (rv == CKR_OK)
		rv = begin_other(c, DECRYPT_DIGEST);
	if (rv == CKR_OK)
		rv = update(c, DECRYPT_DIGEST, cipher, cipher_len, out, &len);
	if (rv == CKR_OK)
		rv = p11->C_DecryptFinal(c->s, out + len, &last);
	if (rv == CKR_OK)
		rv = want(len < TEXT_LEN + 16 && len + last == TEXT_LEN);
	if (rv == CKR_OK)
		rv = p11->C_DigestUpdate(c->s, out + len, last);
	return rv == CKR_OK ? finish_other(c, DECRYPT_DIGEST) : rv;
}

/* --- both or neither ----------------------------------------------------- */

/* The one that there is goes on. */
static CK_RV one_is_missing(struct ctx *c, bool other)
{
	CK_BYTE out[ROOM];
	CK_ULONG len = sizeof(out);
	CK_RV rv = prepare(c);

	if (rv == CKR_OK)
		rv = other ? begin_cipher(c, DIGEST_ENCRYPT, &cbc) : begin_other(c, DIGEST_ENCRYPT);
	if (rv == CKR_OK)
		rv = update(c, DIGEST_ENCRYPT, x.plain, 16, out, &len);
	if (rv != CKR_OPERATION_NOT_INITIALIZED)
		return rv == CKR_OK ? ROW_WRONG : rv;
	if (other)
		return p11->C_Encrypt(c->s, x.plain, sizeof(x.plain), out, &len);
	rv = p11->C_DigestUpdate(c->s, x.plain, sizeof(x.plain));
	return rv == CKR_OK ? finish_other(c, DIGEST_ENCRYPT) : rv;
}

static CK_RV both_have_ended(struct ctx *c)
{
	CK_BYTE out[ROOM];
	CK_ULONG len = sizeof(out);

	return want(p11->C_EncryptFinal(c->s, out, &len) == CKR_OPERATION_NOT_INITIALIZED &&
		    p11->C_DigestFinal(c->s, out, &len) == CKR_OPERATION_NOT_INITIALIZED &&
		    p11->C_SignFinal(c->s, out, &len) == CKR_OPERATION_NOT_INITIALIZED);
}

/* A counter of one bit is used up after two blocks. */
static CK_RV error_ends_both(struct ctx *c)
{
	CK_AES_CTR_PARAMS ctr = { .ulCounterBits = 1 };
	CK_MECHANISM m = { CKM_AES_CTR, &ctr, sizeof(ctr) };
	CK_BYTE out[ROOM];
	CK_ULONG len = sizeof(out);
	CK_RV rv = prepare(c);

	if (rv == CKR_OK)
		rv = begin_cipher(c, DIGEST_ENCRYPT, &m);
	if (rv == CKR_OK)
		rv = begin_other(c, DIGEST_ENCRYPT);
	if (rv == CKR_OK)
		rv = update(c, DIGEST_ENCRYPT, x.plain, 48, out, &len);
	return rv == CKR_DATA_LEN_RANGE ? both_have_ended(c) : rv;
}

static CK_RV null_ends_both(struct ctx *c)
{
	CK_RV rv = begin(c, DIGEST_ENCRYPT);

	if (rv == CKR_OK)
		rv = update(c, DIGEST_ENCRYPT, x.plain, 16, x.cipher, NULL);
	return rv == CKR_ARGUMENTS_BAD ? both_have_ended(c) : rv;
}

/* An RSA operation, which takes its data in one part, and a call for both. */
static CK_RV update_in_one_part(struct ctx *c, enum dual d)
{
	CK_MECHANISM rsa = { CKM_RSA_PKCS, NULL, 0 };
	bool signs = d == SIGN_ENCRYPT;
	CK_OBJECT_HANDLE key = 0;
	CK_BYTE out[ROOM];
	CK_ULONG len = sizeof(out);
	CK_RV rv = prepare(c);

	if (rv == CKR_OK)
		rv = kind_make(c->s, signs ? RSA_PRIVATE : RSA_PUBLIC, NULL, &key);
	if (rv == CKR_OK)
		rv = signs ? p11->C_SignInit(c->s, &rsa, key) : p11->C_EncryptInit(c->s, &rsa, key);
	if (rv == CKR_OK)
		rv = signs ? begin_cipher(c, d, &cbc) : begin_other(c, d);
	return rv == CKR_OK ? update(c, d, x.plain, 16, out, &len) : rv;
}

static CK_RV one_part_signature(struct ctx *c)
{
	CK_RV rv = update_in_one_part(c, SIGN_ENCRYPT);

	return rv == CKR_OPERATION_NOT_INITIALIZED ? both_have_ended(c) : ROW_WRONG;
}

/* As C_EncryptUpdate does, and both go on. */
static CK_RV one_part_cipher(struct ctx *c)
{
	CK_BYTE out[ROOM];
	CK_ULONG len = sizeof(out);
	CK_RV rv = update_in_one_part(c, DIGEST_ENCRYPT);

	if (rv != CKR_FUNCTION_NOT_SUPPORTED)
		return rv == CKR_OK ? ROW_WRONG : rv;
	rv = p11->C_Encrypt(c->s, x.plain, 16, out, &len);
	if (rv == CKR_OK)
		rv = p11->C_DigestUpdate(c->s, x.plain, sizeof(x.plain));
	return rv == CKR_OK ? finish_other(c, DIGEST_ENCRYPT) : rv;
}

/* The cipher's key is private: its operation is over, the digest is not. */
static CK_RV logout_ends_one(struct ctx *c)
{
	const CK_ATTRIBUTE private[] = { A_BOOL(CKA_PRIVATE, CK_TRUE), A_END };
	CK_BYTE out[ROOM];
	CK_ULONG len = sizeof(out);
	CK_RV rv = prepare(c);

	if (rv == CKR_OK)
		rv = kind_make(c->s, AES, private, &x.aes);
	if (rv == CKR_OK)
		rv = begin_cipher(c, DIGEST_ENCRYPT, &cbc);
	if (rv == CKR_OK)
		rv = begin_other(c, DIGEST_ENCRYPT);
	if (rv == CKR_OK)
		rv = p11->C_Logout(c->s);
	if (rv == CKR_OK)
		rv = want(update(c, DIGEST_ENCRYPT, x.plain, 16, out, &len) ==
			  CKR_OPERATION_NOT_INITIALIZED);
	if (rv == CKR_OK)
		rv = p11->C_DigestUpdate(c->s, x.plain, sizeof(x.plain));
	return rv == CKR_OK ? finish_other(c, DIGEST_ENCRYPT) : rv;
}

/* Calls for both and calls for one may follow each other. */
static CK_RV mixed_with_single_calls(struct ctx *c)
{
	CK_BYTE out[ROOM];
	CK_ULONG n = ROOM, m = ROOM;
	CK_RV rv = begin(c, DIGEST_ENCRYPT);

	if (rv == CKR_OK)
		rv = update(c, DIGEST_ENCRYPT, x.plain, 32, out, &n);
	if (rv == CKR_OK)
		rv = p11->C_DigestUpdate(c->s, x.plain + 32, TEXT_LEN - 32);
	if (rv == CKR_OK)
		rv = p11->C_EncryptUpdate(c->s, x.plain + 32, TEXT_LEN - 32, out + n, &m);
	if (rv == CKR_OK)
		rv = want(n + m == TEXT_LEN && memcmp(out, x.cipher, TEXT_LEN) == 0);
	return rv == CKR_OK ? finish_other(c, DIGEST_ENCRYPT) : rv;
}

#define ROWS_FILE "p11/session/dual.def"
#define ROWS_TABLE rows
#include "p11/rows.h"

void test_dual(void)
{
	for (size_t i = 0; i < LENGTH(rows); i++)
		row_run(&rows[i]);
}

#include "config.h"

#include <string.h>

#include "crypto.h"

/* Arguments of calls that must not get as far as using them. */
#define IN	message(), 16
#define OUT	(CK_BYTE[64]){ 0 }, &(CK_ULONG){ 64 }

/* --- what all parts use ------------------------------------------------- */

CK_BYTE *message(void)
{
	static CK_BYTE bytes[MESSAGE_MAX];

	if (!bytes[1])
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (CK_BYTE)(i * 7 + i / 256 * 13);
	return bytes;
}

const CK_BYTE *secret_value(void)
{
	static CK_BYTE bytes[128];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (CK_BYTE)i;
	return bytes;
}

CK_RV secret_make(CK_SESSION_HANDLE s, CK_KEY_TYPE type, CK_ULONG len, const CK_ATTRIBUTE *more,
		  CK_OBJECT_HANDLE *out)
{
	const CK_ATTRIBUTE base[] = {
		A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, type),
		{ CKA_VALUE, text((const char *)secret_value()), len }, A_END,
	};
	CK_ATTRIBUTE t[TMPL_MAX];

	tmpl_join(t, base, more);
	return object_make(s, t, out);
}

CK_RV key_find(CK_SESSION_HANDLE s, CK_OBJECT_CLASS class, const char *name, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE t[] = {
		A_ULONG(CKA_CLASS, class), A_BOOL(CKA_TOKEN, CK_TRUE),
		{ CKA_LABEL, text(name), strlen(name) }, A_END,
	};
	CK_ULONG found = 0;
	CK_RV rv = object_find(s, t, out, 1, &found);

	return rv == CKR_OK ? want(found == 1) : rv;
}

/* --- beginning an operation --------------------------------------------- */

enum operation { ENCRYPT, DECRYPT, DIGEST, SIGN, VERIFY };

static CK_RV begin(struct ctx *c, enum operation what, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	switch (what) {
	case ENCRYPT:
		return p11->C_EncryptInit(c->s, m, key);
	case DECRYPT:
		return p11->C_DecryptInit(c->s, m, key);
	case DIGEST:
		return p11->C_DigestInit(c->s, m);
	case SIGN:
		return p11->C_SignInit(c->s, m, key);
	default:
		return p11->C_VerifyInit(c->s, m, key);
	}
}

static CK_RV begin_with(struct ctx *c, enum operation what, CK_MECHANISM_TYPE type,
			CK_OBJECT_HANDLE key)
{
	CK_MECHANISM m = { type, NULL, 0 };

	return begin(c, what, &m, key);
}

static CK_OBJECT_HANDLE object_of(struct ctx *c, enum kind kind)
{
	CK_OBJECT_HANDLE o = 0;

	return kind_make(c->s, kind, NULL, &o) == CKR_OK ? o : NO_HANDLE;
}

static CK_OBJECT_HANDLE aes_key(struct ctx *c)
{
	return object_of(c, AES);
}

/* An operation of that kind that goes well: ECB, SHA-256, HMAC. */
static CK_RV begin_good(struct ctx *c, enum operation what)
{
	static const CK_MECHANISM_TYPE types[] = {
		[ENCRYPT] = CKM_AES_ECB, [DECRYPT] = CKM_AES_ECB, [DIGEST] = CKM_SHA256,
		[SIGN] = CKM_SHA_1_HMAC, [VERIFY] = CKM_SHA_1_HMAC,
	};
	bool mac = what == SIGN || what == VERIFY;

	return begin_with(c, what, types[what],
			  what == DIGEST ? 0 : object_of(c, mac ? GENERIC : AES));
}

static CK_RV begin_twice(struct ctx *c, enum operation what)
{
	CK_RV rv = begin_good(c, what);

	return rv == CKR_OK ? begin_good(c, what) : rv;
}

/* Each goes on as if the other were not there. */
static CK_RV begin_two_kinds(struct ctx *c)
{
	CK_BYTE out[64];
	CK_ULONG len = sizeof(out);
	CK_RV rv = begin_good(c, ENCRYPT);

	if (rv == CKR_OK)
		rv = begin_good(c, DIGEST);
	if (rv == CKR_OK)
		rv = p11->C_Encrypt(c->s, IN, out, &len);
	if (rv == CKR_OK)
		rv = want(len == 16);
	len = sizeof(out);
	return rv == CKR_OK ? p11->C_Digest(c->s, IN, out, &len) : rv;
}

static CK_RV begin_search_and_digest(struct ctx *c)
{
	CK_RV rv = p11->C_FindObjectsInit(c->s, NULL, 0);

	if (rv == CKR_OK)
		rv = begin_good(c, DIGEST);
	if (rv == CKR_OK)
		rv = p11->C_FindObjectsFinal(c->s);
	return rv == CKR_OK ? p11->C_Digest(c->s, IN, OUT) : rv;
}

/* Some error: which one depends on what is looked at first. */
static CK_RV refused(CK_RV rv)
{
	return want(rv == CKR_KEY_TYPE_INCONSISTENT || rv == CKR_KEY_HANDLE_INVALID ||
		    rv == CKR_KEY_FUNCTION_NOT_PERMITTED);
}

static CK_RV digest_key_of(struct ctx *c, CK_OBJECT_HANDLE key)
{
	CK_RV rv = begin_good(c, DIGEST);

	return rv == CKR_OK ? p11->C_DigestKey(c->s, key) : rv;
}

static CK_RV without_flag(struct ctx *c, enum operation what, enum kind kind,
			  CK_ATTRIBUTE_TYPE flag, CK_MECHANISM_TYPE type)
{
	CK_OBJECT_HANDLE o = 0;

	if (kind_make(c->s, kind, T(A_BOOL(flag, CK_FALSE)), &o) != CKR_OK)
		return ROW_BROKEN;
	return begin_with(c, what, type, o);
}

static CK_RV allowed_only(struct ctx *c, CK_MECHANISM_TYPE allowed, CK_MECHANISM_TYPE type)
{
	CK_OBJECT_HANDLE o = 0;

	if (kind_make(c->s, AES, T(A_ULONG(CKA_ALLOWED_MECHANISMS, allowed)), &o) != CKR_OK)
		return ROW_BROKEN;
	return begin_with(c, ENCRYPT, type, o);
}

static CK_RV sign_with_token_key(struct ctx *c)
{
	CK_BYTE signature[256];
	CK_ULONG len = sizeof(signature);
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = key_find(c->s, CKO_PRIVATE_KEY, "P-256", &key);

	if (rv == CKR_OK)
		rv = begin_with(c, SIGN, CKM_ECDSA, key);
	return rv == CKR_OK ? p11->C_Sign(c->s, message(), 32, signature, &len) : rv;
}

/* A public key needs no login; the signature is none. */
static CK_RV verify_with_token_key(struct ctx *c)
{
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = key_find(c->s, CKO_PUBLIC_KEY, "P-256", &key);

	if (rv == CKR_OK)
		rv = begin_with(c, VERIFY, CKM_ECDSA, key);
	return rv == CKR_OK ? p11->C_Verify(c->s, message(), 32, message() + 1, 64) : rv;
}

/* --- what ends an operation and what does not --------------------------- */

static CK_RV after_failed_init(struct ctx *c)
{
	CK_RV rv = begin_with(c, ENCRYPT, CKM_AES_CBC, aes_key(c));

	return rv == CKR_OK ? ROW_WRONG : p11->C_Encrypt(c->s, IN, OUT);
}

static CK_RV init_null_leaves_active(struct ctx *c)
{
	CK_RV rv = begin_good(c, ENCRYPT);

	if (rv == CKR_OK)
		rv = want(p11->C_EncryptInit(c->s, NULL, 0) == CKR_ARGUMENTS_BAD);
	return rv == CKR_OK ? p11->C_Encrypt(c->s, IN, OUT) : rv;
}

static CK_RV other_call_leaves_active(struct ctx *c)
{
	CK_RV rv = begin_good(c, DIGEST);

	if (rv == CKR_OK)
		rv = want(p11->C_Sign(c->s, IN, OUT) == CKR_OPERATION_NOT_INITIALIZED &&
			  p11->C_EncryptUpdate(c->s, IN, OUT) == CKR_OPERATION_NOT_INITIALIZED);
	return rv == CKR_OK ? p11->C_Digest(c->s, IN, OUT) : rv;
}

static CK_RV digest_twice(struct ctx *c)
{
	CK_RV rv = begin_good(c, DIGEST);

	if (rv == CKR_OK)
		rv = p11->C_Digest(c->s, IN, OUT);
	return rv == CKR_OK ? p11->C_Digest(c->s, IN, OUT) : rv;
}

static CK_RV sign_after_update(struct ctx *c)
{
	CK_RV rv = begin_good(c, SIGN);

	if (rv == CKR_OK)
		rv = p11->C_SignUpdate(c->s, IN);
	return rv == CKR_OK ? p11->C_Sign(c->s, IN, OUT) : rv;
}

static CK_RV digest_after_update(struct ctx *c)
{
	CK_RV rv = begin_good(c, DIGEST);

	if (rv == CKR_OK)
		rv = p11->C_DigestUpdate(c->s, IN);
	return rv == CKR_OK ? either(p11->C_Digest(c->s, IN, OUT), CKR_OPERATION_NOT_INITIALIZED,
				     CKR_OPERATION_ACTIVE) :
			      rv;
}

static CK_RV encrypt_after_update(struct ctx *c)
{
	CK_RV rv = begin_good(c, ENCRYPT);

	if (rv == CKR_OK)
		rv = p11->C_EncryptUpdate(c->s, IN, OUT);
	return rv == CKR_OK ? either(p11->C_Encrypt(c->s, IN, OUT), CKR_OPERATION_NOT_INITIALIZED,
				     CKR_OPERATION_ACTIVE) :
			      rv;
}

/* The operation has the key already. */
static CK_RV key_destroyed_during_operation(struct ctx *c)
{
	CK_OBJECT_HANDLE key = aes_key(c);
	CK_RV rv = begin_with(c, ENCRYPT, CKM_AES_ECB, key);

	if (rv == CKR_OK)
		rv = p11->C_DestroyObject(c->s, key);
	return rv == CKR_OK ? p11->C_Encrypt(c->s, IN, OUT) : rv;
}

/* --- pointers and empty input ------------------------------------------- */

static CK_RV after_begin(struct ctx *c, enum operation what, CK_C_Encrypt call, CK_BYTE *data,
			 CK_ULONG len)
{
	CK_RV rv = begin_good(c, what);

	return rv == CKR_OK ? call(c->s, data, len, OUT) : rv;
}

static CK_RV null_length(struct ctx *c, enum operation what, CK_C_Encrypt call)
{
	CK_BYTE out[64];
	CK_RV rv = begin_good(c, what);

	return rv == CKR_OK ? call(c->s, IN, out, NULL) : rv;
}

static CK_RV null_data_then(struct ctx *c, enum operation what, CK_C_Encrypt call)
{
	CK_RV rv = after_begin(c, what, call, NULL, 16);

	return rv == CKR_ARGUMENTS_BAD ? call(c->s, IN, OUT) : ROW_WRONG;
}

static CK_RV empty_update(struct ctx *c, enum operation what, CK_C_DigestUpdate update)
{
	CK_RV rv = begin_good(c, what);

	return rv == CKR_OK ? update(c->s, NULL, 0) : rv;
}

/* With padding, nothing becomes one block. */
static CK_RV empty_encrypt(struct ctx *c, CK_BYTE *data)
{
	CK_BYTE iv[16] = { 0 }, out[64];
	CK_ULONG len = sizeof(out);
	CK_MECHANISM m = { CKM_AES_CBC_PAD, iv, sizeof(iv) };
	CK_RV rv = begin(c, ENCRYPT, &m, aes_key(c));

	if (rv == CKR_OK)
		rv = p11->C_Encrypt(c->s, data, 0, out, &len);
	return rv == CKR_OK ? want(len == 16) : rv;
}

/* --- AES-GCM ------------------------------------------------------------ */

static CK_RV gcm_begin(struct ctx *c, enum operation what, CK_ULONG aad_len)
{
	CK_GCM_PARAMS params = { message(), 12, 96, message(), aad_len, 128 };
	CK_MECHANISM m = { CKM_AES_GCM, &params, sizeof(params) };

	return begin(c, what, &m, aes_key(c));
}

static CK_RV empty_gcm(struct ctx *c)
{
	CK_BYTE out[64];
	CK_ULONG len = sizeof(out);
	CK_RV rv = gcm_begin(c, ENCRYPT, 0);

	if (rv == CKR_OK)
		rv = p11->C_Encrypt(c->s, NULL, 0, out, &len);
	return rv == CKR_OK ? want(len == 16) : rv;
}

enum damage { NO_BYTE, TEXT_BYTE, TAG_BYTE, AAD_BYTE };

static CK_RV gcm_damaged(struct ctx *c, enum damage damage)
{
	CK_BYTE cipher[128], clear[128];
	CK_ULONG len = sizeof(cipher), clear_len = sizeof(clear);
	CK_RV rv = gcm_begin(c, ENCRYPT, 20);

	if (rv == CKR_OK)
		rv = p11->C_Encrypt(c->s, message(), 50, cipher, &len);
	cipher[10] ^= damage == TEXT_BYTE;
	cipher[60] ^= damage == TAG_BYTE;
	if (rv == CKR_OK)
		rv = gcm_begin(c, DECRYPT, damage == AAD_BYTE ? 19 : 20);
	return rv == CKR_OK ? p11->C_Decrypt(c->s, cipher, len, clear, &clear_len) : rv;
}

static CK_RV gcm_short(struct ctx *c)
{
	CK_RV rv = gcm_begin(c, DECRYPT, 0);

	if (rv != CKR_OK)
		return rv;
	rv = p11->C_Decrypt(c->s, message(), 15, OUT);
	return want(rv == CKR_ENCRYPTED_DATA_INVALID || rv == CKR_ENCRYPTED_DATA_LEN_RANGE);
}

/* Text whose tag has not been seen yet is not handed out. */
static CK_RV gcm_no_early_text(struct ctx *c)
{
	CK_BYTE cipher[128], clear[128];
	CK_ULONG len = sizeof(cipher), early = sizeof(clear), late = sizeof(clear);
	CK_RV rv = gcm_begin(c, ENCRYPT, 20);

	if (rv == CKR_OK)
		rv = p11->C_Encrypt(c->s, message(), 50, cipher, &len);
	if (rv == CKR_OK)
		rv = gcm_begin(c, DECRYPT, 20);
	if (rv == CKR_OK)
		rv = p11->C_DecryptUpdate(c->s, cipher, len, clear, &early);
	if (rv == CKR_OK)
		rv = p11->C_DecryptFinal(c->s, clear, &late);
	return rv == CKR_OK ? want(early == 0 && late == 50 && memcmp(clear, message(), 50) == 0) :
			      rv;
}

/* --- lengths ------------------------------------------------------------ */

static CK_RV cipher_begin(struct ctx *c, CK_MECHANISM_TYPE type, bool encrypt)
{
	CK_BYTE iv[16] = { 0 };
	CK_MECHANISM m = { type, type == CKM_AES_ECB ? NULL : iv,
			   type == CKM_AES_ECB ? 0 : sizeof(iv) };

	return begin(c, encrypt ? ENCRYPT : DECRYPT, &m, aes_key(c));
}

static CK_RV cipher_length(struct ctx *c, CK_MECHANISM_TYPE type, bool encrypt, CK_ULONG len)
{
	CK_RV rv = cipher_begin(c, type, encrypt);

	if (rv != CKR_OK)
		return rv;
	return encrypt ? p11->C_Encrypt(c->s, message(), len, OUT) :
			 p11->C_Decrypt(c->s, message(), len, OUT);
}

static CK_RV cipher_final(struct ctx *c, CK_MECHANISM_TYPE type, bool encrypt)
{
	CK_RV rv = cipher_begin(c, type, encrypt);

	if (rv == CKR_OK)
		rv = encrypt ? p11->C_EncryptUpdate(c->s, message(), 20, OUT) :
			       p11->C_DecryptUpdate(c->s, message(), 20, OUT);
	if (rv != CKR_OK)
		return rv;
	return encrypt ? p11->C_EncryptFinal(c->s, OUT) : p11->C_DecryptFinal(c->s, OUT);
}

static CK_RV length_error_ends(struct ctx *c)
{
	CK_RV rv = cipher_length(c, CKM_AES_ECB, true, 15);

	return rv == CKR_DATA_LEN_RANGE ? p11->C_Encrypt(c->s, IN, OUT) : ROW_WRONG;
}

static CK_RV update_too_small(struct ctx *c)
{
	CK_BYTE out[64];
	CK_ULONG len = 16;
	CK_RV rv = begin_good(c, ENCRYPT);

	if (rv == CKR_OK)
		rv = want(p11->C_EncryptUpdate(c->s, message(), 32, out, &len) ==
				  CKR_BUFFER_TOO_SMALL && len == 32);
	if (rv == CKR_OK)
		rv = p11->C_EncryptUpdate(c->s, message(), 32, out, &len);
	return rv == CKR_OK ? want(len == 32) : rv;
}

/* A counter of 8 bits, of which one value is left. */
static CK_RV ctr_overflow(struct ctx *c, CK_ULONG len)
{
	CK_AES_CTR_PARAMS params = { 8, { 0 } };
	CK_MECHANISM m = { CKM_AES_CTR, &params, sizeof(params) };
	CK_RV rv = CKR_OK;

	params.cb[15] = 0xff;
	rv = begin(c, ENCRYPT, &m, aes_key(c));
	return rv == CKR_OK ? p11->C_Encrypt(c->s, message(), len, OUT) : rv;
}

static CK_RV sign_bytes(struct ctx *c, CK_MECHANISM *m, CK_BYTE *data, CK_ULONG len)
{
	CK_BYTE signature[256];
	CK_ULONG signature_len = sizeof(signature);
	CK_RV rv = begin(c, SIGN, m, object_of(c, RSA_PRIVATE));

	return rv == CKR_OK ? p11->C_Sign(c->s, data, len, signature, &signature_len) : rv;
}

static CK_RV sign_length(struct ctx *c, CK_MECHANISM_TYPE type, CK_ULONG len)
{
	CK_MECHANISM m = { type, NULL, 0 };

	return sign_bytes(c, &m, message(), len);
}

static CK_RV sign_above_modulus(struct ctx *c)
{
	CK_MECHANISM m = { CKM_RSA_X_509, NULL, 0 };
	CK_BYTE data[128];
	CK_RV rv = CKR_OK;

	memset(data, 0xff, sizeof(data));
	rv = sign_bytes(c, &m, data, sizeof(data));
	return want(rv == CKR_DATA_INVALID || rv == CKR_DATA_LEN_RANGE);
}

static CK_RV sign_pss_length(struct ctx *c, CK_ULONG len)
{
	CK_RSA_PKCS_PSS_PARAMS params = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
	CK_MECHANISM m = { CKM_RSA_PKCS_PSS, &params, sizeof(params) };

	return sign_bytes(c, &m, message(), len);
}

/* --- CKA_ALWAYS_AUTHENTICATE -------------------------------------------- */

static CK_RV always_begin(struct ctx *c)
{
	CK_OBJECT_HANDLE o = 0;

	if (kind_make(c->s, RSA_PRIVATE, T(A_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE)), &o) != CKR_OK)
		return ROW_BROKEN;
	return begin_with(c, SIGN, CKM_RSA_PKCS, o);
}

static CK_RV always_sign(struct ctx *c)
{
	CK_BYTE signature[128];
	CK_ULONG len = sizeof(signature);

	return p11->C_Sign(c->s, IN, signature, &len);
}

static CK_RV always_authenticate(struct ctx *c, const char *pin)
{
	CK_RV rv = always_begin(c);

	if (rv == CKR_OK && pin)
		login(c->s, CKU_CONTEXT_SPECIFIC, pin);
	rv = rv == CKR_OK ? always_sign(c) : rv;
	/* a wrong PIN leaves a mark on the token, which the right one takes away */
	p11->C_Logout(c->s);
	login(c->s, CKU_USER, USER_PIN);
	return rv;
}

static CK_RV always_authenticate_again(struct ctx *c)
{
	CK_RV rv = always_begin(c);

	if (rv == CKR_OK)
		rv = login(c->s, CKU_CONTEXT_SPECIFIC, USER_PIN);
	if (rv == CKR_OK)
		rv = always_sign(c);
	if (rv == CKR_OK)
		rv = always_begin(c);
	return rv == CKR_OK ? always_sign(c) : rv;
}

static CK_RV always_authenticate_ends(struct ctx *c)
{
	CK_RV rv = always_begin(c);

	if (rv == CKR_OK)
		rv = want(always_sign(c) == CKR_USER_NOT_LOGGED_IN);
	return rv == CKR_OK ? always_sign(c) : rv;
}

static CK_RV reauthenticate_not_needed(struct ctx *c)
{
	CK_RV rv = begin_with(c, SIGN, CKM_RSA_PKCS, object_of(c, RSA_PRIVATE));

	return rv == CKR_OK ? login(c->s, CKU_CONTEXT_SPECIFIC, USER_PIN) : rv;
}

/* --- random numbers ----------------------------------------------------- */

static CK_RV random_differs(struct ctx *c)
{
	CK_BYTE a[32] = { 0 }, b[32] = { 0 };
	CK_RV rv = p11->C_GenerateRandom(c->s, a, sizeof(a));

	if (rv == CKR_OK)
		rv = p11->C_GenerateRandom(c->s, b, sizeof(b));
	return rv == CKR_OK ? want(memcmp(a, b, sizeof(a)) != 0) : rv;
}

/* Every byte value occurs in 64 KiB. */
static CK_RV random_much(struct ctx *c)
{
	static CK_BYTE bytes[65536];
	bool seen[256] = { false };
	CK_RV rv = p11->C_GenerateRandom(c->s, bytes, sizeof(bytes));

	for (size_t i = 0; i < sizeof(bytes); i++)
		seen[bytes[i]] = true;
	for (size_t i = 0; rv == CKR_OK && i < LENGTH(seen); i++)
		rv = want(seen[i]);
	return rv;
}

/* --- program ------------------------------------------------------------ */

#define ROWS_FILE "crypto.def"
#define ROWS_TABLE rows
#include "rows.h"

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "keys_make", .run = test_keys_make },
		{ "keygen", .run = test_keygen },
		{ "sign", .run = test_sign },
		{ "verify", .run = test_verify },
		{ "digest", .run = test_digest },
		{ "hmac", .run = test_hmac },
		{ "ciphers", .run = test_ciphers },
		{ "rsa_encryption", .run = test_rsa_encryption },
		{ "parameters", .run = test_parameters },
		{ "rows", .rows = rows, .count = LENGTH(rows) },
	};
	static const struct program program = {
		.name = "crypto", .tests = tests, .ntests = LENGTH(tests),
	};

	return harness_main(argc, argv, &program);
}

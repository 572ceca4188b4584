/*
 * No PIN, key or part of one is anywhere it should not be: in memory after a logout, in memory
 * that may be swapped out, in a file, in a log.
 */
#include "config.h"

#include <ftw.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "p11/concurrent/work.h"
#include "stress/stress.h"
#include "stress/vault.h"

#define PARTS 8

static struct vault *vault;
/* The secrets of one call; wiped after it. */
static CK_BYTE open_values[PARTS][SECRET_MAX];

static void forget(void)
{
	OPENSSL_cleanse(open_values, sizeof(open_values));
}

/* --- PINs ------------------------------------------------------------ */

static CK_BYTE *opened(unsigned part, enum secret id, CK_ULONG *len)
{
	unmask(&vault->values[id], open_values[part]);
	*len = vault->values[id].len;
	return open_values[part];
}

static CK_RV pin_login(CK_SESSION_HANDLE s, CK_USER_TYPE user, enum secret id)
{
	CK_ULONG len = 0;
	CK_BYTE *pin = opened(0, id, &len);
	CK_RV rv = p11->C_Login(s, user, pin, len);

	forget();
	return rv;
}

static CK_RV pin_change(CK_SESSION_HANDLE s, enum secret from, enum secret to)
{
	CK_ULONG old_len = 0, len = 0;
	CK_BYTE *old = opened(0, from, &old_len), *new = opened(1, to, &len);
	CK_RV rv = p11->C_SetPIN(s, old, old_len, new, len);

	forget();
	return rv;
}

static CK_RV pin_init(CK_SESSION_HANDLE s, enum secret id)
{
	CK_ULONG len = 0;
	CK_BYTE *pin = opened(0, id, &len);
	CK_RV rv = p11->C_InitPIN(s, pin, len);

	forget();
	return rv;
}

static CK_RV masked_token(CK_SLOT_ID *slot)
{
	CK_ULONG len = 0;
	CK_BYTE *pin = NULL;
	CK_UTF8CHAR label[32];
	CK_RV rv = slot_free(slot);

	memset(label, ' ', sizeof(label));
	if (rv != CKR_OK)
		return rv;
	pin = opened(0, SO_PIN_FIRST, &len);
	rv = p11->C_InitToken(*slot, pin, len, label);
	forget();
	return rv;
}

/* Every call that takes a PIN, right and wrong; the user is logged in then. */
static CK_RV use_pins(struct ctx *c, const char *dir)
{
	CK_RV rv = masked_token(&c->slot);

	if (rv == CKR_OK)
		rv = session_open(c->slot, CKF_RW_SESSION, &c->s);
	if (rv == CKR_OK)
		rv = pin_login(c->s, CKU_SO, SO_PIN_FIRST);
	if (rv == CKR_OK)
		rv = pin_init(c->s, USER_PIN_FIRST);
	if (rv == CKR_OK)
		rv = pin_change(c->s, SO_PIN_FIRST, SO_PIN_LAST);
	if (rv == CKR_OK)
		rv = p11->C_Logout(c->s);
	if (rv == CKR_OK)
		rv = want(pin_login(c->s, CKU_USER, PIN_WRONG) == CKR_PIN_INCORRECT);
	if (rv == CKR_OK)
		rv = want(pin_change(c->s, PIN_WRONG, USER_PIN_LAST) == CKR_PIN_INCORRECT);
	if (rv == CKR_OK)
		rv = pin_change(c->s, USER_PIN_FIRST, USER_PIN_LAST);
	if (rv == CKR_OK)
		rv = pin_login(c->s, CKU_USER, USER_PIN_LAST);
	return rv == CKR_OK && !vault_open_token(vault, dir) ? ROW_BROKEN : rv;
}

/* --- keys ------------------------------------------------------------ */

struct part {
	CK_ATTRIBUTE_TYPE type;
	enum secret id;
};

/* An object with that much in clear and those parts. */
static CK_RV object_from(CK_SESSION_HANDLE s, const CK_ATTRIBUTE *clear, const struct part *parts,
			 size_t n, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE t[24];
	CK_ULONG count = tmpl_count(clear);
	CK_RV rv = CKR_OK;

	memcpy(t, clear, count * sizeof(*t));
	for (unsigned i = 0; i < n; i++) {
		t[count].type = parts[i].type;
		t[count].pValue = opened(i, parts[i].id, &t[count].ulValueLen);
		count++;
	}
	rv = p11->C_CreateObject(s, t, count, out);
	forget();
	return rv;
}

struct keys {
	CK_OBJECT_HANDLE aes, generic, rsa, ec, ed;
};

static CK_RV secret_from(CK_SESSION_HANDLE s, CK_BBOOL token, CK_KEY_TYPE type, enum secret id,
			 CK_OBJECT_HANDLE *out)
{
	const CK_ATTRIBUTE clear[] = {
		A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, type),
		A_BOOL(CKA_TOKEN, token), A_BOOL(CKA_ENCRYPT, CK_TRUE),
		A_BOOL(CKA_DECRYPT, CK_TRUE), A_BOOL(CKA_SIGN, CK_TRUE), A_BOOL(CKA_WRAP, CK_TRUE),
		A_BOOL(CKA_UNWRAP, CK_TRUE), A_BOOL(CKA_SENSITIVE, CK_FALSE),
		A_BOOL(CKA_EXTRACTABLE, CK_TRUE), A_END,
	};
	const struct part parts[] = { { CKA_VALUE, id } };

	return object_from(s, clear, parts, 1, out);
}

static CK_RV rsa_from(CK_SESSION_HANDLE s, CK_BBOOL token, CK_OBJECT_HANDLE *out)
{
	const CK_ATTRIBUTE clear[] = {
		A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_ULONG(CKA_KEY_TYPE, CKK_RSA),
		A_BOOL(CKA_TOKEN, token), A_BOOL(CKA_EXTRACTABLE, CK_TRUE),
		A_BOOL(CKA_SENSITIVE, CK_TRUE), A_BOOL(CKA_SIGN, CK_TRUE),
		A_BOOL(CKA_DECRYPT, CK_TRUE), A_END,
	};
	const struct part parts[] = {
		{ CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, RSA_E },
		{ CKA_PRIVATE_EXPONENT, RSA_D }, { CKA_PRIME_1, RSA_P }, { CKA_PRIME_2, RSA_Q },
		{ CKA_EXPONENT_1, RSA_DP }, { CKA_EXPONENT_2, RSA_DQ }, { CKA_COEFFICIENT, RSA_QI },
	};

	return object_from(s, clear, parts, LENGTH(parts), out);
}

static CK_RV curve_from(CK_SESSION_HANDLE s, CK_BBOOL token, CK_KEY_TYPE type, CK_ATTRIBUTE params,
			enum secret id, CK_OBJECT_HANDLE *out)
{
	const CK_ATTRIBUTE clear[] = {
		A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_ULONG(CKA_KEY_TYPE, type),
		A_BOOL(CKA_TOKEN, token), A_BOOL(CKA_EXTRACTABLE, CK_TRUE),
		A_BOOL(CKA_SENSITIVE, CK_TRUE), A_BOOL(CKA_SIGN, CK_TRUE),
		A_BOOL(CKA_DERIVE, type == CKK_EC), params, A_END,
	};
	const struct part parts[] = { { CKA_VALUE, id } };

	return object_from(s, clear, parts, 1, out);
}

static CK_RV keys_make(CK_SESSION_HANDLE s, CK_BBOOL token, struct keys *k)
{
	CK_BYTE p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
	CK_BYTE ed25519[] = { 6, 3, 0x2b, 0x65, 0x70 };
	CK_RV rv = secret_from(s, token, CKK_AES, AES_VALUE, &k->aes);

	if (rv == CKR_OK)
		rv = secret_from(s, token, CKK_GENERIC_SECRET, GENERIC_VALUE, &k->generic);
	if (rv == CKR_OK)
		rv = rsa_from(s, token, &k->rsa);
	if (rv == CKR_OK)
		rv = curve_from(s, token, CKK_EC, (CK_ATTRIBUTE)A_BYTES(CKA_EC_PARAMS, p256), EC_D,
				&k->ec);
	if (rv == CKR_OK)
		rv = curve_from(s, token, CKK_EC_EDWARDS,
				(CK_ATTRIBUTE)A_BYTES(CKA_EC_PARAMS, ed25519), ED_D, &k->ed);
	return rv;
}

/* --- their use ------------------------------------------------------------ */

static CK_RV sign_with(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM m = { type, NULL, 0 };
	CK_BYTE data[32] = { 1 }, out[512];
	CK_ULONG len = sizeof(out);
	CK_RV rv = p11->C_SignInit(s, &m, key);

	return rv == CKR_OK ? p11->C_Sign(s, data, sizeof(data), out, &len) : rv;
}

/* Of an operation that is left half done. */
static CK_RV sign_begun(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM m = { type, NULL, 0 };
	CK_BYTE data[32] = { 1 };
	CK_RV rv = p11->C_SignInit(s, &m, key);

	return rv == CKR_OK ? p11->C_SignUpdate(s, data, sizeof(data)) : rv;
}

static CK_RV encrypt_begun(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_BYTE iv[16] = { 1 }, data[40] = { 2 }, out[64];
	CK_MECHANISM m = { CKM_AES_CBC_PAD, iv, sizeof(iv) };
	CK_ULONG len = sizeof(out);
	CK_RV rv = p11->C_EncryptInit(s, &m, key);

	return rv == CKR_OK ? p11->C_EncryptUpdate(s, data, sizeof(data), out, &len) : rv;
}

/* Out of the token under the AES key, and in again. */
static CK_RV wrap_and_unwrap(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE with, CK_OBJECT_HANDLE key,
			     CK_OBJECT_CLASS class, CK_KEY_TYPE type)
{
	CK_MECHANISM m = { CKM_AES_KEY_WRAP_PAD, NULL, 0 };
	CK_ATTRIBUTE t[] = {
		A_ULONG(CKA_CLASS, class), A_ULONG(CKA_KEY_TYPE, type),
		A_BOOL(CKA_TOKEN, CK_FALSE), A_BOOL(CKA_SENSITIVE, CK_TRUE),
	};
	CK_BYTE out[4096];
	CK_ULONG len = sizeof(out);
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = p11->C_WrapKey(s, &m, with, key, out, &len);

	return rv == CKR_OK ? p11->C_UnwrapKey(s, &m, with, out, len, t, LENGTH(t), &o) : rv;
}

static CK_RV copy_and_change(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_ATTRIBUTE label = A_TEXT(CKA_LABEL, "copy"), id = A_TEXT(CKA_ID, "id");
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = p11->C_CopyObject(s, key, &label, 1, &o);

	return rv == CKR_OK ? p11->C_SetAttributeValue(s, key, &id, 1) : rv;
}

/* Looks for the value, and reads it. */
static CK_RV value_found(CK_SESSION_HANDLE s, enum secret id)
{
	CK_ATTRIBUTE t = { .type = CKA_VALUE };
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG found = 0, len = SECRET_MAX;
	CK_RV rv = CKR_OK;

	t.pValue = opened(0, id, &t.ulValueLen);
	rv = p11->C_FindObjectsInit(s, &t, 1);
	if (rv == CKR_OK)
		rv = p11->C_FindObjects(s, &o, 1, &found);
	if (rv == CKR_OK)
		rv = p11->C_FindObjectsFinal(s);
	if (rv == CKR_OK)
		rv = want(found == 1);
	if (rv == CKR_OK)
		rv = attr_bytes(s, o, CKA_VALUE, open_values[1], &len);
	forget();
	return rv;
}

static CK_RV digest_key(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM m = { CKM_SHA256, NULL, 0 };
	CK_BYTE out[32];
	CK_ULONG len = sizeof(out);
	CK_RV rv = p11->C_DigestInit(s, &m);

	if (rv == CKR_OK)
		rv = p11->C_DigestKey(s, key);
	return rv == CKR_OK ? p11->C_DigestFinal(s, out, &len) : rv;
}

static CK_RV keys_sign(CK_SESSION_HANDLE s, const struct keys *k)
{
	CK_RV rv = sign_with(s, CKM_SHA256_HMAC, k->generic);

	if (rv == CKR_OK)
		rv = sign_with(s, CKM_AES_CMAC, k->aes);
	if (rv == CKR_OK)
		rv = sign_with(s, CKM_SHA256_RSA_PKCS, k->rsa);
	if (rv == CKR_OK)
		rv = sign_with(s, CKM_RSA_PKCS, k->rsa);
	if (rv == CKR_OK)
		rv = sign_with(s, CKM_ECDSA, k->ec);
	return rv == CKR_OK ? sign_with(s, CKM_EDDSA, k->ed) : rv;
}

static CK_RV keys_use(CK_SESSION_HANDLE s, const struct keys *k)
{
	CK_RV rv = keys_sign(s, k);

	if (rv == CKR_OK)
		rv = digest_key(s, k->generic);
	if (rv == CKR_OK)
		rv = wrap_and_unwrap(s, k->aes, k->rsa, CKO_PRIVATE_KEY, CKK_RSA);
	if (rv == CKR_OK)
		rv = wrap_and_unwrap(s, k->aes, k->ec, CKO_PRIVATE_KEY, CKK_EC);
	if (rv == CKR_OK)
		rv = wrap_and_unwrap(s, k->aes, k->generic, CKO_SECRET_KEY, CKK_GENERIC_SECRET);
	if (rv == CKR_OK)
		rv = copy_and_change(s, k->rsa);
	return rv == CKR_OK ? copy_and_change(s, k->generic) : rv;
}

/* Operations that are under way when the user logs out. */
static CK_RV leave_begun(const CK_SESSION_HANDLE *s, const struct keys *k)
{
	CK_RV rv = sign_begun(s[0], CKM_SHA256_HMAC, k->generic);

	if (rv == CKR_OK)
		rv = encrypt_begun(s[0], k->aes);
	if (rv == CKR_OK)
		rv = sign_begun(s[1], CKM_SHA256_RSA_PKCS, k->rsa);
	return rv == CKR_OK ? sign_begun(s[2], CKM_ECDSA_SHA256, k->ec) : rv;
}

/* --- memory ------------------------------------------------------------ */

/* The search does find what is there. */
static CK_RV search_works(void)
{
	struct masked *m = &vault->values[AES_VALUE];
	CK_BYTE *copy = malloc(m->len);
	unsigned found = 0;

	if (!copy)
		return ROW_BROKEN;
	unmask(m, copy);
	found = memory_find(UNPROTECTED_MEMORY, m, 1, "a copy made by the test");
	OPENSSL_cleanse(copy, m->len);
	free(copy);
	return want(found == 2);
}

/* After a logout and a new login, which find the same keys in the store. */
static CK_RV use_stored(CK_SESSION_HANDLE s)
{
	CK_RV rv = pin_login(s, CKU_USER, USER_PIN_LAST);

	if (rv == CKR_OK)
		rv = value_found(s, ED_D) == CKR_OK ? ROW_WRONG : CKR_OK;
	if (rv == CKR_OK)
		rv = value_found(s, AES_VALUE);
	return rv == CKR_OK ? p11->C_Logout(s) : rv;
}

/* The token's key is there, but where nobody else gets at it; the PINs are not. */
static CK_RV memory_while_logged_in(void)
{
	const struct masked *key = &vault->values[TOKEN_KEY];

	return want(memory_find(ALL_MEMORY, vault->values, AES_VALUE, "logged in") == 0 &&
		    memory_find(ALL_MEMORY, key, 1, "logged in, as it should be") > 0 &&
		    memory_find(UNPROTECTED_MEMORY, key, 1, "logged in") == 0 &&
		    memory_locked() > 0);
}

static CK_RV use_keys(struct ctx *c)
{
	CK_SESSION_HANDLE s[3] = { 0 };
	struct keys token = { 0 }, session = { 0 };
	CK_RV rv = CKR_OK;

	for (unsigned i = 0; rv == CKR_OK && i < LENGTH(s); i++)
		rv = session_open(c->slot, CKF_RW_SESSION, &s[i]);
	if (rv == CKR_OK)
		rv = keys_make(c->s, CK_TRUE, &token);
	if (rv == CKR_OK)
		rv = keys_use(c->s, &token);
	if (rv == CKR_OK)
		rv = keys_make(c->s, CK_FALSE, &session);
	if (rv == CKR_OK)
		rv = keys_use(c->s, &session);
	return rv == CKR_OK ? leave_begun(s, &token) : rv;
}

static CK_RV memory_is_clean(struct ctx *c)
{
	const char *dir = NULL;
	unsigned long locked = memory_locked();
	CK_RV rv = vault ? backend_begin(c->arg, NULL, &dir) : ROW_BROKEN;

	if (rv == CKR_OK)
		rv = search_works();
	if (rv == CKR_OK)
		rv = use_pins(c, dir);
	if (rv == CKR_OK)
		rv = memory_while_logged_in();
	if (rv == CKR_OK)
		rv = use_keys(c);
	if (rv == CKR_OK)
		rv = p11->C_Logout(c->s);
	if (rv == CKR_OK)
		rv = want(memory_find(ALL_MEMORY, vault->values, SECRETS, "logged out") == 0);
	if (rv == CKR_OK)
		rv = use_stored(c->s);
	if (rv == CKR_OK)
		rv = want(memory_find(ALL_MEMORY, vault->values, SECRETS, "out again") == 0);
	p11->C_Finalize(NULL);
	if (rv == CKR_OK)
		rv = want(memory_find(ALL_MEMORY, vault->values, SECRETS, "finalized") == 0 &&
			  memory_locked() == locked);
	return rv;
}

/* --- files ------------------------------------------------------------ */

static unsigned wrong_modes;

static int mode_check(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	mode_t mode = st->st_mode & 07777;

	(void)ftw;
	if (mode != (kind == FTW_D ? 0700 : 0600)) {
		report("%s has mode %04o", path, (unsigned)mode);
		wrong_modes++;
	}
	return 0;
}

/* The configuration of a log file, which is empty now. */
static void log_lines(char *out, size_t size, const char *more)
{
	snprintf(out, size, "log.level = DEBUG\nlog.file = %s\n%s", work_path("log"), more);
	unlink(work_path("log"));
}

/* Nothing in clear, and nothing for others to read. */
static CK_RV files_are_closed(struct ctx *c)
{
	char lines[1200];
	const char *dir = NULL;
	mode_t old = umask(0);
	CK_RV rv = ROW_BROKEN;

	log_lines(lines, sizeof(lines), "");
	if (vault)
		rv = backend_begin(c->arg, lines, &dir);
	if (rv == CKR_OK)
		rv = use_pins(c, dir);
	if (rv == CKR_OK)
		rv = use_keys(c);
	umask(old);
	if (rv == CKR_OK)
		rv = want(files_find(dir, vault->values, SECRETS) == 0 &&
			  files_find(work_path("log"), vault->values, SECRETS) == 0);
	wrong_modes = 0;
	if (rv == CKR_OK && (nftw(dir, mode_check, 16, FTW_PHYS) ||
			     nftw(work_path("log"), mode_check, 16, FTW_PHYS)))
		rv = ROW_BROKEN;
	return rv == CKR_OK ? want(wrong_modes == 0) : rv;
}

/* How many lines of the log have both texts. */
static unsigned log_count(const char *a, const char *b)
{
	char line[8192];
	unsigned n = 0;
	FILE *f = fopen(work_path("log"), "r");

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, a) && strstr(line, b);
	if (f)
		fclose(f);
	return n;
}

/* --- memory that cannot be locked ------------------------------------------------------------ */

/* Nothing may be locked, not even by root. */
static bool locking_forbidden(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	struct rlimit none = { 0, 0 };

	if (syscall(SYS_capget, &head, data))
		return false;
	data[0].effective &= ~(1U << CAP_IPC_LOCK);
	data[0].permitted &= ~(1U << CAP_IPC_LOCK);
	data[0].inheritable &= ~(1U << CAP_IPC_LOCK);
	return syscall(SYS_capset, &head, data) == 0 && setrlimit(RLIMIT_MEMLOCK, &none) == 0;
}

static int child_unlocked(void)
{
	CK_SESSION_HANDLE s = 0;
	CK_SLOT_ID slot = 0;
	CK_RV rv = locking_forbidden() ? user_begin(&s, &slot) : ROW_BROKEN;

	/* enough for several pieces of memory */
	for (unsigned i = 0; rv == CKR_OK && i < 300; i++) {
		CK_OBJECT_HANDLE public = 0, private = 0;

		rv = pair_make(s, CK_FALSE, "many", &public, &private);
		if (rv == CKR_OK)
			rv = pair_checks(s, public, private);
	}
	if (rv == CKR_OK)
		rv = module_restart();
	if (rv == CKR_OK)
		rv = user_begin(&s, &slot);
	return rv == CKR_OK && memory_locked() == 0 ? 0 : 1;
}

static CK_RV unlocked_memory(struct ctx *c)
{
	char lines[1200];
	CK_RV rv = CKR_OK;

	log_lines(lines, sizeof(lines), "");
	rv = token_begin(c, c->arg, lines);
	p11->C_Finalize(NULL);
	if (rv == CKR_OK)
		rv = child_run("unlocked");
	return rv == CKR_OK ? want(log_count("WARNING", "cannot be locked") == 1) : rv;
}

/* --- directories that others can read -------------------------------------------------------- */

static CK_RV warnings(const char *dir, mode_t mode, const char *token, mode_t token_mode,
		      unsigned expected)
{
	char text_of_mode[16];
	unsigned all = 0, told = 0;
	CK_RV rv = CKR_OK;

	unlink(work_path("log"));
	if (chmod(dir, mode) || chmod(token, token_mode))
		return ROW_BROKEN;
	rv = module_restart();
	p11->C_Finalize(NULL);
	snprintf(text_of_mode, sizeof(text_of_mode), "%04o",
		 (unsigned)(token_mode == 0700 ? mode : token_mode));
	all = log_count("WARNING", "can read or write");
	told = log_count(token_mode == 0700 ? dir : token, text_of_mode);
	if (rv == CKR_OK && (all != expected || told < expected)) {
		report("modes %04o and %04o: %u warnings, %u of them right", (unsigned)mode,
		       (unsigned)token_mode, all, told);
		rv = ROW_WRONG;
	}
	return rv;
}

static CK_RV open_directories(struct ctx *c)
{
	static const struct {
		mode_t dir, token;
		unsigned expected;
	} cases[] = {
		{ 0700, 0700, 0 }, { 0711, 0700, 0 }, { 0755, 0700, 1 }, { 0740, 0700, 1 },
		{ 0720, 0700, 1 }, { 0704, 0700, 1 }, { 0702, 0700, 1 }, { 01777, 0700, 0 },
		{ 0700, 0750, 1 }, { 0700, 0707, 1 },
	};
	char lines[1200], path[4096], token[4400];
	const char *dir = NULL;
	CK_RV rv = CKR_OK;

	log_lines(lines, sizeof(lines), "");
	rv = backend_begin(c->arg, lines, &dir);
	if (rv == CKR_OK)
		rv = token_make(TOKEN_LABEL, &c->slot);
	if (rv != CKR_OK)
		return rv;
	snprintf(path, sizeof(path), "%s", dir);
	snprintf(token, sizeof(token), "%s/%s", dir, dir_entry(dir));
	for (size_t i = 0; rv == CKR_OK && i < LENGTH(cases); i++)
		rv = warnings(path, cases[i].dir, token, cases[i].token, cases[i].expected);
	return rv;
}

/* A group that objectstore.umask lets in is expected there. */
static CK_RV shared_directories(struct ctx *c)
{
	char lines[1200], token[4400];
	const char *dir = NULL;
	CK_RV rv = CKR_OK;

	log_lines(lines, sizeof(lines), "objectstore.umask = 0007\n");
	rv = backend_begin(c->arg, lines, &dir);
	if (rv == CKR_OK)
		rv = token_make(TOKEN_LABEL, &c->slot);
	if (rv != CKR_OK)
		return rv;
	snprintf(token, sizeof(token), "%s/%s", dir, dir_entry(dir));
	rv = warnings(dir, 02770, token, 0770, 0);
	return rv == CKR_OK ? warnings(dir, 0775, token, 0700, 1) : rv;
}

/* --- program ------------------------------------------------------------ */

static void test_secrets(void)
{
	const char *sanitizers = getenv("SANITIZERS");

	vault = vault_make();
	/* a sanitizer keeps what was freed, has maps too large to be read, and locks nothing */
	if (!sanitizers || !*sanitizers) {
		backends_run("memory_is_clean", memory_is_clean);
		backends_run("unlocked_memory", unlocked_memory);
	}
	backends_run("files_are_closed", files_are_closed);
	backends_run("open_directories", open_directories);
	backends_run("shared_directories", shared_directories);
}

int main(int argc, char **argv)
{
	static const struct child children[] = {
		{ "fill", vault_child_fill },
		{ "token_key", vault_child_token_key },
		{ "unlocked", child_unlocked },
	};
	static const struct test tests[] = {
		{ "secrets", .run = test_secrets },
	};
	static const struct program program = {
		.name = "secrets",
		.tests = tests, .ntests = LENGTH(tests),
		.children = children, .nchildren = LENGTH(children),
		.without_token = true,
		.not_on_reference = "it locks no memory and warns of nothing",
	};

	return harness_main(argc, argv, &program);
}

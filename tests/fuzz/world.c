/* The directory, the token and the keys that the targets work with. */
#include "config.h"

#include "fuzz/fuzz.h"

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "p11/kinds.h"

#define PIN "1234"
#define MAX_KEYS 40

static struct {
	char dir[PATH_MAX / 2];
	char token[PATH_MAX];
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE home;		/* holds the keys */
	struct fuzz_key keys[MAX_KEYS];
	size_t key_count;
} world;

/* Two of the functions that kinds.c expects of the harness of tests/p11. */
CK_ULONG tmpl_count(const CK_ATTRIBUTE *t)
{
	CK_ULONG n = 0;

	while (t != NULL && t[n].type != CK_UNAVAILABLE_INFORMATION)
		n++;
	return n;
}

CK_RV object_make(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_OBJECT_HANDLE *out)
{
	return C_CreateObject(s, t, tmpl_count(t), out);
}

/* --- files ------------------------------------------------------------------ */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void remove_dir(void)
{
	(void)nftw(world.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	if (world.dir[0] != 0)
		return world.dir;
	snprintf(world.dir, sizeof(world.dir), "%s/fuzz.XXXXXX", tmp != NULL ? tmp : "/tmp");
	fuzz_check(mkdtemp(world.dir) != NULL);
	fuzz_check(atexit(remove_dir) == 0);
	return world.dir;
}

const char *fuzz_file(const char *name, const void *data, size_t len)
{
	static char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", fuzz_dir(), name);
	f = fopen(path, "wb");
	fuzz_check(f != NULL);
	fuzz_check(len == 0 || fwrite(data, len, 1, f) == 1);
	fuzz_check(fclose(f) == 0);
	return path;
}

/* --- the token ---------------------------------------------------------------- */

static void write_conf(void)
{
	char text[2 * PATH_MAX];
	int n = snprintf(text, sizeof(text),
			 "directories.tokendir = %s/tokens\nlog.level = DEBUG\n"
			 "log.file = /dev/null\n",
			 fuzz_dir());

	setenv("SOFTHSM2_CONF", fuzz_file("softhsm2.conf", text, (size_t)n), 1);
	snprintf(text, sizeof(text), "%s/tokens", world.dir);
	fuzz_check(mkdir(text, 0700) == 0);
}

static void find_slot(void)
{
	CK_SLOT_ID slots[8];
	CK_ULONG n = ARRAY_LEN(slots);

	fuzz_check(C_GetSlotList(CK_TRUE, slots, &n) == CKR_OK && n > 0);
	world.slot = slots[0];
}

static void open_home(void)
{
	fuzz_check(C_OpenSession(world.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				 &world.home) == CKR_OK);
}

static void log_in(CK_USER_TYPE user)
{
	fuzz_check(C_Login(world.home, user, (CK_UTF8CHAR *)(uintptr_t)PIN, 4) == CKR_OK);
}

static void start(void)
{
	fuzz_check(C_Initialize(NULL) == CKR_OK);
	find_slot();
	open_home();
}

static void find_token_dir(void)
{
	char tokens[PATH_MAX];
	const struct dirent *e;
	DIR *d;

	snprintf(tokens, sizeof(tokens), "%s/tokens", world.dir);
	d = opendir(tokens);
	fuzz_check(d != NULL);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			fuzz_check(snprintf(world.token, sizeof(world.token), "%s/%s", tokens,
					    e->d_name) < (int)sizeof(world.token));
	closedir(d);
}

static void make_token(void)
{
	CK_UTF8CHAR label[32];

	memset(label, ' ', sizeof(label));
	write_conf();
	fuzz_check(C_Initialize(NULL) == CKR_OK);
	find_slot();
	fuzz_check(C_InitToken(world.slot, (CK_UTF8CHAR *)(uintptr_t)PIN, 4, label) == CKR_OK);
	find_slot();
	open_home();
	log_in(CKU_SO);
	fuzz_check(C_InitPIN(world.home, (CK_UTF8CHAR *)(uintptr_t)PIN, 4) == CKR_OK);
	fuzz_check(C_Finalize(NULL) == CKR_OK);
	find_token_dir();
}

/* --- keys ------------------------------------------------------------------------ */

static const CK_ATTRIBUTE for_public[] = {
	A_BOOL(CKA_ENCRYPT, CK_TRUE), A_BOOL(CKA_VERIFY, CK_TRUE),
	A_BOOL(CKA_VERIFY_RECOVER, CK_TRUE), A_BOOL(CKA_WRAP, CK_TRUE),
	A_BOOL(CKA_DERIVE, CK_TRUE), A_END,
};
static const CK_ATTRIBUTE for_private[] = {
	A_BOOL(CKA_DECRYPT, CK_TRUE), A_BOOL(CKA_SIGN, CK_TRUE), A_BOOL(CKA_SIGN_RECOVER, CK_TRUE),
	A_BOOL(CKA_UNWRAP, CK_TRUE), A_BOOL(CKA_DERIVE, CK_TRUE),
	A_BOOL(CKA_EXTRACTABLE, CK_TRUE), A_BOOL(CKA_SENSITIVE, CK_FALSE), A_END,
};
static const CK_ATTRIBUTE for_secret[] = {
	A_BOOL(CKA_ENCRYPT, CK_TRUE), A_BOOL(CKA_DECRYPT, CK_TRUE), A_BOOL(CKA_SIGN, CK_TRUE),
	A_BOOL(CKA_VERIFY, CK_TRUE), A_BOOL(CKA_WRAP, CK_TRUE), A_BOOL(CKA_UNWRAP, CK_TRUE),
	A_BOOL(CKA_DERIVE, CK_TRUE), A_BOOL(CKA_EXTRACTABLE, CK_TRUE),
	A_BOOL(CKA_SENSITIVE, CK_FALSE), A_END,
};

/* Secret keys that kinds.h has not, by type and length. */
static const struct {
	CK_KEY_TYPE type;
	CK_ULONG len;
} secrets[] = {
	{ CKK_AES_XTS, 64 },	     { CKK_CHACHA20, 32 },	 { CKK_POLY1305, 32 },
	{ CKK_DES, 8 },		     { CKK_DES2, 16 },		 { CKK_HKDF, 48 },
	{ CKK_MD5_HMAC, 64 },	     { CKK_SHA_1_HMAC, 64 },	 { CKK_SHA224_HMAC, 64 },
	{ CKK_SHA384_HMAC, 64 },     { CKK_SHA512_HMAC, 64 },	 { CKK_SHA512_224_HMAC, 64 },
	{ CKK_SHA512_256_HMAC, 64 }, { CKK_SHA3_256_HMAC, 64 },	 { CKK_RIPEMD160_HMAC, 64 },
	{ CKK_GENERIC_SECRET, 48 },  /* as a master secret of TLS */
};

static void add_key(const CK_ATTRIBUTE *base, const CK_ATTRIBUTE *uses)
{
	CK_ATTRIBUTE t[TMPL_MAX];
	struct fuzz_key *k = &world.keys[world.key_count++];

	fuzz_check(world.key_count <= MAX_KEYS);
	k->class = *(const CK_OBJECT_CLASS *)base[0].pValue;
	k->type = *(const CK_KEY_TYPE *)base[1].pValue;
	tmpl_join(t, base, uses);
	fuzz_check(object_make(world.home, t, &k->handle) == CKR_OK);
}

static const CK_ATTRIBUTE *uses_of(CK_OBJECT_CLASS class)
{
	switch (class) {
	case CKO_PUBLIC_KEY:
		return for_public;
	case CKO_PRIVATE_KEY:
		return for_private;
	default:
		return for_secret;
	}
}

static void make_keys(void)
{
	CK_BYTE value[64];

	for (unsigned kind = 0; kind < KINDS; kind++) {
		const CK_ATTRIBUTE *t = kind_templates[kind];
		CK_OBJECT_CLASS class = *(const CK_OBJECT_CLASS *)t[0].pValue;

		if (class == CKO_PUBLIC_KEY || class == CKO_PRIVATE_KEY || class == CKO_SECRET_KEY)
			add_key(t, uses_of(class));
	}
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (CK_BYTE)i;
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		const CK_ATTRIBUTE base[] = {
			A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, secrets[i].type),
			{ CKA_VALUE, value, secrets[i].len }, A_END,
		};

		add_key(base, for_secret);
	}
}

CK_SESSION_HANDLE fuzz_session(void)
{
	CK_SESSION_HANDLE s = 0;

	if (world.token[0] == 0) {
		make_token();
		start();
		log_in(CKU_USER);
	}
	fuzz_check(C_OpenSession(world.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				 &s) == CKR_OK);
	return s;
}

static size_t remove_objects(void)
{
	const struct dirent *e;
	DIR *d = opendir(world.token);
	size_t n = 0;

	fuzz_check(d != NULL);
	while ((e = readdir(d)) != NULL) {
		const char *end = strrchr(e->d_name, '.');
		bool object = end != NULL && strcmp(end, ".object") == 0;

		if (strncmp(e->d_name, "token.", 6) == 0 || end == NULL ||
		    !(object || strcmp(end, ".lock") == 0))
			continue;
		fuzz_check(unlinkat(dirfd(d), e->d_name, 0) == 0);
		n += object;
	}
	closedir(d);
	return n;
}

void fuzz_restart(void)
{
	fuzz_check(C_Finalize(NULL) == CKR_OK);
	start();
	log_in(CKU_USER);
	world.key_count = 0;
}

void fuzz_session_end(CK_SESSION_HANDLE s)
{
	fuzz_check(C_CloseSession(s) == CKR_OK);
	if (remove_objects() > 0)
		fuzz_restart();
}

const struct fuzz_key *fuzz_keys(size_t *count)
{
	if (world.key_count == 0)
		make_keys();
	*count = world.key_count;
	return world.keys;
}

CK_OBJECT_HANDLE fuzz_key(CK_OBJECT_CLASS class, CK_KEY_TYPE type)
{
	size_t count;
	const struct fuzz_key *keys = fuzz_keys(&count);

	for (size_t i = 0; i < count; i++)
		if (keys[i].class == class && keys[i].type == type)
			return keys[i].handle;
	return CK_INVALID_HANDLE;
}

const char *fuzz_token_dir(void)
{
	return world.token;
}

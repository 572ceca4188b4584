/* Loading modules, their configuration, and the tokens to measure with. */
#include "config.h"

#include "bench/module.h"

#include <dlfcn.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/crypto.h"
#include "bench/jobs.h"
#include "bench/keys.h"

#define PATH_LEN 4096

/* DIR/BACKEND/STORE/keys or DIR/BACKEND/STORE/objects-N; DIR/raw/keys for libcrypto. */
static void fixture_path(const struct setup *s, const char *file, char out[PATH_LEN])
{
	if (s->path == NULL)
		snprintf(out, PATH_LEN, "%s/raw/keys%s", s->dir, file);
	else if (s->fixture == WITH_KEYS)
		snprintf(out, PATH_LEN, "%s/%s/%s/keys%s", s->dir, s->name, s->store, file);
	else
		snprintf(out, PATH_LEN, "%s/%s/%s/objects-%lu%s", s->dir, s->name, s->store,
			 s->objects, file);
}

static void conf_path(const struct setup *s, char out[PATH_LEN])
{
	char file[64];

	snprintf(file, sizeof(file), "/softhsm2-%s.conf", s->sync != NULL ? s->sync : "default");
	fixture_path(s, file, out);
}

static bool make_dirs(const char *path)
{
	char part[PATH_LEN];

	for (size_t i = 1; path[i - 1] != '\0'; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)i, path);
		if (mkdir(part, 0700) != 0 && errno != EEXIST)
			return false;
	}
	return true;
}

bool fixture_configure(const struct setup *s)
{
	char path[PATH_LEN], tokens[PATH_LEN];
	FILE *f;

	fixture_path(s, "/tokens", tokens);
	conf_path(s, path);
	if (!make_dirs(tokens))
		return false;
	f = fopen(path, "w");
	if (f == NULL)
		return false;
	fprintf(f, "directories.tokendir = %s\nobjectstore.backend = %s\nlog.level = ERROR\n",
		tokens, s->store);
	if (s->sync != NULL)
		fprintf(f, "objectstore.sync = %s\n", s->sync);
	return fclose(f) == 0;
}

bool fixture_exists(const struct setup *s)
{
	char path[PATH_LEN];

	fixture_path(s, "/complete", path);
	return access(path, F_OK) == 0;
}

static CK_RV fixture_complete(struct run *r)
{
	char path[PATH_LEN];
	FILE *f;

	fixture_path(r->setup, "/complete", path);
	f = fopen(path, "w");
	return f != NULL && fclose(f) == 0 ? CKR_OK : failed(r, path, BENCH_SYSTEM);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

void tree_remove(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

CK_RV module_load(struct run *r)
{
	CK_C_GetFunctionList get;
	char conf[PATH_LEN];
	void *handle;

	conf_path(r->setup, conf);
	if (setenv("SOFTHSM2_CONF", conf, 1) != 0)
		return failed(r, "setenv", BENCH_SYSTEM);
	handle = dlopen(r->setup->path, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL) {
		fprintf(stderr, "bench: %s\n", dlerror());
		return failed(r, "dlopen", BENCH_SYSTEM);
	}
	*(void **)&get = dlsym(handle, "C_GetFunctionList");
	if (get == NULL)
		return failed(r, "dlsym", BENCH_SYSTEM);
	return failed(r, "C_GetFunctionList", get(&r->p11));
}

static CK_RV initialize_module(struct run *r)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

	return failed(r, "C_Initialize", r->p11->C_Initialize(&args));
}

/* The first slot whose token has that label; NULL: none yet. */
static CK_RV slot_find(struct run *r, const char *label)
{
	CK_SLOT_ID slots[16];
	CK_ULONG n = LENGTH(slots);
	CK_RV rv = failed(r, "C_GetSlotList", r->p11->C_GetSlotList(CK_FALSE, slots, &n));

	for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++) {
		CK_TOKEN_INFO info;
		bool made;

		if (r->p11->C_GetTokenInfo(slots[i], &info) != CKR_OK)
			continue;
		made = (info.flags & CKF_TOKEN_INITIALIZED) != 0;
		if (label != NULL ? made && memcmp(info.label, label, strlen(label)) == 0 : !made) {
			r->slot = slots[i];
			return CKR_OK;
		}
	}
	return rv == CKR_OK ? want(r, "no such token", false) : rv;
}

CK_RV module_start(struct run *r)
{
	CK_RV rv = initialize_module(r);

	return rv == CKR_OK ? slot_find(r, TOKEN_LABEL) : rv;
}

static CK_RV login(struct run *r, CK_USER_TYPE user, const char *text)
{
	CK_BYTE pin[64];
	CK_RV rv;

	memcpy(pin, text, strlen(text));
	rv = r->p11->C_Login(r->s, user, pin, strlen(text));
	return rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : failed(r, "C_Login", rv);
}

static CK_RV session_open(struct run *r)
{
	return failed(r, "C_OpenSession",
		      r->p11->C_OpenSession(r->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
					    NULL, &r->s));
}

CK_RV session_start(struct run *r)
{
	CK_RV rv = session_open(r);

	return rv == CKR_OK ? login(r, CKU_USER, USER_PIN) : rv;
}

/* --- fixtures ----------------------------------------------------------- */

/* The slot may get another number at the next C_Initialize. */
static CK_RV token_init(struct run *r)
{
	CK_BYTE label[32], pin[64];
	CK_RV rv;

	memset(label, ' ', sizeof(label));
	memcpy(label, TOKEN_LABEL, strlen(TOKEN_LABEL));
	memcpy(pin, SO_PIN, strlen(SO_PIN));
	rv = initialize_module(r);
	if (rv == CKR_OK)
		rv = slot_find(r, NULL);
	if (rv == CKR_OK)
		rv = failed(r, "C_InitToken",
			    r->p11->C_InitToken(r->slot, pin, strlen(SO_PIN), label));
	if (rv == CKR_OK)
		rv = failed(r, "C_Finalize", r->p11->C_Finalize(NULL));
	return rv == CKR_OK ? module_start(r) : rv;
}

static CK_RV pin_init(struct run *r)
{
	CK_BYTE pin[64];
	CK_RV rv = session_open(r);

	memcpy(pin, USER_PIN, strlen(USER_PIN));
	if (rv == CKR_OK)
		rv = login(r, CKU_SO, SO_PIN);
	if (rv == CKR_OK)
		rv = failed(r, "C_InitPIN", r->p11->C_InitPIN(r->s, pin, strlen(USER_PIN)));
	if (rv == CKR_OK)
		rv = failed(r, "C_CloseSession", r->p11->C_CloseSession(r->s));
	return rv == CKR_OK ? session_start(r) : rv;
}

/* A module that lacks a kind of key is told about by the workloads that want it. */
static CK_RV make_keys(struct run *r)
{
	for (int id = KEY_NONE + 1; id < KEYS; id++) {
		struct key_pair pair;

		if (key_make(r, (enum key_id)id, true, &pair) != CKR_OK)
			r->failed = NULL;
	}
	return CKR_OK;
}

static CK_RV make_objects(struct run *r)
{
	CK_RV rv = CKR_OK;

	for (unsigned long i = 0; rv == CKR_OK && i < r->setup->objects; i++) {
		CK_OBJECT_HANDLE h;

		rv = object_create(r, i, &h);
		if (i % 5000 == 4999)
			fprintf(stderr, "bench: %s: %lu of %lu objects made\n", r->setup->name,
				i + 1, r->setup->objects);
	}
	return rv;
}

static CK_RV make_token(struct run *r)
{
	CK_RV rv = module_load(r);

	if (rv == CKR_OK)
		rv = token_init(r);
	if (rv == CKR_OK)
		rv = pin_init(r);
	if (rv != CKR_OK)
		return rv;
	rv = r->setup->fixture == WITH_KEYS ? make_keys(r) : make_objects(r);
	return rv == CKR_OK ? failed(r, "C_Finalize", r->p11->C_Finalize(NULL)) : rv;
}

CK_RV fixture_make(struct run *r)
{
	char dir[PATH_LEN];
	CK_RV rv;

	if (!fixture_configure(r->setup))
		return failed(r, "configuration", BENCH_SYSTEM);
	if (fixture_exists(r->setup))
		return CKR_OK;
	fixture_path(r->setup, "", dir);
	rv = r->setup->path != NULL ? make_token(r) : failed(r, "key", raw_fixture(dir));
	return rv == CKR_OK ? fixture_complete(r) : rv;
}

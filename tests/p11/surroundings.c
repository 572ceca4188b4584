#include "config.h"

#include "harness.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

static char directory[1024];
static bool conf_changed;
static CK_SLOT_ID main_slot;

/* --- files -------------------------------------------------------------- */

const char *work_dir(void)
{
	return directory;
}

const char *work_path(const char *format, ...)
{
	static char ring[8][4096];
	static unsigned next;
	char *path = ring[next++ % LENGTH(ring)];
	int n = snprintf(path, sizeof(ring[0]), "%s/", directory);
	va_list ap;

	va_start(ap, format);
	vsnprintf(path + n, sizeof(ring[0]) - (size_t)n, format, ap);
	va_end(ap);
	return path;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void tree_remove(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

bool file_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	bool ok = f && fputs(text, f) >= 0;

	return f && fclose(f) == 0 && ok;
}

static bool file_copy(const char *from, const char *to)
{
	char buf[8192];
	ssize_t n = -1;
	bool ok = false;
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (in >= 0 && out >= 0) {
		while ((n = read(in, buf, sizeof(buf))) > 0)
			if (write(out, buf, (size_t)n) != n)
				break;
		ok = n == 0;
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return ok;
}

static bool entry_copy(const char *from, const char *to, const char *name)
{
	char source[4096], target[4096];
	struct stat st;

	snprintf(source, sizeof(source), "%s/%s", from, name);
	snprintf(target, sizeof(target), "%s/%s", to, name);
	if (lstat(source, &st) < 0)
		return false;
	return S_ISDIR(st.st_mode) ? tree_copy(source, target) : file_copy(source, target);
}

static bool dot_name(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

bool tree_copy(const char *from, const char *to)
{
	DIR *d = opendir(from);
	bool ok = d && mkdir(to, 0700) == 0;
	struct dirent *e = NULL;

	while (ok && (e = readdir(d)))
		ok = dot_name(e->d_name) || entry_copy(from, to, e->d_name);
	if (d)
		closedir(d);
	return ok;
}

size_t dir_count(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e = NULL;
	size_t n = 0;

	if (!d)
		return SIZE_MAX;
	while ((e = readdir(d)))
		n += !dot_name(e->d_name);
	closedir(d);
	return n;
}

const char *dir_entry(const char *path)
{
	static char name[256];
	DIR *d = opendir(path);
	struct dirent *e = NULL;

	*name = 0;
	while (d && !*name && (e = readdir(d)))
		if (!dot_name(e->d_name))
			snprintf(name, sizeof(name), "%s", e->d_name);
	if (d)
		closedir(d);
	return name;
}

/* --- configuration ------------------------------------------------------ */

void conf_write(const char *text)
{
	const char *path = work_path("softhsm2.conf");

	p11->C_Finalize(NULL);
	setenv("SOFTHSM2_CONF", path, 1);
	if (text)
		file_write(path, text);
	else
		unlink(path);
	conf_changed = true;
}

const char *conf_backend(void)
{
	const char *backend = getenv("TEST_BACKEND");

	return backend && *backend ? backend : "file";
}

const char *token_file(void)
{
	return strcmp(conf_backend(), "db") == 0 ? "sqlite3.db" : "token.object";
}

/* Errors only: the tests provoke thousands of warnings. */
static void conf_tokens(const char *tokens, const char *lines)
{
	char conf[8192];

	snprintf(conf, sizeof(conf),
		 "directories.tokendir = %s\nobjectstore.backend = %s\n%slog.level = ERROR\n%s",
		 work_path("%s", tokens), conf_backend(),
		 getenv("TEST_UNSYNCED") ? "objectstore.sync = off\n" : "", lines ? lines : "");
	mkdir(work_path("%s", tokens), 0700);
	file_write(work_path("softhsm2.conf"), conf);
	setenv("SOFTHSM2_CONF", work_path("softhsm2.conf"), 1);
}

void conf_use(const char *tokens, const char *lines)
{
	p11->C_Finalize(NULL);
	conf_tokens(tokens, lines);
	conf_changed = true;
}

void conf_forget(void)
{
	conf_changed = true;
}

static void conf_restore(void)
{
	if (!conf_changed)
		return;
	p11->C_Finalize(NULL);
	conf_tokens("tokens", NULL);
	conf_changed = false;
}

bool work_begin(const char *program)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(directory, sizeof(directory), "%s/p11-%s-XXXXXX", tmp && *tmp ? tmp : "/tmp",
		 program);
	if (!mkdtemp(directory)) {
		perror(directory);
		return false;
	}
	conf_tokens("tokens", NULL);
	return true;
}

void work_end(void)
{
	if (*directory)
		tree_remove(directory);
}

CK_RV work_token(void)
{
	return token_make(TOKEN_LABEL, &main_slot);
}

/* --- module, tokens, sessions ------------------------------------------- */

CK_RV module_start(void)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	CK_RV rv = p11->C_Initialize(&args);

	return rv == CKR_CRYPTOKI_ALREADY_INITIALIZED ? CKR_OK : rv;
}

CK_RV module_restart(void)
{
	p11->C_Finalize(NULL);
	return module_start();
}

/* The NULL call matters: it is what adds a free slot. */
CK_RV slot_list(CK_SLOT_ID *out, CK_ULONG *count)
{
	CK_ULONG room = *count;
	CK_RV rv = p11->C_GetSlotList(CK_FALSE, NULL, count);

	if (rv == CKR_OK && *count > room)
		rv = CKR_BUFFER_TOO_SMALL;
	if (rv == CKR_OK)
		rv = p11->C_GetSlotList(CK_FALSE, out, count);
	return rv;
}

/* The slot whose token has that label, or, for NULL, has none. */
static CK_RV slot_where(const char *label, CK_SLOT_ID *out)
{
	CK_SLOT_ID ids[64];
	CK_ULONG count = LENGTH(ids);
	CK_TOKEN_INFO info;
	CK_BYTE padded[sizeof(info.label)];
	CK_RV rv = slot_list(ids, &count);

	memset(padded, ' ', sizeof(padded));
	if (label)
		memcpy(padded, label, strnlen(label, sizeof(padded)));
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		rv = p11->C_GetTokenInfo(ids[i], &info);
		if (rv != CKR_OK)
			break;

		bool initialized = info.flags & CKF_TOKEN_INITIALIZED;

		if (initialized == !!label &&
		    (!label || memcmp(info.label, padded, sizeof(padded)) == 0)) {
			*out = ids[i];
			return CKR_OK;
		}
	}
	return rv == CKR_OK ? ROW_WRONG : rv;
}

CK_RV slot_find(const char *label, CK_SLOT_ID *out)
{
	return slot_where(label, out);
}

CK_RV slot_free(CK_SLOT_ID *out)
{
	return slot_where(NULL, out);
}

CK_RV token_init(CK_SLOT_ID slot, const char *pin, const char *label)
{
	CK_UTF8CHAR padded[32];

	memset(padded, ' ', sizeof(padded));
	memcpy(padded, label, strnlen(label, sizeof(padded)));
	return p11->C_InitToken(slot, text(pin), strlen(pin), padded);
}

static CK_RV user_pin_init(CK_SLOT_ID slot)
{
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = session_open(slot, CKF_RW_SESSION, &s);

	if (rv == CKR_OK)
		rv = login(s, CKU_SO, SO_PIN);
	if (rv == CKR_OK)
		rv = p11->C_InitPIN(s, text(USER_PIN), strlen(USER_PIN));
	p11->C_CloseAllSessions(slot);
	return rv;
}

CK_RV token_make(const char *label, CK_SLOT_ID *out)
{
	CK_SLOT_ID slot = 0;
	CK_RV rv = slot_free(&slot);

	if (rv == CKR_OK)
		rv = token_init(slot, SO_PIN, label);
	if (rv == CKR_OK)
		rv = user_pin_init(slot);
	if (rv == CKR_OK)
		rv = module_restart();
	if (rv == CKR_OK)
		rv = slot_find(label, out);
	return rv;
}

CK_RV session_open(CK_SLOT_ID slot, CK_FLAGS flags, CK_SESSION_HANDLE *out)
{
	return p11->C_OpenSession(slot, CKF_SERIAL_SESSION | flags, NULL, NULL, out);
}

CK_RV login(CK_SESSION_HANDLE s, CK_USER_TYPE user, const char *pin)
{
	return p11->C_Login(s, user, text(pin), strlen(pin));
}

CK_STATE session_state(CK_SESSION_HANDLE s)
{
	CK_SESSION_INFO info;

	return p11->C_GetSessionInfo(s, &info) == CKR_OK ? info.state : CK_UNAVAILABLE_INFORMATION;
}

CK_RV state_enter(struct ctx *c, enum state state)
{
	bool rw = state == RW_PUBLIC || state == RW_USER || state == RW_SO;
	bool user = state == RO_USER || state == RW_USER;
	CK_RV rv = CKR_OK;

	conf_restore();
	c->slot = main_slot;
	if (state == FINALIZED) {
		p11->C_Finalize(NULL);
		return CKR_OK;
	}
	rv = module_start();
	if (rv != CKR_OK || state == ANY_STATE)
		return rv;
	p11->C_CloseAllSessions(c->slot);
	if (state == NO_SESSION)
		return CKR_OK;
	rv = session_open(c->slot, rw ? CKF_RW_SESSION : 0, &c->s);
	if (rv == CKR_OK && (user || state == RW_SO))
		rv = login(c->s, user ? CKU_USER : CKU_SO, user ? USER_PIN : SO_PIN);
	return rv;
}

bool padded_is(const CK_UTF8CHAR *field, size_t size, const char *value)
{
	size_t n = strnlen(value, size);

	if (memcmp(field, value, n) != 0)
		return false;
	while (n < size)
		if (field[n++] != ' ')
			return false;
	return true;
}

/* --- objects ------------------------------------------------------------ */

CK_BYTE *text(const char *s)
{
	return (CK_BYTE *)(uintptr_t)s;
}

CK_ULONG tmpl_count(const CK_ATTRIBUTE *t)
{
	CK_ULONG n = 0;

	while (t && t[n].type != CK_UNAVAILABLE_INFORMATION)
		n++;
	return n;
}

CK_RV object_make(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_OBJECT_HANDLE *out)
{
	return p11->C_CreateObject(s, t, tmpl_count(t), out);
}

CK_RV object_find(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_OBJECT_HANDLE *out, CK_ULONG max,
		  CK_ULONG *found)
{
	CK_RV rv = p11->C_FindObjectsInit(s, t, tmpl_count(t));

	*found = 0;
	if (rv != CKR_OK)
		return rv;
	rv = p11->C_FindObjects(s, out, max, found);

	CK_RV end = p11->C_FindObjectsFinal(s);

	return rv == CKR_OK ? end : rv;
}

CK_RV attr_bytes(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, CK_BYTE *out,
		 CK_ULONG *len)
{
	CK_ATTRIBUTE a = { type, out, *len };
	CK_RV rv = p11->C_GetAttributeValue(s, o, &a, 1);

	if (rv == CKR_OK)
		*len = a.ulValueLen;
	return rv;
}

CK_RV attr_bool(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, CK_BBOOL *out)
{
	CK_ULONG len = sizeof(*out);
	CK_RV rv = attr_bytes(s, o, type, out, &len);

	return rv == CKR_OK ? want(len == sizeof(*out)) : rv;
}

CK_RV attr_ulong(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, CK_ULONG *out)
{
	CK_ULONG len = sizeof(*out);
	CK_BYTE value[sizeof(*out)] = { 0 };
	CK_RV rv = attr_bytes(s, o, type, value, &len);

	if (rv == CKR_OK)
		memcpy(out, value, sizeof(value));
	return rv == CKR_OK ? want(len == sizeof(value)) : rv;
}

CK_RV attr_is(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, const CK_ATTRIBUTE *want_value)
{
	CK_BYTE value[4096];
	CK_ULONG len = sizeof(value);
	CK_RV rv = attr_bytes(s, o, want_value->type, value, &len);

	if (rv != CKR_OK)
		return rv;
	return want(len == want_value->ulValueLen &&
		    (!len || memcmp(value, want_value->pValue, len) == 0));
}

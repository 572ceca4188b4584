/* The token and its files. */
#include "config.h"

#include "p11/hostile/hostile.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct file main_file, object_files[KINDS];
static struct file database = { .name = "sqlite3.db" };

/* What else is in the directory of a token. */
static struct file others[] = { { .name = "generation" }, { .name = "token.lock" } };

static const char *token_dir;		/* below work_dir(), the same name in every scene */

static bool file_read(const char *dir, struct file *f)
{
	char path[4096];
	struct stat st;
	FILE *in;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", dir, f->name);
	in = fopen(path, "rb");
	if (!in || fstat(fileno(in), &st) != 0)
		return false;
	f->len = (size_t)st.st_size;
	f->data = malloc(f->len + 1);
	ok = f->data && (f->len == 0 || fread(f->data, f->len, 1, in) == 1);
	fclose(in);
	return ok;
}

/* The object file that no kind has yet. */
static bool file_new(const char *dir, struct file *f)
{
	const struct dirent *e;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d))) {
		const char *end = strrchr(e->d_name, '.');
		bool known = !end || strcmp(end, ".object") != 0 ||
			     strcmp(e->d_name, "token.object") == 0 ||
			     strlen(e->d_name) >= sizeof(f->name);

		for (size_t i = 0; i < KINDS; i++)
			known |= strcmp(e->d_name, object_files[i].name) == 0;
		if (!known)
			strcpy(f->name, e->d_name);
	}
	if (d)
		closedir(d);
	return *f->name && file_read(dir, f);
}

static CK_RV kind_store(CK_SESSION_HANDLE s, enum kind kind)
{
	const CK_ATTRIBUTE data[] = { A_BOOL(CKA_TOKEN, CK_TRUE), A_BOOL(CKA_PRIVATE, CK_TRUE),
				      A_END };
	const CK_ATTRIBUTE public[] = { A_BOOL(CKA_TOKEN, CK_TRUE), A_END };
	const CK_ATTRIBUTE private[] = {
		A_BOOL(CKA_TOKEN, CK_TRUE), A_BOOL(CKA_SENSITIVE, CK_FALSE),
		A_BOOL(CKA_EXTRACTABLE, CK_TRUE), A_BOOL(CKA_DERIVE, CK_TRUE), A_END,
	};
	CK_OBJECT_CLASS class = *(const CK_OBJECT_CLASS *)kind_templates[kind][0].pValue;
	bool key = class == CKO_PRIVATE_KEY || class == CKO_SECRET_KEY;
	CK_OBJECT_HANDLE o;

	return kind_make(s, kind, kind == DATA ? data : key ? private : public, &o);
}

static CK_RV token_begin(const char *tokens, CK_SESSION_HANDLE *s)
{
	static char name[256];
	CK_SLOT_ID slot = 0;
	CK_RV rv;

	conf_use(tokens, NULL);
	rv = module_start();
	if (rv == CKR_OK)
		rv = token_make("hostile", &slot);
	if (rv == CKR_OK)
		rv = session_open(slot, CKF_RW_SESSION, s);
	if (rv == CKR_OK)
		rv = login(*s, CKU_USER, USER_PIN);
	snprintf(name, sizeof(name), "%s", dir_entry(work_path("%s", tokens)));
	token_dir = name;
	return rv;
}

CK_RV scene_make(void)
{
	CK_SESSION_HANDLE s = 0;
	const char *dir;
	CK_RV rv = token_begin("master", &s);

	dir = work_path("master/%s", token_dir);
	for (unsigned k = 0; rv == CKR_OK && k < KINDS; k++) {
		rv = kind_store(s, k);
		if (rv == CKR_OK && !file_new(dir, &object_files[k]))
			rv = ROW_BROKEN;
	}
	p11->C_Finalize(NULL);
	strcpy(main_file.name, "token.object");
	for (size_t i = 0; i < LENGTH(others); i++)
		if (rv == CKR_OK && !file_read(dir, &others[i]))
			rv = ROW_BROKEN;
	return rv == CKR_OK && !file_read(dir, &main_file) ? ROW_BROKEN : rv;
}

CK_RV scene_make_database(void)
{
	const struct scene scene = scene_of(DATABASE);
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = token_begin("database", &s);

	for (size_t i = 0; rv == CKR_OK && i < scene.count; i++)
		rv = kind_store(s, (enum kind)scene.present[i]);
	p11->C_Finalize(NULL);
	if (rv == CKR_OK && !file_read(work_path("database/%s", token_dir), &database))
		rv = ROW_BROKEN;
	return rv;
}

struct scene scene_of(unsigned kind)
{
	struct scene s = { .kind = kind, .bystander = kind == HMAC ? AES : HMAC };

	if (kind >= KINDS) {
		s.present[s.count++] = EC_PRIVATE;
		s.present[s.count++] = AES;
		s.present[s.count++] = DATA;
	}
	if (kind == DATABASE) {
		s.present[s.count++] = ED_PRIVATE;
		s.present[s.count++] = EC_PUBLIC;
	}
	if (kind < KINDS)
		s.present[s.count++] = kind;
	s.present[s.count++] = s.bystander;
	return s;
}

const struct file *scene_file(const struct scene *s)
{
	if (s->kind == DATABASE)
		return &database;
	return s->kind == KINDS ? &main_file : &object_files[s->kind];
}

const char *scene_path(const struct scene *s)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s", work_path("scene/%s/%s", token_dir,
						     scene_file(s)->name));
	return path;
}

static bool bytes_write(const char *path, const CK_BYTE *data, size_t len)
{
	const struct timespec old[2] = { { .tv_sec = 1000000 }, { .tv_sec = 1000000 } };
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	bool ok = fd >= 0 && write(fd, data, len) == (ssize_t)len && futimens(fd, old) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool file_put(const struct file *f)
{
	return bytes_write(work_path("scene/%s/%s", token_dir, f->name), f->data, f->len);
}

bool scene_set(const struct scene *s)
{
	bool ok = true;

	tree_remove(work_path("scene"));
	conf_use("scene", NULL);
	ok = mkdir(work_path("scene/%s", token_dir), 0700) == 0;
	if (s->kind == DATABASE)
		return ok && file_put(&database);
	ok = ok && file_put(&main_file);
	for (size_t i = 0; i < LENGTH(others); i++)
		ok = ok && file_put(&others[i]);
	for (size_t i = 0; i < s->count; i++)
		ok = ok && file_put(&object_files[s->present[i]]);
	return ok;
}

bool scene_write(const struct scene *s, const CK_BYTE *data, size_t len)
{
	return bytes_write(scene_path(s), data, len);
}

bool scene_give(unsigned owner)
{
	const char *dir = work_path("scene/%s", token_dir);
	const struct dirent *e;
	DIR *d = opendir(dir);
	bool ok = d && chmod(work_dir(), 0711) == 0 &&
		  chmod(work_path("softhsm2.conf"), 0644) == 0 &&
		  chown(work_path("scene"), owner, owner) == 0 && chown(dir, owner, owner) == 0;

	while (ok && (e = readdir(d)))
		if (*e->d_name != '.')
			ok = fchownat(dirfd(d), e->d_name, owner, owner, 0) == 0;
	if (d)
		closedir(d);
	return ok;
}

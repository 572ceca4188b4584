#include "config.h"

#include "scene.h"

#include <ftw.h>
#include <signal.h>
#ifdef WITH_OBJECTSTORE_BACKEND_DB
#include <sqlite3.h>
#endif
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534

/* What happens to the tokens on the disk. Their directory is `tokens` below work_dir(). */

void tokens_keep(void)
{
	tree_remove(work_path("kept"));
	tree_copy(work_path("tokens"), work_path("kept"));
}

bool same_file(const char *a, const char *b)
{
	FILE *one = fopen(a, "r"), *two = fopen(b, "r");
	bool same = one && two;

	while (same) {
		int byte = getc(one);

		same = byte == getc(two);
		if (byte == EOF)
			break;
	}
	if (one)
		fclose(one);
	if (two)
		fclose(two);
	return same;
}

bool tokens_changed(void)
{
	const char *kept = dir_entry(work_path("kept"));
	const char *there = work_path("tokens/%s", kept), *was = work_path("kept/%s", kept);

	return dir_count(work_path("tokens")) != 1 || dir_count(there) > dir_count(was) + 1 ||
	       !same_file(work_path("tokens/%s/%s", kept, token_file()),
			  work_path("kept/%s/%s", kept, token_file()));
}

static int allow(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return chmod(path, 0700);
}

void tokens_mend(void)
{
	/* a child may have written another configuration */
	conf_use("tokens", NULL);
	/* a directory that cannot be read shows its entries to the next round only */
	for (int level = 0; level < 3; level++)
		nftw(work_path("tokens"), allow, 16, FTW_PHYS);
	tree_remove(work_path("tokens"));
	tree_copy(work_path("kept"), work_path("tokens"));
}

CK_RV token_gone(struct ctx *c)
{
	(void)c;
	tree_remove(work_path("tokens/%s", dir_entry(work_path("tokens"))));
	return want(dir_count(work_path("tokens")) == 0);
}

CK_RV token_directory_gone(struct ctx *c)
{
	(void)c;
	tree_remove(work_path("tokens"));
	return CKR_OK;
}

static bool is_object(const char *path)
{
	size_t n = strlen(path);

	return n > 7 && strcmp(path + n - 7, ".object") == 0;
}

static bool is_token_object(const char *path)
{
	const char *name = strrchr(path, '/');

	return name && strcmp(name, "/token.object") == 0;
}

static int damage_object(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return is_object(path) && !is_token_object(path) && !file_write(path, "damaged");
}

static int damage_token(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return is_token_object(path) && !file_write(path, "damaged");
}

static bool is_database(void)
{
	return strcmp(conf_backend(), "db") == 0;
}

/* Behind the module's back, as another program. */
static CK_RV run_sql(const char *sql)
{
#ifdef WITH_OBJECTSTORE_BACKEND_DB
	const char *path = work_path("tokens/%s/sqlite3.db", dir_entry(work_path("tokens")));
	sqlite3 *db = NULL;
	bool done = sqlite3_open(path, &db) == SQLITE_OK &&
		    sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;

	sqlite3_close(db);
	return want(done);
#else
	(void)sql;
	return ROW_BROKEN;
#endif
}

/* A type that is no number. */
CK_RV objects_damaged(struct ctx *c)
{
	(void)c;
	if (is_database())
		return run_sql("update attribute_boolean set type = 'x' where object_id <> 1");
	return want(nftw(work_path("tokens"), damage_object, 16, FTW_PHYS) == 0);
}

CK_RV token_damaged(struct ctx *c)
{
	(void)c;
	if (is_database())
		return run_sql("update attribute_binary set type = 'x' where object_id = 1");
	return want(nftw(work_path("tokens"), damage_token, 16, FTW_PHYS) == 0);
}

CK_RV counter_damaged(struct ctx *c)
{
	const char *file = work_path("tokens/%s/generation", dir_entry(work_path("tokens")));

	(void)c;
	return want(unlink(file) == 0 && mkdir(file, 0700) == 0);
}

static int make_read_only(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)kind;
	(void)ftw;
	return chmod(path, S_ISDIR(st->st_mode) ? 0555 : 0444);
}

static int make_unreadable(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)kind;
	(void)ftw;
	return chmod(path, S_ISDIR(st->st_mode) ? 0111 : 0);
}

/* Permissions bind everybody but root, so root becomes somebody else. */
static CK_RV forbid(int (*change)(const char *, const struct stat *, int, struct FTW *))
{
	if (nftw(work_path("tokens"), change, 16, FTW_PHYS) != 0 ||
	    (geteuid() == 0 && (chmod(work_dir(), 0711) != 0 || seteuid(NOBODY) != 0)))
		return ROW_BROKEN;
	return want(access(work_path("tokens/."), X_OK) == 0);
}

CK_RV token_read_only(struct ctx *c)
{
	(void)c;
	return forbid(make_read_only);
}

CK_RV token_unreadable(struct ctx *c)
{
	(void)c;
	return forbid(make_unreadable);
}

CK_RV disk_full(struct ctx *c)
{
	struct rlimit none = { 0, 0 };

	(void)c;
	signal(SIGXFSZ, SIG_IGN);
	return want(setrlimit(RLIMIT_FSIZE, &none) == 0);
}

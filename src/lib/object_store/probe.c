#include "config.h"

#include "object_store/probe.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/str.h"
#include "object_store/db/db_files.h"
#include "object_store/file/file_io.h"

static const char *const file_names[] = { "*" FILE_OBJECT, "*" FILE_LOCKFILE, "*" FILE_TEMP,
					  FILE_GENERATION, NULL };
static const char *const db_names[] = { DB_FILE, DB_JOURNAL, DB_WAL, DB_SHM, NULL };

static const struct store_kind kinds[] = {
	{ "file", FILE_TOKEN FILE_OBJECT, file_names },
	{ "db", DB_FILE, db_names },
};

const struct store_kind *store_kind_at(size_t i)
{
	return i < ARRAY_LEN(kinds) ? &kinds[i] : NULL;
}

const struct store_kind *store_kind_find(const char *backend)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].backend, backend) == 0)
			return &kinds[i];
	return NULL;
}

bool store_kind_lies_in(const struct store_kind *kind, const char *dir)
{
	char *path = path_join(dir, kind->file);
	struct stat st;
	bool there = path != NULL && stat(path, &st) == 0 && S_ISREG(st.st_mode);

	free(path);
	return there;
}

static bool fits(const char *pattern, const char *name)
{
	size_t len = strlen(name), tail = strlen(pattern + 1);

	if (pattern[0] != '*')
		return strcmp(pattern, name) == 0;
	return len > tail && strcmp(name + len - tail, pattern + 1) == 0;
}

bool store_kind_owns(const struct store_kind *kind, const char *name)
{
	for (const char *const *p = kind->names; *p != NULL; p++)
		if (fits(*p, name))
			return true;
	return false;
}

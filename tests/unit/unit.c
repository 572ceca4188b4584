#include "config.h"

#include "unit/unit.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FTW_OPEN_DIRS 16

/*
 * Tests ask for absurd sizes to see CKR_HOST_MEMORY; address sanitizer's malloc must then say
 * NULL.
 */
__attribute__((visibility("default"))) const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1:detect_stack_use_after_return=1";
}

static void die(const char *what, const char *path)
{
	(void)fprintf(stderr, "cannot %s %s: %s\n", what, path, strerror(errno));
	exit(99);	/* automake: a hard error, not a failed check */
}

static int add_tests(const char *suite, const struct unit_test *tests, size_t count)
{
	CU_pSuite s = CU_add_suite(suite, NULL, NULL);
	size_t i;

	if (s == NULL)
		return -1;
	for (i = 0; i < count; i++)
		if (CU_add_test(s, tests[i].name, tests[i].run) == NULL)
			return -1;
	return 0;
}

static void show_failures(void)
{
	const CU_FailureRecord *f;

	for (f = CU_get_failure_list(); f != NULL; f = f->pNext)
		(void)printf("%s:%u: %s: %s\n", f->strFileName == NULL ? "?" : f->strFileName,
			     f->uiLineNumber, f->pTest == NULL ? "?" : f->pTest->pName,
			     f->strCondition == NULL ? "?" : f->strCondition);
}

int unit_run(const char *suite, const struct unit_test *tests, size_t count)
{
	int status = 1;

	if (CU_initialize_registry() != CUE_SUCCESS) {
		(void)printf("%s: %s\n", suite, CU_get_error_msg());
		return 1;
	}
	if (add_tests(suite, tests, count) != 0 || CU_run_all_tests() != CUE_SUCCESS)
		(void)printf("%s: %s\n", suite, CU_get_error_msg());
	else if (CU_get_number_of_failures() == 0 && CU_get_number_of_tests_run() > 0)
		status = 0;
	show_failures();
	(void)printf("%s: %u tests, %u checks, %u failed\n", suite, CU_get_number_of_tests_run(),
		     CU_get_number_of_asserts(), CU_get_number_of_failures());
	CU_cleanup_registry();
	return status;
}

char *unit_make_dir(void)
{
	const char *base = getenv("TMPDIR");
	char *dir;

	if (base == NULL || *base == '\0')
		base = "/tmp";
	if (asprintf(&dir, "%s/softhsm-unit-XXXXXX", base) < 0)
		die("name a directory in", base);
	if (mkdtemp(dir) == NULL)
		die("make", dir);
	return dir;
}

/* A directory is opened to the owner before it is read: a test may have closed it. */
static int open_up(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_D || type == FTW_DNR)
		(void)chmod(path, S_IRWXU);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void unit_remove_dir(char *dir)
{
	if (dir == NULL)
		return;
	if (nftw(dir, open_up, FTW_OPEN_DIRS, FTW_PHYS) != 0 ||
	    nftw(dir, remove_one, FTW_OPEN_DIRS, FTW_PHYS | FTW_DEPTH) != 0)
		die("remove", dir);
	free(dir);
}

char *unit_write_file(const char *dir, const char *name, const void *data, size_t len)
{
	char *path;
	FILE *f;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		die("name a file in", dir);
	f = fopen(path, "we");
	if (f == NULL)
		die("open", path);
	if (len > 0 && fwrite(data, 1, len, f) != len)
		die("write", path);
	if (fclose(f) != 0)
		die("close", path);
	return path;
}

char *unit_read_file(const char *path, size_t *len)
{
	char *data = NULL;
	size_t size = 0;
	FILE *from = fopen(path, "re");
	FILE *to = open_memstream(&data, &size);
	int c;

	if (from == NULL || to == NULL)
		die("open", path);
	while ((c = getc(from)) != EOF)
		(void)putc(c, to);
	if (ferror(from) || fclose(from) != 0 || fclose(to) != 0)
		die("read", path);
	if (len != NULL)
		*len = size;
	return data;
}

/*
 * The main of a fuzz target in a build without a fuzzer: runs the files named as arguments, and
 * all files of directories; without arguments those of $TEST_DATA/fuzz/NAME.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_SIZE 4096

static size_t inputs;

/* In memory of the very size, as the fuzzer gives it. */
static bool run_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size);
	FILE *f = fopen(path, "rb");
	bool ok = f != NULL && (size == 0 || (data != NULL && fread(data, size, 1, f) == 1));

	if (ok) {
		(void)LLVMFuzzerTestOneInput(data, size);
		inputs++;
	} else {
		perror(path);
	}
	if (f != NULL)
		fclose(f);
	free(data);
	return ok;
}

static bool run_path(const char *path, bool deeper);

static bool run_directory(const char *path)
{
	struct dirent **names = NULL;
	int n = scandir(path, &names, NULL, alphasort);
	bool ok = n >= 0;

	for (int i = 0; i < n; i++) {
		char inner[PATH_SIZE];

		if (names[i]->d_name[0] != '.' &&
		    snprintf(inner, sizeof(inner), "%s/%s", path, names[i]->d_name) <
			    (int)sizeof(inner))
			ok = run_path(inner, false) && ok;
		free(names[i]);
	}
	free(names);
	return ok;
}

static bool run_path(const char *path, bool deeper)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		perror(path);
		return false;
	}
	if (S_ISDIR(st.st_mode))
		return !deeper || run_directory(path);
	return run_file(path, (size_t)st.st_size);
}

static bool run_default(const char *program)
{
	const char *data = getenv("TEST_DATA"), *name = strrchr(program, '/');
	char path[PATH_SIZE];

	name = name != NULL ? name + 1 : program;
	if (strncmp(name, "lt-", 3) == 0)	/* as libtool runs it */
		name += 3;
	if (data == NULL || strncmp(name, "fuzz_", 5) != 0 ||
	    snprintf(path, sizeof(path), "%s/fuzz/%s", data, name + 5) >= (int)sizeof(path)) {
		fprintf(stderr, "usage: %s FILE|DIRECTORY...\n", program);
		return false;
	}
	return run_path(path, true);
}

int main(int argc, char **argv)
{
	bool ok = argc > 1 || run_default(argv[0]);

	for (int i = 1; i < argc; i++)
		ok = run_path(argv[i], true) && ok;
	printf("%zu inputs\n", inputs);
	return ok && inputs > 0 ? 0 : 1;
}

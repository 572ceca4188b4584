/* softhsm2-dump-file: shows what an object file says. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bin/common/message.h"
#include "bin/dump/dump_file.h"
#include "common/buf.h"
#include "object_store/file/file_format.h"

static int usage(void)
{
	puts("Shows what an object file of SoftHSM 2 says.");
	puts("Usage: softhsm2-dump-file path");
	return EXIT_SUCCESS;
}

/* The whole file; false, reported, when it cannot be read or no object is as large. */
static bool read_all(FILE *f, const char *path, struct buf *out)
{
	unsigned char part[4096];
	size_t n;

	while ((n = fread(part, 1, sizeof(part), f)) > 0) {
		if (out->len > FILE_SIZE_MAX || buf_append(out, part, n) != CKR_OK) {
			message_error("The file %s is too large for an object.", path);
			return false;
		}
	}
	if (ferror(f) != 0)
		message_error("Could not read the object file %s: %s", path, strerror(errno));
	return ferror(f) == 0;
}

/* The name of the file is free: "--help" may be one. */
static bool dump(const char *path)
{
	FILE *f = fopen(path, "re");
	struct buf bytes = BUF_INIT;
	size_t offset = 0;
	bool ok;

	if (f == NULL) {
		fprintf(stderr, "can't open object file %s\n", path);
		return false;
	}
	printf("Dump of object file \"%s\"\n", path);
	ok = read_all(f, path, &bytes);
	fclose(f);
	if (ok) {
		ok = dump_file(bytes.data, bytes.len, &offset);
		if (!ok)
			message_error("The file is damaged at byte %zu of %zu.", offset, bytes.len);
	}
	buf_free(&bytes);
	return ok;
}

int main(int argc, char **argv)
{
	bool ok;

	if (argc != 2)
		return usage();
	ok = dump(argv[1]);
	if (fflush(stdout) != 0) {
		message_error("Could not write to standard output.");
		ok = false;
	}
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

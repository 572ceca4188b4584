/*
 * What every unit test program shares: it runs a table of tests, and makes
 * the files that they need.
 *
 *	static const struct unit_test tests[] = {
 *		UNIT_TEST(test_append),
 *		UNIT_TEST(test_overflow),
 *	};
 *
 *	int main(void)
 *	{
 *		return UNIT_RUN("buf", tests);
 *	}
 */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include <stddef.h>

#include <CUnit/CUnit.h>

struct unit_test {
	const char *name;
	void (*run)(void);
};

#define UNIT_TEST(fn) { #fn, fn }
#define UNIT_RUN(suite, tests) unit_run(suite, tests, sizeof(tests) / sizeof((tests)[0]))

/*
 * Runs the tests in order, prints one line of figures and one line for each
 * check that failed. Returns main's exit status: 0, or 1 when a check or
 * CUnit itself failed, or no test ran.
 */
int unit_run(const char *suite, const struct unit_test *tests, size_t count);

/*
 * The four below end the program, with a message, when the system refuses:
 * no test can go on without what they make.
 */

/*
 * A new empty directory, mode 0700, under $TMPDIR or /tmp. The caller ends its life with
 * unit_remove_dir.
 */
char *unit_make_dir(void);

/*
 * Removes the directory with all it contains, whatever the modes in it, and frees the name.
 * NULL is fine.
 */
void unit_remove_dir(char *dir);

/* Makes or replaces dir/name with len bytes and gives its path, which the caller frees. */
char *unit_write_file(const char *dir, const char *name, const void *data, size_t len);

/*
 * All of the file and a NUL after it, to be freed; *len (unless NULL) is its size without that
 * NUL.
 */
char *unit_read_file(const char *path, size_t *len);

#endif

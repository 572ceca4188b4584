#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bin/common/json.h"
#include "bin/common/key_file.h"
#include "bin/common/out_file.h"
#include "bin/common/secret.h"
#include "unit/unit.h"

/* What JSON makes of text, in a new string. */
static char *json_of(const char *text, size_t len)
{
	char *dir = unit_make_dir();
	char *path = unit_write_file(dir, "json", "", 0);
	struct json j = { 0 };
	int kept = dup(STDOUT_FILENO);
	char *got;

	fflush(stdout);
	CU_ASSERT_PTR_NOT_NULL_FATAL(freopen(path, "w", stdout));
	json_text(&j, NULL, text, len);
	fflush(stdout);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	got = unit_read_file(path, NULL);
	free(path);
	unit_remove_dir(dir);
	return got;
}

static void test_json(void)
{
	static const struct {
		const char *text;
		const char *json;
	} rows[] = {
		{ "", "\"\"" },
		{ "plain", "\"plain\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\n\x1b\x7f", "\"\\u000a\\u001b\\u007f\"" },
		{ "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91",
		  "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91\"" },
		{ "\xff", "\"\\ufffd\"" },
		{ "\xc3", "\"\\ufffd\"" },
		{ "\xc3(", "\"\\ufffd(\"" },
		/* not the shortest form, a surrogate, too large, a lone continuation */
		{ "\xc0\xaf", "\"\\ufffd\\ufffd\"" },
		{ "\xe0\x80\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\x80", "\"\\ufffd\"" },
		{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *got = json_of(rows[i].text, strlen(rows[i].text));

		CU_ASSERT_STRING_EQUAL(got, rows[i].json);
		free(got);
	}
}

/* Every form wipes its argument. */
static void test_secret(void)
{
	char *dir = unit_make_dir();
	char *path = unit_write_file(dir, "pin", "12\0" "34\nmore", 10);
	char text[4200];
	struct secbuf *s;

	snprintf(text, sizeof(text), "file:%s", path);
	s = secret_take(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->len, 5);
	CU_ASSERT_EQUAL(memcmp(s->data, "12\0" "34", 5), 0);
	CU_ASSERT_EQUAL(text[0], '\0');
	secbuf_free(s);
	setenv("TEST_SECRET", "from there", 1);
	snprintf(text, sizeof(text), "env:TEST_SECRET");
	s = secret_take(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->len, 10);
	CU_ASSERT_EQUAL(text[0], '\0');
	secbuf_free(s);
	snprintf(text, sizeof(text), "environment");
	s = secret_take(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->len, 11);
	CU_ASSERT_EQUAL(memcmp(text, "\0\0\0\0\0\0\0\0\0\0\0", 11), 0);
	secbuf_free(s);
	free(path);
	unit_remove_dir(dir);
}

static void check_file(const char *path, const char *content, mode_t mode)
{
	struct stat st;
	char *got = unit_read_file(path, NULL);

	CU_ASSERT_STRING_EQUAL(got, content);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, mode);
	free(got);
}

static void test_out_file(void)
{
	char *dir = unit_make_dir();
	char *path = unit_write_file(dir, "file", "old and longer", 14);
	char *nowhere = NULL;

	umask(022);
	chmod(path, 0644);
	CU_ASSERT_TRUE(out_file_write(path, "secret", 6, true));
	check_file(path, "secret", 0600);
	CU_ASSERT_TRUE(out_file_write(path, "public", 6, false));
	check_file(path, "public", 0644);
	CU_ASSERT_TRUE(asprintf(&nowhere, "%s/none/file", dir) > 0);
	CU_ASSERT_FALSE(out_file_write(nowhere, "x", 1, true));
	CU_ASSERT_TRUE(out_file_write("/dev/null", "x", 1, true));
	CU_ASSERT_EQUAL(access("/dev/null", W_OK), 0);
	free(nowhere);
	free(path);
	unit_remove_dir(dir);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_json),
	UNIT_TEST(test_secret),
	UNIT_TEST(test_out_file),
};

int main(void)
{
	return UNIT_RUN("tools", tests);
}

#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bin/dump/dump_file.h"
#include "bin/dump/native.h"
#include "common/str.h"
#include "object_store/file/file_format.h"
#include "unit/unit.h"

/* An object with a value of each kind. */
static const char object[] =
	"0000000000000005"
	"0000000000000000" "0000000000000002" "0000000000000003"
	"0000000000000001" "0000000000000001" "ff"
	"0000000000000003" "0000000000000003" "000000000000000b" "68656c6c6f20776f726c64"
	"0000000040000212" "0000000000000004" "000000000000002a"
		"0000000000000003" "0000000000000003" "0000000000000001" "78"
		"0000000000000103" "0000000000000001" "ff"
	"0000000040000600" "0000000000000005" "0000000000000002"
		"0000000000001082" "0000000000001087";

/* The same template and mechanisms as a database has them, on a machine of this byte order. */
static const char template[] =
	"0300000000000000" "03000000" "0100000000000000" "78"
	"0301000000000000" "01000000" "01"
	"0000000000000000" "02000000" "0300000000000000"
	"0006004000000000" "05000000" "0800000000000000" "8210000000000000";

/* The dump itself is looked at by the tests of the program. */
static int silence(void)
{
	int kept = dup(STDOUT_FILENO);
	int none = open("/dev/null", O_WRONLY);

	fflush(stdout);
	dup2(none, STDOUT_FILENO);
	close(none);
	return kept;
}

static void speak(int kept)
{
	fflush(stdout);
	dup2(kept, STDOUT_FILENO);
	close(kept);
}

/* In memory of just its size, so that a sanitizer sees a read too many. */
static unsigned char *copy_of(const unsigned char *data, size_t len)
{
	unsigned char *copy = malloc(len > 0 ? len : 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, data, len);
	return copy;
}

static bool dumps(const unsigned char *data, size_t len)
{
	unsigned char *copy = copy_of(data, len);
	size_t offset = 0;
	bool ok = dump_file(copy, len, &offset);

	CU_ASSERT_TRUE(offset <= len);
	CU_ASSERT_TRUE(!ok || offset == len);
	free(copy);
	return ok;
}

static bool decodes(const unsigned char *data, size_t len)
{
	unsigned char *copy = copy_of(data, len);
	struct attrset *set = NULL;
	bool ok = file_decode(copy, len, NULL, &set) == CKR_OK;

	attrset_free(set);
	free(copy);
	return ok;
}

static void test_sound(void)
{
	unsigned char bytes[sizeof(object)];
	size_t len;
	int kept = silence();

	CU_ASSERT_TRUE_FATAL(str_unhex(object, bytes, sizeof(bytes), &len));
	CU_ASSERT_TRUE(dumps(bytes, len));
	speak(kept);
}

static void test_cut(void)
{
	unsigned char bytes[sizeof(object)];
	/* where a value ends */
	static const size_t ends[] = { 8, 32, 49, 84, 150 };
	size_t len;
	int kept = silence();

	CU_ASSERT_TRUE_FATAL(str_unhex(object, bytes, sizeof(bytes), &len));
	for (size_t cut = 0; cut < len; cut++) {
		bool whole = false;

		for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
			whole = whole || cut == ends[i];
		CU_ASSERT_EQUAL(dumps(bytes, cut), whole);
	}
	speak(kept);
}

/* What the store takes, the dump understands, whatever byte is another. */
static void test_changed(void)
{
	static const unsigned char others[] = { 0, 1, 2, 3, 4, 5, 6, 0x40, 0x7f, 0x80, 0xff };
	unsigned char bytes[sizeof(object)];
	size_t understood = 0;
	size_t len;
	int kept = silence();

	CU_ASSERT_TRUE_FATAL(str_unhex(object, bytes, sizeof(bytes), &len));
	for (size_t at = 0; at < len; at++) {
		unsigned char was = bytes[at];

		for (size_t i = 0; i < sizeof(others); i++) {
			bool ok;

			bytes[at] = others[i];
			ok = dumps(bytes, len);
			understood += ok;
			/* up to 7 bytes at the end are no fault to the store */
			if (at + 8 < len - 40)
				CU_ASSERT_TRUE(ok || !decodes(bytes, len));
		}
		bytes[at] = was;
	}
	CU_ASSERT_TRUE(understood > 0);
	speak(kept);
}

static bool native_dumps(const unsigned char *data, size_t len)
{
	unsigned char *copy = copy_of(data, len);
	bool ok = native_template(copy, len);

	(void)!native_mechanisms(copy, len, false);
	free(copy);
	return ok;
}

static void test_native(void)
{
	static const size_t ends[] = { 0, 21, 34, 54 };
	unsigned char bytes[sizeof(template)];
	size_t len;
	int kept = silence();

	CU_ASSERT_TRUE_FATAL(str_unhex(template, bytes, sizeof(bytes), &len));
	for (size_t cut = 0; cut <= len; cut++) {
		bool whole = cut == len;

		for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
			whole = whole || cut == ends[i];
		CU_ASSERT_EQUAL(native_dumps(bytes, cut), whole);
	}
	for (size_t at = 0; at < len; at++) {
		unsigned char was = bytes[at];

		bytes[at] = 0xff;
		(void)native_dumps(bytes, len);
		bytes[at] = was;
	}
	speak(kept);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_sound),
	UNIT_TEST(test_cut),
	UNIT_TEST(test_changed),
	UNIT_TEST(test_native),
};

int main(void)
{
	return UNIT_RUN("dump", tests);
}

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "unit/nomem.h"
#include "unit/unit.h"

static const struct {
	const char *text;
	size_t size;
	const char *field;
} pads[] = {
	{ "SoftHSM", 10, "SoftHSM   " },
	{ "SoftHSM", 7, "SoftHSM" },
	{ "SoftHSM", 4, "Soft" },
	{ "", 3, "   " },
	{ "x", 0, "" },
};

static void test_pad(void)
{
	CK_UTF8CHAR field[17];
	size_t i;

	for (i = 0; i < ARRAY_LEN(pads); i++) {
		memset(field, '#', sizeof(field));
		str_pad(field, pads[i].size, pads[i].text);
		CU_ASSERT_EQUAL(memcmp(field, pads[i].field, pads[i].size), 0);
		CU_ASSERT_EQUAL(field[pads[i].size], '#');
	}
}

static const struct {
	const char *text;
	size_t cap;
	bool ok;
	unsigned char bytes[4];
	size_t len;
} hexes[] = {
	{ "", 0, true, { 0 }, 0 },
	{ "", 4, true, { 0 }, 0 },
	{ "00", 1, true, { 0 }, 1 },
	{ "09afAF", 4, true, { 0x09, 0xaf, 0xaf }, 3 },
	{ "ffFF10a0", 4, true, { 0xff, 0xff, 0x10, 0xa0 }, 4 },
	{ "ffFF10a0", 3, false, { 0 }, 0 },
	{ "ff", 0, false, { 0 }, 0 },
	{ "f", 4, false, { 0 }, 0 },
	{ "fff", 4, false, { 0 }, 0 },
	{ "0x10", 4, false, { 0 }, 0 },
	{ "1g", 4, false, { 0 }, 0 },
	{ "g1", 4, false, { 0 }, 0 },
	{ " 1", 4, false, { 0 }, 0 },
	{ "a:", 4, false, { 0 }, 0 },
	{ "@A", 4, false, { 0 }, 0 },
	{ "`/", 4, false, { 0 }, 0 },
	{ "-1", 4, false, { 0 }, 0 },
	{ "\xc3\xa9", 4, false, { 0 }, 0 },
};

static void test_unhex(void)
{
	unsigned char out[4];
	size_t i, len;

	for (i = 0; i < ARRAY_LEN(hexes); i++) {
		len = 99;
		CU_ASSERT_EQUAL(str_unhex(hexes[i].text, out, hexes[i].cap, &len), hexes[i].ok);
		CU_ASSERT_EQUAL(len, hexes[i].ok ? hexes[i].len : 99);
		if (hexes[i].ok)
			CU_ASSERT_EQUAL(memcmp(out, hexes[i].bytes, hexes[i].len), 0);
	}
}

static void test_hex(void)
{
	unsigned char all[256], back[256];
	char text[2 * sizeof(all) + 1];
	size_t i, len;

	for (i = 0; i < sizeof(all); i++)
		all[i] = (unsigned char)i;
	str_hex(all, sizeof(all), text);
	CU_ASSERT_EQUAL(strlen(text), 2 * sizeof(all));
	CU_ASSERT_EQUAL(strncmp(text, "000102", 6), 0);
	CU_ASSERT_STRING_EQUAL(text + 2 * sizeof(all) - 6, "fdfeff");
	CU_ASSERT_TRUE(str_unhex(text, back, sizeof(back), &len));
	CU_ASSERT_EQUAL(len, sizeof(all));
	CU_ASSERT_EQUAL(memcmp(all, back, sizeof(all)), 0);
	str_hex(all, 0, text);
	CU_ASSERT_STRING_EQUAL(text, "");
}

static const struct {
	const char *before;
	const char *after;
} printables[] = {
	{ "", "" },
	{ "plain ~ text", "plain ~ text" },
	{ "a\nb\rc\td", "a?b?c?d" },
	{ "\x1b[31m\x7f\x01", "?[31m??" },
	{ "\xc3\xa9\xe2\x82\xac", "\xc3\xa9\xe2\x82\xac" },	/* letters beyond ASCII stay */
	{ "\xc2\x9b" "31m", "??31m" },				/* U+009B, as ESC [ */
	{ "\xc2\xa0", "\xc2\xa0" },
	{ "end\xc2", "end\xc2" },
};

static void test_printable(void)
{
	char text[32];
	size_t i;

	for (i = 0; i < ARRAY_LEN(printables); i++) {
		strcpy(text, printables[i].before);
		str_printable(text);
		CU_ASSERT_STRING_EQUAL(text, printables[i].after);
	}
}

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *a;
	const char *b;
	size_t distance;
} distances[] = {
	{ "", "", 0 },
	{ "", "abc", 3 },
	{ "log.level", "log.level", 0 },
	{ "log.level", "log.leve", 1 },
	{ "log.level", "log.levels", 1 },
	{ "log.level", "Log.level", 1 },
	{ "log.level", "og.level", 1 },
	{ "log.level", "log.lvele", 2 },
	{ "kitten", "sitting", 3 },
	{ "abc", "xyz", 3 },
	{ X64, X64, 0 },
	{ X64, "", 64 },
	{ X64 "y", X64, 65 },
	{ "a", X64 X64, 128 },
};

static void test_distance(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(distances); i++) {
		CU_ASSERT_EQUAL(str_distance(distances[i].a, distances[i].b),
		                distances[i].distance);
		CU_ASSERT_EQUAL(str_distance(distances[i].b, distances[i].a),
		                distances[i].distance);
	}
}

#define HALF (SIZE_MAX / 2 + 1)

static const struct {
	bool (*call)(size_t a, size_t b, size_t *out);
	size_t a;
	size_t b;
	bool ok;
	size_t result;
} sums[] = {
	{ size_add, 0, 0, true, 0 },
	{ size_add, 1, 2, true, 3 },
	{ size_add, SIZE_MAX, 0, true, SIZE_MAX },
	{ size_add, SIZE_MAX - 1, 1, true, SIZE_MAX },
	{ size_add, SIZE_MAX, 1, false, 0 },
	{ size_add, HALF, HALF, false, 0 },
	{ size_add, SIZE_MAX, SIZE_MAX, false, 0 },
	{ size_mul, 0, 0, true, 0 },
	{ size_mul, 0, SIZE_MAX, true, 0 },
	{ size_mul, 1, SIZE_MAX, true, SIZE_MAX },
	{ size_mul, 6, 7, true, 42 },
	{ size_mul, HALF - 1, 2, true, SIZE_MAX - 1 },
	{ size_mul, HALF, 2, false, 0 },
	{ size_mul, SIZE_MAX, SIZE_MAX, false, 0 },
};

static void test_sizes(void)
{
	size_t i, out;

	for (i = 0; i < ARRAY_LEN(sums); i++) {
		out = 77;
		CU_ASSERT_EQUAL(sums[i].call(sums[i].a, sums[i].b, &out), sums[i].ok);
		CU_ASSERT_EQUAL(out, sums[i].ok ? sums[i].result : 77);
		out = 77;
		CU_ASSERT_EQUAL(sums[i].call(sums[i].b, sums[i].a, &out), sums[i].ok);
		CU_ASSERT_EQUAL(out, sums[i].ok ? sums[i].result : 77);
	}
}

static const struct {
	const char *dir;
	const char *name;
	const char *path;
} paths[] = {
	{ "/var/lib", "tokens", "/var/lib/tokens" },
	{ "/var/lib/", "tokens", "/var/lib/tokens" },
	{ "/", "tokens", "/tokens" },
	{ "a", "b/c", "a/b/c" },
	{ "a/", "/b", "a/b" },
	{ "a", "", "a/" },
	{ "", "b", "b" },
	{ "", "", "" },
};

static void test_path(void)
{
	char *path;
	size_t i;

	for (i = 0; i < ARRAY_LEN(paths); i++) {
		path = path_join(paths[i].dir, paths[i].name);
		CU_ASSERT_PTR_NOT_NULL_FATAL(path);
		CU_ASSERT_STRING_EQUAL(path, paths[i].path);
		free(path);
	}
	nomem_begin(0, NOMEM_LASTING);
	path = path_join("a", "b");
	CU_ASSERT_TRUE(nomem_end());
	CU_ASSERT_PTR_NULL(path);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_pad),
	UNIT_TEST(test_unhex),
	UNIT_TEST(test_hex),
	UNIT_TEST(test_printable),
	UNIT_TEST(test_distance),
	UNIT_TEST(test_sizes),
	UNIT_TEST(test_path),
};

int main(void)
{
	return UNIT_RUN("str", tests);
}

#include "config.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "object_store/file/file_format.h"
#include "unit/unit.h"

/* The worked example of docs/STORAGE.md. */
static const char example[] =
	"0000000000000001"
	"0000000000000000" "0000000000000002" "0000000000000000"
	"0000000000000001" "0000000000000001" "ff"
	"0000000000000002" "0000000000000001" "00"
	"0000000000000003" "0000000000000003" "0000000000000002" "6869"
	"0000000040000212" "0000000000000004" "000000000000002a"
		"0000000000000003" "0000000000000003" "0000000000000001" "78"
		"0000000000000103" "0000000000000001" "ff"
	"0000000040000600" "0000000000000005" "0000000000000002"
		"0000000000001082" "0000000000001087";

#define GENERATION "0000000000000007"
#define LABEL "0000000000000003"
#define LABEL_HI LABEL "0000000000000003" "0000000000000002" "6869"
#define TOKEN_TRUE "0000000000000001" "0000000000000001" "ff"
#define HUGE_LENGTH "ffffffffffffffff"

/* The bytes in memory of just their size, so that a sanitizer sees one read too many. */
static unsigned char *from_hex(const char *hex, size_t *len)
{
	size_t cap = strlen(hex) / 2;
	unsigned char *bytes = malloc(cap == 0 ? 1 : cap);

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	CU_ASSERT_TRUE_FATAL(str_unhex(hex, bytes, cap, len));
	return bytes;
}

static CK_RV decode_hex(const char *hex, uint64_t *generation, struct attrset **out)
{
	size_t len;
	unsigned char *bytes = from_hex(hex, &len);
	CK_RV rv = file_decode(bytes, len, generation, out);

	free(bytes);
	return rv;
}

static void check_set(CK_RV rv)
{
	CU_ASSERT_EQUAL_FATAL(rv, CKR_OK);
}

static struct attrset *example_set(void)
{
	static const uint64_t mechs[] = { 0x1087, 0x1082 };
	struct attrset *s = attrset_new(false), *map = attrset_new(false);

	CU_ASSERT_FATAL(s != NULL && map != NULL);
	check_set(attrset_set_bytes(map, CKA_LABEL, "x", 1));
	check_set(attrset_set_flag(map, CKA_SENSITIVE, true));
	check_set(attrset_set_number(s, CKA_CLASS, CKO_DATA));
	check_set(attrset_set_flag(s, CKA_TOKEN, true));
	check_set(attrset_set_flag(s, CKA_PRIVATE, false));
	check_set(attrset_set_bytes(s, CKA_LABEL, "hi", 2));
	check_set(attrset_set_map(s, CKA_UNWRAP_TEMPLATE, map));
	check_set(attrset_set_mechs(s, CKA_ALLOWED_MECHANISMS, mechs, 2));
	attrset_free(map);
	return s;
}

static bool same_sets(const struct attrset *a, const struct attrset *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!attr_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}

static void test_example_encodes(void)
{
	struct attrset *s = example_set();
	struct buf b = BUF_INIT;
	size_t len;
	unsigned char *want = from_hex(example, &len);

	CU_ASSERT_EQUAL(len, 198);
	CU_ASSERT_EQUAL(file_encode(s, 1, &b), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(b.len, len);
	CU_ASSERT_EQUAL(memcmp(b.data, want, len), 0);
	free(want);
	buf_free(&b);
	attrset_free(s);
}

static void test_example_decodes(void)
{
	struct attrset *want = example_set(), *got = NULL;
	uint64_t generation = 0;

	CU_ASSERT_EQUAL_FATAL(decode_hex(example, &generation, &got), CKR_OK);
	CU_ASSERT_EQUAL(generation, 1);
	CU_ASSERT_TRUE(same_sets(want, got));
	attrset_free(want);
	attrset_free(got);
}

static const struct decode_row {
	const char *name;
	const char *hex;
	CK_RV rv;
} decode_rows[] = {
	{ "no bytes", "", CKR_DATA_INVALID },
	{ "a cut generation", "00000000000000", CKR_DATA_INVALID },
	{ "a generation alone", GENERATION, CKR_DATA_INVALID },
	{ "a generation and stray bytes", GENERATION "00000000", CKR_DATA_INVALID },
	{ "one attribute", GENERATION LABEL_HI, CKR_OK },
	{ "1 stray byte", GENERATION LABEL_HI "00", CKR_OK },
	{ "7 stray bytes", GENERATION LABEL_HI "00000000000000", CKR_OK },
	{ "a type alone", GENERATION LABEL_HI LABEL, CKR_DATA_INVALID },
	{ "a cut kind", GENERATION LABEL_HI LABEL "00000000000000", CKR_DATA_INVALID },
	{ "kind 0", GENERATION LABEL "0000000000000000" "00", CKR_DATA_INVALID },
	{ "kind 6", GENERATION LABEL "0000000000000006" "00", CKR_DATA_INVALID },
	{ "a kind with high bits", GENERATION LABEL "0000000100000001" "00", CKR_DATA_INVALID },
	{ "no boolean", GENERATION LABEL "0000000000000001", CKR_DATA_INVALID },
	{ "a cut number", GENERATION LABEL "0000000000000002" "00000000000000", CKR_DATA_INVALID },
	{ "empty bytes", GENERATION LABEL "0000000000000003" "0000000000000000", CKR_OK },
	{ "bytes cut by one", GENERATION LABEL "0000000000000003" "0000000000000003" "6869",
		CKR_DATA_INVALID },
	{ "a huge length", GENERATION LABEL "0000000000000003" HUGE_LENGTH "6869",
		CKR_DATA_INVALID },
	{ "an empty map", GENERATION LABEL "0000000000000004" "0000000000000000", CKR_OK },
	{ "a map within a map", GENERATION LABEL "0000000000000004" "0000000000000018"
		LABEL "0000000000000004" "0000000000000000", CKR_DATA_INVALID },
	{ "a map that ends in an entry", GENERATION LABEL "0000000000000004" "0000000000000010"
		TOKEN_TRUE, CKR_DATA_INVALID },
	{ "a map with a stray byte", GENERATION LABEL "0000000000000004" "0000000000000012"
		TOKEN_TRUE "00", CKR_DATA_INVALID },
	{ "a map with a huge length", GENERATION LABEL "0000000000000004" HUGE_LENGTH TOKEN_TRUE,
		CKR_DATA_INVALID },
	{ "no mechanisms", GENERATION LABEL "0000000000000005" "0000000000000000", CKR_OK },
	{ "one mechanism of two", GENERATION LABEL "0000000000000005" "0000000000000002"
		"0000000000000001", CKR_DATA_INVALID },
	{ "mechanisms whose size wraps", GENERATION LABEL "0000000000000005" "2000000000000001"
		"0000000000000001", CKR_DATA_INVALID },
};

static void test_decode_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(decode_rows); i++) {
		struct attrset *s = NULL;
		CK_RV rv = decode_hex(decode_rows[i].hex, NULL, &s);

		if (rv != decode_rows[i].rv)
			(void)printf("%s: 0x%lx\n", decode_rows[i].name, rv);
		CU_ASSERT_EQUAL(rv, decode_rows[i].rv);
		CU_ASSERT_EQUAL(s != NULL, rv == CKR_OK);
		attrset_free(s);
	}
}

static void test_tolerance(void)
{
	static const char unsorted[] = GENERATION
		LABEL "0000000000000003" "0000000000000001" "61"
		"0000000000000001" "0000000000000001" "01"
		"0000000040000600" "0000000000000005" "0000000000000003"
			"0000000000000009" "0000000000000002" "0000000000000009"
		LABEL_HI;
	struct attrset *s = NULL;
	const struct attr *mechs;
	const unsigned char *label = NULL;
	size_t len = 0;

	CU_ASSERT_EQUAL_FATAL(decode_hex(unsorted, NULL, &s), CKR_OK);
	CU_ASSERT_EQUAL(s->count, 3);
	CU_ASSERT_TRUE(attrset_flag(s, CKA_TOKEN, false));
	CU_ASSERT_TRUE(attrset_bytes(s, CKA_LABEL, &label, &len));
	CU_ASSERT_FATAL(len == 2 && memcmp(label, "hi", 2) == 0);
	mechs = attrset_get(s, CKA_ALLOWED_MECHANISMS);
	CU_ASSERT_FATAL(mechs != NULL && mechs->kind == ATTR_MECHS && mechs->u.mechs.count == 2);
	CU_ASSERT(mechs->u.mechs.list[0] == 2 && mechs->u.mechs.list[1] == 9);
	attrset_free(s);
}

static void test_generations(void)
{
	unsigned char bytes[FILE_GENERATION_SIZE];

	CU_ASSERT_EQUAL(file_generation_next(0), 1);
	CU_ASSERT_EQUAL(file_generation_next(41), 42);
	CU_ASSERT_EQUAL(file_generation_next(UINT64_MAX), 1);
	file_generation_put(0x0102030405060708U, bytes);
	CU_ASSERT_EQUAL(memcmp(bytes, "\1\2\3\4\5\6\7\10", sizeof(bytes)), 0);
	CU_ASSERT_EQUAL(file_generation_get(bytes), 0x0102030405060708U);
}

static void test_encode_refuses(void)
{
	struct attrset *s = attrset_new(false);
	struct buf b = BUF_INIT;
	unsigned char *big = calloc(1, FILE_SIZE_MAX);

	CU_ASSERT_FATAL(s != NULL && big != NULL);
	check_set(buf_append(&b, "kept", 4));
	CU_ASSERT_EQUAL(file_encode(s, 1, &b), CKR_GENERAL_ERROR);
	check_set(attrset_set_bytes(s, CKA_VALUE, big, FILE_SIZE_MAX - 31));
	CU_ASSERT_EQUAL(file_encode(s, 1, &b), CKR_DEVICE_MEMORY);
	CU_ASSERT(b.len == 4 && memcmp(b.data, "kept", 4) == 0);
	buf_free(&b);

	check_set(attrset_set_bytes(s, CKA_VALUE, big, FILE_SIZE_MAX - 32));
	CU_ASSERT_EQUAL(file_encode(s, 1, &b), CKR_OK);
	CU_ASSERT_EQUAL(b.len, FILE_SIZE_MAX);
	buf_free(&b);
	attrset_free(s);
	free(big);
}

/* As many attributes as a file may have, and one more; in falling order, which costs the most. */
static void test_many_attributes(void)
{
	struct buf b = BUF_INIT;

	check_set(buf_put_u64(&b, 1));
	for (uint64_t i = FILE_ATTRS_MAX + 1; i > 0; i--) {
		struct attrset *s = NULL;

		if (i == 1) {
			CU_ASSERT_EQUAL(file_decode(b.data, b.len, NULL, &s), CKR_OK);
			CU_ASSERT_FATAL(s != NULL && s->count == FILE_ATTRS_MAX);
			attrset_free(s);
		}
		check_set(buf_put_u64(&b, i));
		check_set(buf_put_u64(&b, ATTR_ULONG));
		check_set(buf_put_u64(&b, i));
		if (i == 1)
			CU_ASSERT_EQUAL(file_decode(b.data, b.len, NULL, &s), CKR_DATA_INVALID);
	}
	buf_free(&b);
}

/*
 * What decodes, encodes and decodes again to the same; the rest is refused, with nothing worse than
 * a code.
 */
static void try_bytes(const unsigned char *bytes, size_t len)
{
	unsigned char *copy = malloc(len == 0 ? 1 : len);
	struct attrset *s = NULL, *again = NULL;
	struct buf b = BUF_INIT;
	CK_RV rv;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, bytes, len);
	rv = file_decode(copy, len, NULL, &s);
	if (rv != CKR_OK) {
		CU_ASSERT_EQUAL(rv, CKR_DATA_INVALID);
	} else {
		CU_ASSERT_EQUAL(file_encode(s, 1, &b), CKR_OK);
		CU_ASSERT_EQUAL(file_decode(b.data, b.len, NULL, &again), CKR_OK);
		CU_ASSERT(again != NULL && same_sets(s, again));
	}
	attrset_free(s);
	attrset_free(again);
	buf_free(&b);
	free(copy);
}

static void test_truncations(void)
{
	size_t len;
	unsigned char *bytes = from_hex(example, &len);

	for (size_t i = 0; i <= len; i++)
		try_bytes(bytes, i);
	free(bytes);
}

static void test_flips(void)
{
	size_t len;
	unsigned char *bytes = from_hex(example, &len);

	for (size_t i = 0; i < len; i++)
		for (unsigned int flip = 1; flip < 256; flip++) {
			bytes[i] ^= (unsigned char)flip;
			try_bytes(bytes, len);
			bytes[i] ^= (unsigned char)flip;
		}
	free(bytes);
}

static void check_fixture(const char *path)
{
	struct attrset *s = NULL;
	struct buf b = BUF_INIT;
	uint64_t generation = 0;
	size_t len;
	char *bytes = unit_read_file(path, &len);

	CU_ASSERT_EQUAL_FATAL(file_decode((unsigned char *)bytes, len, &generation, &s), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(file_encode(s, generation, &b), CKR_OK);
	CU_ASSERT(b.len == len && memcmp(b.data, bytes, len) == 0);
	for (size_t i = 0; i < len; i++)
		try_bytes((unsigned char *)bytes, i);
	free(bytes);
	buf_free(&b);
	attrset_free(s);
}

static bool is_object(const char *name)
{
	size_t len = strlen(name);

	return len > 7 && strcmp(name + len - 7, ".object") == 0;
}

/*
 * Every object that SoftHSM wrote comes out of our encoder as it was, and survives being cut
 * anywhere.
 */
static void test_fixtures(void)
{
	const char *data = getenv("TEST_DATA");
	char *root = data == NULL ? NULL : path_join(data, "fixtures");
	char *const roots[] = { root, NULL };
	const FTSENT *entry;
	FTS *tree;
	int found = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
	while ((entry = fts_read(tree)) != NULL)
		if (entry->fts_info == FTS_F && is_object(entry->fts_name)) {
			check_fixture(entry->fts_path);
			found++;
		}
	(void)fts_close(tree);
	CU_ASSERT_EQUAL(found, 95);
	free(root);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_example_encodes),
	UNIT_TEST(test_example_decodes),
	UNIT_TEST(test_decode_rows),
	UNIT_TEST(test_tolerance),
	UNIT_TEST(test_generations),
	UNIT_TEST(test_encode_refuses),
	UNIT_TEST(test_many_attributes),
	UNIT_TEST(test_truncations),
	UNIT_TEST(test_flips),
	UNIT_TEST(test_fixtures),
};

int main(void)
{
	return UNIT_RUN("file_format", tests);
}

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "unit/nomem.h"
#include "unit/unit.h"

static void test_append(void)
{
	struct buf b = BUF_INIT;
	unsigned char expected[1000];
	size_t i;

	for (i = 0; i < sizeof(expected); i++) {
		expected[i] = (unsigned char)(i * 7);
		CU_ASSERT_EQUAL(buf_append(&b, &expected[i], 1), CKR_OK);
		CU_ASSERT(b.len == i + 1 && b.cap >= b.len);
	}
	CU_ASSERT_EQUAL(memcmp(b.data, expected, sizeof(expected)), 0);
	buf_free(&b);
	CU_ASSERT(b.data == NULL && b.len == 0 && b.cap == 0);

	/* usable again, and growing by more than double at once */
	CU_ASSERT_EQUAL(buf_append(&b, "a", 1), CKR_OK);
	CU_ASSERT_EQUAL(buf_append(&b, expected, sizeof(expected)), CKR_OK);
	CU_ASSERT_EQUAL(b.len, sizeof(expected) + 1);
	CU_ASSERT_EQUAL(b.data[0], 'a');
	CU_ASSERT_EQUAL(memcmp(b.data + 1, expected, sizeof(expected)), 0);
	buf_free(&b);
}

static void test_nothing(void)
{
	struct buf b = BUF_INIT;

	CU_ASSERT_EQUAL(buf_append(&b, NULL, 0), CKR_OK);
	CU_ASSERT_EQUAL(buf_reserve(&b, 0), CKR_OK);
	CU_ASSERT(b.data == NULL && b.len == 0);
	buf_free(&b);
	buf_free(&b);
}

static void test_reserve(void)
{
	struct buf b = BUF_INIT;
	unsigned char *data;

	CU_ASSERT_EQUAL_FATAL(buf_reserve(&b, 500), CKR_OK);
	CU_ASSERT(b.cap >= 500 && b.len == 0);
	data = b.data;
	memset(data, 1, 500);
	b.len = 500;
	CU_ASSERT_EQUAL(buf_reserve(&b, b.cap - 500), CKR_OK);
	CU_ASSERT_PTR_EQUAL(b.data, data);
	buf_free(&b);
}

static void test_too_much(void)
{
	static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 2, SIZE_MAX / 2 - 3,
					SIZE_MAX / 2 - 4096 };
	struct buf b = BUF_INIT;
	struct buf before;
	size_t i;

	CU_ASSERT_EQUAL_FATAL(buf_append(&b, "abc", 3), CKR_OK);
	before = b;
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		CU_ASSERT_EQUAL(buf_reserve(&b, sizes[i]), CKR_HOST_MEMORY);
		CU_ASSERT_EQUAL(buf_append(&b, "x", sizes[i]), CKR_HOST_MEMORY);
		CU_ASSERT_EQUAL(memcmp(&b, &before, sizeof(b)), 0);
	}
	nomem_begin(0, NOMEM_LASTING);
	CU_ASSERT_EQUAL(buf_reserve(&b, 1000), CKR_HOST_MEMORY);
	CU_ASSERT_TRUE(nomem_end());
	CU_ASSERT_EQUAL(memcmp(&b, &before, sizeof(b)), 0);
	CU_ASSERT_EQUAL(memcmp(b.data, "abc", 3), 0);
	buf_free(&b);
}

static const struct {
	uint64_t v;
	unsigned char be[8];
} numbers[] = {
	{ 0, { 0 } },
	{ 1, { 0, 0, 0, 0, 0, 0, 0, 1 } },
	{ 0x0102030405060708, { 1, 2, 3, 4, 5, 6, 7, 8 } },
	{ UINT64_C(0x8000000000000000), { 0x80 } },
	{ UNAVAILABLE, { 255, 255, 255, 255, 255, 255, 255, 255 } },
};

static void test_numbers(void)
{
	struct buf b = BUF_INIT;
	struct reader r;
	uint64_t v;
	size_t i;

	for (i = 0; i < ARRAY_LEN(numbers); i++) {
		CU_ASSERT_EQUAL(buf_put_u64(&b, numbers[i].v), CKR_OK);
		CU_ASSERT_EQUAL_FATAL(b.len, 8 * (i + 1));
		CU_ASSERT_EQUAL(memcmp(b.data + 8 * i, numbers[i].be, 8), 0);
	}
	r = (struct reader){ b.data, b.len };
	for (i = 0; i < ARRAY_LEN(numbers); i++) {
		CU_ASSERT_TRUE_FATAL(reader_u64(&r, &v));
		CU_ASSERT_EQUAL(v, numbers[i].v);
	}
	CU_ASSERT_EQUAL(r.left, 0);
	CU_ASSERT_FALSE(reader_u64(&r, &v));
	buf_free(&b);
}

/* Of six bytes; what is refused consumes nothing. */
static const struct {
	uint64_t n;
	bool given;
} reads[] = {
	{ 0, true },
	{ 6, true },
	{ 7, false },
	{ UINT64_C(1) << 32, false },
	{ (UINT64_C(1) << 32) + 6, false },
	{ UINT64_MAX, false },
	{ UINT64_MAX - 5, false },
};

static void test_reader(void)
{
	/* its own allocation, so that a read past its end is noticed */
	unsigned char *six = calloc(1, 6);
	const unsigned char *p = NULL;
	struct reader r;
	uint64_t v = 42;
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(six);
	for (i = 0; i < ARRAY_LEN(reads); i++) {
		r = (struct reader){ six, 6 };
		p = NULL;
		CU_ASSERT_EQUAL(reader_bytes(&r, reads[i].n, &p), reads[i].given);
		CU_ASSERT_PTR_EQUAL(p, reads[i].given ? six : NULL);
		CU_ASSERT_EQUAL(r.left, reads[i].given ? 6 - reads[i].n : 6);
		CU_ASSERT_PTR_EQUAL(r.p, six + 6 - r.left);
	}
	r = (struct reader){ six, 6 };
	CU_ASSERT_FALSE(reader_u64(&r, &v));
	CU_ASSERT(r.p == six && r.left == 6 && v == 42);
	free(six);

	r = (struct reader){ NULL, 0 };
	CU_ASSERT_TRUE(reader_bytes(&r, 0, &p));
	CU_ASSERT_FALSE(reader_bytes(&r, 1, &p));
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_append),
	UNIT_TEST(test_nothing),
	UNIT_TEST(test_reserve),
	UNIT_TEST(test_too_much),
	UNIT_TEST(test_numbers),
	UNIT_TEST(test_reader),
};

int main(void)
{
	return UNIT_RUN("buf", tests);
}

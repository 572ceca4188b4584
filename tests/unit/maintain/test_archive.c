/* Archives: what goes in comes out, and nothing else does. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/reason.h"
#include "crypto/ossl/ossl.h"
#include "maintain/archive.h"
#include "maintain/archive_file.h"
#include "object_store/file/file_format.h"
#include "slot/token_attrs.h"
#include "unit/store_help.h"
#include "unit/unit.h"

#define OBJECTS 3
#define SUM_SIZE 32
#define SERIAL "0123456789abcdef"

static void must(CK_RV rv)
{
	CU_ASSERT_EQUAL_FATAL(rv, CKR_OK);
}

static void add_object(struct image *m, uint64_t number)
{
	struct attrset *s = attrset_new(false);
	struct buf bytes = BUF_INIT;

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	must(attrset_set_number(s, CKA_CLASS, CKO_DATA));
	must(attrset_set_flag(s, CKA_TOKEN, true));
	must(attrset_set_bytes(s, CKA_LABEL, "label", 5));
	must(attrset_set_number(s, CKA_VALUE_LEN, number));
	must(file_encode(s, 1, &bytes));
	must(image_add(m, 0, NULL, &bytes));
	attrset_free(s);
}

static struct image make_image(void)
{
	struct image m = IMAGE_INIT;

	m.token = help_token_attrs();
	must(attrset_set_bytes(m.token, CKA_OS_TOKENSERIAL, SERIAL, strlen(SERIAL)));
	for (uint64_t i = 0; i < OBJECTS; i++)
		add_object(&m, i);
	image_sort(&m);
	return m;
}

static const struct archive_head head = {
	.serial = SERIAL, .label = "a token", .name = "a directory", .backend = "file",
	.time = 1234567890,
};

static struct buf make_archive(void)
{
	struct image m = make_image();
	struct buf out = BUF_INIT;

	must(archive_encode(&head, &m, &out));
	image_free(&m);
	return out;
}

static void test_round_trip(void)
{
	struct image m = make_image(), back;
	struct buf b = make_archive();
	struct archive_head h;

	must(archive_decode(b.data, b.len, &h, &back));
	CU_ASSERT_STRING_EQUAL(h.serial, head.serial);
	CU_ASSERT_STRING_EQUAL(h.label, head.label);
	CU_ASSERT_STRING_EQUAL(h.name, head.name);
	CU_ASSERT_STRING_EQUAL(h.backend, head.backend);
	CU_ASSERT_EQUAL(h.time, head.time);
	CU_ASSERT_EQUAL(back.count, OBJECTS);
	image_sort(&back);
	CU_ASSERT_TRUE(image_equal(&m, &back));
	image_free(&m);
	image_free(&back);
	buf_free(&b);
}

/* An empty token, and one whose damaged objects stay behind. */
static void test_few_objects(void)
{
	struct image m = make_image(), back;
	struct buf b = BUF_INIT, nothing = BUF_INIT;
	struct archive_head h;

	must(image_add(&m, 0, NULL, &nothing));
	CU_ASSERT_EQUAL(m.damaged, 1);
	must(archive_encode(&head, &m, &b));
	must(archive_decode(b.data, b.len, &h, &back));
	CU_ASSERT_EQUAL(back.count, OBJECTS);
	CU_ASSERT_EQUAL(back.damaged, 0);
	image_free(&back);
	image_free(&m);
	buf_free(&b);

	m.token = help_token_attrs();
	must(attrset_set_bytes(m.token, CKA_OS_TOKENSERIAL, SERIAL, strlen(SERIAL)));
	must(archive_encode(&head, &m, &b));
	must(archive_decode(b.data, b.len, &h, &back));
	CU_ASSERT_EQUAL(back.count, 0);
	image_free(&back);
	image_free(&m);
	buf_free(&b);
}

static bool is_refused(const unsigned char *data, size_t len)
{
	struct archive_head h;
	struct image m;
	CK_RV rv;

	reason_clear();
	rv = archive_decode(data, len, &h, &m);
	if (rv == CKR_OK)
		image_free(&m);
	return rv == CKR_DATA_INVALID && reason_text() != NULL && m.list == NULL &&
	       m.token == NULL;
}

static void test_every_bit_counts(void)
{
	struct buf b = make_archive();
	size_t accepted = 0;

	for (size_t i = 0; i < b.len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			b.data[i] ^= (unsigned char)(1 << bit);
			accepted += !is_refused(b.data, b.len);
			b.data[i] ^= (unsigned char)(1 << bit);
		}
	}
	CU_ASSERT_EQUAL(accepted, 0);
	CU_ASSERT_FALSE(is_refused(b.data, b.len));
	buf_free(&b);
}

static void test_every_cut_is_seen(void)
{
	struct buf b = make_archive();
	size_t accepted = 0, len = b.len;

	for (size_t i = 0; i < len; i++)
		accepted += !is_refused(b.data, i);
	CU_ASSERT_EQUAL(accepted, 0);
	must(buf_append(&b, "x", 1));
	CU_ASSERT_TRUE(is_refused(b.data, b.len));
	CU_ASSERT_TRUE(is_refused(NULL, 0));
	buf_free(&b);
}

/* The records themselves, whatever they say, lead to an answer and to nothing beyond their end. */
static void test_hostile_records(void)
{
	static const unsigned char odd[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	struct buf b = make_archive();
	size_t len = b.len - SUM_SIZE;
	unsigned char *copy = malloc(len);	/* exactly that large: a reader beyond is caught */
	struct archive_head h;
	struct image m;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	for (size_t i = 0; i < len * ARRAY_LEN(odd); i++) {
		CK_RV rv;

		memcpy(copy, b.data, len);
		copy[i / ARRAY_LEN(odd)] = odd[i % ARRAY_LEN(odd)];
		rv = archive_decode_records(copy, len, &h, &m);
		if (rv == CKR_OK)
			image_free(&m);
		CU_ASSERT_TRUE(rv == CKR_OK || rv == CKR_DATA_INVALID);
	}
	for (size_t i = 0; i < len; i++)
		CU_ASSERT_EQUAL(archive_decode_records(b.data, i, &h, &m), CKR_DATA_INVALID);
	free(copy);
	buf_free(&b);
}

/* A right checksum does not make an archive: its parts must agree. */
static void test_wrong_serial(void)
{
	struct image m = make_image();
	struct archive_head other = head;
	struct buf b = BUF_INIT;

	other.serial[0] = 'f';
	must(archive_encode(&other, &m, &b));
	CU_ASSERT_TRUE(is_refused(b.data, b.len));
	image_free(&m);
	buf_free(&b);
}

static void test_files(void)
{
	char *dir = unit_make_dir();
	char *path = unit_write_file(dir, "archive", "old", 3);
	struct buf b = make_archive(), back = BUF_INIT;

	CU_ASSERT_EQUAL(archive_file_write(path, &b, false), CKR_FUNCTION_REJECTED);
	must(archive_file_read(path, &back));
	CU_ASSERT_EQUAL(back.len, 3);
	must(archive_file_write(path, &b, true));
	back.len = 0;
	must(archive_file_read(path, &back));
	CU_ASSERT_TRUE(back.len == b.len && memcmp(back.data, b.data, b.len) == 0);
	CU_ASSERT_EQUAL(help_names(dir, ""), 3);	/* with "." and ".." */
	back.len = 0;
	CU_ASSERT_EQUAL(archive_file_read("/nonexistent/archive", &back), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(archive_file_write("/nonexistent/archive", &b, false), CKR_DEVICE_ERROR);
	CU_ASSERT_PTR_NOT_NULL(reason_text());
	buf_free(&b);
	buf_free(&back);
	free(path);
	unit_remove_dir(dir);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_round_trip),
	UNIT_TEST(test_few_objects),
	UNIT_TEST(test_every_bit_counts),
	UNIT_TEST(test_every_cut_is_seen),
	UNIT_TEST(test_hostile_records),
	UNIT_TEST(test_wrong_serial),
	UNIT_TEST(test_files),
};

int main(void)
{
	int status;

	if (ossl_open() != CKR_OK)
		return 99;
	status = UNIT_RUN("archive", tests);
	ossl_close();
	return status;
}

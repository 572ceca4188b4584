#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bin/keyconv/base64.h"
#include "bin/keyconv/bind.h"
#include "crypto/ossl/ossl.h"
#include "unit/unit.h"

static const char *const files[] = {
	"example.com-05.private",  "example.com-07.private",  "example.com-08.private",
	"example.com-10.private",  "example.com-13.private",  "example.com-14.private",
	"example.com-15.private",  "example.com-16.private",  "ldns.example-01.private",
	"ldns.example-03.private", "ldns.example-06.private",
};

/* The reasons of failures that are meant are not for eyes. */
static int quiet_begin(void)
{
	int kept = dup(STDERR_FILENO);
	int none = open("/dev/null", O_WRONLY);

	fflush(stderr);
	dup2(none, STDERR_FILENO);
	close(none);
	return kept;
}

static void quiet_end(int kept)
{
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
}

static char *read_key(const char *name, size_t *len)
{
	const char *data = getenv("TEST_DATA");
	char path[4096];

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	snprintf(path, sizeof(path), "%s/bind/%s", data, name);
	return unit_read_file(path, len);
}

/* The PKCS#8 of a text; NULL when it is refused. In memory of just its size. */
static struct secbuf *convert(const char *text, size_t len)
{
	const struct bind_algorithm *a = NULL;
	struct attrset *parts = NULL;
	struct secbuf *der = NULL;
	char *exact = malloc(len > 0 ? len : 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
	if (len > 0)
		memcpy(exact, text, len);
	if (bind_read(exact, len, &a, &parts)) {
		CU_ASSERT_PTR_NOT_NULL(a);
		der = bind_to_pkcs8(a, parts);
	}
	attrset_free(parts);
	free(exact);
	return der;
}

static bool is_taken(const char *text, size_t len)
{
	struct secbuf *der = convert(text, len);
	bool taken = der != NULL;

	secbuf_free(der);
	return taken;
}

static void test_base64(void)
{
	static const struct {
		const char *text;
		const char *bytes; /* NULL: refused */
	} rows[] = {
		/* RFC 4648 section 10 */
		{ "Zg==", "f" },	  { "Zm8=", "fo" },	     { "Zm9v", "foo" },
		{ "Zm9vYg==", "foob" },	  { "Zm9vYmE=", "fooba" },   { "Zm9vYmFy", "foobar" },
		{ "+/+/", "\xfb\xff\xbf" }, { "", NULL },	     { "Zg", NULL },
		{ "Zg=", NULL },	  { "Zh==", NULL },	     { "Zm9=", NULL },
		{ "Zg==Zg==", NULL },	  { "Z===", NULL },	     { "====", NULL },
		{ "Zm 9", NULL },	  { "Zm9v\n", NULL },	     { "Zm9-", NULL },
		{ "=m9v", NULL },	  { "Z=9v", NULL },	     { "Zg=v", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct secbuf *b = base64_decode(rows[i].text, strlen(rows[i].text));
		struct secbuf *back = NULL;

		CU_ASSERT_EQUAL(b != NULL, rows[i].bytes != NULL);
		if (b == NULL || rows[i].bytes == NULL)
			continue;
		CU_ASSERT_EQUAL(b->len, strlen(rows[i].bytes));
		CU_ASSERT_EQUAL(memcmp(b->data, rows[i].bytes, b->len), 0);
		back = base64_encode(b->data, b->len);
		CU_ASSERT_PTR_NOT_NULL_FATAL(back);
		CU_ASSERT_STRING_EQUAL((const char *)back->data, rows[i].text);
		secbuf_free(back);
		secbuf_free(b);
	}
	CU_ASSERT_PTR_NULL(base64_decode("Zm\0v", 4));
}

static void test_keys(void)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		size_t len;
		char *text = read_key(files[i], &len);

		CU_ASSERT_TRUE(is_taken(text, len));
		free(text);
	}
}

/* Up to where the key ends, a file that is cut is refused, wherever it is cut. */
static void test_cut(void)
{
	int kept = quiet_begin();

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		size_t len;
		char *text = read_key(files[i], &len);
		char *created = strstr(text, "\nCreated");
		size_t end = created != NULL ? (size_t)(created - text) : len - 1;
		bool taken = false;

		for (size_t cut = 0; cut < end; cut += 1 + cut / 64)
			taken = taken || is_taken(text, cut);
		taken = taken || is_taken(text, end - 1);
		CU_ASSERT_FALSE(taken);
		CU_ASSERT_TRUE(is_taken(text, end));
		free(text);
	}
	quiet_end(kept);
}

/* One byte is another: refused, or the same key as before. */
static void test_changed(void)
{
	static const char others[] = { '\0', '\n', ':', '=', 'A', '/', ' ', (char)0xff };
	int kept = quiet_begin();
	size_t len;
	char *text = read_key("example.com-13.private", &len);
	struct secbuf *right = convert(text, len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(right);
	for (size_t at = 0; at < len; at++) {
		char was = text[at];

		for (size_t i = 0; i < sizeof(others); i++) {
			const char *key = strstr(text, "PrivateKey: ");
			struct secbuf *der;
			bool in_key = at > (size_t)(key - text) + 11 &&
				      at < (size_t)(key - text) + 12 + 44;

			text[at] = others[i];
			der = convert(text, len);
			text[at] = was;
			if (der != NULL && !in_key) {
				CU_ASSERT_EQUAL(der->len, right->len);
				CU_ASSERT_EQUAL(memcmp(der->data, right->data, right->len), 0);
			}
			secbuf_free(der);
		}
	}
	secbuf_free(right);
	free(text);
	quiet_end(kept);
}

static void test_lines(void)
{
	static const char *const refused[] = {
		"",
		"\n\n\n",
		"Private-key-format: v1.3",
		"Private-key-format: v1.3\nAlgorithm: 15\n",
		"Private-key-format: v1\nAlgorithm: 15\nPrivateKey: "
		"H5ODJiBZzfdNHHML6p8Xu59OCjuERVd4xlwuqQcBe3I=\n",
		"Private-key-format: v1.99999999999\nAlgorithm: 15\nPrivateKey: "
		"H5ODJiBZzfdNHHML6p8Xu59OCjuERVd4xlwuqQcBe3I=\n",
		"Algorithm: 99999999999999999999\nPrivateKey: "
		"H5ODJiBZzfdNHHML6p8Xu59OCjuERVd4xlwuqQcBe3I=\n",
		"Algorithm: 15x\nPrivateKey: H5ODJiBZzfdNHHML6p8Xu59OCjuERVd4xlwuqQcBe3I=\n",
		"Algorithm: -15\nPrivateKey: H5ODJiBZzfdNHHML6p8Xu59OCjuERVd4xlwuqQcBe3I=\n",
		"Algorithm:\nPrivateKey: H5ODJiBZzfdNHHML6p8Xu59OCjuERVd4xlwuqQcBe3I=\n",
		"Algorithm: 15\nPrivateKey: H5OD JiBZzfdNHHML6p8Xu59OCjuERVd4xlwuqQcBe3I=\n",
		"Algorithm: 15\nPrivateKey H5ODJiBZzfdNHHML6p8Xu59OCjuERVd4xlwuqQcBe3I=\n",
	};
	static const char *const taken[] = {
		"Algorithm: 15\nPrivateKey: H5ODJiBZzfdNHHML6p8Xu59OCjuERVd4xlwuqQcBe3I=",
		"algorithm:15 (ED25519)\r\n\r\n  privatekey :\n"
		"PRIVATEKEY:\tH5ODJiBZzfdNHHML6p8Xu59OCjuERVd4xlwuqQcBe3I=\t\r\n:\n: :\n",
	};
	int kept = quiet_begin();

	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		CU_ASSERT_FALSE(is_taken(refused[i], strlen(refused[i])));
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		CU_ASSERT_TRUE(is_taken(taken[i], strlen(taken[i])));
	quiet_end(kept);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_base64),
	UNIT_TEST(test_keys),
	UNIT_TEST(test_cut),
	UNIT_TEST(test_changed),
	UNIT_TEST(test_lines),
};

int main(void)
{
	int status;

	if (ossl_open() != CKR_OK)
		return 1;
	status = UNIT_RUN("bind", tests);
	ossl_close();
	return status;
}

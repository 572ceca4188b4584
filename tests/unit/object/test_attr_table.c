/*
 * The attribute table against the standard's tables (tests/data/pkcs11/attributes.csv), row by row
 * and in both directions. Where the two differ on purpose, the lists here say why.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "object/attr.h"
#include "pkcs11/names.h"
#include "unit/unit.h"

/* The columns of the file. */
enum column {
	ATTRIBUTE, VALUE, CLASS, KEY_TYPE, DATA_TYPE, CK_TYPE, INTRODUCED, FOOTNOTES, F1,
	DEFAULT = F1 + 13, NOTE, COLUMNS
};

/* What each footnote asks of a row; 9 and 13 ask nothing. */
static const uint32_t footnotes[13] = {
	MUST_CREATE, NOT_CREATE, MUST_GENERATE, NOT_GENERATE, MUST_UNWRAP, NOT_UNWRAP, SECRET,
	MAY_SET, 0, SO_SETS_TRUE, ONLY_TO_TRUE, ONLY_TO_FALSE, 0
};

#define COMPARED (MUST_CREATE | NOT_CREATE | MUST_GENERATE | NOT_GENERATE | MUST_UNWRAP | \
		  NOT_UNWRAP | SECRET | MAY_SET | SO_SETS_TRUE | ONLY_TO_TRUE | ONLY_TO_FALSE)

/* Every kind of object that can be made, as the file names it. */
static const struct kind {
	const char *class, *type;
	CK_OBJECT_CLASS number;
	CK_ULONG subtype;
} kinds[] = {
	{ "CKO_DATA", "", CKO_DATA, 0 },
	{ "CKO_CERTIFICATE", "CKC_X_509", CKO_CERTIFICATE, CKC_X_509 },
	{ "CKO_CERTIFICATE", "CKC_OPENPGP", CKO_CERTIFICATE, CKC_OPENPGP },
#define PAIR(type) { "CKO_PUBLIC_KEY", #type, CKO_PUBLIC_KEY, type }, \
		   { "CKO_PRIVATE_KEY", #type, CKO_PRIVATE_KEY, type }
	PAIR(CKK_RSA), PAIR(CKK_DSA), PAIR(CKK_DH), PAIR(CKK_EC), PAIR(CKK_EC_EDWARDS),
	PAIR(CKK_EC_MONTGOMERY), PAIR(CKK_ML_DSA),
#define SECRET_KEY(type) { "CKO_SECRET_KEY", #type, CKO_SECRET_KEY, type }
	SECRET_KEY(CKK_GENERIC_SECRET), SECRET_KEY(CKK_AES), SECRET_KEY(CKK_AES_XTS),
	SECRET_KEY(CKK_CHACHA20), SECRET_KEY(CKK_POLY1305), SECRET_KEY(CKK_HKDF),
	SECRET_KEY(CKK_DES),
	SECRET_KEY(CKK_DES2), SECRET_KEY(CKK_DES3), SECRET_KEY(CKK_MD5_HMAC),
	SECRET_KEY(CKK_SHA_1_HMAC), SECRET_KEY(CKK_RIPEMD128_HMAC),
	SECRET_KEY(CKK_RIPEMD160_HMAC), SECRET_KEY(CKK_SHA224_HMAC), SECRET_KEY(CKK_SHA256_HMAC),
	SECRET_KEY(CKK_SHA384_HMAC), SECRET_KEY(CKK_SHA512_HMAC), SECRET_KEY(CKK_SHA512_224_HMAC),
	SECRET_KEY(CKK_SHA512_256_HMAC), SECRET_KEY(CKK_SHA512_T_HMAC),
	SECRET_KEY(CKK_SHA3_224_HMAC), SECRET_KEY(CKK_SHA3_256_HMAC),
	SECRET_KEY(CKK_SHA3_384_HMAC), SECRET_KEY(CKK_SHA3_512_HMAC),
	SECRET_KEY(CKK_BLAKE2B_160_HMAC), SECRET_KEY(CKK_BLAKE2B_256_HMAC),
	SECRET_KEY(CKK_BLAKE2B_384_HMAC), SECRET_KEY(CKK_BLAKE2B_512_HMAC),
	{ "CKO_DOMAIN_PARAMETERS", "CKK_DSA", CKO_DOMAIN_PARAMETERS, CKK_DSA },
	{ "CKO_DOMAIN_PARAMETERS", "CKK_DH", CKO_DOMAIN_PARAMETERS, CKK_DH },
};

/*
 * Where the table says something else than the file: the rules that it has beside the footnotes,
 * those that it has not, or no row at all.
 */
static struct difference {
	CK_ATTRIBUTE_TYPE type;
	uint32_t where;
	uint32_t more, less;
	bool missing;
	const char *why;
	bool used;
} differences[] = {
	{ CKA_COPYABLE, IN_ALL, MAY_SET, 0, false, "may become false, says footnote 12", false },
	{ CKA_WRAP_WITH_TRUSTED, IN_ALL, MAY_SET, 0, false, "may become true, says footnote 11",
	  false },
	{ CKA_CHECK_VALUE, IN_SEC, MAY_SET, 0, false, "C_SetAttributeValue may clear it", false },
	{ CKA_PUBLIC_EXPONENT, IN_RSA_PRIV, 0, MUST_CREATE, false,
	  "modulus and private exponent are enough, as in the reference", false },
	{ CKA_KEY_TYPE, IN_DOM, MUST_UNWRAP, 0, false, "is never unwrapped", false },
	{ CKA_LOCAL, IN_DOM, NOT_UNWRAP, 0, false, "is never unwrapped", false },
	{ CKA_SECONDARY_AUTH, IN_PRIV, 0, 0, true, "deprecated since 2.11", false },
	{ CKA_AUTH_PIN_FLAGS, IN_PRIV, 0, 0, true, "deprecated since 2.11", false },
	{ CKA_PUBLIC_CRC64_VALUE, IN_KEYS, 0, 0, true, "came with 3.2", false },
};

/* What the table has and the file has not. */
static struct extra {
	CK_ATTRIBUTE_TYPE type;
	uint32_t where;
	const char *why;
	bool used;
} extras[] = {
	{ CKA_SUBJECT, IN_PGP, "OpenPGP certificates are of the reference", false },
	{ CKA_VALUE, IN_PGP, "as above", false },
	{ CKA_ID, IN_PGP, "as above", false },
	{ CKA_ISSUER, IN_PGP, "as above", false },
	{ CKA_SERIAL_NUMBER, IN_PGP, "as above", false },
	{ CKA_URL, IN_PGP, "as above", false },
	{ CKA_EC_POINT, IN_EC_PRIV, "clients ask for it, computed", false },
	{ CKA_SUBPRIME_BITS, IN_DSA_DOM, "of CKM_DSA_PARAMETER_GEN, whose text has it", false },
};

/* Of each row of the table, the scopes for which the file has one. */
static uint32_t *seen;

/* Splits one line, in place, by the rules of RFC 4180; the number of fields. */
static size_t split(char *line, char *fields[COLUMNS])
{
	size_t n = 0;

	for (char *p = line; n < COLUMNS;) {
		bool quoted = *p == '"';
		char *to = quoted ? ++p : p;

		fields[n++] = to;
		for (; *p != '\0' && (quoted || *p != ','); p++) {
			if (quoted && *p == '"' && *++p != '"')
				quoted = false;
			if (*p == '\0' || (!quoted && *p == ','))
				break;
			*to++ = *p;
		}
		if (*p == '\0') {
			*to = '\0';
			break;
		}
		*to = '\0';
		p++;
	}
	return n;
}

/* Is the word one of the list, which has blanks between? */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = strstr(list, word); p != NULL; p = strstr(p + 1, word))
		if ((p == list || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
			return true;
	return false;
}

/* A row that only gives another name to a number. */
static bool is_alias(char *const *f)
{
	return strncmp(f[NOTE], "deprecated spelling", 19) == 0;
}

static bool applies(char *const *f, const struct kind *k)
{
	if (strcmp(f[CLASS], "all objects") == 0 || strcmp(f[CLASS], "all storage objects") == 0)
		return true;
	return has_word(f[CLASS], k->class) &&
	       (f[KEY_TYPE][0] == '\0' || strcmp(f[KEY_TYPE], "all") == 0 ||
		strcmp(f[KEY_TYPE], k->type) == 0);
}

static enum attr_kind kind_of(const char *data_type)
{
	static const struct {
		const char *name;
		enum attr_kind kind;
	} types[] = {
		{ "bbool", ATTR_BOOL }, { "ulong", ATTR_ULONG }, { "bytes", ATTR_BYTES },
		{ "bigint", ATTR_BYTES }, { "date", ATTR_BYTES }, { "utf8", ATTR_BYTES },
		{ "template", ATTR_MAP }, { "mech-array", ATTR_MECHS },
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(types[i].name, data_type) == 0)
			return types[i].kind;
	return 0;
}

static void complain(char *const *f, const struct kind *k, const char *what)
{
	printf("  %s of %s %s %s\n", f[ATTRIBUTE], k->class, k->type, what);
	CU_FAIL("differs from the standard's table");
}

static struct difference *difference_of(CK_ATTRIBUTE_TYPE type, uint32_t scope)
{
	for (size_t i = 0; i < ARRAY_LEN(differences); i++)
		if (differences[i].type == type && (differences[i].where & scope) != 0)
			return &differences[i];
	return NULL;
}

/* "token-specific", a sentence or nothing leaves the default to the library. */
static bool default_differs(char *const *f, const struct attr_rule *r)
{
	if (strcmp(f[DEFAULT], "TRUE") == 0)
		return r->def != 1;
	if (strcmp(f[DEFAULT], "FALSE") == 0)
		return r->def != 0;
	if (has_word(f[DEFAULT], "CK_CERTIFICATE_CATEGORY_UNSPECIFIED") ||
	    has_word(f[DEFAULT], "CK_SECURITY_DOMAIN_UNSPECIFIED"))
		return r->def != 0;
	return strstr(f[NOTE], "CK_UNAVAILABLE_INFORMATION unless") != NULL &&
	       r->def != UNAVAILABLE;
}

static void compare(char *const *f, const struct kind *k)
{
	CK_ATTRIBUTE_TYPE type = strtoul(f[VALUE], NULL, 16);
	uint32_t scope = attr_scope(k->number, k->subtype), want = 0;
	const struct attr_rule *r = attr_rule_find(scope, type);
	struct difference *d = difference_of(type, scope);

	for (size_t i = 0; i < ARRAY_LEN(footnotes); i++)
		if (f[F1 + i][0] == '1')
			want |= footnotes[i];
	if (d != NULL) {
		d->used = true;
		want = (want | d->more) & ~d->less;
	}
	if (d != NULL && d->missing) {
		if (r != NULL)
			complain(f, k, "is there");
		return;
	}
	/* what later versions gave to all keys or objects */
	if (r == NULL && strcmp(f[INTRODUCED], "2.40") != 0 && strncmp(f[KEY_TYPE], "CKK_", 4) != 0)
		return;
	if (r == NULL) {
		complain(f, k, "is missing");
		return;
	}
	seen[r - attr_table] |= scope;
	if (r->kind != kind_of(f[DATA_TYPE]))
		complain(f, k, "is of another kind");
	if ((r->rules & COMPARED) != want)
		complain(f, k, "has other rules");
	if (default_differs(f, r))
		complain(f, k, "has another default");
}

static char *read_table(void)
{
	const char *data = getenv("TEST_DATA");
	char *path, *text;

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	path = path_join(data, "pkcs11/attributes.csv");
	text = unit_read_file(path, NULL);
	free(path);
	return text;
}

static void test_file(void)
{
	char *text = read_table(), *save = NULL, *fields[COLUMNS];
	size_t rows = 0, pairs = 0;

	seen = calloc(attr_table_len, sizeof(*seen));
	for (char *line = strtok_r(text, "\r\n", &save); line != NULL;
	     line = strtok_r(NULL, "\r\n", &save)) {
		CU_ASSERT_EQUAL_FATAL(split(line, fields), COLUMNS);
		if (rows++ == 0)
			continue;
		for (size_t i = 0; !is_alias(fields) && i < ARRAY_LEN(kinds); i++)
			if (applies(fields, &kinds[i])) {
				compare(fields, &kinds[i]);
				pairs++;
			}
	}
	CU_ASSERT_TRUE(rows > 300);
	CU_ASSERT_TRUE(pairs > 900);
	free(text);
}

static void test_table(void)
{
	for (size_t i = 0; i < attr_table_len; i++) {
		const struct attr_rule *r = &attr_table[i];

		for (uint32_t scope = 1; scope < IN_OTHER; scope <<= 1) {
			bool listed = false;

			if ((r->where & scope) == 0 || attr_rule_find(scope, r->type) != r ||
			    (seen[i] & scope) != 0)
				continue;
			for (size_t j = 0; j < ARRAY_LEN(extras); j++)
				if (extras[j].type == r->type && (extras[j].where & scope) != 0)
					listed = extras[j].used = true;
			if (!listed)
				printf("  %s, scope 0x%x: not in the file\n", cka_name(r->type),
				       scope);
			CU_ASSERT_TRUE(listed);
		}
	}
	free(seen);
}

static void test_lists(void)
{
	for (size_t i = 0; i < ARRAY_LEN(differences); i++) {
		CU_ASSERT_TRUE(differences[i].used);
		CU_ASSERT_PTR_NOT_NULL(differences[i].why);
	}
	for (size_t i = 0; i < ARRAY_LEN(extras); i++) {
		CU_ASSERT_TRUE(extras[i].used);
		CU_ASSERT_PTR_NOT_NULL(extras[i].why);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_file),
		UNIT_TEST(test_table),
		UNIT_TEST(test_lists),
	};

	return UNIT_RUN("attr_table", tests);
}

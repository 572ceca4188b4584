/* The attribute table and the loop over it. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "object/attr.h"
#include "object/template.h"
#include "pkcs11/names.h"
#include "unit/unit.h"

static const struct caller nobody = { .rw = true };
static const struct caller officer = { .rw = true, .so = true };

/* The first row that fits wins: a later one for the same scopes only could never be reached. */
static void test_rows_reachable(void)
{
	for (size_t i = 0; i < attr_table_len; i++) {
		uint32_t left = attr_table[i].where;

		for (size_t j = 0; j < i; j++)
			if (attr_table[j].type == attr_table[i].type)
				left &= ~attr_table[j].where;
		CU_ASSERT_NOT_EQUAL(left, 0);
	}
}

static void test_rows_sound(void)
{
	for (size_t i = 0; i < attr_table_len; i++) {
		const struct attr_rule *r = &attr_table[i];

		CU_ASSERT_PTR_NOT_NULL(cka_name(r->type));
		CU_ASSERT_NOT_EQUAL(r->where & IN_ALL, 0);
		CU_ASSERT_FALSE((r->rules & MUST_CREATE) != 0 && (r->rules & NOT_CREATE) != 0);
		CU_ASSERT_FALSE((r->rules & MUST_GENERATE) != 0 && (r->rules & NOT_GENERATE) != 0);
		CU_ASSERT_FALSE((r->rules & (ONLY_TO_TRUE | ONLY_TO_FALSE)) != 0 &&
				r->kind != ATTR_BOOL);
		CU_ASSERT_FALSE((r->rules & (CLEAR | SECRET)) != 0 && r->kind != ATTR_BYTES);
		CU_ASSERT_EQUAL(attr_kind_of(r->type), r->kind);
		if (r->kind == ATTR_MAP || r->kind == ATTR_MECHS)
			CU_ASSERT_NOT_EQUAL(r->type & CKF_ARRAY_ATTRIBUTE, 0);
	}
}

/* The number of attributes that each kind of object stores (docs/STORAGE.md). */
static void test_counts(void)
{
	static const struct {
		CK_OBJECT_CLASS class;
		CK_ULONG subtype;
		size_t count;
	} rows[] = {
		{ CKO_DATA, 0, 10 },
		{ CKO_CERTIFICATE, CKC_X_509, 24 },
		{ CKO_CERTIFICATE, CKC_OPENPGP, 20 },
		{ CKO_PUBLIC_KEY, CKK_RSA, 26 },
		{ CKO_PUBLIC_KEY, CKK_DSA, 27 },
		{ CKO_PUBLIC_KEY, CKK_DH, 26 },
		{ CKO_PUBLIC_KEY, CKK_EC, 25 },
		{ CKO_PUBLIC_KEY, CKK_EC_EDWARDS, 25 },
		{ CKO_PRIVATE_KEY, CKK_RSA, 36 },
		{ CKO_PRIVATE_KEY, CKK_DSA, 32 },
		{ CKO_PRIVATE_KEY, CKK_DH, 32 },
		{ CKO_PRIVATE_KEY, CKK_EC, 30 },
		{ CKO_SECRET_KEY, CKK_AES, 32 },
		{ CKO_SECRET_KEY, CKK_GENERIC_SECRET, 32 },
		{ CKO_SECRET_KEY, CKK_SHA256_HMAC, 32 },
		{ CKO_SECRET_KEY, CKK_DES3, 31 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct attrset *set = attrset_new(false);
		uint32_t scope = attr_scope(rows[i].class, rows[i].subtype);

		CU_ASSERT_NOT_EQUAL_FATAL(scope, 0);
		CU_ASSERT_EQUAL(attr_defaults(scope, set), CKR_OK);
		CU_ASSERT_EQUAL(set->count, rows[i].count);
		attrset_free(set);
	}
	CU_ASSERT_EQUAL(attr_scope(CKO_SECRET_KEY, CKK_RSA), 0);
	CU_ASSERT_EQUAL(attr_scope(CKO_PUBLIC_KEY, CKK_EC_MONTGOMERY), IN_EC_PUB);
	CU_ASSERT_EQUAL(attr_scope(CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY), IN_EC_PRIV);
	CU_ASSERT_EQUAL(attr_scope(CKO_HW_FEATURE, 0), 0);
}

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_ULONG number = 16;
static CK_OBJECT_CLASS secret_class = CKO_SECRET_KEY, data_class = CKO_DATA;
static CK_KEY_TYPE aes = CKK_AES;
static CK_BYTE bytes[16];
static CK_BYTE date[] = { '2', '0', '2', '6', '0', '1', '0', '2' };

#define FLAG(type, v) { type, &(v), sizeof(v) }
#define VALUE(type, v) { type, &(v), sizeof(v) }
#define AES_KEY VALUE(CKA_CLASS, secret_class), VALUE(CKA_KEY_TYPE, aes)

/* One template, one answer. */
static const struct {
	enum attr_use use;
	const struct caller *who;
	CK_RV expected;
	CK_ULONG count;
	CK_ATTRIBUTE templ[5];
} answers[] = {
	{ USE_CREATE, &nobody, CKR_OK, 3, { AES_KEY, VALUE(CKA_VALUE, bytes) } },
	{ USE_CREATE, &nobody, CKR_TEMPLATE_INCOMPLETE, 2, { AES_KEY } },
	{ USE_CREATE, &nobody, CKR_TEMPLATE_INCONSISTENT, 3,
	  { AES_KEY, VALUE(CKA_CLASS, data_class) } },
	{ USE_CREATE, &nobody, CKR_ATTRIBUTE_READ_ONLY, 3,
	  { AES_KEY, VALUE(CKA_VALUE_LEN, number) } },
	{ USE_CREATE, &nobody, CKR_ATTRIBUTE_READ_ONLY, 3,
	  { AES_KEY, FLAG(CKA_LOCAL, no) } },
	{ USE_CREATE, &nobody, CKR_ATTRIBUTE_TYPE_INVALID, 3,
	  { AES_KEY, VALUE(CKA_MODULUS, bytes) } },
	{ USE_CREATE, &nobody, CKR_ATTRIBUTE_TYPE_INVALID, 3,
	  { AES_KEY, VALUE(0x7fffUL, bytes) } },
	{ USE_CREATE, &nobody, CKR_ATTRIBUTE_VALUE_INVALID, 3,
	  { AES_KEY, VALUE(CKA_TOKEN, number) } },
	{ USE_CREATE, &nobody, CKR_ATTRIBUTE_VALUE_INVALID, 3,
	  { AES_KEY, { CKA_LABEL, NULL, 4 } } },
	{ USE_CREATE, &nobody, CKR_ATTRIBUTE_VALUE_INVALID, 3,
	  { AES_KEY, { CKA_LABEL, bytes, CK_UNAVAILABLE_INFORMATION } } },
	{ USE_CREATE, &nobody, CKR_ATTRIBUTE_VALUE_INVALID, 3,
	  { AES_KEY, { CKA_START_DATE, bytes, 7 } } },
	{ USE_CREATE, &nobody, CKR_ATTRIBUTE_VALUE_INVALID, 3,
	  { AES_KEY, { CKA_START_DATE, bytes, 8 } } },
	{ USE_CREATE, &nobody, CKR_OK, 4,
	  { AES_KEY, VALUE(CKA_VALUE, bytes), VALUE(CKA_START_DATE, date) } },
	{ USE_CREATE, &nobody, CKR_ATTRIBUTE_VALUE_INVALID, 3,
	  { AES_KEY, { CKA_ALLOWED_MECHANISMS, NULL, 0 } } },
	{ USE_CREATE, &nobody, CKR_ATTRIBUTE_VALUE_INVALID, 3,
	  { AES_KEY, { CKA_ALLOWED_MECHANISMS, bytes, 9 } } },
	{ USE_CREATE, &nobody, CKR_ATTRIBUTE_READ_ONLY, 3,
	  { AES_KEY, FLAG(CKA_TRUSTED, yes) } },
	{ USE_CREATE, &officer, CKR_OK, 4,
	  { AES_KEY, VALUE(CKA_VALUE, bytes), FLAG(CKA_TRUSTED, yes) } },
	{ USE_GENERATE, &nobody, CKR_TEMPLATE_INCOMPLETE, 0, { { 0, NULL, 0 } } },
	{ USE_GENERATE, &nobody, CKR_OK, 1, { VALUE(CKA_VALUE_LEN, number) } },
	{ USE_GENERATE, &nobody, CKR_ATTRIBUTE_READ_ONLY, 1, { VALUE(CKA_VALUE, bytes) } },
	{ USE_GENERATE, &nobody, CKR_TEMPLATE_INCONSISTENT, 3,
	  { VALUE(CKA_VALUE_LEN, number), { CKA_ID, bytes, 1 }, { CKA_ID, bytes, 2 } } },
	{ USE_UNWRAP, &nobody, CKR_TEMPLATE_INCOMPLETE, 0, { { 0, NULL, 0 } } },
	{ USE_UNWRAP, &nobody, CKR_OK, 1, { VALUE(CKA_KEY_TYPE, aes) } },
	{ USE_UNWRAP, &nobody, CKR_OK, 2,
	  { VALUE(CKA_KEY_TYPE, aes), VALUE(CKA_VALUE_LEN, number) } },
	{ USE_UNWRAP, &nobody, CKR_ATTRIBUTE_READ_ONLY, 2,
	  { VALUE(CKA_KEY_TYPE, aes), VALUE(CKA_VALUE, bytes) } },
	{ USE_UNWRAP, &nobody, CKR_ATTRIBUTE_READ_ONLY, 2,
	  { VALUE(CKA_KEY_TYPE, aes), FLAG(CKA_LOCAL, no) } },
	{ USE_DERIVE, &nobody, CKR_OK, 0, { { 0, NULL, 0 } } },
	{ USE_DERIVE, &nobody, CKR_OK, 3, { AES_KEY, VALUE(CKA_VALUE_LEN, number) } },
	{ USE_DERIVE, &nobody, CKR_ATTRIBUTE_READ_ONLY, 1, { VALUE(CKA_VALUE, bytes) } },
	{ USE_DERIVE, &nobody, CKR_ATTRIBUTE_READ_ONLY, 1, { FLAG(CKA_LOCAL, no) } },
	{ USE_DERIVE, &nobody, CKR_ATTRIBUTE_READ_ONLY, 1,
	  { FLAG(CKA_ALWAYS_SENSITIVE, yes) } },
	{ USE_DERIVE, &nobody, CKR_ATTRIBUTE_READ_ONLY, 1,
	  { FLAG(CKA_NEVER_EXTRACTABLE, yes) } },
	{ USE_DERIVE, &nobody, CKR_ATTRIBUTE_READ_ONLY, 1,
	  { VALUE(CKA_KEY_GEN_MECHANISM, number) } },
	{ USE_DERIVE, &nobody, CKR_TEMPLATE_INCONSISTENT, 1,
	  { VALUE(CKA_CLASS, data_class) } },
	{ USE_DERIVE, &nobody, CKR_ATTRIBUTE_TYPE_INVALID, 1,
	  { VALUE(CKA_MODULUS, bytes) } },
	{ USE_SET, &nobody, CKR_OK, 1, { VALUE(CKA_LABEL, bytes) } },
	{ USE_SET, &nobody, CKR_OK, 2,
	  { VALUE(CKA_LABEL, bytes), VALUE(CKA_LABEL, bytes) } },
	{ USE_SET, &nobody, CKR_TEMPLATE_INCONSISTENT, 2,
	  { VALUE(CKA_LABEL, bytes), { CKA_LABEL, NULL, 0 } } },
	{ USE_SET, &nobody, CKR_ATTRIBUTE_READ_ONLY, 1, { FLAG(CKA_TOKEN, no) } },
	{ USE_SET, &nobody, CKR_ATTRIBUTE_READ_ONLY, 1, { VALUE(CKA_KEY_TYPE, aes) } },
	{ USE_SET, &nobody, CKR_ATTRIBUTE_READ_ONLY, 1, { FLAG(CKA_SENSITIVE, no) } },
	{ USE_SET, &nobody, CKR_OK, 1, { FLAG(CKA_SENSITIVE, yes) } },
	{ USE_SET, &nobody, CKR_ATTRIBUTE_READ_ONLY, 1, { FLAG(CKA_EXTRACTABLE, yes) } },
	{ USE_SET, &nobody, CKR_OK, 1, { FLAG(CKA_COPYABLE, no) } },
	{ USE_COPY, &nobody, CKR_OK, 1, { FLAG(CKA_TOKEN, yes) } },
	{ USE_COPY, &nobody, CKR_ATTRIBUTE_READ_ONLY, 1,
	  { VALUE(CKA_CLASS, secret_class) } },
};

static void test_answers(void)
{
	uint32_t scope = attr_scope(CKO_SECRET_KEY, CKK_AES);

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct attrset *set = attrset_new(true);
		CK_RV rv;

		CU_ASSERT_EQUAL(attrset_set_number(set, CKA_CLASS, CKO_SECRET_KEY), CKR_OK);
		CU_ASSERT_EQUAL(attrset_set_number(set, CKA_KEY_TYPE, CKK_AES), CKR_OK);
		CU_ASSERT_EQUAL(attr_defaults(scope, set), CKR_OK);
		if (answers[i].use == USE_SET)
			CU_ASSERT_EQUAL(attrset_set_flag(set, CKA_SENSITIVE, true), CKR_OK);
		rv = attr_apply(answers[i].use, scope, answers[i].who, set, answers[i].templ,
				answers[i].count, set);
		if (rv != answers[i].expected)
			printf("  row %zu: %s instead of %s\n", i, ckr_name(rv),
			       ckr_name(answers[i].expected));
		CU_ASSERT_EQUAL(rv, answers[i].expected);
		attrset_free(set);
	}
}

/* Templates inside templates: taken apart entry by entry, never nested, given back the same. */
static void test_maps(void)
{
	CK_ATTRIBUTE inner[] = { VALUE(CKA_KEY_TYPE, aes),
				 FLAG(CKA_SENSITIVE, yes),
				 { CKA_LABEL, bytes, 3 } };
	CK_ATTRIBUTE nested[] = { { CKA_WRAP_TEMPLATE, inner, sizeof(inner) } };
	CK_ATTRIBUTE unknown[] = { { 0x7fffUL, bytes, 1 } };
	CK_ATTRIBUTE good = { CKA_WRAP_TEMPLATE, inner, sizeof(inner) };
	CK_ATTRIBUTE cut = { CKA_WRAP_TEMPLATE, inner, sizeof(inner) - 1 };
	CK_ATTRIBUTE deep = { CKA_WRAP_TEMPLATE, nested, sizeof(nested) };
	CK_ATTRIBUTE odd = { CKA_WRAP_TEMPLATE, unknown, sizeof(unknown) };
	CK_ATTRIBUTE back[3] = { { 0, NULL, 0 }, { 0, NULL, 0 }, { 0, NULL, 0 } };
	CK_ATTRIBUTE out = { CKA_WRAP_TEMPLATE, NULL, 0 };
	CK_BYTE room[3][16];
	struct attrset *set = attrset_new(false);

	CU_ASSERT_EQUAL(template_take(&cut, ATTR_MAP, set), CKR_ATTRIBUTE_VALUE_INVALID);
	CU_ASSERT_EQUAL(template_take(&deep, ATTR_MAP, set), CKR_ATTRIBUTE_VALUE_INVALID);
	CU_ASSERT_EQUAL(template_take(&odd, ATTR_MAP, set), CKR_ATTRIBUTE_VALUE_INVALID);
	CU_ASSERT_EQUAL(set->count, 0);
	CU_ASSERT_EQUAL_FATAL(template_take(&good, ATTR_MAP, set), CKR_OK);

	CU_ASSERT_EQUAL(template_give(&set->items[0], &out), CKR_OK);
	CU_ASSERT_EQUAL(out.ulValueLen, sizeof(inner));
	out.pValue = back;
	CU_ASSERT_EQUAL(template_give(&set->items[0], &out), CKR_OK);
	for (size_t i = 0; i < 3; i++) {
		back[i].pValue = room[i];
		CU_ASSERT(back[i].ulValueLen <= sizeof(room[i]));
	}
	CU_ASSERT_EQUAL(template_give(&set->items[0], &out), CKR_OK);
	CU_ASSERT_EQUAL(back[0].type, CKA_LABEL);	/* ascending */
	CU_ASSERT_EQUAL(back[0].ulValueLen, 3);
	CU_ASSERT_EQUAL(back[1].type, CKA_KEY_TYPE);
	CU_ASSERT_EQUAL(memcmp(room[1], &aes, sizeof(aes)), 0);
	CU_ASSERT_EQUAL(room[2][0], CK_TRUE);
	back[0].ulValueLen = 2;
	CU_ASSERT_EQUAL(template_give(&set->items[0], &out), CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(back[0].ulValueLen, CK_UNAVAILABLE_INFORMATION);
	out.ulValueLen = sizeof(back) - 1;
	CU_ASSERT_EQUAL(template_give(&set->items[0], &out), CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(out.ulValueLen, CK_UNAVAILABLE_INFORMATION);
	attrset_free(set);
}

/* Values need not be aligned. */
static void test_misaligned(void)
{
	unsigned char raw[3 * sizeof(CK_ULONG) + 1];
	const CK_MECHANISM_TYPE list[] = { CKM_AES_CBC, CKM_AES_ECB };
	CK_ATTRIBUTE a = { CKA_ALLOWED_MECHANISMS, raw + 1, sizeof(list) };
	struct attrset *set = attrset_new(false);

	memcpy(raw + 1, list, sizeof(list));
	CU_ASSERT_EQUAL(template_take(&a, ATTR_MECHS, set), CKR_OK);
	CU_ASSERT_EQUAL(attrset_get(set, CKA_ALLOWED_MECHANISMS)->u.mechs.list[0], CKM_AES_ECB);
	a.type = CKA_VALUE_LEN;
	a.ulValueLen = sizeof(CK_ULONG);
	CU_ASSERT_EQUAL(template_take(&a, ATTR_ULONG, set), CKR_OK);
	CU_ASSERT_EQUAL(attrset_number(set, CKA_VALUE_LEN, 0), CKM_AES_CBC);
	attrset_free(set);
}

static void test_hidden(void)
{
	const struct attr_rule *rule = attr_rule_find(IN_AES, CKA_VALUE);
	struct attrset *set = attrset_new(false);

	CU_ASSERT_TRUE(attr_hidden(rule, set));		/* nothing known: hidden */
	CU_ASSERT_EQUAL(attrset_set_flag(set, CKA_SENSITIVE, false), CKR_OK);
	CU_ASSERT_TRUE(attr_hidden(rule, set));
	CU_ASSERT_EQUAL(attrset_set_flag(set, CKA_EXTRACTABLE, true), CKR_OK);
	CU_ASSERT_FALSE(attr_hidden(rule, set));
	CU_ASSERT_EQUAL(attrset_set_flag(set, CKA_SENSITIVE, true), CKR_OK);
	CU_ASSERT_TRUE(attr_hidden(rule, set));
	CU_ASSERT_FALSE(attr_hidden(attr_rule_find(IN_AES, CKA_LABEL), set));
	attrset_free(set);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_rows_reachable),
		UNIT_TEST(test_rows_sound),
		UNIT_TEST(test_counts),
		UNIT_TEST(test_answers),
		UNIT_TEST(test_maps),
		UNIT_TEST(test_misaligned),
		UNIT_TEST(test_hidden),
	};

	return UNIT_RUN("attr", tests);
}

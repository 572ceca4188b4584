#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/attrset.h"
#include "common/secmem.h"
#include "unit/nomem.h"
#include "unit/unit.h"

static struct attrset *new_set(bool secret)
{
	struct attrset *s = attrset_new(secret);

	if (s == NULL)
		abort();
	return s;
}

static bool is_sorted(const struct attrset *s)
{
	size_t i;

	for (i = 1; i < s->count; i++)
		if (s->items[i - 1].type >= s->items[i].type)
			return false;
	return true;
}

/* One attribute of each kind and a map with all kinds that a map may have. */
static struct attrset *sample(bool secret)
{
	static const uint64_t mechs[] = { CKM_SHA256_RSA_PKCS, CKM_RSA_PKCS };
	struct attrset *s = new_set(secret), *map = new_set(secret);

	CU_ASSERT_EQUAL(attrset_set_bytes(map, CKA_LABEL, "x", 1), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_flag(map, CKA_SENSITIVE, true), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_number(map, CKA_KEY_TYPE, CKK_AES), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_mechs(map, CKA_ALLOWED_MECHANISMS, mechs, 2), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_map(s, CKA_UNWRAP_TEMPLATE, map), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_mechs(s, CKA_ALLOWED_MECHANISMS, mechs, 2), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_bytes(s, CKA_VALUE, "secret", 6), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_number(s, CKA_CLASS, CKO_SECRET_KEY), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_flag(s, CKA_TOKEN, true), CKR_OK);
	attrset_free(map);
	return s;
}

static void test_empty(void)
{
	struct attrset *s = new_set(false);
	const unsigned char *data;
	size_t len;

	CU_ASSERT_PTR_NULL(attrset_get(s, CKA_LABEL));
	CU_ASSERT_TRUE(attrset_flag(s, CKA_TOKEN, true));
	CU_ASSERT_FALSE(attrset_flag(s, CKA_TOKEN, false));
	CU_ASSERT_EQUAL(attrset_number(s, CKA_CLASS, UNAVAILABLE), UNAVAILABLE);
	CU_ASSERT_FALSE(attrset_bytes(s, CKA_LABEL, &data, &len));
	attrset_remove(s, CKA_LABEL);
	CU_ASSERT_EQUAL(s->count, 0);
	attrset_free(s);
	attrset_free(NULL);
}

static void test_kinds(void)
{
	struct attrset *s = sample(false);
	const struct attr *a;
	const unsigned char *data = NULL;
	size_t len = 0;

	CU_ASSERT_EQUAL(s->count, 5);
	CU_ASSERT_TRUE(is_sorted(s));
	CU_ASSERT_TRUE(attrset_flag(s, CKA_TOKEN, false));
	CU_ASSERT_EQUAL(attrset_number(s, CKA_CLASS, 0), CKO_SECRET_KEY);
	CU_ASSERT_TRUE(attrset_bytes(s, CKA_VALUE, &data, &len));
	CU_ASSERT(len == 6 && memcmp(data, "secret", 6) == 0);
	a = attrset_get(s, CKA_ALLOWED_MECHANISMS);
	CU_ASSERT_FATAL(a != NULL && a->kind == ATTR_MECHS && a->u.mechs.count == 2);
	CU_ASSERT(a->u.mechs.list[0] == CKM_RSA_PKCS && a->u.mechs.list[1] == CKM_SHA256_RSA_PKCS);
	a = attrset_get(s, CKA_UNWRAP_TEMPLATE);
	CU_ASSERT_FATAL(a != NULL && a->kind == ATTR_MAP && a->u.map->count == 4);
	CU_ASSERT_TRUE(attrset_flag(a->u.map, CKA_SENSITIVE, false));
	CU_ASSERT_EQUAL(attrset_number(a->u.map, CKA_KEY_TYPE, 0), CKK_AES);
	attrset_free(s);
}

/* The wrong kind is as good as missing. */
static void test_other_kind(void)
{
	struct attrset *s = sample(false);
	const unsigned char *data;
	size_t len;

	CU_ASSERT_TRUE(attrset_flag(s, CKA_CLASS, true));
	CU_ASSERT_EQUAL(attrset_number(s, CKA_TOKEN, 9), 9);
	CU_ASSERT_FALSE(attrset_bytes(s, CKA_TOKEN, &data, &len));
	CU_ASSERT_FALSE(attrset_bytes(s, CKA_ALLOWED_MECHANISMS, &data, &len));
	CU_ASSERT_FALSE(attrset_bytes(s, CKA_UNWRAP_TEMPLATE, &data, &len));
	attrset_free(s);
}

static void test_empty_values(void)
{
	struct attrset *s = new_set(false), *none = new_set(false);
	const unsigned char *data = (const unsigned char *)"";
	const struct attr *a;
	size_t len = 1;

	CU_ASSERT_EQUAL(attrset_set_bytes(s, CKA_LABEL, NULL, 0), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_mechs(s, CKA_ALLOWED_MECHANISMS, NULL, 0), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_map(s, CKA_WRAP_TEMPLATE, none), CKR_OK);
	CU_ASSERT_TRUE(attrset_bytes(s, CKA_LABEL, &data, &len));
	CU_ASSERT(data == NULL && len == 0);
	a = attrset_get(s, CKA_ALLOWED_MECHANISMS);
	CU_ASSERT(a != NULL && a->u.mechs.list == NULL && a->u.mechs.count == 0);
	a = attrset_get(s, CKA_WRAP_TEMPLATE);
	CU_ASSERT(a != NULL && a->u.map != NULL && a->u.map->count == 0);
	attrset_free(none);
	attrset_free(s);
}

/* Each kind is put in the place of each other one, and of itself. */
static void test_replace(void)
{
	struct attrset *from = sample(true), *s = new_set(true);
	struct attr a, b;
	size_t i, j;

	for (i = 0; i < from->count; i++) {
		for (j = 0; j < from->count; j++) {
			a = from->items[i];
			b = from->items[j];
			a.type = b.type = CKA_VENDOR_DEFINED;
			CU_ASSERT_EQUAL(attrset_set(s, &a), CKR_OK);
			CU_ASSERT_EQUAL(attrset_set(s, &b), CKR_OK);
			CU_ASSERT_EQUAL(s->count, 1);
			CU_ASSERT_TRUE(attr_equal(attrset_get(s, CKA_VENDOR_DEFINED), &b));
			CU_ASSERT_EQUAL(attr_equal(&a, &b), i == j);
		}
	}
	attrset_free(s);
	attrset_free(from);
}

static void test_own_bytes(void)
{
	struct attrset *s = new_set(false);
	const unsigned char *data;
	size_t len;

	/* a value made from the one that it replaces */
	CU_ASSERT_EQUAL(attrset_set_bytes(s, CKA_ID, "0123456789", 10), CKR_OK);
	CU_ASSERT_TRUE_FATAL(attrset_bytes(s, CKA_ID, &data, &len));
	CU_ASSERT_EQUAL(attrset_set_bytes(s, CKA_ID, data + 3, 4), CKR_OK);
	CU_ASSERT_TRUE_FATAL(attrset_bytes(s, CKA_ID, &data, &len));
	CU_ASSERT(len == 4 && memcmp(data, "3456", 4) == 0);
	CU_ASSERT_EQUAL(attrset_set(s, attrset_get(s, CKA_ID)), CKR_OK);
	CU_ASSERT_TRUE_FATAL(attrset_bytes(s, CKA_ID, &data, &len));
	CU_ASSERT(len == 4 && memcmp(data, "3456", 4) == 0);
	CU_ASSERT_EQUAL(attrset_set_map(s, CKA_WRAP_TEMPLATE, s), CKR_OK);
	CU_ASSERT_EQUAL(s->count, 2);
	attrset_free(s);
}

static void test_no_nesting(void)
{
	struct attrset *s = sample(false), *outer = new_set(false);

	CU_ASSERT_EQUAL(attrset_set_number(outer, CKA_WRAP_TEMPLATE, 5), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_map(outer, CKA_WRAP_TEMPLATE, s), CKR_ATTRIBUTE_VALUE_INVALID);
	CU_ASSERT_EQUAL(attrset_number(outer, CKA_WRAP_TEMPLATE, 0), 5);
	attrset_free(outer);
	attrset_free(s);
}

static void check_too_much(bool secret)
{
	static const size_t lens[] = { SIZE_MAX / 2, SIZE_MAX / 2 - 15, SIZE_MAX / 2 - 4096 };
	static const uint64_t mech = CKM_AES_CBC;
	struct attrset *s = sample(secret);
	struct attrset *before = attrset_dup(s, secret);
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(before);
	for (i = 0; i < ARRAY_LEN(lens); i++) {
		CU_ASSERT_EQUAL(attrset_set_bytes(s, CKA_VALUE, "x", lens[i]), CKR_HOST_MEMORY);
		CU_ASSERT_EQUAL(attrset_set_mechs(s, CKA_VALUE, &mech, lens[i]), CKR_HOST_MEMORY);
	}
	/* eight times this is 8 when size_t overflows */
	CU_ASSERT_EQUAL(attrset_set_mechs(s, CKA_VALUE, &mech, SIZE_MAX / 8 + 2), CKR_HOST_MEMORY);
	CU_ASSERT_EQUAL(s->count, before->count);
	for (i = 0; i < s->count; i++)
		CU_ASSERT_TRUE(attr_equal(&s->items[i], &before->items[i]));
	attrset_free(before);
	attrset_free(s);
}

static void test_too_much(void)
{
	check_too_much(false);
	check_too_much(true);
}

static bool same_sets(const struct attrset *a, const struct attrset *b)
{
	size_t i;

	for (i = 0; i < a->count && i < b->count; i++)
		if (!attr_equal(&a->items[i], &b->items[i]))
			return false;
	return a->count == b->count;
}

/* One more of each kind into a set whose array is full, so that all there is to allocate is. */
static CK_RV set_by_index(struct attrset *s, const struct attrset *from, size_t i)
{
	struct attr a = from->items[i];

	a.type = CKA_VENDOR_DEFINED;
	return attrset_set(s, &a);
}

static void check_no_memory(const struct attrset *from, size_t i, const struct attrset *full)
{
	struct attrset *s = attrset_dup(full, false);
	unsigned long n;
	bool more = true;
	CK_RV rv;

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	for (n = 0; more; n++) {
		nomem_begin(n, n % 2 == 0 ? NOMEM_LASTING : NOMEM_ONCE);
		rv = set_by_index(s, from, i);
		more = nomem_end();
		CU_ASSERT_EQUAL(rv, more ? CKR_HOST_MEMORY : CKR_OK);
		CU_ASSERT_EQUAL(same_sets(s, full), more);
	}
	CU_ASSERT(n >= 2);
	attrset_free(s);
}

/* A set that was made with room for some, and then takes more, other and fewer attributes. */
static void test_sized(void)
{
	struct attrset *from = sample(false), *s;
	size_t rooms[][2] = { { 0, 0 }, { 1, 4 }, { 3, 64 }, { 64, 4096 } };

	for (size_t i = 0; i < ARRAY_LEN(rooms); i++) {
		s = attrset_new_sized(rooms[i][0], rooms[i][1]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(s);
		for (int round = 0; round < 2; round++)
			for (size_t a = from->count; a-- > 0;)
				CU_ASSERT_EQUAL(attrset_set(s, &from->items[a]), CKR_OK);
		CU_ASSERT(same_sets(s, from));
		while (s->count > 0)
			attrset_remove(s, s->items[s->count / 2].type);
		CU_ASSERT_EQUAL(attrset_set(s, &from->items[0]), CKR_OK);
		attrset_free(s);
	}
	CU_ASSERT_PTR_NULL(attrset_new_sized(SIZE_MAX / 8, 0));
	CU_ASSERT_PTR_NULL(attrset_new_sized(1, SIZE_MAX - 64));
	attrset_free(from);
}

static void test_no_memory(void)
{
	struct attrset *from = sample(false), *full = new_set(false), *copy;
	unsigned long n;
	bool more;
	size_t i;

	for (i = 0; i < 16; i++)
		CU_ASSERT_EQUAL_FATAL(attrset_set_number(full, i, i), CKR_OK);
	CU_ASSERT_EQUAL(full->count, full->cap);
	for (i = 0; i < from->count; i++)
		check_no_memory(from, i, full);
	for (n = 0, more = true; more; n++) {
		nomem_begin(n, NOMEM_ONCE);
		copy = attrset_dup(from, false);
		more = nomem_end();
		CU_ASSERT_EQUAL(copy == NULL, more);
		attrset_free(copy);
	}
	CU_ASSERT(n > 2);
	attrset_free(full);
	attrset_free(from);
}

static const struct {
	uint64_t list[6];
	size_t count;
	uint64_t sorted[6];
	size_t kept;
} mech_lists[] = {
	{ { 0 }, 0, { 0 }, 0 },
	{ { 7 }, 1, { 7 }, 1 },
	{ { 3, 2, 1 }, 3, { 1, 2, 3 }, 3 },
	{ { 5, 5, 5, 5 }, 4, { 5 }, 1 },
	{ { 9, 1, 9, 0, 1, UINT64_MAX }, 6, { 0, 1, 9, UINT64_MAX }, 4 },
	{ { UINT64_C(1) << 63, 1, UINT64_C(1) << 32 },
	  3,
	  { 1, UINT64_C(1) << 32, UINT64_C(1) << 63 },
	  3 },
};

static void test_mechs(void)
{
	struct attrset *s = new_set(false);
	const struct attr *a;
	size_t i, j;

	for (i = 0; i < ARRAY_LEN(mech_lists); i++) {
		CU_ASSERT_EQUAL(attrset_set_mechs(s, 1, mech_lists[i].list, mech_lists[i].count),
		                CKR_OK);
		a = attrset_get(s, 1);
		CU_ASSERT_FATAL(a != NULL && a->u.mechs.count == mech_lists[i].kept);
		for (j = 0; j < mech_lists[i].kept; j++)
			CU_ASSERT_EQUAL(a->u.mechs.list[j], mech_lists[i].sorted[j]);
	}
	attrset_free(s);
}

/* Random sets and removals against an array that is indexed by type. */
static void test_random(void)
{
	enum { TYPES = 300 };
	struct attrset *s = new_set(true);
	uint64_t value[TYPES] = { 0 };
	unsigned int seed = 77;
	size_t n, t, wrong = 0;
	uint64_t v;

	for (n = 0; n < 20000; n++) {
		t = (size_t)rand_r(&seed) % TYPES;
		v = (uint64_t)rand_r(&seed) % 3;
		if (v == 0)
			attrset_remove(s, t * 1000);
		else if (v == 1)
			wrong += attrset_set_number(s, t * 1000, n + 1) != CKR_OK;
		else
			wrong += attrset_set_bytes(s, t * 1000, &n, sizeof(n)) != CKR_OK;
		value[t] = v == 1 ? n + 1 : 0;
		t = (size_t)rand_r(&seed) % TYPES;
		wrong += attrset_number(s, t * 1000, 0) != value[t];
		wrong += attrset_get(s, t * 1000 + 1) != NULL;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_TRUE(is_sorted(s));
	attrset_free(s);
}

static void test_dup(void)
{
	struct attrset *s = sample(false), *copy;
	const struct attr *a, *b;
	int secret;

	for (secret = 0; secret < 2; secret++) {
		copy = attrset_dup(s, secret == 1);
		CU_ASSERT_FATAL(copy != NULL && copy->secret == (secret == 1) &&
		                copy->count == s->count);
		a = attrset_get(s, CKA_VALUE);
		b = attrset_get(copy, CKA_VALUE);
		CU_ASSERT_TRUE(attr_equal(a, b));
		CU_ASSERT_PTR_NOT_EQUAL(a->u.bytes.data, b->u.bytes.data);
		a = attrset_get(s, CKA_UNWRAP_TEMPLATE);
		b = attrset_get(copy, CKA_UNWRAP_TEMPLATE);
		CU_ASSERT_TRUE(attr_equal(a, b));
		CU_ASSERT_PTR_NOT_EQUAL(a->u.map, b->u.map);
		CU_ASSERT_EQUAL(b->u.map->secret, secret == 1);
		attrset_free(copy);
	}
	copy = attrset_new(true);
	attrset_free(s);
	s = copy;
	copy = attrset_dup(s, false);
	CU_ASSERT(copy != NULL && copy->count == 0);
	attrset_free(copy);
	attrset_free(s);
}

#define NUMBER(t, v) { .type = (t), .kind = ATTR_ULONG, .u.number = (v) }
#define FLAG(t, v) { .type = (t), .kind = ATTR_BOOL, .u.flag = (v) }
#define BYTES(t, p, n) { .type = (t), .kind = ATTR_BYTES, .u.bytes = { (p), (n) } }
#define MECHS(t, p, n) { .type = (t), .kind = ATTR_MECHS, .u.mechs = { (p), (n) } }

static unsigned char abc[] = "abc", abd[] = "abd";
static uint64_t low[] = { 1, 2 }, high[] = { 1, 3 };

static const struct {
	struct attr a;
	struct attr b;
	bool equal;
} pairs[] = {
	{ NUMBER(1, 5), NUMBER(1, 5), true },
	{ NUMBER(1, 5), NUMBER(2, 5), false },
	{ NUMBER(1, 5), NUMBER(1, 6), false },
	{ NUMBER(1, 0), FLAG(1, false), false },
	{ FLAG(1, true), FLAG(1, true), true },
	{ FLAG(1, true), FLAG(1, false), false },
	{ BYTES(1, abc, 3), BYTES(1, abc, 3), true },
	{ BYTES(1, abc, 3), BYTES(1, abd, 3), false },
	{ BYTES(1, abc, 2), BYTES(1, abd, 2), true },
	{ BYTES(1, abc, 2), BYTES(1, abc, 3), false },
	{ BYTES(1, NULL, 0), BYTES(1, NULL, 0), true },
	{ BYTES(1, NULL, 0), BYTES(1, abc, 1), false },
	{ MECHS(1, low, 2), MECHS(1, low, 2), true },
	{ MECHS(1, low, 2), MECHS(1, high, 2), false },
	{ MECHS(1, low, 1), MECHS(1, high, 1), true },
	{ MECHS(1, low, 1), MECHS(1, low, 2), false },
	{ MECHS(1, NULL, 0), MECHS(1, NULL, 0), true },
};

static void test_equal(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(pairs); i++) {
		CU_ASSERT_EQUAL(attr_equal(&pairs[i].a, &pairs[i].b), pairs[i].equal);
		CU_ASSERT_EQUAL(attr_equal(&pairs[i].b, &pairs[i].a), pairs[i].equal);
	}
}

static void test_equal_maps(void)
{
	struct attrset *s = sample(false);
	struct attrset *copy = attrset_dup(s, false);
	const struct attr *a = attrset_get(s, CKA_UNWRAP_TEMPLATE), *b;

	CU_ASSERT_FATAL(copy != NULL && a != NULL);
	b = attrset_get(copy, CKA_UNWRAP_TEMPLATE);
	CU_ASSERT_TRUE(attr_equal(a, b));
	CU_ASSERT_EQUAL(attrset_set_bytes(b->u.map, CKA_LABEL, "y", 1), CKR_OK);
	CU_ASSERT_FALSE(attr_equal(a, b));
	attrset_remove(b->u.map, CKA_LABEL);
	CU_ASSERT_FALSE(attr_equal(a, b));
	CU_ASSERT_EQUAL(attrset_set_bytes(b->u.map, CKA_LABEL, "x", 1), CKR_OK);
	CU_ASSERT_TRUE(attr_equal(a, b));
	attrset_free(copy);
	attrset_free(s);
}

/*
 * Every byte string of a secret set, also those in its maps, lies in the arena, and goes with
 * it.
 */
static void test_secret(void)
{
	struct attrset *s;
	unsigned char *low_end = secmem_alloc(1);
	const unsigned char *p;
	size_t len;

	CU_ASSERT_PTR_NOT_NULL_FATAL(low_end);
	s = sample(true);
	CU_ASSERT_TRUE(attrset_bytes(s, CKA_VALUE, &p, &len));
	CU_ASSERT(p > low_end && p < low_end + 65536);
	CU_ASSERT_TRUE(
		attrset_bytes(attrset_get(s, CKA_UNWRAP_TEMPLATE)->u.map, CKA_LABEL, &p, &len));
	CU_ASSERT(p > low_end && p < low_end + 65536);
	attrset_free(s);
	secmem_free(low_end);
	secmem_shutdown();
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_empty),
	UNIT_TEST(test_kinds),
	UNIT_TEST(test_other_kind),
	UNIT_TEST(test_empty_values),
	UNIT_TEST(test_replace),
	UNIT_TEST(test_own_bytes),
	UNIT_TEST(test_no_nesting),
	UNIT_TEST(test_too_much),
	UNIT_TEST(test_sized),
	UNIT_TEST(test_no_memory),
	UNIT_TEST(test_mechs),
	UNIT_TEST(test_random),
	UNIT_TEST(test_dup),
	UNIT_TEST(test_equal),
	UNIT_TEST(test_equal_maps),
	UNIT_TEST(test_secret),
};

int main(void)
{
	return UNIT_RUN("attrset", tests);
}

/*
 * Searches with the index, without a watch of the directory, and with memory that runs out: what is
 * found is always the same.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "crypto/ossl/ossl.h"
#include "crypto/tokenkey.h"
#include "object/object.h"
#include "object_store/file/file_notify.h"
#include "slot/token_attrs.h"
#include "unit/nomem.h"
#include "unit/unit.h"

#define OBJECTS 40
#define LABELS 5
#define TRIALS_MAX 400

static const struct caller user = { .session = 1, .rw = true, .user = true };
static const struct caller nobody = { .session = 1, .rw = true };
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_OBJECT_CLASS data_class = CKO_DATA;

struct world {
	char *dir, *token;
	struct store *store;
	struct object_table *table;
	CK_OBJECT_HANDLE handles[OBJECTS];
};

static CK_RV create(struct object_table *t, unsigned label, bool private, CK_OBJECT_HANDLE *out)
{
	char text[16];
	CK_ATTRIBUTE templ[] = {
		{ CKA_CLASS, &data_class, sizeof(data_class) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, private ? &yes : &no, sizeof(yes) },
		{ CKA_LABEL, text, (CK_ULONG)sprintf(text, "label %u", label) },
	};

	return object_create(t, &user, templ, ARRAY_LEN(templ), out);
}

static struct object_table *open_table(struct store *s)
{
	struct object_table *t = NULL;

	CU_ASSERT_EQUAL_FATAL(object_table_new(s, &t), CKR_OK);
	object_table_login(t, secbuf_from("0123456789abcdef0123456789abcdef", TOKENKEY_BYTES));
	return t;
}

/* Every second object is private; label n has every fifth. */
static void open_world(struct world *w)
{
	struct attrset *attrs = attrset_new(false);

	w->dir = unit_make_dir();
	w->token = path_join(w->dir, "token");
	CU_ASSERT_EQUAL(attrset_set_number(attrs, CKA_OS_TOKENFLAGS, CKF_TOKEN_INITIALIZED),
			CKR_OK);
	CU_ASSERT_EQUAL_FATAL(
		store_create(store_backend_find("file"), w->token, 0077, attrs, &w->store), CKR_OK);
	attrset_free(attrs);
	w->table = open_table(w->store);
	for (unsigned i = 0; i < OBJECTS; i++)
		CU_ASSERT_EQUAL(create(w->table, i % LABELS, i % 2 == 0, &w->handles[i]), CKR_OK);
}

static void close_world(struct world *w)
{
	object_table_free(w->table);
	store_close(w->store);
	free(w->token);
	unit_remove_dir(w->dir);
}

static CK_RV find(struct object_table *t, const struct caller *who, unsigned label, size_t *count)
{
	char text[16];
	CK_ATTRIBUTE templ[] = {
		{ CKA_CLASS, &data_class, sizeof(data_class) },
		{ CKA_LABEL, text, (CK_ULONG)sprintf(text, "label %u", label) },
	};
	struct object_list list = { NULL, 0 };
	CK_RV rv = object_find(t, who, templ, ARRAY_LEN(templ), &list);

	free(list.handles);
	*count = list.count;
	return rv;
}

static size_t found(struct object_table *t, const struct caller *who, unsigned label)
{
	size_t count = 0;

	CU_ASSERT_EQUAL(find(t, who, label, &count), CKR_OK);
	return count;
}

/* A length that no value has: nothing is found, and the value is not read. */
static void test_absurd_length(void)
{
	static const CK_ULONG lens[] = { (CK_ULONG)-1, (CK_ULONG)-1 / 2, (CK_ULONG)1 << 40 };
	static const CK_ATTRIBUTE_TYPE types[] = { CKA_LABEL, CKA_CLASS, CKA_PRIVATE };
	CK_BYTE one = 'l';
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < ARRAY_LEN(lens) * ARRAY_LEN(types); i++) {
		CK_ATTRIBUTE templ = { types[i % ARRAY_LEN(types)], &one,
				       lens[i / ARRAY_LEN(types)] };
		struct object_list list = { NULL, 0 };

		CU_ASSERT_EQUAL(object_find(w.table, &user, &templ, 1, &list), CKR_OK);
		CU_ASSERT_EQUAL(list.count, 0);
		free(list.handles);
	}
	close_world(&w);
}

static CK_RV set_label(struct object_table *t, CK_OBJECT_HANDLE h, unsigned label)
{
	char text[16];
	CK_ATTRIBUTE templ = { CKA_LABEL, text, (CK_ULONG)sprintf(text, "label %u", label) };

	return object_set(t, &user, h, &templ, 1);
}

/* No object that is private has a trace in the index. */
static size_t private_entries(const struct object_table *t)
{
	size_t n = 0;

	for (const struct object *o = t->first; o != NULL; o = o->next)
		n += o->private && o->entries != NULL;
	return n;
}

static void test_login(void)
{
	struct world w;

	open_world(&w);
	CU_ASSERT_EQUAL(found(w.table, &user, 1), OBJECTS / LABELS);
	CU_ASSERT_EQUAL(private_entries(w.table), OBJECTS / 2);
	CU_ASSERT_EQUAL(found(w.table, &nobody, 1), OBJECTS / LABELS / 2);
	object_table_logout(w.table);
	CU_ASSERT_EQUAL(private_entries(w.table), 0);
	CU_ASSERT_EQUAL(found(w.table, &nobody, 1), OBJECTS / LABELS / 2);
	CU_ASSERT_EQUAL(private_entries(w.table), 0);
	object_table_login(w.table,
			   secbuf_from("0123456789abcdef0123456789abcdef", TOKENKEY_BYTES));
	CU_ASSERT_EQUAL(found(w.table, &user, 1), OBJECTS / LABELS);
	close_world(&w);
}

/* Two processes, as it were, that see each other's changes, with a watch or without. */
static void two_tables(void)
{
	struct object_table *other;
	struct store *store = NULL;
	CK_OBJECT_HANDLE h = 0;
	struct world w;

	open_world(&w);
	CU_ASSERT_EQUAL_FATAL(store_open(store_backend_find("file"), w.token, 0077, &store),
			      CKR_OK);
	other = open_table(store);
	CU_ASSERT_EQUAL(found(other, &user, 1), OBJECTS / LABELS);
	CU_ASSERT_EQUAL(found(w.table, &user, 1), OBJECTS / LABELS);
	CU_ASSERT_EQUAL(set_label(w.table, w.handles[1], 7), CKR_OK);
	CU_ASSERT_EQUAL(found(other, &user, 1), OBJECTS / LABELS - 1);
	CU_ASSERT_EQUAL(found(other, &user, 7), 1);
	CU_ASSERT_EQUAL(create(other, 7, true, &h), CKR_OK);
	CU_ASSERT_EQUAL(found(w.table, &user, 7), 2);
	CU_ASSERT_EQUAL(object_destroy(w.table, &user, w.handles[1]), CKR_OK);
	CU_ASSERT_EQUAL(found(w.table, &user, 7), 1);
	CU_ASSERT_EQUAL(found(other, &user, 7), 1);
	CU_ASSERT_EQUAL(object_destroy(other, &user, h), CKR_OK);
	CU_ASSERT_EQUAL(found(w.table, &user, 7), 0);
	object_table_free(other);
	store_close(store);
	close_world(&w);
}

static void test_two_tables(void)
{
	two_tables();
	file_notify_forbid(true);
	two_tables();
	file_notify_forbid(false);
}

/* A search that lacks memory says so, and the next one finds all. */
static void test_find_without_memory(void)
{
	bool more = true;
	struct world w;

	open_world(&w);
	for (unsigned long n = 0; more && n < TRIALS_MAX; n++) {
		size_t count = 0;
		CK_RV rv;

		object_index_logout(w.table);	/* so that it is built anew */
		nomem_begin(n, NOMEM_ONCE);
		rv = find(w.table, &user, 2, &count);
		more = nomem_end();
		CU_ASSERT_TRUE(rv == CKR_OK ? count == OBJECTS / LABELS : rv == CKR_HOST_MEMORY);
		CU_ASSERT_EQUAL(found(w.table, &user, 2), OBJECTS / LABELS);
	}
	CU_ASSERT_FALSE(more);
	close_world(&w);
}

/* A change is made or not; the index follows what was done, and is built anew where it cannot. */
static void test_set_without_memory(void)
{
	bool more = true;
	struct world w;

	open_world(&w);
	CU_ASSERT_EQUAL(found(w.table, &user, 9), 0);
	for (unsigned long n = 0; more && n < TRIALS_MAX; n++) {
		CK_RV rv;

		nomem_begin(n, NOMEM_ONCE);
		rv = set_label(w.table, w.handles[0], 9);
		more = nomem_end();
		CU_ASSERT_TRUE(rv == CKR_OK || rv == CKR_HOST_MEMORY);
		CU_ASSERT_EQUAL(found(w.table, &user, 9), rv == CKR_OK);
		CU_ASSERT_EQUAL(set_label(w.table, w.handles[0], 0), CKR_OK);
		CU_ASSERT_EQUAL(found(w.table, &user, 0), OBJECTS / LABELS);
	}
	CU_ASSERT_FALSE(more);
	close_world(&w);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_login),
		UNIT_TEST(test_absurd_length),
		UNIT_TEST(test_two_tables),
		UNIT_TEST(test_find_without_memory),
		UNIT_TEST(test_set_without_memory),
	};
	int status;

	if (ossl_open() != CKR_OK)
		return 1;
	status = UNIT_RUN("index", tests);
	ossl_close();
	return status;
}

/* Checks of tokens: sound ones of SoftHSM's own making, and each kind of damage. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/str.h"
#include "crypto/ossl/ossl.h"
#include "maintain/inspect.h"
#include "object/seal.h"
#include "unit/store_help.h"
#include "unit/unit.h"

/* A copy of one of the tokens in tests/data/fixtures, and what a check of it said. */
struct world {
	char *root;
	struct tokens tokens;
	struct secbuf *key;
	struct store *store;
	struct inspect_result result;
	char said[8192];
};

static void must(CK_RV rv)
{
	CU_ASSERT_EQUAL_FATAL(rv, CKR_OK);
}

/* Without a shell: the child becomes cp. */
static void copy_tokens(const char *fixture, const char *to)
{
	const char *data = getenv("TEST_DATA");
	char from[4096];
	int status = -1;
	pid_t pid;

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	(void)snprintf(from, sizeof(from), "%s/fixtures/%s/tokens/.", data, fixture);
	pid = fork();
	CU_ASSERT_TRUE_FATAL(pid >= 0);
	if (pid == 0) {
		(void)execlp("cp", "cp", "-r", from, to, (char *)NULL);
		_exit(99);
	}
	CU_ASSERT_TRUE_FATAL(waitpid(pid, &status, 0) == pid && status == 0);
}

static void start(struct world *w, const char *fixture, const char *pin)
{
	struct secbuf *secret = secbuf_from(pin, strlen(pin));
	struct conf conf = { .umask = 077 };

	memset(w, 0, sizeof(*w));
	w->root = unit_make_dir();
	copy_tokens(fixture, w->root);
	must(tokens_read(w->root, 077, &w->tokens));
	CU_ASSERT_TRUE_FATAL(w->tokens.count > 0);
	conf.tokendir = w->root;
	must(inspect_unlock(&w->tokens.list[0], &conf, secret, &w->key));
	secbuf_free(secret);
	w->store = help_open(w->tokens.list[0].dir);
}

static void finish(struct world *w)
{
	store_close(w->store);
	secbuf_free(w->key);
	tokens_free(&w->tokens);
	unit_remove_dir(w->root);
}

static void note(void *arg, const char *path, const char *cause, const char *aside)
{
	struct world *w = arg;
	size_t len = strlen(w->said);

	CU_ASSERT_EQUAL(strncmp(path, w->root, strlen(w->root)), 0);
	(void)snprintf(w->said + len, sizeof(w->said) - len, "%s%s|", cause,
		       aside != NULL ? " (aside)" : "");
}

static void inspect(struct world *w, bool with_key, bool repair)
{
	struct inspection in = { &w->tokens.list[0], 077, with_key ? w->key : NULL, repair, note,
				 w, NULL };

	w->said[0] = '\0';
	memset(&w->result, 0, sizeof(w->result));
	must(inspect_token(&in, &w->result));
}

/* The first object of that class; 0 when there is none. */
static uint64_t find(struct world *w, CK_OBJECT_CLASS class)
{
	uint64_t *ids = NULL, found = 0;
	size_t count = 0;

	must(store_list(w->store, &ids, &count));
	for (size_t i = 0; i < count && found == 0; i++) {
		struct attrset *s = NULL;

		must(store_load(w->store, ids[i], &s, NULL));
		if (attrset_number(s, CKA_CLASS, 0) == class)
			found = ids[i];
		attrset_free(s);
	}
	free(ids);
	CU_ASSERT_NOT_EQUAL_FATAL(found, 0);
	return found;
}

static CK_RV put_attr(struct attrset *s, bool *changed, void *arg)
{
	*changed = true;
	return attrset_set(s, arg);
}

static CK_RV drop_attr(struct attrset *s, bool *changed, void *arg)
{
	*changed = true;
	attrset_remove(s, *(const CK_ATTRIBUTE_TYPE *)arg);
	return CKR_OK;
}

/* Sets a value in the form in which that object keeps it. */
static void set_plain(struct world *w, uint64_t id, CK_ATTRIBUTE_TYPE type, const char *text)
{
	struct attrset *plain = attrset_new(true), *stored = NULL;

	must(store_load(w->store, id, &stored, NULL));
	must(attrset_set_bytes(plain, type, text, strlen(text)));
	must(seal_attr(stored, attrset_get(plain, type), w->key));
	must(store_edit_object(w->store, id, put_attr,
			       (void *)(uintptr_t)attrset_get(stored, type), NULL, NULL));
	attrset_free(plain);
	attrset_free(stored);
}

static bool says(const struct world *w, const char *text)
{
	bool found = strstr(w->said, text) != NULL;

	if (!found)
		(void)printf("not said: %s, but: %s\n", text, w->said);
	return found;
}

static void test_sound_tokens(void)
{
	static const struct {
		const char *fixture, *pin;
		size_t objects;
	} rows[] = {
		{ "softhsm-2.6.1/file-rsa", "1234", 8 },
		{ "softhsm-2.6.1/file-ec", "user-pin-ec", 14 },
		{ "softhsm-2.6.1/file-secret", "secretpin", 12 },
		{ "softhsm-2.6.1/file-dsa-dh", "4321", 9 },
		{ "softhsm-2.6.1/file-cert-data", "userpin-1234", 10 },
		{ "softhsm-head/file-mixed", "head-user", 20 },
		{ "softhsm-head/file-mldsa", "mldsa-user", 6 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;

		start(&w, rows[i].fixture, rows[i].pin);
		inspect(&w, true, false);
		CU_ASSERT_EQUAL(w.result.faults, 0);
		CU_ASSERT_STRING_EQUAL(w.said, "");
		CU_ASSERT_EQUAL(w.result.objects, rows[i].objects);
		CU_ASSERT_EQUAL(w.result.closed, 0);
		inspect(&w, false, false);
		CU_ASSERT_EQUAL(w.result.faults, 0);
		CU_ASSERT_TRUE(w.result.closed > 0);
		finish(&w);
	}
}

static void test_wrong_pin(void)
{
	struct world w;
	struct conf conf = { .umask = 077, .max_pin_tries = 3 };
	struct secbuf *wrong = secbuf_from("wrong", 5), *key = NULL;

	start(&w, "softhsm-2.6.1/file-rsa", "1234");
	conf.tokendir = w.root;
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(inspect_unlock(&w.tokens.list[0], &conf, wrong, &key),
				CKR_PIN_INCORRECT);
	/* A check is no way around the limit. */
	CU_ASSERT_EQUAL(inspect_unlock(&w.tokens.list[0], &conf, wrong, &key), CKR_PIN_LOCKED);
	secbuf_free(wrong);
	finish(&w);
}

static void test_secret_key(void)
{
	struct world w;
	uint64_t id;

	start(&w, "softhsm-2.6.1/file-secret", "secretpin");
	id = find(&w, CKO_SECRET_KEY);
	set_plain(&w, id, CKA_CHECK_VALUE, "bad");
	inspect(&w, true, false);
	CU_ASSERT_EQUAL(w.result.faults, 1);
	CU_ASSERT_TRUE(says(&w, "CKA_CHECK_VALUE"));
	finish(&w);
}

static void test_pair(void)
{
	struct world w;
	uint64_t *ids = NULL;
	size_t count = 0;

	start(&w, "softhsm-2.6.1/file-rsa", "1234");
	must(store_list(w.store, &ids, &count));
	for (size_t i = 0; i < count; i++) {
		struct attrset *s = NULL;
		CK_OBJECT_CLASS class;

		must(store_load(w.store, ids[i], &s, NULL));
		class = attrset_number(s, CKA_CLASS, 0);
		attrset_free(s);
		if (class == CKO_PUBLIC_KEY || class == CKO_PRIVATE_KEY)
			set_plain(&w, ids[i], CKA_ID, "all the same");
	}
	free(ids);
	/* Each half still has its own among those with the id. */
	inspect(&w, true, false);
	CU_ASSERT_EQUAL(w.result.faults, 0);
	must(store_remove(w.store, find(&w, CKO_PRIVATE_KEY)));
	inspect(&w, true, false);
	CU_ASSERT_TRUE(w.result.faults > 0);
	CU_ASSERT_TRUE(says(&w, "it is not the key that belongs to"));
	finish(&w);
}

static void test_values_that_do_not_decrypt(void)
{
	struct world w;
	struct attrset *junk = attrset_new(false);
	uint64_t id;

	start(&w, "softhsm-2.6.1/file-rsa", "1234");
	id = find(&w, CKO_PRIVATE_KEY);
	must(attrset_set_bytes(junk, CKA_PRIME_1, "not encrypted at all", 20));
	must(store_edit_object(w.store, id, put_attr, &junk->items[0], NULL, NULL));
	attrset_free(junk);
	inspect(&w, true, true);
	CU_ASSERT_EQUAL(w.result.faults, 1);
	CU_ASSERT_TRUE(says(&w, "its CKA_PRIME_1 does not decrypt|"));
	CU_ASSERT_EQUAL(w.result.aside, 0);

	set_plain(&w, id, CKA_PRIME_1, "3");
	inspect(&w, true, false);
	CU_ASSERT_TRUE(says(&w, "it is no usable key"));
	finish(&w);
}

/* A key that is half made, as a killed SoftHSM leaves one, and a file that is cut: set aside. */
static void test_repair(void)
{
	static CK_ATTRIBUTE_TYPE modulus = CKA_MODULUS, class = CKA_CLASS;
	const char *dir;
	struct world w;
	size_t before;
	char *path;

	start(&w, "softhsm-2.6.1/file-rsa", "1234");
	dir = w.tokens.list[0].dir;
	before = help_list_count(w.store);
	must(store_edit_object(w.store, find(&w, CKO_PUBLIC_KEY), drop_attr, &modulus, NULL,
			       NULL));
	must(store_edit_object(w.store, find(&w, CKO_PRIVATE_KEY), drop_attr, &class, NULL,
			       NULL));
	inspect(&w, true, false);
	CU_ASSERT_EQUAL(w.result.faults, 2);
	CU_ASSERT_TRUE(says(&w, "it has no CKA_MODULUS|"));
	CU_ASSERT_TRUE(says(&w, "it has no CKA_CLASS|"));
	CU_ASSERT_EQUAL(help_names(dir, ".damaged"), 0);
	help_put(dir, "cut.object", "cut", 3);
	inspect(&w, true, true);
	CU_ASSERT_EQUAL(w.result.faults, 3);
	CU_ASSERT_EQUAL(w.result.aside, 3);
	CU_ASSERT_TRUE(says(&w, "it does not decode, or is no regular file (aside)|"));
	CU_ASSERT_EQUAL(help_names(dir, ".damaged"), 3);
	CU_ASSERT_EQUAL(help_list_count(w.store), before - 2);

	/* What is set aside stays, whatever comes after it. */
	help_put(dir, "cut.object", "cut again", 9);
	inspect(&w, true, true);
	CU_ASSERT_EQUAL(w.result.aside, 1);
	path = path_join(dir, "cut.object.damaged-1");
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	free(path);
	inspect(&w, true, true);
	CU_ASSERT_EQUAL(w.result.faults, 0);
	finish(&w);
}

static void test_damaged_token(void)
{
	struct world w;

	start(&w, "softhsm-2.6.1/file-rsa", "1234");
	help_put(w.tokens.list[0].dir, "token.object", "junk", 4);
	inspect(&w, true, true);
	CU_ASSERT_EQUAL(w.result.faults, 1);
	CU_ASSERT_EQUAL(w.result.aside, 0);
	CU_ASSERT_TRUE(says(&w, "it does not decode: restore the token from a backup|"));
	CU_ASSERT_TRUE(help_exists(w.tokens.list[0].dir, "token.object"));
	finish(&w);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_sound_tokens),
	UNIT_TEST(test_wrong_pin),
	UNIT_TEST(test_secret_key),
	UNIT_TEST(test_pair),
	UNIT_TEST(test_values_that_do_not_decrypt),
	UNIT_TEST(test_repair),
	UNIT_TEST(test_damaged_token),
};

int main(void)
{
	int status;

	log_open(LEVEL_ERROR, "/dev/null");
	if (ossl_open() != CKR_OK)
		return 99;
	status = UNIT_RUN("inspect", tests);
	ossl_close();
	log_close();
	return status;
}

/*
 * Conversions and restores: nothing is lost whatever happens meanwhile, be it a kill before any of
 * the system calls that they consist of.
 */
#include "config.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/str.h"
#include "crypto/ossl/ossl.h"
#include "maintain/convert.h"
#include "maintain/restore.h"
#include "slot/token_attrs.h"
#include "unit/maintain/move_help.h"
#include "unit/store_help.h"
#include "unit/unit.h"

#define OBJECTS 3
#define NAME "0b5e1bd2-6c6b-43b5-a7d9-5b4f8d8ae1c3"	/* of help_create's token */

static void ignore_line(const char *line)
{
	(void)line;
}

static void must(CK_RV rv)
{
	CU_ASSERT_EQUAL_FATAL(rv, CKR_OK);
}

/* A directory of tokens with one token, and what is to become of it. */
struct world {
	struct help_token t;
	const struct store_backend *from;
	const struct store_backend *to;
	struct image image;		/* what the token holds */
};

static struct world *here;		/* for what happens at a system call */

static CK_RV read_dir(const struct store_backend *b, const char *dir, struct image *m)
{
	struct store *s = NULL;
	bool settled;
	CK_RV rv = store_open(b, dir, 077, &s);

	if (rv == CKR_OK)
		rv = image_read(s, NULL, m, &settled);
	if (rv == CKR_OK)
		image_sort(m);
	store_close(s);
	return rv;
}

static void note_image(struct world *w)
{
	image_free(&w->image);
	must(read_dir(w->from, w->t.dir, &w->image));
}

static void start(struct world *w, const char *from, const char *to)
{
	struct attrset *token = help_token_attrs();

	*w = (struct world){ .from = store_backend_find(from), .to = store_backend_find(to) };
	must(attrset_set_bytes(token, CKA_OS_TOKENSERIAL, "0123456789abcdef", 16));
	w->t.root = unit_make_dir();
	w->t.dir = path_join(w->t.root, NAME);
	must(store_create(w->from, w->t.dir, 077, token, &w->t.store));
	attrset_free(token);
	for (uint64_t i = 0; i < OBJECTS; i++)
		(void)help_add(w->t.store, i);
	store_close(w->t.store);
	w->t.store = NULL;
	note_image(w);
	here = w;
}

static void finish(struct world *w)
{
	image_free(&w->image);
	help_destroy(&w->t);
}

static struct tokens list(const struct world *w)
{
	struct tokens t;

	must(tokens_read(w->t.root, 077, &t));
	return t;
}

static CK_RV convert(const struct world *w, bool force, struct convert_result *r)
{
	struct tokens t;
	struct convert c = { w->t.root, 077, NULL, w->to, force, NULL };
	CK_RV rv = tokens_read(w->t.root, 077, &t);

	*r = (struct convert_result){ .objects = 0 };
	if (rv == CKR_OK && t.count != 1)
		rv = CKR_TOKEN_NOT_PRESENT;
	if (rv == CKR_OK) {
		c.from = &t.list[0];
		rv = convert_token(&c, r);
	}
	tokens_free(&t);
	return rv;
}

/* The one token of the directory holds what it should. */
static void assert_token(const struct world *w, const struct store_backend *b)
{
	struct tokens t = list(w);
	struct image m = IMAGE_INIT;

	CU_ASSERT_EQUAL_FATAL(t.count, 1);
	CU_ASSERT_STRING_EQUAL(t.list[0].name, NAME);
	CU_ASSERT_EQUAL(t.list[0].rv, CKR_OK);
	CU_ASSERT_STRING_EQUAL(t.list[0].serial_text, "0123456789abcdef");
	if (b != NULL)
		CU_ASSERT_PTR_EQUAL(t.list[0].backend, b);
	must(read_dir(t.list[0].backend, t.list[0].dir, &m));
	CU_ASSERT_TRUE(image_equal(&m, &w->image));
	image_free(&m);
	tokens_free(&t);
}

static int is_other(const struct dirent *d)
{
	return d->d_name[0] != '.' && strcmp(d->d_name, NAME) != 0;
}

/* Calls fn with the name of each directory beside the token's; gives their number. */
static int each_other(const struct world *w, void (*fn)(const struct world *w, const char *name))
{
	struct dirent **names;
	int count = scandir(w->t.root, &names, is_other, alphasort);

	for (int i = 0; i < count; i++) {
		if (fn != NULL)
			fn(w, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return count;
}

static void make_older(const struct world *w, const char *name)
{
	char *box = path_join(w->t.root, name);

	if (help_exists(box, "moving"))
		help_make_older(box, "moving", 120);
	help_make_older(w->t.root, name, 7200);
	free(box);
}

/* ... and there is nothing beside it, but what is too young to be judged. */
static void assert_clean(const struct world *w)
{
	if (each_other(w, make_older) > 0)
		must(install_recover(w->t.root, 077, ignore_line));
	CU_ASSERT_EQUAL(each_other(w, NULL), 0);
}

/* Each pair of backends that this build has. */
static void for_each_pair(void (*fn)(const char *from, const char *to))
{
	fn("file", "file");
	if (store_backend_find("db") == NULL)
		return;
	fn("file", "db");
	fn("db", "file");
}

static void convert_pair(const char *from, const char *to)
{
	struct world w;
	struct convert_result r;
	struct stat st;

	start(&w, from, to);
	CU_ASSERT_EQUAL(chmod(w.t.dir, 0750), 0);
	must(convert(&w, false, &r));
	CU_ASSERT_EQUAL(r.objects, OBJECTS);
	CU_ASSERT_PTR_NULL(r.kept);
	assert_token(&w, w.to);
	assert_clean(&w);
	CU_ASSERT_TRUE(stat(w.t.dir, &st) == 0 && (st.st_mode & 07777) == 0750);
	finish(&w);
}

static void test_convert(void)
{
	for_each_pair(convert_pair);
}

/* Kills */

static int child_convert(int countdown)
{
	struct convert_result r;

	move_countdown = countdown;
	if (convert(here, false, &r) != CKR_OK)
		return 2;
	return r.kept != NULL ? 3 : 0;
}

/* true: it was killed before it was done. */
static bool kill_at(int (*fn)(int countdown), int countdown)
{
	int status = -1;
	pid_t pid = fork();

	CU_ASSERT_TRUE_FATAL(pid >= 0);
	if (pid == 0)
		_exit(fn(countdown));
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return true;
	CU_ASSERT_EQUAL_FATAL(WEXITSTATUS(status), 0);
	return false;
}

static void kill_pair(const char *from, const char *to)
{
	bool killed = true;
	int n = 0;

	while (killed) {
		struct world w;
		struct convert_result r;

		start(&w, from, to);
		killed = kill_at(child_convert, ++n);
		assert_token(&w, killed ? NULL : w.to);		/* the old one or the new one */
		must(install_recover(w.t.root, 077, ignore_line));
		assert_token(&w, NULL);
		assert_clean(&w);
		must(convert(&w, false, &r));
		CU_ASSERT_PTR_NULL(r.kept);
		assert_token(&w, w.to);
		assert_clean(&w);
		finish(&w);
	}
	CU_ASSERT_TRUE(n > 20);
}

static void test_kill_anywhere(void)
{
	for_each_pair(kill_pair);
}

/* Where two names cannot be exchanged there may be no token for a moment, but never for good. */
static void test_kill_in_two_steps(void)
{
	bool killed = true;
	int n = 0;

	exchange_plain(true);
	while (killed) {
		struct world w;

		start(&w, "file", "file");
		killed = kill_at(child_convert, ++n);
		must(install_recover(w.t.root, 077, ignore_line));
		assert_token(&w, NULL);
		assert_clean(&w);
		finish(&w);
	}
	CU_ASSERT_TRUE(n > 20);
	exchange_plain(false);
}

/* A run that lives is left alone. */
static void test_living_run(void)
{
	struct world w;
	struct install in = { .name = NAME, .mask = 077, .copy = true };
	struct tokens t;
	struct exchange x;

	start(&w, "file", "file");
	t = list(&w);
	in.tokendir = w.t.root;
	in.backend = w.to;
	in.replaces = &t.list[0];
	must(install_build(&in, &w.image, &x));
	must(install_recover(w.t.root, 077, ignore_line));
	CU_ASSERT_TRUE(help_exists(x.box, "new"));
	must(exchange_commit(&x));
	must(install_recover(w.t.root, 077, ignore_line));
	CU_ASSERT_TRUE(help_exists(x.box, "old"));
	must(install_finish(&in, &x));
	exchange_end(&x);
	assert_token(&w, w.to);
	assert_clean(&w);
	tokens_free(&t);
	finish(&w);
}

/* Changes meanwhile */

static void add_one(void)
{
	struct store *s = NULL;

	must(store_open(here->from, here->t.dir, 077, &s));
	(void)help_add(s, 77);
	store_close(s);
	note_image(here);
}

/* Adds one, changes one, removes one, changes the token's data. */
static void change_dir(const char *dir)
{
	struct store *s = NULL;
	struct attrset *token = NULL;
	uint64_t *ids = NULL;
	size_t count = 0;

	must(store_open(here->from, dir, 077, &s));
	must(store_list(s, &ids, &count));
	CU_ASSERT_EQUAL_FATAL(count, OBJECTS);
	must(store_remove(s, ids[0]));
	must(store_edit_object(s, ids[1], help_count, NULL, NULL, NULL));
	(void)help_add(s, 78);
	must(store_token_load(s, &token));
	must(attrset_set_number(token, CKA_OS_TOKENFLAGS, 0x1042d));
	must(image_write_token(token, s));
	attrset_free(token);
	store_close(s);
	free(ids);
	image_free(&here->image);
	must(read_dir(here->from, dir, &here->image));
}

static void change_all(void)
{
	change_dir(here->t.dir);
}

static void change_in_box(const struct world *w, const char *name)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s/new", w->t.root, name);
	change_dir(path);
}

/* After the exchange: the old directory lies in the box. */
static void change_old(void)
{
	CU_ASSERT_EQUAL(each_other(here, change_in_box), 1);
}

/* At every third call: what comes early is in the copy, what comes late must be brought after. */
static void test_change_while_building(void)
{
	bool came = true;

	for (int n = 1; came; n += 3) {
		struct world w;
		struct convert_result r;

		start(&w, "file", "file");
		move_event = add_one;
		move_countdown = n;
		must(convert(&w, false, &r));
		came = move_event == NULL;
		move_countdown = 0;
		move_event = NULL;
		CU_ASSERT_PTR_NULL(r.kept);
		assert_token(&w, w.to);
		assert_clean(&w);
		finish(&w);
	}
}

static void change_pair(const char *from, const char *to)
{
	void (**const when[])(void) = { &move_before_exchange, &move_after_exchange };

	for (size_t i = 0; i < ARRAY_LEN(when); i++) {
		struct world w;
		struct convert_result r;

		start(&w, from, to);
		*when[i] = i == 0 ? change_all : change_old;
		must(convert(&w, false, &r));
		CU_ASSERT_PTR_NULL(*when[i]);
		CU_ASSERT_FALSE(r.conflict);
		CU_ASSERT_PTR_NULL(r.kept);
		assert_token(&w, w.to);
		assert_clean(&w);
		finish(&w);
	}
}

static void test_change_at_the_exchange(void)
{
	for_each_pair(change_pair);
}

/* Damage */

static void spoil(const struct world *w)
{
	char *path = help_object_path(w->t.dir);
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_TRUE(fputs("junk", f) >= 0 && fclose(f) == 0);
	free(path);
}

static void test_damaged_objects_stay(void)
{
	struct world w;
	struct convert_result r;
	struct image old = IMAGE_INIT;

	start(&w, "file", "file");
	spoil(&w);
	note_image(&w);
	CU_ASSERT_EQUAL(w.image.damaged, 1);
	CU_ASSERT_EQUAL(convert(&w, false, &r), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(r.damaged, 1);
	CU_ASSERT_PTR_NULL(r.kept);
	assert_token(&w, w.from);
	assert_clean(&w);

	must(convert(&w, true, &r));
	CU_ASSERT_EQUAL(r.damaged, 1);
	CU_ASSERT_EQUAL(r.objects, OBJECTS - 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r.kept);
	assert_token(&w, w.to);
	must(read_dir(w.from, r.kept, &old));
	CU_ASSERT_EQUAL(old.damaged, 1);
	image_free(&old);
	must(install_recover(w.t.root, 077, ignore_line));
	CU_ASSERT_EQUAL(access(r.kept, F_OK), 0);
	free(r.kept);
	finish(&w);
}

/* What is nobody's object goes with the token, and so does what was set aside. */
static void test_strangers_come_along(void)
{
	struct world w;
	struct convert_result r;

	start(&w, "file", "file");
	help_put(w.t.dir, "x.object.damaged", "junk", 4);
	help_put(w.t.dir, "README", "text", 4);
	must(convert(&w, false, &r));
	CU_ASSERT_PTR_NULL(r.kept);
	CU_ASSERT_TRUE(help_exists(w.t.dir, "x.object.damaged"));
	CU_ASSERT_TRUE(help_exists(w.t.dir, "README"));
	assert_token(&w, w.to);
	finish(&w);
}

/* Directories of our look that are not ours, or not as we leave them, stay. */
static void test_foreign_boxes(void)
{
	static const char other[] = "11111111-2222-3333-4444-555555555555";
	struct world w;
	char *box;

	start(&w, "file", "file");
	box = path_join(w.t.root, other);
	CU_ASSERT_EQUAL_FATAL(mkdir(box, 0700), 0);
	help_put(box, "file", "x", 1);
	must(install_recover(w.t.root, 077, ignore_line));
	CU_ASSERT_TRUE(help_exists(box, "file"));
	help_put(box, "moving", "something else\n", 15);
	must(install_recover(w.t.root, 077, ignore_line));
	CU_ASSERT_TRUE(help_exists(box, "moving"));
	CU_ASSERT_TRUE(help_exists(box, "file"));
	free(box);
	assert_token(&w, w.from);
	finish(&w);
}

/* Restores */

static CK_RV restore(const struct world *w, const struct image *m, const struct token_entry *old)
{
	struct restore r = { w->t.root, 077, w->to, old, NULL };
	struct archive_head head = { .name = NAME };
	struct image copy = IMAGE_INIT;
	struct buf bytes = BUF_INIT;
	char *kept = NULL;
	CK_RV rv;

	(void)strcpy(head.serial, "0123456789abcdef");
	rv = archive_encode(&head, m, &bytes);
	if (rv == CKR_OK)
		rv = archive_decode(bytes.data, bytes.len, &head, &copy);
	if (rv == CKR_OK)
		rv = restore_token(&r, &head, &copy, &kept);
	image_free(&copy);
	buf_free(&bytes);
	free(kept);
	return rv;
}

static void restore_pair(const char *from, const char *to)
{
	struct image wanted = IMAGE_INIT;
	struct world w;
	struct tokens t;

	start(&w, from, to);
	must(store_delete(w.from, w.t.dir));
	must(restore(&w, &w.image, NULL));
	assert_token(&w, w.to);
	assert_clean(&w);

	/* Over a token that has one more by now. */
	must(read_dir(w.to, w.t.dir, &wanted));
	w.from = w.to;
	add_one();
	assert_token(&w, w.to);
	t = list(&w);
	must(restore(&w, &wanted, &t.list[0]));
	image_free(&w.image);
	w.image = wanted;
	assert_token(&w, w.to);
	assert_clean(&w);
	tokens_free(&t);
	finish(&w);
}

static void test_restore(void)
{
	for_each_pair(restore_pair);
}

static int child_restore(int countdown)
{
	struct tokens t = list(here);
	CK_RV rv;

	move_countdown = countdown;
	rv = restore(here, &here->image, t.count == 1 ? &t.list[0] : NULL);
	tokens_free(&t);
	return rv == CKR_OK ? 0 : 2;
}

/* The token is the old one, or the new one, or (when there was none) not there. */
static void kill_restore(bool over)
{
	bool killed = true;
	int n = 0;

	while (killed) {
		struct image before = IMAGE_INIT, wanted, now = IMAGE_INIT;
		struct world w;

		start(&w, "file", "file");
		wanted = w.image;
		w.image = (struct image)IMAGE_INIT;
		if (over)
			add_one();
		else
			must(store_delete(w.from, w.t.dir));
		before = w.image;
		w.image = wanted;
		killed = kill_at(child_restore, ++n);
		must(install_recover(w.t.root, 077, ignore_line));
		if (help_exists(w.t.dir, "token.object")) {
			must(read_dir(w.to, w.t.dir, &now));
			CU_ASSERT_TRUE(image_equal(&now, &wanted) ||
				       (over && killed && image_equal(&now, &before)));
			assert_clean(&w);
		} else {
			CU_ASSERT_TRUE(killed && !over);
			assert_clean(&w);
		}
		image_free(&now);
		image_free(&before);
		finish(&w);
	}
	CU_ASSERT_TRUE(n > 20);
}

static void test_kill_restore(void)
{
	kill_restore(false);
	kill_restore(true);
}

/* The name in an archive is taken over only where it is free and of the usual look. */
static void test_restore_beside(void)
{
	struct world w;
	struct tokens t;

	start(&w, "file", "file");
	must(restore(&w, &w.image, NULL));
	t = list(&w);
	CU_ASSERT_EQUAL_FATAL(t.count, 2);
	CU_ASSERT_TRUE(file_is_uuid(t.list[0].name, strlen(t.list[0].name)));
	CU_ASSERT_TRUE(file_is_uuid(t.list[1].name, strlen(t.list[1].name)));
	tokens_free(&t);
	finish(&w);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_convert),
	UNIT_TEST(test_kill_anywhere),
	UNIT_TEST(test_kill_in_two_steps),
	UNIT_TEST(test_living_run),
	UNIT_TEST(test_change_while_building),
	UNIT_TEST(test_change_at_the_exchange),
	UNIT_TEST(test_damaged_objects_stay),
	UNIT_TEST(test_strangers_come_along),
	UNIT_TEST(test_foreign_boxes),
	UNIT_TEST(test_restore),
	UNIT_TEST(test_kill_restore),
	UNIT_TEST(test_restore_beside),
};

int main(void)
{
	int status;

	log_open(LEVEL_ERROR, "/dev/null");
	if (ossl_open() != CKR_OK)
		return 99;
	status = UNIT_RUN("move", tests);
	ossl_close();
	log_close();
	return status;
}

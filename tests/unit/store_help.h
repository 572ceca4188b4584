/*
 * Tokens and objects for the tests of the object stores. Whatever goes wrong here is a fatal
 * failure of the test.
 */
#ifndef UNIT_STORE_HELP_H
#define UNIT_STORE_HELP_H

#include "object_store/store.h"

#define HELP_COUNTER CKA_VALUE_LEN	/* the number that the tests count up */
#define HELP_LABEL "a label"

#define HELP_NOBODY 65534	/* a user without rights */

/* A token in a new directory. */
struct help_token {
	char *root;		/* the directory of tokens */
	char *dir;		/* the token's own */
	struct store *store;
	const char *backend;	/* for help_use_read_only */
};

void help_create(struct help_token *t);

/* The same, and the three of that sort below, with that backend instead of files. */
void help_create_on(const char *backend, struct help_token *t);
struct store *help_open_on(const char *backend, const char *dir);
CK_RV help_open_code_on(const char *backend, const char *dir);

/* Closes the store and removes all. */
void help_destroy(struct help_token *t);

/* One more store on the same directory. */
struct store *help_open(const char *dir);

/*
 * A token's own attributes; an object with that label and counter, and some bytes that depend on
 * the counter.
 */
struct attrset *help_token_attrs(void);
struct attrset *help_object(const char *label, uint64_t counter);

/* Is this what help_object made, or help_count turned it into? */
bool help_is_whole(const struct attrset *s);

/* Adds help_object(HELP_LABEL, counter) and gives its id. */
uint64_t help_add(struct store *s, uint64_t counter);

/* The object's counter. */
uint64_t help_counter(struct store *s, uint64_t id);

/* How many objects there are. */
size_t help_list_count(struct store *s);

/*
 * An edit that counts up by one, with the bytes that go with it. For any thread or process: it
 * asserts nothing.
 */
CK_RV help_count(struct attrset *s, bool *changed, void *arg);

/* store_poll: did it tell of objects that came, went or changed? */
CK_RV help_poll(struct store *s, bool *changed);

/* The same, which must succeed. */
bool help_changed(struct store *s);

/* The path of the first object file of the directory, to be freed. */
char *help_object_path(const char *dir);

/*
 * Runs SQL on the token's database in dir, past the store; help_sql_text gives what the query
 * answers, values separated by "|" and rows by a line's end, to be freed.
 */
void help_sql(const char *dir, const char *sql);
char *help_sql_text(const char *dir, const char *sql);
void help_sql_is(const char *dir, const char *sql, const char *expected);

/* How many names of the directory end so. */
size_t help_names(const char *dir, const char *ending);

/* The number in the token's file `generation`; 0 when there is none. */
uint64_t help_generation(const char *dir);

/* The file back end. */
const struct store_backend *help_backend(void);

/* The first number of an object file. */
uint64_t help_object_generation(const char *path);

/* Is there something of that name, be it a link that leads nowhere? */
bool help_exists(const char *dir, const char *name);

/* Makes or replaces dir/name; lets it be modified so many seconds ago. */
void help_put(const char *dir, const char *name, const void *data, size_t len);
void help_make_older(const char *dir, const char *name, time_t seconds);

/* Lists, and gives the highest id: that of the object that came last. */
uint64_t help_last_id(struct store *s);

/* What store_load, and what store_open and store_close, answer. */
CK_RV help_load_code(struct store *s, uint64_t id);
CK_RV help_open_code(const char *dir);

/* An edit that changes nothing. */
CK_RV help_no_change(struct attrset *s, bool *changed, void *arg);

/*
 * Runs fn in a process of a user without rights, and gives its result: how many checks failed,
 * since CUnit's counts stay there.
 */
int help_as_nobody(int (*fn)(struct help_token *t), struct help_token *t);

/* Calls fn, one of the two below or another, for each file of the token. */
void help_each_file(const char *dir, void (*fn)(const char *path, mode_t mode), mode_t mode);
void help_set_mode(const char *path, mode_t mode);
void help_has_mode(const char *path, mode_t mode);

/*
 * For help_as_nobody: reads and tries to change a token with one object, which is write-protected
 * for it. Gives the number of checks that failed.
 */
int help_use_read_only(struct help_token *t);

#endif

#ifndef TESTS_P11_HARNESS_H
#define TESTS_P11_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "pkcs11/pkcs11.h"

/*
 * What every program of this folder shares. A program is a list of tests; a
 * test is a table of rows or a function that builds rows; a row is one call of
 * the module with the answer that the standard wants. All of it goes through
 * dlopen and C_GetFunctionList of the file named by $MODULE.
 *
 * Command line: [-v] [PATTERN]. -v prints every row with its answer, PATTERN
 * (as fnmatch knows it) picks rows by name; rows called make_... prepare others
 * and always run.
 */

/* The module's functions; valid from the start of harness_main. */
extern CK_FUNCTION_LIST *p11;
/* The module is SoftHSM 2.6.1, whose answers known_differences.def corrects. */
extern bool reference;

/* Answers of a row which are no return codes of the module. */
#define ROW_WRONG	(CKR_VENDOR_DEFINED | 0x7e570001UL)	/* OK, but not what was wanted */
#define ROW_CRASHED	(CKR_VENDOR_DEFINED | 0x7e570002UL)	/* the process died in the call */
#define ROW_HUNG	(CKR_VENDOR_DEFINED | 0x7e570003UL)	/* the child had to be killed */
#define ROW_BROKEN	(CKR_VENDOR_DEFINED | 0x7e570004UL)	/* the test could not be set up */
#define ROW_SKIPPED	(CKR_VENDOR_DEFINED | 0x7e570005UL)	/* a known difference: not run */

#define SO_PIN		"so-pin-of-the-test"
#define USER_PIN	"user-pin-of-the-test"
#define TOKEN_LABEL	"p11 test"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* Attributes of a template; the values are compound literals of the caller's scope. */
#define A_BOOL(t, v)	{ (t), &(CK_BBOOL){ (v) }, sizeof(CK_BBOOL) }
#define A_ULONG(t, v)	{ (t), &(CK_ULONG){ (v) }, sizeof(CK_ULONG) }
#define A_TEXT(t, v)	{ (t), (CK_BYTE[]){ v }, sizeof(v) - 1 }
#define A_BYTES(t, v)	{ (t), (v), sizeof(v) }
#define A_EMPTY(t)	{ (t), NULL, 0 }
#define A_END		{ CK_UNAVAILABLE_INFORMATION, NULL, 0 }

/* The five states of section "Session types" and two before any session. */
enum state {
	FINALIZED,
	NO_SESSION,
	RO_PUBLIC,
	RW_PUBLIC,
	RO_USER,
	RW_USER,
	RW_SO,
	ANY_STATE		/* the row is run in the state that it finds */
};

/* What a row may use. Made anew for each row. */
struct ctx {
	CK_SLOT_ID slot;	/* the initialised token of the test */
	CK_SESSION_HANDLE s;	/* a session in the row's state, if it has one */
	const void *arg;	/* of the row */
};

struct row {
	const char *name;	/* unique in the program; shown as program.name */
	enum state state;	/* brought about before the call, other sessions closed */
	CK_RV expected;
	CK_RV (*call)(struct ctx *c);
	const void *arg;
	const char *file;
	unsigned line;
};

struct test {
	const char *name;
	const struct row *rows;
	size_t count;
	void (*run)(void);	/* instead of rows */
};

/* Runs in a process of its own, started anew; the result is its exit status. */
struct child {
	const char *name;
	int (*run)(void);
};

struct program {
	const char *name;
	const struct test *tests;
	size_t ntests;
	const struct child *children;
	size_t nchildren;
	bool without_token;	/* start with an empty token directory */
	const char *not_on_reference;	/* why the reference is not tested */
};

/* The body of main: returns the exit status. */
int harness_main(int argc, char **argv, const struct program *p);

/*
 * Runs one row, which counts as one assertion. On the reference, a row listed in
 * known_differences.def must give the listed answer; when that is ROW_CRASHED
 * the row runs in a forked child.
 */
void row_run(const struct row *r);
/* The same for a table whose rows differ only in `arg`. The name is a printf format. */
void row_runf(enum state state, CK_RV (*call)(struct ctx *), const void *arg, CK_RV expected,
	      const char *format, ...) __attribute__((format(printf, 5, 6)));

/* One of the calls that a table's items all go through. */
struct call {
	const char *name;
	CK_RV (*run)(struct ctx *c);
	CK_RV expected;
};

/* A row for each call, named after it and the item, which is the rows' `arg`. */
void rows_run(enum state state, const struct call *calls, size_t n, const void *arg,
	      const char *item);

/* Brings the module into `state`: c->slot and c->s are set. */
CK_RV state_enter(struct ctx *c, enum state state);
const char *state_name(enum state state);

/* --- processes ---------------------------------------------------------- */

/*
 * Starts this program anew to run the child of that name, with a limit of
 * 60 s. CKR_OK for exit status 0, ROW_WRONG for another, ROW_CRASHED for a
 * signal, ROW_HUNG when the time is over.
 */
CK_RV child_run(const char *name);
/* Starts it alone; -1 on failure. It leads a process group of its own. */
pid_t process_start(const char *name);
/*
 * Waits for the leader of a process group. When the time is over (ROW_HUNG), and in any case for
 * what the leader has left behind, the group is killed.
 */
CK_RV process_wait(pid_t pid, unsigned seconds, int *status);
/* Runs `call` in a forked child and returns its answer, or ROW_CRASHED, ROW_HUNG. */
CK_RV fork_run(CK_RV (*call)(struct ctx *), struct ctx *c);
/* For children: loads $MODULE and sets p11; false if that fails. */
bool module_load(void);
bool module_unload(void);
void *module_symbol(const char *name);

/* --- configuration and files -------------------------------------------- */

/* The program's private directory. */
const char *work_dir(void);
/* Formats a path below work_dir(); the text lives until the 8th later call. */
const char *work_path(const char *format, ...) __attribute__((format(printf, 1, 2)));
/*
 * Finalizes the module and gives it another token directory, tokens below
 * work_dir(), which is made if missing, with `lines` (may be NULL) added to the
 * configuration. The next row finds the usual configuration again.
 */
void conf_use(const char *tokens, const char *lines);
/* The store that the configuration names: $TEST_BACKEND, or file. */
const char *conf_backend(void);
/* The file that makes a directory a token of that store. */
const char *token_file(void);
/* The same with the whole text of the file; NULL removes the file. */
void conf_write(const char *text);
bool file_write(const char *path, const char *text);
/* Copies a directory with all below it; directories get mode 0700, files 0600. */
bool tree_copy(const char *from, const char *to);
void tree_remove(const char *path);
/* Number of entries of a directory without . and .., SIZE_MAX if there is none. */
size_t dir_count(const char *path);
/* The name of one entry, "" if there is none. Static, until the next call. */
const char *dir_entry(const char *path);

/* --- tokens and sessions ------------------------------------------------ */

/* C_Initialize with CKF_OS_LOCKING_OK; CKR_OK too if that was done before. */
CK_RV module_start(void);
/* Finalizes and starts again, so that all comes from disk. */
CK_RV module_restart(void);
CK_RV slot_list(CK_SLOT_ID *out, CK_ULONG *count);
/* The slot of the token with that label; ROW_WRONG if there is none. */
CK_RV slot_find(const char *label, CK_SLOT_ID *out);
/* The always free slot. */
CK_RV slot_free(CK_SLOT_ID *out);
/* Initialises a token with both PINs in the free slot, and restarts the module. */
CK_RV token_make(const char *label, CK_SLOT_ID *out);
CK_RV token_init(CK_SLOT_ID slot, const char *pin, const char *label);
CK_RV session_open(CK_SLOT_ID slot, CK_FLAGS flags, CK_SESSION_HANDLE *out);
CK_RV login(CK_SESSION_HANDLE s, CK_USER_TYPE user, const char *pin);
CK_STATE session_state(CK_SESSION_HANDLE s);

/* --- objects ------------------------------------------------------------ */

/* A byte string that the module does not change though its type is not const. */
CK_BYTE *text(const char *s);
/* Number of attributes before A_END. */
CK_ULONG tmpl_count(const CK_ATTRIBUTE *t);
/* C_CreateObject of a list that ends with A_END. */
CK_RV object_make(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_OBJECT_HANDLE *out);
/* C_FindObjectsInit, C_FindObjects, C_FindObjectsFinal; `t` ends with A_END or is NULL. */
CK_RV object_find(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_OBJECT_HANDLE *out, CK_ULONG max,
		  CK_ULONG *found);
CK_RV attr_bytes(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, CK_BYTE *out,
		 CK_ULONG *len);
CK_RV attr_bool(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, CK_BBOOL *out);
CK_RV attr_ulong(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, CK_ULONG *out);
/* CKR_OK when the object has exactly this attribute, ROW_WRONG when it has another value. */
CK_RV attr_is(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, const CK_ATTRIBUTE *want);

/* CKR_OK if true, else ROW_WRONG. */
CK_RV want(bool condition);
/* A blank-padded field of one of the info structures has that value. */
bool padded_is(const CK_UTF8CHAR *field, size_t size, const char *value);

#endif

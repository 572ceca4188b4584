#ifndef TESTS_P11_HOSTILE_H
#define TESTS_P11_HOSTILE_H

/*
 * Tokens of which one file is damaged. A scene is a token with one object under test and a
 * bystander, an undamaged key of another type, which must work whatever happens to the other.
 */

#include "p11/kinds.h"

/* A file of the token as the module has written it. */
struct file {
	char name[64];
	CK_BYTE *data;
	size_t len;
};

extern struct file main_file, object_files[KINDS];

/* Makes the token and an object of each kind, and reads their files. */
CK_RV scene_make(void);
/* The same for a token of the database store, the configured one: fewer objects, and one file. */
CK_RV scene_make_database(void);

/*
 * KINDS stands for token.object: then the objects are two private keys and private data. DATABASE
 * stands for sqlite3.db, with the token and all that is in it.
 */
#define DATABASE (KINDS + 1)
struct scene {
	unsigned kind;
	unsigned present[8];		/* the kinds that are there */
	size_t count;
	unsigned bystander;
};

struct scene scene_of(unsigned kind);
const struct file *scene_file(const struct scene *s);
/* Writes all files of the scene into an empty directory, and finalizes the module. */
bool scene_set(const struct scene *s);
/* The path of the file under test; static. */
const char *scene_path(const struct scene *s);
/* Replaces its content by len bytes that look old, so that nobody waits for their writer. */
bool scene_write(const struct scene *s, const CK_BYTE *data, size_t len);

/* Makes all of the scene that user's, who can reach it and nothing else of the test. */
bool scene_give(unsigned owner);

/* What was found in a visit. */
struct found {
	CK_ULONG tokens, objects;
	CK_RV login, find;		/* the last answers */
	bool bystander;			/* it was there and has worked */
	unsigned worked;		/* uses of keys that succeeded */
};

/*
 * Starts the module on the scene, logs in, lists, reads every attribute and uses every key in
 * every way, and finalizes. Each use must fail or give what the undamaged key gives. NULL, or
 * what is wrong.
 */
const char *visit(const struct scene *s, struct found *out);

/* Visits the undamaged scene to learn what the uses give. CKR_OK, or ROW_WRONG. */
CK_RV visit_learn(const struct scene *s);

#endif

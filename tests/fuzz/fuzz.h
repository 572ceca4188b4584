/*
 * What the fuzz targets share.
 *
 * A target is one file with LLVMFuzzerTestOneInput, linked with libcore.la. In a build with
 * configure --enable-fuzzing it is a libFuzzer program; otherwise driver.c gives it a main that
 * replays files, which is what make check does with tests/data/fuzz/NAME. To add one: write
 * fuzz_NAME.c, name the program in tests/fuzz/local.mk (one line), and put a few small inputs into
 * tests/data/fuzz/NAME. An input that once found a fault stays there, under the fault's name.
 *
 * A target must not depend on what earlier inputs did, and calls fuzz_check for what must hold.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "common/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, with a core and the text, when something that must hold does not. */
#define fuzz_check(condition) fuzz_check_at((condition), #condition, __FILE__, __LINE__)
void fuzz_check_at(bool ok, const char *what, const char *file, int line);

/* --- byte programs -------------------------------------------------------- */

/*
 * An input that is read as a program: each fuzz_take_ takes bytes off the front, and finds zeros
 * behind the end. What they return in memory lives until fuzz_input_end, in blocks of its exact
 * size, so that a byte read too much is noticed.
 */
struct fuzz_input {
	const uint8_t *data;
	size_t len;
	void *blocks;	/* a list */
};

void fuzz_input_end(struct fuzz_input *in);

uint8_t fuzz_take_byte(struct fuzz_input *in);
/* Less than n. */
size_t fuzz_take_index(struct fuzz_input *in, size_t n);
/* Mostly small; also powers of two, all ones, or any 8 bytes. */
CK_ULONG fuzz_take_number(struct fuzz_input *in);
/* Up to 255 bytes; the rest of the input when the length byte is 255. NULL when *len is 0. */
CK_BYTE *fuzz_take_bytes(struct fuzz_input *in, CK_ULONG *len);
/* size bytes of zeros. */
void *fuzz_block(struct fuzz_input *in, size_t size);
/* A copy. */
void *fuzz_block_from(struct fuzz_input *in, const void *data, size_t size);

/* --- files and the module ------------------------------------------------- */

/* A private directory, removed when the program ends. */
const char *fuzz_dir(void);
/* Writes the file of that name in fuzz_dir() anew; its path, until the next call. */
const char *fuzz_file(const char *name, const void *data, size_t len);

/*
 * A new session of a token in fuzz_dir(), which is made at the first call, with the user logged in.
 * The log is at its most detailed, so that its texts are made too, and goes nowhere.
 */
CK_SESSION_HANDLE fuzz_session(void);
/* Closes it with all that was created in it, and removes token objects. */
void fuzz_session_end(CK_SESSION_HANDLE s);

struct fuzz_key {
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
	CK_OBJECT_HANDLE handle;
};

/*
 * Keys of every type, allowed to do everything: objects of a session that stays open, made when
 * they are first asked for. Not before the first fuzz_session. Static.
 */
const struct fuzz_key *fuzz_keys(size_t *count);
/* The first of that class and type; CK_INVALID_HANDLE when there is none. */
CK_OBJECT_HANDLE fuzz_key(CK_OBJECT_CLASS class, CK_KEY_TYPE type);

/* Finalizes the module and starts it again on the files of the token as they are. */
void fuzz_restart(void);
/* The token's directory. */
const char *fuzz_token_dir(void);

/* --- PKCS#11 values from programs ------------------------------------------ */

/* Attributes: those of one of the kinds of tests/p11/kinds.h or none, then some of any type. */
CK_ATTRIBUTE *fuzz_take_template(struct fuzz_input *in, CK_ULONG *count);

/* The parameter of m->mechanism: its structure with pointers that may be followed, or bytes. */
void fuzz_take_parameter(struct fuzz_input *in, CK_MECHANISM *m);

#endif

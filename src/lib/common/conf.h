/*
 * softhsm2.conf: search order, syntax, keys. One table row a key.
 *
 * The file is the first of $SOFTHSM2_CONF (used as is, no fallback),
 * $HOME/.config/softhsm2/softhsm2.conf if readable (the account's home directory when HOME is
 * unset or empty), and the compiled-in DEFAULT_SOFTHSM2_CONF.
 */
#ifndef COMMON_CONF_H
#define COMMON_CONF_H

#include <sys/types.h>

#include "common/log.h"

/*
 * What was noticed while reading, in order; the text is one line with file, line number, key
 * and cause.
 */
struct conf_note {
	enum log_level level;
	char *text;
};

/* As many as there are keys. */
#define CONF_KEYS 11

struct conf {
	char *path;		/* the file that was read */
	char *tokendir;		/* directories.tokendir */
	char *backend; /* objectstore.backend; not checked here: the store knows its backends */
	mode_t umask;		/* objectstore.umask */
	bool sync;		/* objectstore.sync: full, not off */
	enum log_level level;	/* log.level */
	char *log_file;		/* log.file; empty: syslog */
	bool removable;		/* slots.removable */
	char *mechanisms;	/* slots.mechanisms */
	unsigned long max_sessions;	/* slots.max_sessions, of each token; 0: no limit */
	unsigned long max_pin_tries;	/* token.max_pin_tries; 0: no limit */
	bool reset_on_fork;	/* library.reset_on_fork */
	struct conf_note *notes;
	size_t note_count;
	unsigned long lines[CONF_KEYS];	/* where each key was set, by its row; 0: it was not */
};

/*
 * Reads the configuration; *out is always set unless memory runs out, and holds the notes even
 * on failure. CKR_GENERAL_ERROR (as the reference answers) when the file cannot be opened or
 * log.level is none of ERROR, WARNING, INFO, DEBUG. Other faults are warnings and the key keeps
 * its default. A missing key is no fault.
 */
CK_RV conf_load(struct conf **out) MUST_CHECK;

/* Reads that very file, otherwise as conf_load. */
CK_RV conf_load_file(const char *path, struct conf **out) MUST_CHECK;

/*
 * "FILE:LINE: KEY" of a known key, for a message about its value; without the line where the value
 * is the default. Cut to size bytes; CONF_WHERE has room for any path.
 */
#define CONF_WHERE 4200
void conf_where(const struct conf *c, const char *key, char *out, size_t size);

/*
 * For those who list the configuration: the name of key i, below CONF_KEYS, and the text of its
 * value, which the caller frees; NULL when out of memory.
 */
const char *conf_key(size_t i);
char *conf_value(const struct conf *c, size_t i);

/* Sends every note to the log; to be called once log_open was. */
void conf_log_notes(const struct conf *c);

void conf_free(struct conf *c);

#endif

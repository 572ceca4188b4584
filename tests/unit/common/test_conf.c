#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf.h"
#include "unit/nomem.h"
#include "unit/unit.h"

#define NAME "softhsm2.conf"

static char *dir;

static PRINTF_LIKE(1, 2) char *text_of(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	return text;
}

/* Writes the configuration and loads it. */
static CK_RV load(const void *data, size_t len, struct conf **out)
{
	char *path = unit_write_file(dir, NAME, data, len);
	CK_RV rv;

	*out = NULL;
	rv = conf_load_file(path, out);
	CU_ASSERT_PTR_NOT_NULL_FATAL(*out);
	CU_ASSERT_STRING_EQUAL((*out)->path, path);
	free(path);
	return rv;
}

/* All of a configuration in one line, for comparison. */
static char *summary(const struct conf *c)
{
	return text_of("%s|%s|%04o|%s%d|%s|%s|%s|%s|%lu|%lu", c->tokendir, c->backend,
	               (unsigned int)c->umask, c->sync ? "" : "unsynced|", (int)c->level, c->log_file,
	               c->removable ? "true" : "false", c->mechanisms,
	               c->reset_on_fork ? "true" : "false", c->max_sessions, c->max_pin_tries);
}

/*
 * What a file of that text gives: the members that differ from their defaults, and one note at
 * most.
 */
#define DEF_DIR DEFAULT_TOKENDIR
#define DEFAULTS DEF_DIR "|file|0077|2||false|ALL|false|0|0"
#define TOKENDIR(d) d "|file|0077|2||false|ALL|false|0|0"
#define BACKEND(b) DEF_DIR "|" b "|0077|2||false|ALL|false|0|0"
#define UMASK(m) DEF_DIR "|file|" m "|2||false|ALL|false|0|0"
#define UNSYNCED DEF_DIR "|file|0077|unsynced|2||false|ALL|false|0|0"
#define LEVEL(l) DEF_DIR "|file|0077|" l "||false|ALL|false|0|0"
#define LOGFILE(f) DEF_DIR "|file|0077|2|" f "|false|ALL|false|0|0"
#define REMOVABLE(b) DEF_DIR "|file|0077|2||" b "|ALL|false|0|0"
#define MECHANISMS(m) DEF_DIR "|file|0077|2||false|" m "|false|0|0"
#define ON_FORK(b) DEF_DIR "|file|0077|2||false|ALL|" b "|0|0"
#define SESSIONS(n) DEF_DIR "|file|0077|2||false|ALL|false|" n "|0"
#define TRIES(n) DEF_DIR "|file|0077|2||false|ALL|false|0|" n

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct row {
	const char *text;
	const char *conf;
	const char *note;	/* without the file's path; NULL: none */
} rows[] = {
	{ "", DEFAULTS, NULL },
	{ "\n\n", DEFAULTS, NULL },
	{ "# a comment\n   # another = one\n", DEFAULTS, NULL },

	/* each key */
	{ "directories.tokendir = /t", TOKENDIR("/t"), NULL },
	{ "objectstore.backend = db\n", BACKEND("db"), NULL },
	{ "objectstore.backend = Elephant\n", BACKEND("Elephant"), NULL },
	{ "objectstore.umask = 0027\n", UMASK("0027"), NULL },
	{ "objectstore.sync = off\n", UNSYNCED, NULL },
	{ "objectstore.sync = full\n", DEFAULTS, NULL },
	{ "objectstore.sync = off\nobjectstore.sync = most\n", UNSYNCED,
	  ":2: objectstore.sync: \"most\" is neither full nor off; off is used" },
	{ "log.level = ERROR\n", LEVEL("0"), NULL },
	{ "log.level = WARNING\n", LEVEL("1"), NULL },
	{ "log.level = INFO\n", LEVEL("2"), NULL },
	{ "log.level = DEBUG\n", LEVEL("3"), NULL },
	{ "log.file = /var/log/hsm\n", LOGFILE("/var/log/hsm"), NULL },
	{ "slots.removable = true\n", REMOVABLE("true"), NULL },
	{ "slots.mechanisms = -CKM_MD5,CKM_SHA_1\n", MECHANISMS("-CKM_MD5,CKM_SHA_1"), NULL },
	{ "slots.max_sessions = 12\n", SESSIONS("12"), NULL },
	{ "token.max_pin_tries = 3\n", TRIES("3"), NULL },
	{ "library.reset_on_fork = true\n", ON_FORK("true"), NULL },

	/* blanks, comments, ends of lines */
	{ "objectstore.backend=db\n", BACKEND("db"), NULL },
	{ " \t objectstore.backend \t =\t  db \t \n", BACKEND("db"), NULL },
	{ "objectstore.backend = db\r\n", BACKEND("db"), NULL },
	{ "\r\n\r\nobjectstore.backend = db\r\n", BACKEND("db"), NULL },
	{ "\v\f\n\fobjectstore.backend = db\v\n", BACKEND("db"), NULL },
	{ "objectstore.backend = db # not file\n", BACKEND("db"), NULL },
	{ "objectstore.backend = db#not file\n", BACKEND("db"), NULL },
	{ "directories.tokendir = /a b\tc\n", TOKENDIR("/a b\tc"), NULL },
	{ "directories.tokendir = \"/t\"\n", TOKENDIR("\"/t\""), NULL },
	{ "directories.tokendir = ~/$HOME/\xc3\xa9\n", TOKENDIR("~/$HOME/\xc3\xa9"), NULL },
	{ "log.file = a\\\n", LOGFILE("a\\"), NULL },

	/* the last of a name wins */
	{ "log.file = a\nlog.file = b\n", LOGFILE("b"), NULL },
	{ "slots.removable = true\nslots.removable = false\n", REMOVABLE("false"), NULL },
	{ "log.level = BOGUS\nlog.level = ERROR\n", LEVEL("0"), NULL },

	/* no assignment */
	{ "\nobjectstore.backend db\n", DEFAULTS,
	  ":2: objectstore.backend db: no \"=\"; the line is ignored" },
	{ "objectstore.backend =\n", DEFAULTS,
	  ":1: objectstore.backend: no value; the line is ignored" },
	{ "objectstore.backend = # db\n", DEFAULTS,
	  ":1: objectstore.backend: no value; the line is ignored" },
	{ "log.level =\n", DEFAULTS, ":1: log.level: no value; the line is ignored" },
	{ "= db\n", DEFAULTS, ":1: no name before \"=\"; the line is ignored" },
	{ "=\n", DEFAULTS, ":1: no name before \"=\"; the line is ignored" },
	{ "  ==  \n", DEFAULTS, ":1: no name before \"=\"; the line is ignored" },

	/* more than one "=" */
	{ "log.file = a = b\n", LOGFILE("a"),
	  ":1: log.file: more than one \"=\"; the value is \"a\"" },
	{ "log.file == a\n", LOGFILE("a"),
	  ":1: log.file: more than one \"=\"; the value is \"a\"" },
	{ "log.file = a=\n", LOGFILE("a"),
	  ":1: log.file: more than one \"=\"; the value is \"a\"" },
	{ "log.file = = a\n", DEFAULTS, ":1: log.file: no value; the line is ignored" },

	/* unknown names */
	{ "future.key = 1\n", DEFAULTS, ":1: future.key: unknown name, ignored" },
	{ "x = 1\n", DEFAULTS, ":1: x: unknown name, ignored" },
	{ "log.levle = DEBUG\n", DEFAULTS,
	  ":1: log.levle: unknown name, ignored; did you mean log.level?" },
	{ "LOG.LEVEL = DEBUG\n", DEFAULTS,
	  ":1: LOG.LEVEL: unknown name, ignored; did you mean log.level?" },
	{ "\n#\nslots.removeable = true", DEFAULTS,
	  ":3: slots.removeable: unknown name, ignored; did you mean slots.removable?" },
	{ "slot.mechanism = ALL\n", DEFAULTS,
	  ":1: slot.mechanism: unknown name, ignored; did you mean slots.mechanisms?" },
	{ "directory.tokendir = /t\n", DEFAULTS,
	  ":1: directory.tokendir: unknown name, ignored; did you mean directories.tokendir?" },
	{ "objectstore.mask = 0\n", DEFAULTS,
	  ":1: objectstore.mask: unknown name, ignored; did you mean objectstore.umask?" },
	{ "\xef\xbb\xbflog.level = DEBUG\n", DEFAULTS,
	  ":1: \xef\xbb\xbflog.level: unknown name, ignored; did you mean log.level?" },
	{ X64 "yyy = 1\n", DEFAULTS, ":1: " X64 ": unknown name, ignored" },

	/* booleans */
	{ "slots.removable = TRUE\n", REMOVABLE("true"), NULL },
	{ "slots.removable = fAlSe\n", DEFAULTS, NULL },
	{ "slots.removable = yes\n", DEFAULTS,
	  ":1: slots.removable: \"yes\" is neither true nor false; false is used" },
	{ "library.reset_on_fork = 1\n", DEFAULTS,
	  ":1: library.reset_on_fork: \"1\" is neither true nor false; false is used" },
	{ "slots.removable = true\nslots.removable = on\n", REMOVABLE("true"),
	  ":2: slots.removable: \"on\" is neither true nor false; true is used" },
	{ "slots.removable = true false\n", DEFAULTS,
	  ":1: slots.removable: \"true false\" is neither true nor false; false is used" },

	/* decimal numbers */
	{ "slots.max_sessions = 0\n", DEFAULTS, NULL },
	{ "slots.max_sessions = 999999999\n", SESSIONS("999999999"), NULL },
	{ "token.max_pin_tries = 007 # not octal\n", TRIES("7"), NULL },
	{ "slots.max_sessions = 1000000000\n", DEFAULTS,
	  ":1: slots.max_sessions: \"1000000000\" is no number from 0 to 999999999; 0 is used" },
	{ "slots.max_sessions = -1\n", DEFAULTS,
	  ":1: slots.max_sessions: \"-1\" is no number from 0 to 999999999; 0 is used" },
	{ "\ntoken.max_pin_tries = three\n", DEFAULTS,
	  ":2: token.max_pin_tries: \"three\" is no number from 0 to 999999999; 0 is used" },
	{ "token.max_pin_tries = 3\ntoken.max_pin_tries = 0x10\n", TRIES("3"),
	  ":2: token.max_pin_tries: \"0x10\" is no number from 0 to 999999999; 3 is used" },
	{ "token.max_pin_tries = 3 times\n", DEFAULTS,
	  ":1: token.max_pin_tries: \"3 times\" is no number from 0 to 999999999; 0 is used" },
	{ "token.max_tries = 3\n", DEFAULTS, ":1: token.max_tries: unknown name, ignored" },
	{ "token.max_pin_trys = 3\n", DEFAULTS,
	  ":1: token.max_pin_trys: unknown name, ignored; did you mean token.max_pin_tries?" },

	/* octal numbers */
	{ "objectstore.umask = 0\n", UMASK("0000"), NULL },
	{ "objectstore.umask = 77\n", UMASK("0077"), NULL },
	{ "objectstore.umask = 00000000000000000777\n", UMASK("0777"), NULL },
	{ "objectstore.umask = 022x\n", UMASK("0022"),
	  ":1: objectstore.umask: \"x\" after the octal mask is ignored; 0022 is used" },
	{ "objectstore.umask = 027 # group may read\n", UMASK("0027"), NULL },
	{ "objectstore.umask = 1000\n", DEFAULTS,
	  ":1: objectstore.umask: \"1000\" is no octal mask from 0 to 0777; 0077 is used" },
	{ "objectstore.umask = 40000000000000000000000000000000\n", DEFAULTS,
	  ":1: objectstore.umask: \"40000000000000000000000000000000\" is no octal mask from 0 to "
	  "0777; 0077 is used" },
	{ "objectstore.umask = -1\n", DEFAULTS,
	  ":1: objectstore.umask: \"-1\" is no octal mask from 0 to 0777; 0077 is used" },
	{ "objectstore.umask = 9\n", DEFAULTS,
	  ":1: objectstore.umask: \"9\" is no octal mask from 0 to 0777; 0077 is used" },
	{ "objectstore.umask = rwx\n", DEFAULTS,
	  ":1: objectstore.umask: \"rwx\" is no octal mask from 0 to 0777; 0077 is used" },

	/* what is no text */
	{ "log.file = a\x1b[2Jb\n", DEFAULTS, ":1: a control character; the line is ignored" },
	{ "log.file = a\rlog.level = DEBUG\n", DEFAULTS,
	  ":1: a control character; the line is ignored" },
	{ "log.file = a # \x01\n", LOGFILE("a"), NULL },
	{ "\xc2\x9blog.file = a\n", DEFAULTS,
	  ":1: ??log.file: unknown name, ignored; did you mean log.file?" },
};

static void check_notes(const struct conf *c, const char *expected, enum log_level level)
{
	char *text;

	CU_ASSERT_EQUAL_FATAL(c->note_count, expected == NULL ? 0 : 1);
	if (expected == NULL)
		return;
	text = text_of("%s%s", c->path, expected);
	CU_ASSERT_STRING_EQUAL(c->notes[0].text, text);
	CU_ASSERT_EQUAL(c->notes[0].level, level);
	free(text);
}

static void test_rows(void)
{
	struct conf *c;
	char *have;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CU_ASSERT_EQUAL(load(rows[i].text, strlen(rows[i].text), &c), CKR_OK);
		have = summary(c);
		if (strcmp(have, rows[i].conf) != 0)
			(void)printf("row %zu: %s\n", i, have);
		CU_ASSERT_STRING_EQUAL(have, rows[i].conf);
		check_notes(c, rows[i].note, LEVEL_WARNING);
		free(have);
		conf_free(c);
	}
}

static const struct row bad_levels[] = {
	{ "log.level = debug\n", NULL,
	  ":1: log.level: \"debug\" is none of ERROR, WARNING, INFO, DEBUG" },
	{ "\nlog.level = Loud # !\n\n", NULL,
	  ":2: log.level: \"Loud\" is none of ERROR, WARNING, INFO, DEBUG" },
	{ "log.level = INFO\nlog.level = 3\n", NULL,
	  ":2: log.level: \"3\" is none of ERROR, WARNING, INFO, DEBUG" },
	{ "log.level = ERRORS\nlog.file = x", NULL,
	  ":1: log.level: \"ERRORS\" is none of ERROR, WARNING, INFO, DEBUG" },
};

static void test_bad_level(void)
{
	struct conf *c;
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad_levels); i++) {
		CU_ASSERT_EQUAL(load(bad_levels[i].text, strlen(bad_levels[i].text), &c),
		                CKR_GENERAL_ERROR);
		check_notes(c, bad_levels[i].note, LEVEL_ERROR);
		conf_free(c);
	}
}

static void test_nul(void)
{
	static const char text[] =
		"log.file = a\0b\nlog\0.file = c\n\0\nobjectstore.backend = db\n\0";
	struct conf *c;
	char *have;

	CU_ASSERT_EQUAL(load(text, sizeof(text), &c), CKR_OK);
	have = summary(c);
	CU_ASSERT_STRING_EQUAL(have, BACKEND("db"));
	CU_ASSERT_EQUAL(c->note_count, 4);
	free(have);
	conf_free(c);
}

/* A line of 100,000 bytes is one line, whatever is in it. */
static void test_long_lines(void)
{
	static const char *const starts[] = {
		"log.file = ", "unknown.", "", "# ", "log.file = a #", "=",
	};
	char *line = malloc(100100);
	struct conf *c;
	size_t i, len;

	CU_ASSERT_PTR_NOT_NULL_FATAL(line);
	for (i = 0; i < ARRAY_LEN(starts); i++) {
		len = (size_t)sprintf(line, "%s", starts[i]);
		memset(line + len, 'z', 100000);
		strcpy(line + len + 100000, "\nobjectstore.backend = db");
		CU_ASSERT_EQUAL(load(line, strlen(line), &c), CKR_OK);
		CU_ASSERT_STRING_EQUAL(c->backend, "db");
		CU_ASSERT_EQUAL(strlen(c->log_file), i == 0 ? 100000 : i == 4 ? 1 : 0);
		CU_ASSERT(c->note_count <= 1 &&
		          (c->note_count == 0 || strlen(c->notes[0].text) < 400));
		conf_free(c);
	}
	free(line);
}

/*
 * A file of nothing but faults: some are noted, then that there are more; what is right counts
 * to the end.
 */
static void test_many_faults(void)
{
	enum { FAULTS = 10000 };
	char *text = malloc(FAULTS * 2 + 100);
	struct conf *c;
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (i = 0; i < FAULTS; i++)
		memcpy(text + 2 * i, "x\n", 2);
	strcpy(text + 2 * i, "objectstore.backend = db\nlog.level = none\n");
	CU_ASSERT_EQUAL(load(text, strlen(text), &c), CKR_GENERAL_ERROR);
	CU_ASSERT_STRING_EQUAL(c->backend, "db");
	CU_ASSERT(c->note_count > 10 && c->note_count < 100);
	CU_ASSERT_PTR_NOT_NULL(strstr(c->notes[c->note_count - 2].text, "more faults"));
	CU_ASSERT_EQUAL(c->notes[c->note_count - 1].level, LEVEL_ERROR);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(c->notes[c->note_count - 1].text, ":10002: log.level: \"none\""));
	conf_free(c);
	free(text);
}

/* Loads that text while memory runs out at each point in turn: no configuration, or all of it. */
static void check_no_memory(const char *text, CK_RV expected)
{
	char *path = unit_write_file(dir, NAME, text, strlen(text));
	struct conf *c;
	unsigned long n;
	bool more = true;
	CK_RV rv;

	for (n = 0; more; n++) {
		c = NULL;
		nomem_begin(n, n % 2 == 0 ? NOMEM_LASTING : NOMEM_ONCE);
		rv = conf_load_file(path, &c);
		more = nomem_end();
		CU_ASSERT_EQUAL(rv, more ? CKR_HOST_MEMORY : expected);
		CU_ASSERT_EQUAL(c == NULL, more);
		conf_free(c);
	}
	CU_ASSERT(n > 8);
	free(path);
}

static void test_no_memory(void)
{
	check_no_memory("log.file = x\nlog.fiel = y\nslots.mechanisms = ALL\n", CKR_OK);
	check_no_memory("slots.removable = yes\nlog.level = none\n", CKR_GENERAL_ERROR);
}

static void check_refused(const char *path, const char *prefix, const char *why)
{
	struct conf *c = NULL;
	char *text;

	CU_ASSERT_EQUAL(conf_load_file(path, &c), CKR_GENERAL_ERROR);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_EQUAL_FATAL(c->note_count, 1);
	text = text_of("%s: cannot read the configuration: %s", prefix, why);
	CU_ASSERT_STRING_EQUAL(c->notes[0].text, text);
	CU_ASSERT_EQUAL(c->notes[0].level, LEVEL_ERROR);
	free(text);
	text = summary(c);
	CU_ASSERT_STRING_EQUAL(text, DEFAULTS);
	free(text);
	conf_free(c);
}

static void test_no_file(void)
{
	char *missing = text_of("%s/missing.conf", dir);
	char *fifo = text_of("%s/fifo", dir);

	check_refused(missing, missing, strerror(ENOENT));
	check_refused("", "\"\"", strerror(ENOENT));
	check_refused(dir, dir, "not a file");
	CU_ASSERT_EQUAL(mkfifo(fifo, 0600), 0);
	check_refused(fifo, fifo, "not a file");
	check_refused("/dev/zero", "/dev/zero", "more than 1 MiB");
	free(missing);
	free(fifo);
}

static void test_device(void)
{
	struct conf *c = NULL;

	CU_ASSERT_EQUAL(conf_load_file("/dev/null", &c), CKR_OK);
	CU_ASSERT(c != NULL && c->note_count == 0);
	conf_free(c);
	conf_free(NULL);
}

static void test_log_notes(void)
{
	char *log = text_of("%s/notes.log", dir);
	char *expected;
	struct conf *c;
	char *text;

	CU_ASSERT_EQUAL(load("\nnonsense\nlog.level = all\n", 26, &c), CKR_GENERAL_ERROR);
	log_open(LEVEL_DEBUG, log);
	conf_log_notes(c);
	log_close();
	text = unit_read_file(log, NULL);
	expected = text_of("): slot -: conf_log_notes: %s:2: nonsense: no \"=\"; the line is "
			   "ignored\n", c->path);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "WARNING: conf.c("));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, expected));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "ERROR: conf.c("));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, ":3: log.level: \"all\" is none of "));
	free(expected);
	free(text);
	free(log);
	conf_free(c);
}

/* Loads by the search order and tells which file was taken; to be freed. */
static char *searched(CK_RV *rv)
{
	struct conf *c = NULL;
	char *path;

	*rv = conf_load(&c);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	path = text_of("%s", c->path);
	conf_free(c);
	return path;
}

static void check_searched(const char *expected)
{
	CK_RV rv;
	char *path = searched(&rv);
	bool readable;

	/* access() would ask for the user that check_unreadable has stepped down from. */
	readable = faccessat(AT_FDCWD, expected, R_OK, AT_EACCESS) == 0;
	CU_ASSERT_STRING_EQUAL(path, expected);
	CU_ASSERT_EQUAL(rv, readable ? CKR_OK : CKR_GENERAL_ERROR);
	free(path);
}

/* What is read when nothing else says: the account's own file, if it has one, or the system's. */
static void check_account(void)
{
	const struct passwd *pw = getpwuid(geteuid());
	char *own = text_of("%s/.config/softhsm2/softhsm2.conf",
	                    pw == NULL ? "/nonexistent" : pw->pw_dir);

	check_searched(access(own, R_OK) == 0 ? own : DEFAULT_SOFTHSM2_CONF);
	free(own);
}

static void make_user_file(const char *home)
{
	char *sub = text_of("%s/.config", home);
	char *folder = text_of("%s/.config/softhsm2", home);

	CU_ASSERT_EQUAL(mkdir(sub, 0755), 0);
	CU_ASSERT_EQUAL(mkdir(folder, 0755), 0);
	free(unit_write_file(folder, "softhsm2.conf", "", 0));
	free(sub);
	free(folder);
}

/*
 * An own file that may not be read is passed over. Root may read all, so it steps down for a
 * moment.
 */
static void check_unreadable(const char *own)
{
	uid_t me = geteuid();

	CU_ASSERT_EQUAL(chmod(own, 0), 0);
	CU_ASSERT_EQUAL(chmod(dir, 0755), 0);
	if (me == 0 && seteuid(65534) != 0)
		return;
	check_searched(DEFAULT_SOFTHSM2_CONF);
	if (me == 0)
		CU_ASSERT_EQUAL(seteuid(me), 0);
}

static void test_search(void)
{
	char *named = unit_write_file(dir, "named.conf", "", 0);
	char *own = text_of("%s/.config/softhsm2/softhsm2.conf", dir);
	char *missing = text_of("%s/missing.conf", dir);

	(void)unsetenv("SOFTHSM2_CONF");
	(void)setenv("HOME", dir, 1);
	check_searched(DEFAULT_SOFTHSM2_CONF);
	make_user_file(dir);
	check_searched(own);
	(void)setenv("SOFTHSM2_CONF", named, 1);
	check_searched(named);
	(void)setenv("SOFTHSM2_CONF", missing, 1);
	check_searched(missing);
	(void)setenv("SOFTHSM2_CONF", "", 1);
	check_searched("");
	(void)unsetenv("SOFTHSM2_CONF");
	check_unreadable(own);
	(void)setenv("HOME", "", 1);
	check_account();
	(void)unsetenv("HOME");
	check_account();
	free(named);
	free(own);
	free(missing);
}

/* Files are made of the bits that a parser cares about, and of bytes at random. */
static size_t random_file(unsigned char *to, size_t size, unsigned int *seed)
{
	static const char *const bits[] = {
		"directories.tokendir", "objectstore.umask", "log.level", "slots.removable",
		"slots.mechanisms", "log.file", "=", " = ", "==", "\n", "\n", "\r\n", "#",
		"true", "0777", "DEBUG", "%s%n", "\xc2", "..",
	};
	size_t want = (size_t)rand_r(seed) % size, len = 0, i, n;

	while (len < want) {
		i = (size_t)rand_r(seed) % (ARRAY_LEN(bits) + 6);
		if (i >= ARRAY_LEN(bits)) {
			to[len++] = (unsigned char)rand_r(seed);
			continue;
		}
		n = strlen(bits[i]);
		if (n > want - len)
			n = want - len;
		memcpy(to + len, bits[i], n);
		len += n;
	}
	return len;
}

/*
 * Whatever is in the file: an answer, whole notes without control characters, values within
 * their range.
 */
static void check_sound(const struct conf *c)
{
	size_t i, j, bad = 0;

	for (i = 0; i < c->note_count; i++) {
		bad += strncmp(c->notes[i].text, c->path, strlen(c->path)) != 0;
		for (j = 0; c->notes[i].text[j] != '\0'; j++)
			bad += (unsigned char)c->notes[i].text[j] < ' ';
	}
	bad += c->umask > 0777 || c->level > LEVEL_DEBUG;
	bad += strlen(c->tokendir) == 0 || strlen(c->backend) == 0 || strlen(c->mechanisms) == 0;
	bad += strpbrk(c->log_file, "=#\n") != NULL;
	CU_ASSERT_EQUAL(bad, 0);
}

/* Where a value comes from: the last line that sets it. */
static void test_where(void)
{
	static const char text[] = "log.file = a\n\nobjectstore.backend = x\nlog.file = b\n";
	char out[CONF_WHERE], *end;
	struct conf *c;

	CU_ASSERT_EQUAL_FATAL(load(text, sizeof(text) - 1, &c), CKR_OK);
	conf_where(c, "objectstore.backend", out, sizeof(out));
	end = strrchr(out, '/');
	CU_ASSERT_STRING_EQUAL(end + 1, NAME ":3: objectstore.backend");
	conf_where(c, "log.file", out, sizeof(out));
	CU_ASSERT_STRING_EQUAL(strrchr(out, '/') + 1, NAME ":4: log.file");
	conf_where(c, "slots.removable", out, sizeof(out));
	CU_ASSERT_STRING_EQUAL(strrchr(out, '/') + 1, NAME ": slots.removable");
	conf_where(c, "slots.removable", out, 4);
	CU_ASSERT_EQUAL(strlen(out), 3);
	conf_free(c);
}

static void test_junk(void)
{
	unsigned char file[600];
	unsigned int seed = 4711;
	struct conf *c;
	size_t n, good = 0;
	CK_RV rv;

	for (n = 0; n < 4000; n++) {
		rv = load(file, random_file(file, sizeof(file), &seed), &c);
		CU_ASSERT(rv == CKR_OK || rv == CKR_GENERAL_ERROR);
		good += rv == CKR_OK;
		check_sound(c);
		conf_free(c);
	}
	CU_ASSERT(good > 100 && good < 4000);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_rows),
	UNIT_TEST(test_bad_level),
	UNIT_TEST(test_nul),
	UNIT_TEST(test_long_lines),
	UNIT_TEST(test_many_faults),
	UNIT_TEST(test_no_memory),
	UNIT_TEST(test_no_file),
	UNIT_TEST(test_device),
	UNIT_TEST(test_log_notes),
	UNIT_TEST(test_search),
	UNIT_TEST(test_where),
	UNIT_TEST(test_junk),
};

int main(void)
{
	int status;

	dir = unit_make_dir();
	status = UNIT_RUN("conf", tests);
	unit_remove_dir(dir);
	return status;
}

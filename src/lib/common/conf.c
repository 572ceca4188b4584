#include "config.h"

#include "common/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/str.h"

#define USER_FILE ".config/softhsm2/softhsm2.conf"
/* No configuration is as big: what was named is something else. */
#define FILE_MAX ((size_t)1024 * 1024)
#define READ_STEP ((size_t)4096)
/* A file of another kind is all faults; the log need not have them all. */
#define WARNINGS_MAX 50
/* A name is shown as meant when so few edits make it one that is known. */
#define DISTANCE_MAX 3
/* Limits have so many digits at most. */
#define COUNT_DIGITS 9
#define PASSWD_MAX ((size_t)1024 * 1024)

/* What is known while a file is read. */
struct parse {
	struct conf *conf;
	unsigned long line;	/* of the file, from 1; 0: the file itself */
	const char *bad_level;	/* what the last log.level says, when it says nothing known */
	unsigned long bad_level_line;
};

/* A row a key. A function takes the value, or notes why not and leaves what was there. */
struct option {
	const char *name;
	CK_RV (*set)(struct parse *p, const struct option *o, const char *value);
	size_t offset;		/* of the member of struct conf */
	const char *def;
	const char *yes, *no;	/* the words of a flag */
};

static CK_RV set_text(struct parse *p, const struct option *o, const char *value);
static CK_RV set_octal(struct parse *p, const struct option *o, const char *value);
static CK_RV set_level(struct parse *p, const struct option *o, const char *value);
static CK_RV set_flag(struct parse *p, const struct option *o, const char *value);
static CK_RV set_count(struct parse *p, const struct option *o, const char *value);

#define ROW(name, kind, member, def) \
	{ name, set_##kind, offsetof(struct conf, member), def, NULL, NULL }
#define FLAG(name, member, def, yes, no) \
	{ name, set_flag, offsetof(struct conf, member), def, yes, no }

static const struct option options[] = {
	ROW("directories.tokendir", text, tokendir, DEFAULT_TOKENDIR),
	ROW("objectstore.backend", text, backend, "file"),
	ROW("objectstore.umask", octal, umask, "0077"),
	FLAG("objectstore.sync", sync, "full", "full", "off"),
	ROW("log.level", level, level, "INFO"),
	ROW("log.file", text, log_file, ""),
	FLAG("slots.removable", removable, "false", "true", "false"),
	ROW("slots.mechanisms", text, mechanisms, "ALL"),
	ROW("slots.max_sessions", count, max_sessions, "0"),
	ROW("token.max_pin_tries", count, max_pin_tries, "0"),
	FLAG("library.reset_on_fork", reset_on_fork, "false", "true", "false"),
};

_Static_assert(ARRAY_LEN(options) == CONF_KEYS, "struct conf has a line for each row");

static const char *const level_names[] = {
	[LEVEL_ERROR] = "ERROR",
	[LEVEL_WARNING] = "WARNING",
	[LEVEL_INFO] = "INFO",
	[LEVEL_DEBUG] = "DEBUG",
};

/* --- notes --- */

/* Takes the text, also on failure. */
static CK_RV note_keep(struct conf *c, enum log_level level, char *text)
{
	struct conf_note *notes = realloc(c->notes, (c->note_count + 1) * sizeof(*notes));

	if (notes == NULL) {
		free(text);
		return CKR_HOST_MEMORY;
	}
	str_printable(text);
	notes[c->note_count] = (struct conf_note){ level, text };
	c->notes = notes;
	c->note_count++;
	return CKR_OK;
}

static char *note_text(const struct parse *p, const char *cause)
{
	const char *path = *p->conf->path == '\0' ? "\"\"" : p->conf->path;
	char *text;
	int n;

	if (p->line == 0)
		n = asprintf(&text, "%s: %s", path, cause);
	else
		n = asprintf(&text, "%s:%lu: %s", path, p->line, cause);
	return n < 0 ? NULL : text;
}

static PRINTF_LIKE(3, 4) CK_RV note(struct parse *p, enum log_level level, const char *fmt, ...)
{
	char *cause, *text;
	va_list ap;
	int n;

	if (level == LEVEL_WARNING && p->conf->note_count > WARNINGS_MAX)
		return CKR_OK;
	if (level == LEVEL_WARNING && p->conf->note_count == WARNINGS_MAX)
		fmt = "more faults follow that are not reported";
	va_start(ap, fmt);
	n = vasprintf(&cause, fmt, ap);
	va_end(ap);
	if (n < 0)
		return CKR_HOST_MEMORY;
	text = note_text(p, cause);
	free(cause);
	return text == NULL ? CKR_HOST_MEMORY : note_keep(p->conf, level, text);
}

void conf_log_notes(const struct conf *c)
{
	size_t i;

	for (i = 0; i < c->note_count; i++)
		log_write(c->notes[i].level, LOG_HERE, "%s", c->notes[i].text);
}

void conf_where(const struct conf *c, const char *key, char *out, size_t size)
{
	const char *path = c->path != NULL ? c->path : "";
	unsigned long line = 0;

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (strcmp(key, options[i].name) == 0)
			line = c->lines[i];
	if (line == 0)
		snprintf(out, size, "%s: %s", path, key);
	else
		snprintf(out, size, "%s:%lu: %s", path, line, key);
	str_printable(out);
}

/* --- values --- */

static void *member(const struct parse *p, const struct option *o)
{
	return (unsigned char *)p->conf + o->offset;
}

static CK_RV set_text(struct parse *p, const struct option *o, const char *value)
{
	char **to = member(p, o);
	char *copy = strdup(value);

	if (copy == NULL)
		return CKR_HOST_MEMORY;
	free(*to);
	*to = copy;
	return CKR_OK;
}

static CK_RV set_flag(struct parse *p, const struct option *o, const char *value)
{
	bool *to = member(p, o);

	if (strcasecmp(value, o->yes) != 0 && strcasecmp(value, o->no) != 0)
		return note(p, LEVEL_WARNING, "%s: \"%.64s\" is neither %s nor %s; %s is used",
			    o->name, value, o->yes, o->no, *to ? o->yes : o->no);
	*to = strcasecmp(value, o->yes) == 0;
	return CKR_OK;
}

static CK_RV set_count(struct parse *p, const struct option *o, const char *value)
{
	unsigned long *to = member(p, o);
	size_t len = strlen(value);

	if (len > COUNT_DIGITS || strspn(value, "0123456789") != len)
		return note(p, LEVEL_WARNING,
			    "%s: \"%.64s\" is no number from 0 to 999999999; %lu is used", o->name,
			    value, *to);
	*to = strtoul(value, NULL, 10);
	return CKR_OK;
}

static CK_RV set_octal(struct parse *p, const struct option *o, const char *value)
{
	mode_t *to = member(p, o);
	size_t digits = strspn(value, "01234567"), i;
	mode_t mode = 0;

	for (i = 0; i < digits && mode <= 0777; i++)
		mode = (mode_t)(mode << 3 | (mode_t)(value[i] - '0'));
	if (digits == 0 || mode > 0777)
		return note(p, LEVEL_WARNING,
		            "%s: \"%.64s\" is no octal mask from 0 to 0777; %04o is used", o->name,
		            value, (unsigned int)*to);
	*to = mode;
	if (value[digits] == '\0')
		return CKR_OK;
	return note(p, LEVEL_WARNING, "%s: \"%.64s\" after the octal mask is ignored; %04o is used",
		    o->name, value + digits, (unsigned int)mode);
}

/* Only the last log.level of a file counts, so a wrong one is not reported before the end. */
static CK_RV set_level(struct parse *p, const struct option *o, const char *value)
{
	enum log_level *to = member(p, o);
	size_t i;

	p->bad_level = value;
	p->bad_level_line = p->line;
	for (i = 0; i < ARRAY_LEN(level_names); i++) {
		if (strcmp(value, level_names[i]) == 0) {
			*to = (enum log_level)i;
			p->bad_level = NULL;
		}
	}
	return CKR_OK;
}

static CK_RV check_level(struct parse *p)
{
	CK_RV rv;

	if (p->bad_level == NULL)
		return CKR_OK;
	p->line = p->bad_level_line;
	rv = note(p, LEVEL_ERROR, "log.level: \"%.64s\" is none of ERROR, WARNING, INFO, DEBUG",
	          p->bad_level);
	return rv == CKR_OK ? CKR_GENERAL_ERROR : rv;
}

const char *conf_key(size_t i)
{
	return options[i].name;
}

char *conf_value(const struct conf *c, size_t i)
{
	const struct option *o = &options[i];
	const unsigned char *from = (const unsigned char *)c + o->offset;
	char *text = NULL;
	int n;

	if (o->set == set_text)
		n = asprintf(&text, "%s", *(char *const *)(const void *)from);
	else if (o->set == set_octal)
		n = asprintf(&text, "%04o", (unsigned int)*(const mode_t *)(const void *)from);
	else if (o->set == set_level)
		n = asprintf(&text, "%s", level_names[*(const enum log_level *)(const void *)from]);
	else if (o->set == set_flag)
		n = asprintf(&text, "%s", *(const bool *)from ? o->yes : o->no);
	else
		n = asprintf(&text, "%lu", *(const unsigned long *)(const void *)from);
	return n < 0 ? NULL : text;
}

/* --- lines --- */

/*
 * The known name nearest to this one, or NULL when none is near. Case is no distance: LOG.LEVEL
 * is near.
 */
static const char *nearest_name(const char *name)
{
	char lower[64];
	const char *best = NULL;
	size_t len = strlen(name), least = DISTANCE_MAX + 1, i, d;

	if (len >= sizeof(lower))
		return NULL;
	for (i = 0; i <= len; i++)
		lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
	for (i = 0; i < ARRAY_LEN(options); i++) {
		d = str_distance(lower, options[i].name);
		if (d < least) {
			least = d;
			best = options[i].name;
		}
	}
	return best;
}

static CK_RV take_pair(struct parse *p, const char *name, const char *value)
{
	const char *meant;
	size_t i;

	for (i = 0; i < ARRAY_LEN(options); i++)
		if (strcmp(name, options[i].name) == 0) {
			p->conf->lines[i] = p->line;
			return options[i].set(p, &options[i], value);
		}
	meant = nearest_name(name);
	if (meant == NULL)
		return note(p, LEVEL_WARNING, "%.64s: unknown name, ignored", name);
	return note(p, LEVEL_WARNING, "%.64s: unknown name, ignored; did you mean %s?", name,
	            meant);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Takes the blanks off both ends of the bytes from..to. */
static void trim(char **from, char **to)
{
	while (*from < *to && is_blank(**from))
		++*from;
	while (*to > *from && is_blank((*to)[-1]))
		--*to;
}

/* Text has no control characters but tabs. */
static bool is_text(const char *from, const char *to)
{
	for (; from < to; from++)
		if (((unsigned char)*from < ' ' && *from != '\t') || *from == 0x7f)
			return false;
	return true;
}

/* name..equal is what stands before "=", end a NUL. */
static CK_RV take_assignment(struct parse *p, char *name, char *equal, char *end)
{
	/* As SoftHSM reads it: several "=" in a row are one, and another one ends the value. */
	char *value = equal + strspn(equal, "=");
	char *stop = value + strcspn(value, "=");
	bool more = value > equal + 1 || stop < end;
	CK_RV rv = CKR_OK;

	trim(&name, &equal);
	trim(&value, &stop);
	*equal = '\0';
	*stop = '\0';
	if (*name == '\0')
		return note(p, LEVEL_WARNING, "no name before \"=\"; the line is ignored");
	if (*value == '\0')
		return note(p, LEVEL_WARNING, "%.64s: no value; the line is ignored", name);
	if (more)
		rv = note(p, LEVEL_WARNING, "%.64s: more than one \"=\"; the value is \"%.64s\"",
		          name, value);
	return rv == CKR_OK ? take_pair(p, name, value) : rv;
}

/* The line is from..end; *end is writable. */
static CK_RV take_line(struct parse *p, char *from, char *end)
{
	char *hash = memchr(from, '#', (size_t)(end - from));
	char *equal;

	if (hash != NULL)
		end = hash;
	trim(&from, &end);
	if (from == end)
		return CKR_OK;
	if (!is_text(from, end))
		return note(p, LEVEL_WARNING, "a control character; the line is ignored");
	*end = '\0';
	equal = strchr(from, '=');
	if (equal == NULL)
		return note(p, LEVEL_WARNING, "%.64s: no \"=\"; the line is ignored", from);
	return take_assignment(p, from, equal, end);
}

/* All lines of the text; text[len] is writable. */
static CK_RV take_lines(struct parse *p, char *text, size_t len)
{
	char *end = text + len, *stop;
	CK_RV rv = CKR_OK;

	for (p->line = 1; text < end && rv == CKR_OK; p->line++) {
		stop = memchr(text, '\n', (size_t)(end - text));
		if (stop == NULL)
			stop = end;
		rv = take_line(p, text, stop);
		text = stop + 1;
	}
	return rv;
}

/* --- files --- */

static CK_RV fail_file(struct parse *p, const char *what)
{
	CK_RV rv = note(p, LEVEL_ERROR, "cannot read the configuration: %s", what);

	return rv == CKR_OK ? CKR_GENERAL_ERROR : rv;
}

/* A device may be named, such as /dev/null; a pipe would keep the host waiting. */
static CK_RV open_file(struct parse *p, int *out)
{
	struct stat st;
	int fd;

	do
		fd = open(p->conf->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return fail_file(p, strerror(errno));
	if (fstat(fd, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISCHR(st.st_mode))) {
		(void)close(fd);
		return fail_file(p, "not a file");
	}
	*out = fd;
	return CKR_OK;
}

/* Appends all of the file to b and makes room for one byte more. */
static CK_RV read_file(struct parse *p, int fd, struct buf *b)
{
	ssize_t n = 1;
	CK_RV rv;

	while (n != 0) {
		rv = buf_reserve(b, READ_STEP);
		if (rv != CKR_OK)
			return rv;
		n = read(fd, b->data + b->len, READ_STEP - 1);
		if (n < 0 && errno != EINTR)
			return fail_file(p, strerror(errno));
		if (n > 0)
			b->len += (size_t)n;
		if (b->len > FILE_MAX)
			return fail_file(p, "more than 1 MiB");
	}
	return CKR_OK;
}

static CK_RV conf_read(struct parse *p)
{
	struct buf b = BUF_INIT;
	CK_RV rv;
	int fd = -1;

	rv = open_file(p, &fd);
	if (rv != CKR_OK)
		return rv;
	rv = read_file(p, fd, &b);
	if (rv == CKR_OK)
		rv = take_lines(p, (char *)b.data, b.len);
	if (rv == CKR_OK)
		rv = check_level(p);
	(void)close(fd);
	buf_free(&b);
	return rv;
}

static CK_RV conf_new(const char *path, struct parse *p)
{
	CK_RV rv = CKR_OK;
	size_t i;

	p->conf = calloc(1, sizeof(*p->conf));
	if (p->conf == NULL)
		return CKR_HOST_MEMORY;
	p->conf->path = strdup(path);
	if (p->conf->path == NULL)
		return CKR_HOST_MEMORY;
	for (i = 0; i < ARRAY_LEN(options) && rv == CKR_OK; i++)
		rv = options[i].set(p, &options[i], options[i].def);
	return rv;
}

CK_RV conf_load_file(const char *path, struct conf **out)
{
	struct parse p = { NULL, 0, NULL, 0 };
	CK_RV rv = conf_new(path, &p);

	if (rv == CKR_OK)
		rv = conf_read(&p);
	if (rv == CKR_HOST_MEMORY)
		conf_free(p.conf);
	else
		*out = p.conf;
	return rv;
}

void conf_free(struct conf *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->note_count; i++)
		free(c->notes[i].text);
	free(c->notes);
	free(c->path);
	free(c->tokendir);
	free(c->backend);
	free(c->log_file);
	free(c->mechanisms);
	free(c);
}

/* --- which file --- */

/*
 * The home directory of the account that the process acts for, newly allocated; NULL when there
 * is none.
 */
static char *account_home(void)
{
	struct passwd pw, *found = NULL;
	char *space = NULL, *more, *home = NULL;
	size_t size = 512;
	int err;

	do {
		size *= 2;
		more = realloc(space, size);
		if (more == NULL)
			break;
		space = more;
		err = getpwuid_r(geteuid(), &pw, space, size, &found);
	} while (err == EINTR || (err == ERANGE && size < PASSWD_MAX));
	if (found != NULL && found->pw_dir != NULL)
		home = strdup(found->pw_dir);
	free(space);
	return home;
}

/* The user's own file, newly allocated; NULL when there is none that can be read. */
static char *user_file(void)
{
	const char *env = secure_getenv("HOME");
	char *home, *path;

	home = env != NULL && *env != '\0' ? strdup(env) : account_home();
	path = home == NULL ? NULL : path_join(home, USER_FILE);
	free(home);
	if (path != NULL && faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0) {
		free(path);
		path = NULL;
	}
	return path;
}

/*
 * A program that runs with more rights than its caller must not have its log and its tokens put
 * where the caller's environment says: hence secure_getenv.
 */
CK_RV conf_load(struct conf **out)
{
	const char *env = secure_getenv("SOFTHSM2_CONF");
	char *path;
	CK_RV rv;

	if (env != NULL)
		return conf_load_file(env, out);
	path = user_file();
	rv = conf_load_file(path == NULL ? DEFAULT_SOFTHSM2_CONF : path, out);
	free(path);
	return rv;
}

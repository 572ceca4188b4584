#include "config.h"

#include "bin/util/startup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bin/common/message.h"

static void print_notes(const struct conf *c)
{
	for (size_t i = 0; i < c->note_count; i++)
		if (c->notes[i].level <= LEVEL_WARNING)
			fprintf(stderr, "%s\n", c->notes[i].text);
}

/* As the configuration itself opens files: no directories, nothing that could keep it waiting. */
static bool is_readable(const char *path)
{
	struct stat st;

	return path != NULL && access(path, R_OK) == 0 && stat(path, &st) == 0 &&
	       (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode));
}

/* One line about the value of a key: where it stands, and what is wrong with it. */
static void print_bad_value(const struct conf *c, const char *key, const char *value,
			    const char *cause)
{
	char where[CONF_WHERE];

	conf_where(c, key, where, sizeof(where));
	fprintf(stderr, "%s: %s: %s\n", where, value, cause);
}

bool startup_conf(struct conf **conf, const struct store_backend **backend)
{
	struct conf *c = NULL;
	CK_RV rv = conf_load(&c);

	if (c == NULL) {
		message_error_rv(rv, "Could not load the SoftHSM configuration.");
		return false;
	}
	*backend = store_backend_find(c->backend);
	if (rv != CKR_OK && !is_readable(c->path)) {
		message_error("Could not load the SoftHSM configuration.");
	} else if (rv != CKR_OK) {
		message_error("Could not configure the log level.");
	} else if (*backend == NULL) {
		message_error("Could not select token backend.");
		print_bad_value(c, "objectstore.backend", c->backend,
				"this build has no such backend");
		message_hint("objectstore.backend = file works in every build");
	} else {
		*conf = c;
		return true;
	}
	print_notes(c);
	conf_free(c);
	return false;
}

void startup_bad_tokendir(const struct conf *c, const char *prefix)
{
	int cause = errno;

	fprintf(stderr, "%sFailed to enumerate object store in %s\n", prefix, c->tokendir);
	print_bad_value(c, "directories.tokendir", c->tokendir, strerror(cause));
	print_notes(c);
	if (cause == ENOENT)
		message_hint("to make it: mkdir -p -m 700 %s", c->tokendir);
	else if (cause == EACCES)
		message_hint("this user may not; softhsm2.conf(5) says how several share tokens");
}

static bool tokendir_is_listable(const struct conf *c)
{
	DIR *d = opendir(c->tokendir);

	if (d == NULL)
		startup_bad_tokendir(c, "ERROR: ");
	else
		closedir(d);
	return d != NULL;
}

bool startup_check(void)
{
	const struct store_backend *backend;
	struct conf *c = NULL;
	bool ok = startup_conf(&c, &backend) && tokendir_is_listable(c);

	conf_free(c);
	if (!ok) {
		message_error("Please verify that the SoftHSM configuration is correct.");
		message_hint("softhsm2-util --show-config tells which file is read, and what it "
			     "says");
	}
	return ok;
}

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bin/common/json.h"
#include "bin/common/message.h"
#include "bin/util/options.h"
#include "common/conf.h"

#define LIBRARY_KEY "default-pkcs11-lib"

/* What is listed. */
struct listing {
	struct conf *conf;
	bool loaded;
	const char *named_by; /* why it is that file */
	const char *trouble;  /* with the token directory, or NULL */
};

static const char *named_by(const struct conf *c)
{
	if (secure_getenv("SOFTHSM2_CONF") != NULL)
		return "the environment variable SOFTHSM2_CONF";
	if (strcmp(c->path, DEFAULT_SOFTHSM2_CONF) == 0)
		return "default";
	return "the home directory";
}

static bool listing_begin(struct listing *l)
{
	CK_RV rv = conf_load(&l->conf);

	if (l->conf == NULL) {
		message_error_rv(rv, "Could not load the SoftHSM configuration.");
		return false;
	}
	l->loaded = rv == CKR_OK;
	l->named_by = named_by(l->conf);
	l->trouble = access(l->conf->tokendir, R_OK | W_OK | X_OK) == 0 ? NULL : strerror(errno);
	return true;
}

/* "FILE:LINE" or "default". */
static void origin(const struct conf *c, size_t i, char *out, size_t size)
{
	if (c->lines[i] == 0)
		snprintf(out, size, "default");
	else
		snprintf(out, size, "%s:%lu", c->path, c->lines[i]);
}

/* Lines that softhsm2.conf could have. */
static void print_key(const struct conf *c, size_t i)
{
	char where[CONF_WHERE];
	char *value = conf_value(c, i);

	origin(c, i, where, sizeof(where));
	if (value != NULL)
		printf("%s%s = %s # %s\n", *value == '\0' ? "#" : "", conf_key(i), value, where);
	free(value);
}

static void print_listing(const struct listing *l)
{
	const struct conf *c = l->conf;

	printf("# %s, named by: %s\n", c->path, l->named_by);
	for (size_t i = 0; i < CONF_KEYS; i++)
		print_key(c, i);
	if (l->trouble != NULL)
		printf("# the token directory cannot be read and written: %s\n", l->trouble);
	else
		puts("# the token directory can be read and written");
	printf("# %s = %s\n", LIBRARY_KEY, DEFAULT_PKCS11_LIB);
}

static void key_json(const struct conf *c, size_t i, struct json *j)
{
	char where[CONF_WHERE];
	char *value = conf_value(c, i);

	origin(c, i, where, sizeof(where));
	json_open(j, conf_key(i), '{');
	json_string(j, "value", value);
	json_string(j, "from", where);
	json_close(j, '}');
	free(value);
}

static void json_listing(const struct listing *l)
{
	struct json j = { 0 };

	json_open(&j, NULL, '{');
	json_string(&j, "file", l->conf->path);
	json_string(&j, "named_by", l->named_by);
	json_flag(&j, "loaded", l->loaded);
	json_open(&j, "keys", '{');
	for (size_t i = 0; i < CONF_KEYS; i++)
		key_json(l->conf, i, &j);
	json_close(&j, '}');
	json_flag(&j, "tokendir_accessible", l->trouble == NULL);
	json_string(&j, "tokendir_trouble", l->trouble);
	json_string(&j, LIBRARY_KEY, DEFAULT_PKCS11_LIB);
	json_close(&j, '}');
}

/* All of it: also when it is not usable, for then it matters most. */
static bool show_all(bool json)
{
	struct listing l = { 0 };
	bool ok;

	if (!listing_begin(&l))
		return false;
	if (json)
		json_listing(&l);
	else
		print_listing(&l);
	for (size_t i = 0; i < l.conf->note_count; i++)
		fprintf(stderr, "%s\n", l.conf->notes[i].text);
	ok = l.loaded && l.trouble == NULL;
	conf_free(l.conf);
	return ok;
}

/* CONF_KEYS when there is no such key. */
static size_t find_key(const char *key)
{
	size_t i = 0;

	while (i < CONF_KEYS && strcmp(key, conf_key(i)) != 0)
		i++;
	return i;
}

static bool show_one(const char *key)
{
	size_t i = find_key(key);
	struct conf *c = NULL;
	char *value = NULL;
	bool ok;

	if (strcmp(key, LIBRARY_KEY) == 0) {
		puts(DEFAULT_PKCS11_LIB);
		return true;
	}
	if (i == CONF_KEYS) {
		message_error("Invalid configuration key '%s'", key);
		return false;
	}
	if (conf_load(&c) == CKR_OK)
		value = conf_value(c, i);
	if (value != NULL)
		puts(value);
	else
		message_error("Could not load the SoftHSM configuration.");
	conf_free(c);
	ok = value != NULL;
	free(value);
	return ok;
}

static bool show_config(const struct options *o, struct p11 *p)
{
	(void)p;
	return o->show_config == NULL ? show_all(o->json) : show_one(o->show_config);
}

const struct action action_show_config = { show_config, false };

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bin/common/message.h"
#include "bin/util/options.h"
#include "bin/util/select.h"
#include "bin/util/startup.h"
#include "common/str.h"
#include "slot/token_attrs.h"

struct job {
	const struct conf *conf;
	const struct store_backend *backend;
	struct token_wanted wanted;
	unsigned count;
	char *dir; /* of the last one found */
};

static int is_candidate(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

/* As the module shows it: cut or blank padded to the size of its field in CK_TOKEN_INFO. */
static void read_field(const struct attrset *token, CK_ATTRIBUTE_TYPE type, CK_UTF8CHAR *field,
                       size_t size)
{
	const unsigned char *data;
	size_t len;

	memset(field, ' ', size);
	if (attrset_bytes(token, type, &data, &len) && len > 0)
		memcpy(field, data, len < size ? len : size);
}

static bool dir_is_wanted(const struct job *j, const char *dir)
{
	struct store *store = NULL;
	struct attrset *token = NULL;
	CK_UTF8CHAR label[32];
	CK_CHAR serial[16];
	bool wanted = false;

	if (store_open(j->backend, dir, j->conf->umask, &store) != CKR_OK)
		return false;
	if (store_token_load(store, &token) == CKR_OK) {
		read_field(token, CKA_OS_TOKENLABEL, label, sizeof(label));
		read_field(token, CKA_OS_TOKENSERIAL, serial, sizeof(serial));
		wanted = token_is_wanted(&j->wanted, label, serial);
	}
	attrset_free(token);
	store_close(store);
	return wanted;
}

static void look_at(struct job *j, const char *name)
{
	char *dir = path_join(j->conf->tokendir, name);
	struct stat st;

	if (dir == NULL || stat(dir, &st) != 0 || !S_ISDIR(st.st_mode) || !dir_is_wanted(j, dir)) {
		free(dir);
		return;
	}
	printf("Found token (%s) with matching %s.\n", name, token_wanted_name(&j->wanted));
	free(j->dir);
	j->dir = dir;
	j->count++;
}

static bool find_tokens(struct job *j)
{
	struct dirent **entries;
	int count = scandir(j->conf->tokendir, &entries, is_candidate, alphasort);

	if (count < 0) {
		startup_bad_tokendir(j->conf, "");
		return false;
	}
	for (int i = 0; i < count; i++) {
		look_at(j, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return true;
}

static bool delete_found(const struct job *j)
{
	CK_RV rv;

	if (j->count != 1) {
		message_error(j->count == 0 ? "Could not find a token using --serial or --token."
		                            : "Found multiple matching tokens.");
		return false;
	}
	rv = store_delete(j->backend, j->dir);
	if (rv != CKR_OK) {
		message_error_rv(rv, "Could not delete the directory: %s", j->dir);
		return false;
	}
	printf("The token (%s) has been deleted.\n", j->dir);
	return true;
}

static bool delete_token(const struct options *o, struct p11 *p)
{
	struct conf *conf = NULL;
	struct job j = { .count = 0 };
	bool ok;

	(void)p;
	if (o->token == NULL && o->serial == NULL) {
		message_error("A token must be supplied. Use --serial <serial> or --token <label>");
		return false;
	}
	if (!startup_conf(&conf, &j.backend))
		return false;
	j.conf = conf;
	log_open(conf->level, conf->log_file);
	ok = token_wanted_from(&j.wanted, o) && find_tokens(&j) && delete_found(&j);
	log_close();
	free(j.dir);
	conf_free(conf);
	return ok;
}

const struct action action_delete_token = { delete_token, false };

#include "config.h"

#include "maintain/tokens.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/str.h"
#include "slot/slot_scan.h"
#include "slot/token_attrs.h"

void tokens_free(struct tokens *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->list[i].name);
		free(t->list[i].dir);
	}
	free(t->list);
	*t = (struct tokens){ NULL, 0 };
}

/* As the module shows it: cut or blank-padded to the size of its field in CK_TOKEN_INFO. */
static void read_field(const struct attrset *token, CK_ATTRIBUTE_TYPE type, CK_UTF8CHAR *field,
		       size_t size, char *text)
{
	const unsigned char *data;
	size_t len;

	memset(field, ' ', size);
	if (attrset_bytes(token, type, &data, &len) && len > 0)
		memcpy(field, data, len < size ? len : size);
	memcpy(text, field, size);
	while (size > 0 && text[size - 1] == ' ')
		size--;
	text[size] = '\0';
	str_printable(text);
}

static void open_entry(struct token_entry *e, mode_t mask)
{
	struct attrset *token = NULL;
	struct store *s = NULL;

	e->backend = store_backend_find(e->kind->backend);
	e->rv = CKR_FUNCTION_NOT_SUPPORTED;
	if (e->backend == NULL)
		return;
	e->rv = store_open(e->backend, e->dir, mask, &s);
	if (e->rv == CKR_OK)
		e->rv = store_token_load(s, &token);
	if (e->rv == CKR_OK) {
		read_field(token, CKA_OS_TOKENLABEL, e->label, sizeof(e->label), e->label_text);
		read_field(token, CKA_OS_TOKENSERIAL, e->serial, sizeof(e->serial),
			   e->serial_text);
		e->slot = slot_id_from_serial(e->serial_text);
	}
	attrset_free(token);
	store_close(s);
}

static CK_RV add_entry(struct tokens *t, const char *name, const char *dir,
		       const struct store_kind *kind, mode_t mask)
{
	struct token_entry *grown = realloc(t->list, (t->count + 1) * sizeof(*grown));
	struct token_entry *e;

	if (grown == NULL)
		return CKR_HOST_MEMORY;
	t->list = grown;
	e = &t->list[t->count];
	*e = (struct token_entry){ .name = strdup(name), .dir = strdup(dir), .kind = kind };
	if (e->name == NULL || e->dir == NULL) {
		free(e->name);
		free(e->dir);
		return CKR_HOST_MEMORY;
	}
	t->count++;
	open_entry(e, mask);
	return CKR_OK;
}

static CK_RV look_at(struct tokens *t, const char *tokendir, const char *name, mode_t mask)
{
	char *dir = path_join(tokendir, name);
	const struct store_kind *kind;
	struct stat st;
	CK_RV rv = dir != NULL ? CKR_OK : CKR_HOST_MEMORY;

	if (rv == CKR_OK && stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
		for (size_t i = 0; rv == CKR_OK && (kind = store_kind_at(i)) != NULL; i++)
			if (store_kind_lies_in(kind, dir))
				rv = add_entry(t, name, dir, kind, mask);
	free(dir);
	return rv;
}

static int is_candidate(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

CK_RV tokens_read(const char *tokendir, mode_t mask, struct tokens *out)
{
	struct dirent **names;
	int count = scandir(tokendir, &names, is_candidate, alphasort);
	CK_RV rv = CKR_OK;

	*out = (struct tokens){ NULL, 0 };
	if (count < 0)
		return errno == ENOMEM ? CKR_HOST_MEMORY : CKR_DEVICE_ERROR;
	for (int i = 0; i < count; i++) {
		if (rv == CKR_OK)
			rv = look_at(out, tokendir, names[i]->d_name, mask);
		free(names[i]);
	}
	free(names);
	if (rv != CKR_OK)
		tokens_free(out);
	return rv;
}

#include "config.h"

#include "maintain/restore.h"

#include <stdlib.h>
#include <string.h>

/* Only names of the usual look are taken over from an archive. */
static CK_RV choose_name(const struct restore *r, const struct archive_head *head,
			 char out[FILE_UUID_SIZE])
{
	struct file_dir d = { .path = r->tokendir, .fd = -1 };
	CK_RV rv = file_dir_open(&d, FILE_WRITING);
	bool usable = rv == CKR_OK && file_is_uuid(head->name, strlen(head->name)) &&
		      file_is_missing(&d, head->name);

	file_dir_close(&d);
	if (rv != CKR_OK)
		return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_DEVICE_ERROR : rv;
	if (!usable)
		return file_uuid(out);
	memcpy(out, head->name, FILE_UUID_SIZE);
	return CKR_OK;
}

static CK_RV put(const struct install *in, struct exchange *x)
{
	CK_RV rv = CKR_OK;

	if (in->replaces != NULL)
		rv = exchange_adopt(x, in->replaces->kind->file);
	return rv == CKR_OK ? exchange_commit(x) : rv;
}

CK_RV restore_token(const struct restore *r, const struct archive_head *head, struct image *m,
		    char **kept)
{
	char name[FILE_UUID_SIZE];
	struct install in = { r->tokendir, name, r->mask, r->backend, r->replaces, false,
			      r->progress };
	struct exchange x;
	CK_RV rv = CKR_OK;

	*kept = NULL;
	if (r->replaces != NULL)
		in.name = r->replaces->name;
	else
		rv = choose_name(r, head, name);
	if (rv == CKR_OK)
		rv = install_build(&in, m, &x);
	if (rv != CKR_OK)
		return rv;
	rv = put(&in, &x);
	if (rv == CKR_OK && r->replaces != NULL && install_finish(&in, &x) != CKR_OK) {
		*kept = strdup(x.old);
		exchange_keep_old(&x);
	} else {
		exchange_end(&x);
	}
	return rv;
}

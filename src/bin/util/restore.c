#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bin/common/message.h"
#include "bin/util/choose.h"
#include "bin/util/progress_bar.h"
#include "common/str.h"
#include "maintain/archive_file.h"
#include "maintain/restore.h"

static bool read_archive(const char *path, struct archive_head *head, struct image *m)
{
	struct buf bytes = BUF_INIT;
	CK_RV rv = archive_file_read(path, &bytes);

	if (rv == CKR_OK)
		rv = archive_decode(bytes.data, bytes.len, head, m);
	buf_free(&bytes);
	if (rv == CKR_DATA_INVALID)
		report_failure(rv, "The archive %s is damaged", path);
	else if (rv != CKR_OK)
		report_failure(rv, "Could not read the archive %s", path);
	else
		str_printable(head->label);
	return rv == CKR_OK;
}

/* The token with the archive's serial number, or NULL. false, reported: it stands in the way. */
static bool find_present(const struct stores *s, const struct options *o,
			 const struct archive_head *head, const struct token_entry **present)
{
	CK_CHAR serial[16];
	size_t count = 0;

	str_pad(serial, sizeof(serial), head->serial);
	*present = NULL;
	for (size_t i = 0; i < s->tokens.count; i++) {
		const struct token_entry *e = &s->tokens.list[i];

		if (e->rv == CKR_OK && memcmp(e->serial, serial, sizeof(serial)) == 0) {
			*present = e;
			count++;
		}
	}
	if (count > 1)
		message_error("Found multiple tokens with the serial %s.", head->serial);
	else if (count == 1 && !o->force)
		message_error("There is a token with the serial %s in %s. Use --force to "
			      "replace it", head->serial, (*present)->dir);
	return count == 0 || (count == 1 && o->force);
}

static bool put(const struct stores *s, const struct options *o, const struct archive_head *head,
		struct image *m)
{
	struct progress_bar bar;
	struct restore r = { s->conf->tokendir, s->conf->umask, s->backend, NULL, &bar.progress };
	char *kept = NULL;
	CK_RV rv;

	if (!find_present(s, o, head, &r.replaces))
		return false;
	progress_bar_start(&bar);
	rv = restore_token(&r, head, m, &kept);
	progress_bar_end(&bar);
	if (rv != CKR_OK) {
		report_failure(rv, "The token was not restored");
		return false;
	}
	if (kept != NULL)
		message_error("The replaced token could not be removed; it is in %s", kept);
	printf("The token \"%s\" (serial %s) is restored: %zu objects.\n", head->label,
	       head->serial, m->count);
	free(kept);
	return true;
}

static bool restore(const struct options *o, struct p11 *p)
{
	struct archive_head head;
	struct image m = IMAGE_INIT;
	struct stores s;
	bool ok;

	(void)p;
	ok = stores_open(&s, true) && read_archive(o->restore_path, &head, &m) &&
	     put(&s, o, &head, &m);
	image_free(&m);
	stores_close(&s);
	return ok;
}

const struct action action_restore = { restore, false };

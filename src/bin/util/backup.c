#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bin/common/message.h"
#include "bin/util/choose.h"
#include "bin/util/progress_bar.h"
#include "maintain/archive.h"
#include "maintain/archive_file.h"

static void copy_text(char out[ARCHIVE_TEXT_MAX], const char *text)
{
	(void)snprintf(out, ARCHIVE_TEXT_MAX, "%s", text);
}

static CK_RV read_token(const struct token_entry *e, mode_t mask, struct image *m, bool *settled)
{
	struct progress_bar bar;
	struct store *s = NULL;
	CK_RV rv = store_open(e->backend, e->dir, mask, &s);

	progress_bar_start(&bar);
	if (rv == CKR_OK)
		rv = image_read(s, &bar.progress, m, settled);
	progress_bar_end(&bar);
	store_close(s);
	return rv;
}

static CK_RV pack(const struct token_entry *e, const struct image *m, struct buf *out)
{
	struct archive_head head = { .time = (uint64_t)time(NULL) };

	archive_serial(m->token, head.serial);
	copy_text(head.label, e->label_text);
	copy_text(head.name, e->name);
	copy_text(head.backend, e->kind->backend);
	return archive_encode(&head, m, out);
}

static bool is_refused(const struct options *o, const struct token_entry *e, const struct image *m)
{
	if (m->damaged == 0)
		return false;
	message_error("%zu objects of the token in %s are damaged.", m->damaged, e->dir);
	if (o->force)
		return false;
	message_error("Try: softhsm2-util --check --serial %s, or --backup with --force to leave "
		      "them out", e->serial_text);
	return true;
}

/* Standard output may be the archive. */
static void report(const struct options *o, const struct token_entry *e, const struct image *m,
		   bool settled)
{
	FILE *to = strcmp(o->backup_path, "-") == 0 ? stderr : stdout;

	if (!settled)
		fprintf(stderr, "The token was changed all the while: each object in the archive "
			"is whole, but they are of different moments.\n");
	fprintf(to, "The token \"%s\" (serial %s) is in %s: %zu objects.\n", e->label_text,
		e->serial_text, o->backup_path, m->count - m->damaged);
}

static bool backup_chosen(const struct stores *s, const struct options *o,
			  const struct token_entry *e)
{
	struct image m = IMAGE_INIT;
	struct buf bytes = BUF_INIT;
	bool settled = false;
	CK_RV rv = read_token(e, s->conf->umask, &m, &settled);
	bool refused = rv == CKR_OK && is_refused(o, e, &m);

	/* In an order of their own: the same objects make the same archive, but for its date. */
	image_sort(&m);
	if (rv == CKR_OK && !refused)
		rv = pack(e, &m, &bytes);
	if (rv == CKR_OK && !refused)
		rv = archive_file_write(o->backup_path, &bytes, o->force);
	if (rv == CKR_FUNCTION_REJECTED)
		message_error("The file exists: %s. Use --force to replace it", o->backup_path);
	else if (rv != CKR_OK)
		report_failure(rv, "The token in %s was not backed up", e->dir);
	else if (!refused)
		report(o, e, &m, settled);
	image_free(&m);
	buf_free(&bytes);
	return rv == CKR_OK && !refused;
}

static bool backup(const struct options *o, struct p11 *p)
{
	const struct token_entry *e;
	struct stores s;
	bool ok;

	(void)p;
	ok = stores_open(&s, false);
	e = ok ? choose_token(&s, o) : NULL;
	ok = e != NULL && backup_chosen(&s, o, e);
	stores_close(&s);
	return ok;
}

const struct action action_backup = { backup, false };

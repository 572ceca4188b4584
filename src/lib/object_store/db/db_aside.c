#include "config.h"

#include "object_store/db/db_aside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "object_store/aside.h"
#include "object_store/db/db_object.h"
#include "object_store/db/db_schema.h"
#include "object_store/file/file_commit.h"

static const char *const tables[] = { "boolean", "integer", "binary", "array" };

static CK_RV put_text(struct buf *out, const char *text)
{
	return buf_append(out, text, strlen(text));
}

static CK_RV prepare(struct db_conn *c, const char *table, int64_t id, sqlite3_stmt **out)
{
	char sql[256];
	int rc;

	/* The whole statement comes out as one text; quote() does so for a value of any type. */
	(void)snprintf(sql, sizeof(sql),
		       "select 'insert into attribute_%s (value, type, object_id, id) values (' || "
		       "quote(value) || ', ' || quote(type) || ', ' || object_id || ', ' || id || "
		       "');' from attribute_%s where object_id = %" PRId64 " order by id",
		       table, table, id);
	rc = sqlite3_prepare_v2(c->db, sql, -1, out, NULL);
	return rc == SQLITE_OK ? CKR_OK : db_failed(c, "read the rows of an object", rc);
}

static CK_RV dump_table(struct db_conn *c, const char *table, int64_t id, struct buf *out)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	CK_RV rv = prepare(c, table, id, &s);

	while (rv == CKR_OK && row) {
		rv = db_step(c, s, &row);
		if (rv == CKR_OK && row)
			rv = put_text(out, (const char *)sqlite3_column_text(s, 0));
		if (rv == CKR_OK && row)
			rv = put_text(out, "\n");
	}
	(void)sqlite3_finalize(s);
	return rv;
}

static CK_RV dump(struct db_conn *c, int64_t id, struct buf *out)
{
	char line[64];
	CK_RV rv;

	(void)snprintf(line, sizeof(line), "insert into object (id) values (%" PRId64 ");\n", id);
	rv = put_text(out, line);
	for (size_t i = 0; i < ARRAY_LEN(tables) && rv == CKR_OK; i++)
		rv = dump_table(c, tables[i], id, out);
	return rv;
}

static CK_RV write_file(const struct file_dir *d, const char *name, const struct buf *bytes)
{
	int fd;
	CK_RV rv = file_open(d, name, O_RDWR | O_CREAT | O_EXCL, &fd);

	if (rv != CKR_OK)
		return rv == CKR_DATA_INVALID ? CKR_DEVICE_ERROR : rv;
	if (!file_write_all(fd, bytes->data, bytes->len, 0) || !file_sync(fd))
		rv = file_failed(d, name, "write", errno, FILE_WRITING);
	file_close(d, name, fd);
	return rv == CKR_OK ? file_sync_dir(d) : rv;
}

/* Within the transaction. */
static CK_RV take_out(struct db_conn *c, const struct file_dir *d, int64_t id,
		      const struct file_name *name)
{
	struct buf bytes = BUF_INIT;
	CK_RV rv = db_schema_check(c);

	if (rv == CKR_OK) {
		c->opening = false;
		rv = dump(c, id, &bytes);
	}
	if (rv == CKR_OK)
		rv = write_file(d, name->s, &bytes);
	if (rv == CKR_OK)
		rv = db_object_remove(c, id);
	buf_free(&bytes);
	return rv;
}

CK_RV db_set_aside(const char *dir, mode_t mask, int64_t id, struct file_name *out)
{
	struct file_dir d = { .path = dir, .mask = mask, .fd = -1 };
	struct db_conn *c = NULL;
	char name[32];
	CK_RV rv = file_dir_open(&d, FILE_WRITING);

	(void)snprintf(name, sizeof(name), "object-%" PRId64, id);
	if (rv == CKR_OK)
		rv = aside_name(&d, name, out);
	if (rv == CKR_OK)
		rv = db_open(dir, &c);
	if (rv == CKR_OK) {
		rv = db_begin(c, FILE_WRITING);
		if (rv == CKR_OK)
			rv = db_end(c, take_out(c, &d, id, out));
		/* The object is where it was. */
		if (rv != CKR_OK)
			(void)unlinkat(d.fd, out->s, 0);
		db_close(c);
	}
	file_dir_close(&d);
	return rv;
}

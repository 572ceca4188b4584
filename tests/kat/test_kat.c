#include "config.h"

/*
 * Known answers: runs the records of tests/data/kat on the module. See tests/data/kat/README.md.
 *
 * Options beside those of the harness: --all makes a record fail whose mechanism the module does
 * not offer, --file FILE runs that file's records, --table FILE and --markdown FILE write the table
 * of what was covered and docs/MECHANISMS.md. The table also stands in the log.
 */

#include <openssl/err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "markdown.h"
#include "p11/harness.h"
#include "run.h"
#include "table.h"

static struct {
	bool all;		/* --all */
	const char *file;	/* --file */
	const char *table;	/* --table */
	const char *markdown;	/* --markdown */
	unsigned ran, not_offered, too_new;
} kat;

static bool offered(const struct record *r, CK_SLOT_ID slot)
{
	CK_MECHANISM_INFO info;

	return p11->C_GetMechanismInfo(slot, r->mechanism->type, &info) == CKR_OK &&
	       (info.flags & operation_flag(r->op));
}

static CK_RV row_record(struct ctx *c)
{
	struct record *r = (struct record *)(uintptr_t)c->arg;
	bool refused = false;

	if (!offered(r, c->slot)) {
		kat.not_offered++;
		for (size_t i = 0; i < r->nfields; i++)
			r->fields[i].used = true;
		return want(!kat.all || record_complain(r, "not offered"));
	}
	ERR_clear_error();
	if (!record_run(r, c->s, reference, &refused))
		return ROW_WRONG;
	if (!reference && ERR_peek_error() != 0)
		return want(record_complain(r, "leaves an error in the queue of OpenSSL"));
	kat.ran++;
	kat.too_new += refused;
	return want(reference || refused || r->op == NO_OPERATION || record_unused(r) == 0);
}

static void test_records(void)
{
	size_t n = 0;
	struct record *all = records(&n);

	for (size_t i = 0; i < n; i++)
		if (all[i].mechanism)
			row_runf(RW_PUBLIC, row_record, &all[i], CKR_OK, "%s:%u:%s:%s", all[i].file,
				 all[i].line, all[i].head, all[i].tail);
}

static CK_RV row_complete(struct ctx *c)
{
	return want(table_complete(c->arg));
}

static CK_RV row_markdown(struct ctx *c)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/../../docs/MECHANISMS.md", getenv("TEST_DATA"));
	return want(markdown_check(path, c->slot));
}

/* A file that an option asks for. */
static void write_file(const char *path, void (*write)(FILE *, CK_SLOT_ID), CK_SLOT_ID slot)
{
	FILE *f = path ? fopen(path, "w") : NULL;

	if (!f)
		return;
	write(f, slot);
	fclose(f);
}

static void write_markdown(FILE *f, CK_SLOT_ID slot)
{
	markdown_write(f, slot);
}

static void write_table(FILE *f, CK_SLOT_ID slot)
{
	table_print(f, slot);
	fprintf(f, "%u records ran, %u of mechanisms that are not offered, "
		"%u that may be refused\n", kat.ran, kat.not_offered, kat.too_new);
}

/* No cell of the table is empty. */
static void test_table(void)
{
	CK_ULONG count = 0;
	CK_SLOT_ID slot = 0;
	const struct offer *list = NULL;

	if (module_start() == CKR_OK && slot_find(TOKEN_LABEL, &slot) == CKR_OK)
		list = offers(slot, &count);
	write_file(kat.table, write_table, slot);
	write_file(kat.markdown, write_markdown, slot);
	if (reference || kat.file || kat.table || kat.markdown)
		return;
	for (CK_ULONG i = 0; i < count; i++)
		row_runf(ANY_STATE, row_complete, &list[i], CKR_OK, "table:%s",
			 list[i].mechanism ? list[i].mechanism->name : "?");
	row_runf(NO_SESSION, row_markdown, NULL, CKR_OK, "markdown");
	write_table(stdout, slot);
}

static const struct test tests[] = {
	{ "records", NULL, 0, test_records },
	{ "table", NULL, 0, test_table },
};

/* The options of this program; the others stay in argv. False for an option without its file. */
static bool options(int *argc, char **argv)
{
	const struct {
		const char *name;
		const char **file;
	} files[] = {
		{ "--file", &kat.file }, { "--table", &kat.table }, { "--markdown", &kat.markdown },
	};
	int n = 1;

	for (int i = 1; i < *argc; i++) {
		size_t k = 0;

		while (k < LENGTH(files) && strcmp(files[k].name, argv[i]) != 0)
			k++;
		if (strcmp(argv[i], "--all") == 0)
			kat.all = true;
		else if (k == LENGTH(files))
			argv[n++] = argv[i];
		else if (++i == *argc)
			return false;
		else
			*files[k].file = argv[i];
	}
	*argc = n;
	return true;
}

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "kat", .tests = tests, .ntests = LENGTH(tests),
	};
	const char *data = getenv("TEST_DATA");
	char path[4096];
	int status = 2;

	if (!data || !options(&argc, argv)) {
		fprintf(stderr, "usage: TEST_DATA=.../tests/data MODULE=... test_kat [--all] "
			"[--file|--table|--markdown FILE] [-v] [PATTERN]\n");
		return 2;
	}
	snprintf(path, sizeof(path), "%s/pkcs11", data);
	if (facts_load(path)) {
		snprintf(path, sizeof(path), "%s/kat", data);
		if (kat.markdown || records_load(kat.file ? kat.file : path))
			status = harness_main(argc, argv, &program);
	}
	pool_free();
	return status;
}

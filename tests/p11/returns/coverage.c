#include "config.h"

#include "returns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scene.h"

/* What the rows expect, held against what the standard lists. */

#define MAX_CODES	40
#define MAX_FUNCTIONS	128
#define ROWS_SHOWN	3

/* never.def and unlisted.def */
struct remark {
	const char *functions;
	CK_RV code;
	const char *reason;
};

static const struct remark never[] = {
#define NEVER(which, code, why) { (which), (code), (why) },
#include "never.def"
#undef NEVER
};

static const struct remark unlisted[] = {
#define UNLISTED(which, code, why) { (which), (code), (why) },
#include "unlisted.def"
#undef UNLISTED
};

/* A line of function_returns.csv. */
struct listing {
	char function[40];
	CK_RV codes[MAX_CODES];
	size_t count;
};

static struct listing listings[MAX_FUNCTIONS];
static size_t listing_count;

/* --- names -------------------------------------------------------------- */

static const struct {
	CK_RV code;
	const char *name;
} code_names[] = {
#define CKR_NAME(r) { r, #r },
#include "pkcs11/names.def"
};

static const char *code_name(CK_RV code)
{
	for (size_t i = 0; i < LENGTH(code_names); i++)
		if (code_names[i].code == code)
			return code_names[i].name;
	return "a code without a name";
}

static bool code_find(const char *name, CK_RV *out)
{
	for (size_t i = 0; i < LENGTH(code_names); i++)
		if (strcmp(code_names[i].name, name) == 0) {
			*out = code_names[i].code;
			return true;
		}
	return false;
}

/* --- function_returns.csv ----------------------------------------------- */

/* function,count,code code code */
static bool listing_read(char *line, struct listing *l)
{
	char *save = NULL;
	const char *function = strtok_r(line, ",\n", &save), *count = strtok_r(NULL, ",\n", &save);
	char *codes = strtok_r(NULL, ",\n", &save);

	l->count = 0;
	if (!function || !count || strlen(function) >= sizeof(l->function))
		return false;
	strcpy(l->function, function);
	for (char *name = codes ? strtok_r(codes, " ", &save) : NULL; name;
	     name = strtok_r(NULL, " ", &save))
		if (l->count == MAX_CODES || !code_find(name, &l->codes[l->count++]))
			return false;
	return l->count == strtoul(count, NULL, 10);
}

static bool listings_read(void)
{
	const char *data = getenv("TEST_DATA");
	char line[4096];
	bool ok = true;
	FILE *f;

	snprintf(line, sizeof(line), "%s/pkcs11/function_returns.csv", data ? data : "tests/data");
	f = fopen(line, "r");
	if (!f || !fgets(line, sizeof(line), f))
		ok = false;
	for (listing_count = 0; ok && fgets(line, sizeof(line), f);)
		ok = listing_count < MAX_FUNCTIONS &&
		     listing_read(line, &listings[listing_count++]);
	if (f)
		fclose(f);
	return ok && listing_count > 0;
}

static bool is_listed(const struct listing *l, CK_RV code)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->codes[i] == code)
			return true;
	return false;
}

/* --- the rows ----------------------------------------------------------- */

/* What rrows_each is asked for: the rows of one function that expect one code. */
static struct {
	const char *function;
	CK_RV code;
	size_t count;
	const char *names[ROWS_SHOWN];
	CK_RV others[MAX_CODES];	/* not listed, but expected by rows */
	size_t other_count;
	const struct listing *listing;
} wanted;

static void count_row(const struct rrow *r)
{
	if (strcmp(r->function, wanted.function) != 0 || r->expected != wanted.code)
		return;
	if (wanted.count < ROWS_SHOWN)
		wanted.names[wanted.count] = r->name;
	wanted.count++;
}

static size_t rows_find(const char *function, CK_RV code)
{
	wanted.function = function;
	wanted.code = code;
	wanted.count = 0;
	rrows_each(count_row);
	return wanted.count;
}

static void note_other(const struct rrow *r)
{
	if (strcmp(r->function, wanted.function) != 0 || is_listed(wanted.listing, r->expected))
		return;
	for (size_t i = 0; i < wanted.other_count; i++)
		if (wanted.others[i] == r->expected)
			return;
	if (wanted.other_count < MAX_CODES)
		wanted.others[wanted.other_count++] = r->expected;
}

/* The codes of rows that the standard does not list: wanted.others. */
static void others_find(const struct listing *l)
{
	wanted.function = l->function;
	wanted.listing = l;
	wanted.other_count = 0;
	rrows_each(note_other);
}

static const struct remark *remark_find(const struct remark *list, size_t count,
					const char *function, CK_RV code)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].code == code && functions_match(list[i].functions, function))
			return &list[i];
	return NULL;
}

static const struct remark *never_find(const char *function, CK_RV code)
{
	return remark_find(never, LENGTH(never), function, code);
}

static const struct remark *unlisted_find(const char *function, CK_RV code)
{
	return remark_find(unlisted, LENGTH(unlisted), function, code);
}

/* --- tests -------------------------------------------------------------- */

static CK_RV complain(const char *function, CK_RV code, const char *what)
{
	printf("%s: %s %s\n", function, code_name(code), what);
	return ROW_WRONG;
}

static CK_RV check_listed(const struct listing *l)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < l->count; i++) {
		bool produced = rows_find(l->function, l->codes[i]) > 0;
		bool excused = never_find(l->function, l->codes[i]);

		if (!produced && !excused)
			rv = complain(l->function, l->codes[i], "is listed, but not produced");
		if (produced && excused)
			rv = complain(l->function, l->codes[i], "is in never.def, but produced");
	}
	return rv;
}

static CK_RV check_function(struct ctx *c)
{
	const struct listing *l = c->arg;
	CK_RV rv = check_listed(l);

	others_find(l);
	for (size_t i = 0; i < wanted.other_count; i++)
		if (!unlisted_find(l->function, wanted.others[i]))
			rv = complain(l->function, wanted.others[i], "is produced, but not listed");
	return rv;
}

/* Each line must be about something, so that none outlives its reason. */
static CK_RV check_never(struct ctx *c)
{
	const struct remark *n = c->arg;

	for (size_t i = 0; i < listing_count; i++)
		if (functions_match(n->functions, listings[i].function) &&
		    never_find(listings[i].function, n->code) == n &&
		    is_listed(&listings[i], n->code))
			return CKR_OK;
	return complain(n->functions, n->code, "is needless in never.def");
}

static CK_RV check_unlisted(struct ctx *c)
{
	const struct remark *u = c->arg;

	for (size_t i = 0; i < listing_count; i++)
		if (functions_match(u->functions, listings[i].function) &&
		    !is_listed(&listings[i], u->code) &&
		    rows_find(listings[i].function, u->code) > 0)
			return CKR_OK;
	return complain(u->functions, u->code, "is needless in unlisted.def");
}

static CK_RV check_csv(struct ctx *c)
{
	(void)c;
	return want(listings_read());
}

/* The functions of 2.40 are those that usual.def calls. */
static bool is_of_2_40(const struct listing *l)
{
	return usual_is(l->function);
}

/* --- docs/RETURN-CODES.md ----------------------------------------------- */

static void print_head(FILE *out)
{
	fputs("# Return codes\n\n"
	      "<!-- Written by `tests/p11/test_returns --report` from the tables of the tests; do "
	      "not edit. -->\n\n"
	      "For each function of PKCS#11 2.40 the codes that the standard lists, and the rows\n"
	      "of `tests/p11/returns` that expect them, or the number of the reason why no call\n"
	      "brings the code about. `make check` runs every row, and fails when a listed code\n"
	      "has neither a row nor a reason, or both.\n\n",
	      out);
}

static void print_reasons(FILE *out)
{
	fputs("## Codes that are not answered\n\n", out);
	for (size_t i = 0; i < LENGTH(never); i++)
		fprintf(out, "%zu. `%s`: %s.\n", i + 1, code_name(never[i].code),
			never[i].reason);
	fputs("\n## Functions\n", out);
}

/* The names of the first rows that were found, and how many more there are. */
static void print_rows(FILE *out)
{
	size_t shown = wanted.count < ROWS_SHOWN ? wanted.count : ROWS_SHOWN;

	for (size_t i = 0; i < shown; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "", wanted.names[i]);
	if (wanted.count > shown)
		fprintf(out, " and %zu more", wanted.count - shown);
}

static void print_listed(FILE *out, const struct listing *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct remark *n = never_find(l->function, l->codes[i]);

		fprintf(out, "| `%s` | ", code_name(l->codes[i]));
		if (rows_find(l->function, l->codes[i]) > 0)
			print_rows(out);
		else if (n)
			fprintf(out, "not answered (%zu)", (size_t)(n - never) + 1);
		fputs(" |\n", out);
	}
}

static void print_others(FILE *out, const struct listing *l)
{
	others_find(l);
	for (size_t i = 0; i < wanted.other_count; i++) {
		const struct remark *u = unlisted_find(l->function, wanted.others[i]);

		rows_find(l->function, wanted.others[i]);
		fprintf(out, "| `%s`, not listed: %s | ", code_name(wanted.others[i]),
			u ? u->reason : "");
		print_rows(out);
		fputs(" |\n", out);
	}
}

static void print_report(FILE *out)
{
	print_head(out);
	print_reasons(out);
	for (size_t i = 0; i < listing_count; i++) {
		if (!is_of_2_40(&listings[i]))
			continue;
		fprintf(out, "\n### %s\n\n| code | rows |\n| --- | --- |\n",
			listings[i].function);
		print_listed(out, &listings[i]);
		print_others(out, &listings[i]);
	}
}

int coverage_report(void)
{
	if (!listings_read()) {
		fprintf(stderr, "no function_returns.csv below $TEST_DATA\n");
		return 2;
	}
	print_report(stdout);
	return 0;
}

/* The document must be what the tables say. */
static CK_RV check_document(struct ctx *c)
{
	const char *data = getenv("TEST_DATA");
	char path[4096];
	FILE *f = fopen(work_path("RETURN-CODES.md"), "w");

	(void)c;
	if (!f)
		return ROW_BROKEN;
	print_report(f);
	snprintf(path, sizeof(path), "%s/../../docs/RETURN-CODES.md", data ? data : "tests/data");
	return want(fclose(f) == 0 && same_file(work_path("RETURN-CODES.md"), path));
}

void test_coverage(void)
{
	row_runf(ANY_STATE, check_csv, NULL, CKR_OK, "make_listings");
	for (size_t i = 0; i < listing_count; i++)
		if (is_of_2_40(&listings[i]))
			row_runf(ANY_STATE, check_function, &listings[i], CKR_OK, "coverage_%s",
				 listings[i].function);
	for (size_t i = 0; i < LENGTH(never); i++)
		row_runf(ANY_STATE, check_never, &never[i], CKR_OK, "never_%zu_%s", i,
			 code_name(never[i].code));
	for (size_t i = 0; i < LENGTH(unlisted); i++)
		row_runf(ANY_STATE, check_unlisted, &unlisted[i], CKR_OK, "unlisted_%zu_%s", i,
			 code_name(unlisted[i].code));
	row_runf(ANY_STATE, check_document, NULL, CKR_OK, "document");
}

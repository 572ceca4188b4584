#include "config.h"

#include "facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "p11/harness.h"
#include "pool.h"

#define CONSTANTS_MAX	1200
#define MECHANISMS_MAX	520
#define COLUMNS		16

static struct constant {
	const char *name;
	CK_ULONG value;
	bool alias;	/* an old spelling */
} constants[CONSTANTS_MAX];
static size_t nconstants;

static struct mechanism mechanisms[MECHANISMS_MAX];
static size_t nmechanisms;

/* Columns of mechanisms.csv; none of those used has a quoted cell. */
enum {
	CSV_NAME = 0, CSV_VALUE = 1, CSV_PARAM = 3, CSV_PRESENCE = 4, CSV_CRYPT = 5, CSV_SIGN = 6,
	CSV_RECOVER = 7, CSV_DIGEST = 8, CSV_GENERATE = 9, CSV_WRAP = 10, CSV_DERIVE = 11,
	CSV_KEY_TYPES = 13, CSV_SOURCE = 14
};

static const struct {
	const char *name;
	CK_FLAGS flag;
	unsigned column;
} operations[OPERATIONS] = {
	[OP_ENCRYPT] = { "encrypt", CKF_ENCRYPT, CSV_CRYPT },
	[OP_DECRYPT] = { "decrypt", CKF_DECRYPT, CSV_CRYPT },
	[OP_SIGN] = { "sign", CKF_SIGN, CSV_SIGN },
	[OP_VERIFY] = { "verify", CKF_VERIFY, CSV_SIGN },
	[OP_SIGN_RECOVER] = { "sign-recover", CKF_SIGN_RECOVER, CSV_RECOVER },
	[OP_VERIFY_RECOVER] = { "verify-recover", CKF_VERIFY_RECOVER, CSV_RECOVER },
	[OP_DIGEST] = { "digest", CKF_DIGEST, CSV_DIGEST },
	[OP_WRAP] = { "wrap", CKF_WRAP, CSV_WRAP },
	[OP_UNWRAP] = { "unwrap", CKF_UNWRAP, CSV_WRAP },
	[OP_GENERATE] = { "generate", CKF_GENERATE, CSV_GENERATE },
	[OP_GENERATE_PAIR] = { "generate-pair", CKF_GENERATE_KEY_PAIR, CSV_GENERATE },
	[OP_DERIVE] = { "derive", CKF_DERIVE, CSV_DERIVE },
};

const char *operation_name(enum operation op)
{
	return operations[op].name;
}

CK_FLAGS operation_flag(enum operation op)
{
	return operations[op].flag;
}

enum operation operation_find(const char *name)
{
	enum operation op = 0;

	while (op < OPERATIONS && strcmp(operations[op].name, name) != 0)
		op++;
	return op;
}

/* Cuts a line at its commas; a cell in quotes is the last one that counts. */
static void line_cut(char *line, const char *cells[COLUMNS])
{
	char *at = line;

	line[strcspn(line, "\r\n")] = 0;
	for (size_t i = 0; i < COLUMNS; i++) {
		cells[i] = at;
		at += strcspn(at, ",");
		if (*at)
			*at++ = 0;
	}
}

static void add_constant(const char *cells[COLUMNS])
{
	if (nconstants < CONSTANTS_MAX)
		constants[nconstants++] = (struct constant){
			cells[1], strtoul(cells[2], NULL, 0),
			strncmp(cells[5], "same value as", 13) == 0
		};
}

static void add_mechanism(const char *cells[COLUMNS])
{
	struct mechanism *m = &mechanisms[nmechanisms];
	bool pair = strcmp(cells[CSV_GENERATE], "keypair") == 0;

	if (nmechanisms == MECHANISMS_MAX)
		return;
	nmechanisms++;
	m->name = cells[CSV_NAME];
	m->type = strtoul(cells[CSV_VALUE], NULL, 0);
	m->param = cells[CSV_PARAM];
	m->param_required = strcmp(cells[CSV_PRESENCE], "required") == 0;
	m->key_types = cells[CSV_KEY_TYPES];
	m->alias = strcmp(cells[CSV_SOURCE], "alias") == 0;
	for (enum operation op = 0; op < OPERATIONS; op++) {
		const char *cell = cells[operations[op].column];

		m->allowed[op] = *cell && (operations[op].column != CSV_GENERATE ||
					   pair == (op == OP_GENERATE_PAIR));
		m->parts[op] = strcmp(cell, "yes") == 0 && op <= OP_DIGEST &&
			       op != OP_SIGN_RECOVER && op != OP_VERIFY_RECOVER;
	}
}

static bool table_load(const char *directory, const char *name,
		       void (*add)(const char *cells[COLUMNS]))
{
	char path[4096], line[1024];
	FILE *f = NULL;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "r");
	if (!f) {
		perror(path);
		return false;
	}
	for (bool header = true; fgets(line, sizeof(line), f); header = false) {
		const char *cells[COLUMNS];

		if (header)
			continue;
		line_cut(pool_text(line, strlen(line)), cells);
		add(cells);
	}
	fclose(f);
	return true;
}

bool facts_load(const char *directory)
{
	return table_load(directory, "constants.csv", add_constant) &&
	       table_load(directory, "mechanisms.csv", add_mechanism);
}

const struct mechanism *mechanism_named(const char *name)
{
	for (size_t i = 0; i < nmechanisms; i++)
		if (strcmp(mechanisms[i].name, name) == 0)
			return &mechanisms[i];
	return NULL;
}

const struct mechanism *mechanism_of(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < nmechanisms; i++)
		if (mechanisms[i].type == type && !mechanisms[i].alias)
			return &mechanisms[i];
	return NULL;
}

bool constant_find(const char *name, CK_ULONG *out)
{
	for (size_t i = 0; i < nconstants; i++) {
		if (strcmp(constants[i].name, name) == 0) {
			*out = constants[i].value;
			return true;
		}
	}
	return false;
}

const char *constant_name(const char *prefix, CK_ULONG value)
{
	size_t n = strlen(prefix);
	char number[32];

	for (size_t i = 0; i < nconstants; i++)
		if (constants[i].value == value && !constants[i].alias &&
		    strncmp(constants[i].name, prefix, n) == 0)
			return constants[i].name;
	snprintf(number, sizeof(number), "0x%lx", value);
	return pool_text(number, strlen(number));
}

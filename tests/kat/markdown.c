#include "config.h"

#include "markdown.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "p11/harness.h"
#include "pool.h"
#include "table.h"

static const char head[] =
	"# Mechanisms\n"
	"\n"
	"Written by `scripts/mechanisms.sh` from what the module says of itself\n"
	"(`C_GetMechanismInfo`) and from `tests/data/pkcs11/mechanisms.csv`; `tests/kat/test_kat`\n"
	"compares the two. Not to be edited.\n"
	"\n"
	"* Key sizes are in the unit that stands behind them; where none are given, the type of\n"
	"  the key says its size.\n"
	"* The parameter is the structure that the standard names; bytes[n] is an IV of n bytes.\n"
	"* Parts: `yes` works in one call and in several (`C_EncryptUpdate` ...), `no` in one.\n"
	"* `slots.mechanisms` of the configuration may leave some out. One whose algorithm\n"
	"  OpenSSL does not have is not listed by the module either.\n"
	"\n"
	"| Mechanism | Value | Operations | Key sizes | Parameter | Parts | Notes |\n"
	"| --- | --- | --- | --- | --- | --- | --- |\n";

#define SIGNS		(CKF_SIGN | CKF_VERIFY)
#define ML_DSA		"CKM_ML_DSA*"
#define RIPEMD		"CKM_*RIPEMD160*"

/*
 * Mechanisms that an OpenSSL may lack, all of a group or none, as the module lists them where it
 * has them.
 */
static const struct {
	const char *name, *group;
	CK_MECHANISM_INFO info;
} elsewhere[] = {
	{ "CKM_ML_DSA", ML_DSA, { 1312, 2592, SIGNS } },
	{ "CKM_ML_DSA_KEY_PAIR_GEN", ML_DSA, { 1312, 2592, CKF_GENERATE_KEY_PAIR } },
	{ "CKM_RIPEMD160", RIPEMD, { 0, 0, CKF_DIGEST } },
	{ "CKM_RIPEMD160_HMAC", RIPEMD, { 20, 512, SIGNS } },
	{ "CKM_RIPEMD160_HMAC_GENERAL", RIPEMD, { 20, 512, SIGNS } },
	{ "CKM_RIPEMD160_RSA_PKCS", RIPEMD, { 512, 16384, SIGNS } },
};

/* What the columns do not say, by the name as fnmatch knows it. All that match are given. */
static const struct {
	const char *pattern;
	const char *text;
} notes[] = {
	{ "CKM_DES_[CEM]*", "works without OpenSSL's legacy provider" },
	{ ML_DSA, "OpenSSL 3.5 or newer; sizes are of the public key" },
	{ "CKM_EDDSA", "a context or a hash needs OpenSSL 3.2 or newer" },
	{ "CKM_AES_CTS", "CBC-CS1 of NIST SP 800-38A addendum" },
	{ RIPEMD, "only where OpenSSL has RIPEMD-160" },
	{ "CKM_*_HMAC", "the key is as long as the digest or longer" },
	{ "CKM_*_HMAC_GENERAL", "the key is as long as the digest or longer" },
	{ "CKM_AES_GCM", "IV of 1 byte or more; tag of 32 to 128 bits" },
	{ "CKM_AES_GMAC", "IV of 1 byte or more; tag of 32 to 128 bits" },
	{ "CKM_AES_CCM", "nonce of 7 to 13 bytes" },
	{ "CKM_AES_CTR", "1 to 128 counter bits, which may not run over" },
	{ "CKM_RSA_PKCS", "wraps secret keys only" },
	{ "CKM_RSA_PKCS_OAEP", "any digest, any MGF1, label; wraps secret keys only" },
	{ "CKM_RSA_X_509", "shorter data is filled up with zeros on the left" },
	{ "CKM_ECDH1_DERIVE", "also with keys for X25519 and X448" },
	{ "CKM_ECDH1_*", "CKD_NULL, or the KDF of ANS X9.63 over any digest" },
	{ "CKM_PKCS5_PBKD2", "also with the older CK_PKCS5_PBKD2_PARAMS" },
	{ "CKM_EC_KEY_PAIR_GEN", "named curves over prime fields" },
};

/* --- cells -------------------------------------------------------------- */

static void write_operations(FILE *f, const CK_MECHANISM_INFO *info)
{
	const char *comma = "";

	for (enum operation op = 0; op < OPERATIONS; op++) {
		if (!(info->flags & operation_flag(op)))
			continue;
		fprintf(f, "%s%s", comma, operation_name(op));
		comma = ", ";
	}
}

/* The standard measures asymmetric keys in bits, secret ones in bytes. */
static const char *unit(const struct mechanism *m)
{
	static const char *const bits[] = { "CKK_RSA", "CKK_DSA", "CKK_DH", "CKK_EC" };

	for (size_t i = 0; i < LENGTH(bits); i++)
		if (strstr(m->key_types, bits[i]))
			return "bits";
	return "bytes";
}

static void write_sizes(FILE *f, const struct mechanism *m, const CK_MECHANISM_INFO *info)
{
	if (info->ulMaxKeySize)
		fprintf(f, "%lu to %lu %s", info->ulMinKeySize, info->ulMaxKeySize, unit(m));
}

static void write_parameter(FILE *f, const struct mechanism *m)
{
	if (strcmp(m->param, "none") != 0)
		fprintf(f, "%s%s", m->param, m->param_required ? "" : ", optional");
}

/* "yes" when all that can be done in parts can; empty for mechanisms without such operations. */
static const char *parts(const struct mechanism *m, const CK_MECHANISM_INFO *info)
{
	const char *text = "";

	for (enum operation op = OP_ENCRYPT; op <= OP_DIGEST; op++) {
		if (!(info->flags & operation_flag(op)) || op == OP_SIGN_RECOVER ||
		    op == OP_VERIFY_RECOVER)
			continue;
		text = m->parts[op] ? "yes" : "no";
	}
	return text;
}

static void write_notes(FILE *f, const struct mechanism *m)
{
	const char *comma = "";

	for (size_t i = 0; i < LENGTH(notes); i++) {
		if (fnmatch(notes[i].pattern, m->name, 0) != 0)
			continue;
		fprintf(f, "%s%s", comma, notes[i].text);
		comma = "; ";
	}
}

static void write_row(FILE *f, const struct mechanism *m, const CK_MECHANISM_INFO *info)
{
	fprintf(f, "| %s | 0x%08lx | ", m->name, m->type);
	write_operations(f, info);
	fprintf(f, " | ");
	write_sizes(f, m, info);
	fprintf(f, " | ");
	write_parameter(f, m);
	fprintf(f, " | %s | ", parts(m, info));
	write_notes(f, m);
	fprintf(f, " |\n");
}

/* --- rows --------------------------------------------------------------- */

struct line {
	const struct mechanism *mechanism;
	CK_MECHANISM_INFO info;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->mechanism->name,
		      ((const struct line *)b)->mechanism->name);
}

/* Does the module list one of the group? */
static bool listed(const struct line *lines, size_t n, const char *group)
{
	for (size_t i = 0; i < n; i++)
		if (fnmatch(group, lines[i].mechanism->name, 0) == 0)
			return true;
	return false;
}

bool markdown_write(FILE *f, CK_SLOT_ID slot)
{
	CK_ULONG count = 0;
	const struct offer *list = offers(slot, &count);
	struct line *lines = list ? pool_alloc((count + LENGTH(elsewhere)) * sizeof(*lines)) : NULL;
	size_t n = 0, offered = 0;

	if (!list)
		return false;
	for (CK_ULONG i = 0; i < count; i++)
		if (list[i].mechanism)
			lines[n++] = (struct line){ list[i].mechanism, list[i].info };
	offered = n;
	for (size_t i = 0; i < LENGTH(elsewhere); i++) {
		const struct mechanism *m = mechanism_named(elsewhere[i].name);

		if (m && !listed(lines, offered, elsewhere[i].group))
			lines[n++] = (struct line){ m, elsewhere[i].info };
	}
	qsort(lines, n, sizeof(*lines), by_name);
	fputs(head, f);
	for (size_t i = 0; i < n; i++)
		write_row(f, lines[i].mechanism, &lines[i].info);
	return true;
}

bool markdown_check(const char *path, CK_SLOT_ID slot)
{
	char *wanted = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&wanted, &len), *file = fopen(path, "r");
	bool ok = memory && file && markdown_write(memory, slot);
	char line[1024];
	char *at = NULL;

	if (!file)
		perror(path);
	if (memory)
		fclose(memory);
	for (at = wanted; ok && fgets(line, sizeof(line), file); at += strlen(line)) {
		ok = strncmp(at, line, strlen(line)) == 0;
		if (!ok)
			fprintf(stderr, "%s: a line is not what the module says: %s"
				"run scripts/mechanisms.sh\n", path, line);
	}
	if (ok && *at) {
		fprintf(stderr, "%s: lines are missing at the end\n", path);
		ok = false;
	}
	free(wanted);
	if (file)
		fclose(file);
	return ok;
}

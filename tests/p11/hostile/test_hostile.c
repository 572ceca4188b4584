/*
 * Every byte of a token's files changed, the files cut at every length, and other things than files
 * in their places: nothing crashes, hangs or ends the process, what is undamaged works, and a key
 * gives what it gave before or nothing.
 */
#include "config.h"

#include "p11/hostile/hostile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Of the many damages, make check tries one in so many, and make check-long all. A database has far
 * more bytes than a file, most of them of no use.
 */
#define STRIDE 31
#define DATABASE_STRIDE 797
#define DATABASE_LONG_STRIDE 5
/* In one child; more would take too long under valgrind. */
#define BATCH 100

static const CK_BYTE patterns[] = { 0x01, 0x80, 0xff };

static size_t stride(unsigned kind)
{
	const char *share = getenv("MISUSE_SHARE");	/* set for valgrind */
	bool is_long = getenv("CHECK_LONG");
	size_t n = is_long ? 1 : STRIDE;

	if (kind == DATABASE)
		n = is_long ? DATABASE_LONG_STRIDE : DATABASE_STRIDE;

	return n * (share && atoi(share) > 0 ? (size_t)atoi(share) : 1);
}

/* --- damage ------------------------------------------------------------------ */

/* Numbered: each byte with each pattern, then each length. */
static size_t damage_count(const struct file *f)
{
	return f->len * (LENGTH(patterns) + 1);
}

static bool damage_apply(const struct scene *s, size_t number, char *name, size_t size)
{
	const struct file *f = scene_file(s);
	size_t at = number / LENGTH(patterns), len = number - f->len * LENGTH(patterns);
	CK_BYTE pattern = patterns[number % LENGTH(patterns)];
	bool ok;

	if (at >= f->len) {
		snprintf(name, size, "%s cut to %zu bytes", f->name, len);
		return scene_write(s, f->data, len);
	}
	snprintf(name, size, "%s byte %zu xor 0x%02x", f->name, at, pattern);
	f->data[at] ^= pattern;
	ok = scene_write(s, f->data, f->len);
	f->data[at] ^= pattern;
	return ok;
}

static struct {
	struct scene scene;
	size_t from, step, count;
} batch;

/* What the child was doing when it died. */
static char *doing;

static size_t damages;
static bool has_database;

static CK_RV run_batch(struct ctx *c)
{
	const struct file *f = scene_file(&batch.scene);
	struct found found;
	CK_RV rv = CKR_OK;

	(void)c;
	for (size_t i = 0, number = batch.from; i < batch.count && number < damage_count(f);
	     i++, number += batch.step) {
		const char *wrong;

		if (!damage_apply(&batch.scene, number, doing, 200))
			return ROW_BROKEN;
		wrong = visit(&batch.scene, &found);
		if (!wrong && batch.scene.kind < KINDS && !found.bystander)
			wrong = "the other key does not work";
		if (wrong) {
			fprintf(stderr, "%s: %s\n", doing, wrong);
			rv = ROW_WRONG;
		}
	}
	return rv;
}

static CK_RV run_damages(struct ctx *c)
{
	unsigned kind = *(const unsigned *)c->arg;
	size_t step = stride(kind);
	CK_RV rv = CKR_OK;

	batch.scene = scene_of(kind);
	batch.step = step;
	batch.count = BATCH;
	if (!scene_set(&batch.scene))
		return ROW_BROKEN;
	/* each file begins elsewhere, so that the short form meets all of what they share */
	for (batch.from = kind % step; batch.from < damage_count(scene_file(&batch.scene));
	     batch.from += BATCH * step) {
		CK_RV one = fork_run(run_batch, c);
		size_t left = (damage_count(scene_file(&batch.scene)) - batch.from - 1) / step + 1;

		damages += left < BATCH ? left : BATCH;
		if (one == ROW_CRASHED || one == ROW_HUNG)
			fprintf(stderr, "%s: %s\n", doing, one == ROW_HUNG ? "hung" : "crashed");
		if (one != CKR_OK)
			rv = one;
	}
	return rv;
}

static const unsigned kinds[] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10,
				  11, 12, 13, 14, 15, 16, 17, 18, 19, 20, KINDS };

_Static_assert(LENGTH(kinds) == KINDS + 1, "all kinds, and token.object");

static CK_RV learn(struct ctx *c)
{
	const struct scene s = scene_of(*(const unsigned *)c->arg);

	return visit_learn(&s);
}

/* Undamaged, all is there and works. */
static CK_RV whole(struct ctx *c)
{
	const struct scene s = scene_of(*(const unsigned *)c->arg);
	struct found found;
	const char *wrong;

	if (!scene_set(&s))
		return ROW_BROKEN;
	wrong = visit(&s, &found);
	if (wrong)
		fprintf(stderr, "%s\n", wrong);
	return want(!wrong && found.tokens == 1 && found.objects == s.count && found.bystander &&
		    found.login == CKR_OK);
}

static CK_RV make(struct ctx *c)
{
	(void)c;
	doing = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return doing != MAP_FAILED ? scene_make() : ROW_BROKEN;
}

static const char *name_of(unsigned kind)
{
	if (kind == DATABASE)
		return "database";
	return kind == KINDS ? "token" : kind_names[kind];
}

static void test_damage(void)
{
	row_runf(FINALIZED, make, NULL, CKR_OK, "make_files");
	for (unsigned k = 0; k < KINDS; k++)
		row_runf(FINALIZED, learn, &kinds[k], CKR_OK, "make_%s", name_of(k));
	for (size_t k = 0; k < LENGTH(kinds); k++)
		row_runf(FINALIZED, whole, &kinds[k], CKR_OK, "whole_%s", name_of(kinds[k]));
	for (size_t k = 0; k < LENGTH(kinds); k++)
		row_runf(FINALIZED, run_damages, &kinds[k], CKR_OK, "damage_%s",
			 name_of(kinds[k]));
}

/* --- databases ------------------------------------------------------------------------- */

static CK_RV make_database(struct ctx *c)
{
	CK_RV rv = scene_make_database();

	if (rv == CKR_OK)
		rv = whole(c);
	has_database = rv == CKR_OK;
	return rv;
}

static CK_RV start_child(struct ctx *c)
{
	(void)c;
	conf_use("nothing", NULL);
	return module_start();
}

/* After the rest: what the keys give is known. */
static void test_databases(void)
{
	static const unsigned kind = DATABASE;
	const char *before = getenv("TEST_BACKEND");
	struct ctx c = { .arg = NULL };

	setenv("TEST_BACKEND", "db", 1);
	if (fork_run(start_child, &c) == CKR_OK) {
		row_runf(FINALIZED, make_database, &kind, CKR_OK, "make_database");
		if (has_database)
			row_runf(FINALIZED, run_damages, &kind, CKR_OK, "damage_database");
	} else {
		printf("hostile: there is no db store\n");
	}
	if (before)
		setenv("TEST_BACKEND", before, 1);
	else
		unsetenv("TEST_BACKEND");
}

/* --- intruders -------------------------------------------------------------------- */

static bool put_link(const char *path)
{
	return symlink("token.object", path) == 0;
}

static bool put_link_outside(const char *path)
{
	return symlink("/dev/zero", path) == 0;
}

static bool put_fifo(const char *path)
{
	return mkfifo(path, 0600) == 0;
}

static bool put_directory(const char *path)
{
	return mkdir(path, 0700) == 0;
}

static bool put_sparse(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	bool ok = fd >= 0 && ftruncate(fd, (off_t)10 << 30) == 0;

	return fd >= 0 && close(fd) == 0 && ok;
}

static const struct intruder {
	const char *name;
	bool (*put)(const char *path);
} intruders[] = {
	{ "link", put_link },	   { "link_outside", put_link_outside }, { "fifo", put_fifo },
	{ "directory", put_directory }, { "sparse", put_sparse },
};

/* What the child that visits the scene has found. */
static CK_RV visit_child(struct ctx *c)
{
	const struct scene *s = c->arg;
	struct found found;
	const char *wrong = visit(s, &found);

	if (wrong)
		fprintf(stderr, "%s\n", wrong);
	if (s->kind == KINDS)
		return want(!wrong && found.tokens == 0);
	return want(!wrong && found.find == CKR_OK && found.objects == 1 && found.bystander);
}

static CK_RV intrude(struct ctx *c, unsigned kind)
{
	const struct intruder *i = c->arg;
	const struct scene s = scene_of(kind);
	struct ctx child = { .arg = &s };

	if (!scene_set(&s) || unlink(scene_path(&s)) != 0 || !i->put(scene_path(&s)))
		return ROW_BROKEN;
	return fork_run(visit_child, &child);
}

static CK_RV object_is(struct ctx *c)
{
	return intrude(c, RSA_PRIVATE);
}

static CK_RV token_is(struct ctx *c)
{
	return intrude(c, KINDS);
}

#define NOBODY 65534

/* Somebody else's file that may be read is an object like any other: services share tokens. */
static CK_RV foreign_child(struct ctx *c)
{
	const struct scene *s = c->arg;
	struct found found;
	const char *wrong = visit(s, &found);

	return want(!wrong && found.objects == 2 && found.bystander && found.worked > 2);
}

static CK_RV foreign_owner(struct ctx *c)
{
	const struct scene s = scene_of(RSA_PRIVATE);
	struct ctx child = { .arg = &s };

	(void)c;
	if (!scene_set(&s) || chown(scene_path(&s), NOBODY, NOBODY) != 0)
		return ROW_BROKEN;
	return fork_run(foreign_child, &child);
}

/* One that may not be read is no object that is not there: the search fails. */
static CK_RV forbidden_child(struct ctx *c)
{
	const struct scene *s = c->arg;
	struct found found;
	const char *wrong;

	if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
		return ROW_BROKEN;
	wrong = visit(s, &found);
	return want(!wrong && found.login == CKR_OK && found.find == CKR_DEVICE_ERROR);
}

/* The scene belongs to nobody but for the file under test, which is nobody's to read. */
static CK_RV forbidden(struct ctx *c)
{
	const struct scene s = scene_of(RSA_PRIVATE);
	struct ctx child = { .arg = &s };

	(void)c;
	if (!scene_set(&s) || !scene_give(NOBODY) || chown(scene_path(&s), 0, 0) != 0 ||
	    chmod(scene_path(&s), 0) != 0)
		return ROW_BROKEN;
	return fork_run(forbidden_child, &child);
}

static void test_intruders(void)
{
	for (size_t i = 0; i < LENGTH(intruders); i++) {
		row_runf(FINALIZED, object_is, &intruders[i], CKR_OK, "object_is_%s",
			 intruders[i].name);
		row_runf(FINALIZED, token_is, &intruders[i], CKR_OK, "token_is_%s",
			 intruders[i].name);
	}
	if (geteuid() != 0)
		return;
	row_runf(FINALIZED, foreign_owner, NULL, CKR_OK, "foreign_owner");
	row_runf(FINALIZED, forbidden, NULL, CKR_OK, "forbidden");
}

/* --- what is said about it ------------------------------------------------------------ */

/* A key of which one value is damaged, and what its refusal names. */
static const struct refusal {
	unsigned kind;
	CK_ATTRIBUTE_TYPE damaged;
	CK_MECHANISM_TYPE mechanism;
	const char *named;
} refusals[] = {
	{ AES, CKA_VALUE, CKM_AES_ECB, "CKA_CHECK_VALUE" },
	{ GENERIC, CKA_CHECK_VALUE, CKM_SHA256_HMAC, "CKA_CHECK_VALUE" },
	{ RSA_PRIVATE, CKA_PRIVATE_EXPONENT, CKM_RSA_PKCS, "CKA_PRIVATE_EXPONENT" },
	{ RSA_PRIVATE, CKA_PRIME_2, CKM_RSA_PKCS, "CKA_MODULUS" },
	{ RSA_PRIVATE, CKA_COEFFICIENT, CKM_RSA_PKCS, "CKA_COEFFICIENT" },
	{ EC_PRIVATE, CKA_VALUE, CKM_ECDSA, "CKA_PUBLIC_KEY_INFO" },
	{ ED_PRIVATE, CKA_VALUE, CKM_EDDSA, "CKA_PUBLIC_KEY_INFO" },
	{ DSA_PRIVATE, CKA_BASE, CKM_DSA, "CKA_PUBLIC_KEY_INFO" },
};

/* Changes a bit in the first block of the plain value: of the IV before it. */
static bool spoil(const struct scene *s, CK_ATTRIBUTE_TYPE type)
{
	const struct file *f = scene_file(s);
	CK_BYTE head[16] = { [15] = 3 };	/* the type, and the kind of bytes */
	bool ok = false;

	for (size_t i = 0; i < 8; i++)
		head[i] = (CK_BYTE)(type >> (56 - 8 * i));
	for (size_t at = 8; !ok && at + 24 < f->len; at++)
		if (memcmp(f->data + at, head, sizeof(head)) == 0) {
			f->data[at + 24 + 1] ^= 0x10;
			ok = scene_write(s, f->data, f->len);
			f->data[at + 24 + 1] ^= 0x10;
		}
	return ok;
}

static size_t log_lines(const char *what)
{
	FILE *f = fopen(work_path("scene.log"), "r");
	char line[1000];
	size_t n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, "CKR_DEVICE_ERROR") && strstr(line, what);
	if (f)
		fclose(f);
	return n;
}

static CK_RV refuse_in(CK_SESSION_HANDLE s, const struct refusal *r)
{
	bool secret = r->kind == AES || r->kind == GENERIC;
	CK_ATTRIBUTE t[] = {
		A_ULONG(CKA_CLASS, secret ? CKO_SECRET_KEY : CKO_PRIVATE_KEY),
		A_ULONG(CKA_KEY_TYPE, *(const CK_KEY_TYPE *)kind_templates[r->kind][1].pValue),
		A_END,
	};
	CK_MECHANISM m = { r->mechanism, NULL, 0 }, wrap = { CKM_AES_KEY_WRAP_KWP, NULL, 0 };
	CK_OBJECT_HANDLE key = 0, with = 0;
	CK_BYTE out[2048];
	CK_ULONG found = 0, len = sizeof(out);
	CK_RV rv = object_find(s, t, &key, 1, &found);

	if (rv == CKR_OK && found == 1)
		rv = r->kind == AES ? p11->C_EncryptInit(s, &m, key) : p11->C_SignInit(s, &m, key);
	if (rv != CKR_DEVICE_ERROR || log_lines(r->named) != 1)
		return ROW_WRONG;
	rv = kind_make(s, AES, NULL, &with);
	if (rv == CKR_OK)
		rv = p11->C_WrapKey(s, &wrap, with, key, out, &len);
	return want(rv == CKR_DEVICE_ERROR && log_lines(r->named) == 2);
}

/* The code is the store's for damaged objects, and each refused call makes one line. */
static CK_RV refuse(struct ctx *c)
{
	const struct refusal *r = c->arg;
	const struct scene s = scene_of(r->kind);
	char lines[4200];
	CK_SLOT_ID slot = 0;
	CK_RV rv;

	if (!scene_set(&s) || !spoil(&s, r->damaged))
		return ROW_BROKEN;
	snprintf(lines, sizeof(lines), "log.level = WARNING\nlog.file = %s\n",
		 work_path("scene.log"));
	unlink(work_path("scene.log"));
	conf_use("scene", lines);
	rv = module_start();
	if (rv == CKR_OK)
		rv = slot_find("hostile", &slot);
	if (rv == CKR_OK)
		rv = session_open(slot, CKF_RW_SESSION, &c->s);
	if (rv == CKR_OK)
		rv = login(c->s, CKU_USER, USER_PIN);
	return rv == CKR_OK ? refuse_in(c->s, r) : rv;
}

static void test_refusals(void)
{
	for (size_t i = 0; i < LENGTH(refusals); i++)
		row_runf(FINALIZED, refuse, &refusals[i], CKR_OK, "refused_%s_0x%lx",
			 kind_names[refusals[i].kind], refusals[i].damaged);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "damage", .run = test_damage },
		{ "refusals", .run = test_refusals },
		{ "intruders", .run = test_intruders },
		{ "databases", .run = test_databases },
	};
	static const struct program program = {
		.name = "hostile", .tests = tests, .ntests = LENGTH(tests), .without_token = true,
		.not_on_reference = "damaged files crash it, and it compares nothing",
	};

	int status = harness_main(argc, argv, &program);

	printf("hostile: %zu damaged files\n", damages);
	return status;
}

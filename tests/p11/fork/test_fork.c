#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "p11/kinds.h"

/*
 * Forks of a process whose other threads are inside the module, for each store and both values of
 * library.reset_on_fork. CHECK_LONG in the environment asks for many more of them.
 */

#define THREADS 4
#define EDITS	100

static CK_BYTE p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };

/* One run of all rows. */
struct setting {
	const char *backend;
	bool reset;
};

static const struct setting settings[] = {
	{ "file", false }, { "file", true }, { "db", false }, { "db", true },
};

static unsigned forks_wanted(void)
{
	return getenv("CHECK_LONG") ? 2000 : 40;
}

/* --- what the parent has ------------------------------------------------------- */

/* Made by scene_open; the handles are the parent's, and the child's unless it starts anew. */
struct scene {
	const struct setting *setting;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE rsa, data;
};

static CK_RV rsa_make(CK_SESSION_HANDLE s, CK_ULONG bits, CK_BBOOL token, CK_OBJECT_HANDLE *private)
{
	CK_MECHANISM m = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public_template[] = { A_ULONG(CKA_MODULUS_BITS, bits) };
	CK_ATTRIBUTE private_template[] = { A_BOOL(CKA_TOKEN, token) };
	CK_OBJECT_HANDLE public = 0;

	return p11->C_GenerateKeyPair(s, &m, public_template, 1, private_template, 1, &public,
				      private);
}

/* The two shared objects are the only ones of their type. */
static CK_RV find_type(CK_SESSION_HANDLE s, CK_KEY_TYPE type, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE t[] = { A_ULONG(CKA_KEY_TYPE, type), A_BOOL(CKA_TOKEN, CK_TRUE), A_END };
	CK_ULONG found = 0;
	CK_RV rv = object_find(s, t, out, 1, &found);

	return rv == CKR_OK ? want(found == 1) : rv;
}

/* A session of the user on the token of the setting. */
static CK_RV scene_enter(struct scene *o)
{
	CK_RV rv = slot_find("fork test", &o->slot);

	if (rv == CKR_OK)
		rv = session_open(o->slot, CKF_RW_SESSION, &o->s);
	if (rv == CKR_OK)
		rv = login(o->s, CKU_USER, USER_PIN);
	return rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : rv;
}

static CK_RV scene_make(struct scene *o)
{
	const CK_ATTRIBUTE more[] = { A_BOOL(CKA_TOKEN, CK_TRUE), A_END };
	CK_RV rv = token_make("fork test", &o->slot);

	if (rv == CKR_OK)
		rv = scene_enter(o);
	if (rv == CKR_OK)
		rv = rsa_make(o->s, 2048, CK_TRUE, &o->rsa);
	return rv == CKR_OK ? kind_make(o->s, GENERIC, more, &o->data) : rv;
}

/* The module with the setting, a session, and the token, which the first row of the store makes. */
static CK_RV scene_open(const struct setting *setting, struct scene *o)
{
	char dir[64], lines[200];
	CK_RV rv;

	*o = (struct scene){ .setting = setting };
	snprintf(dir, sizeof(dir), "tokens-%s", setting->backend);
	snprintf(lines, sizeof(lines), "objectstore.backend = %s\nlibrary.reset_on_fork = %s\n",
		 setting->backend, setting->reset ? "true" : "false");
	conf_use(dir, lines);
	rv = module_start();
	if (rv != CKR_OK)
		return rv;
	if (slot_find("fork test", &o->slot) != CKR_OK)
		return scene_make(o);
	rv = scene_enter(o);
	if (rv == CKR_OK)
		rv = find_type(o->s, CKK_RSA, &o->rsa);
	return rv == CKR_OK ? find_type(o->s, CKK_GENERIC_SECRET, &o->data) : rv;
}

/* --- calls, of the parent's threads and of children ------------------------------ */

static CK_RV sign(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM m = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_BYTE out[256];
	CK_ULONG len = sizeof(out);
	CK_RV rv = p11->C_SignInit(s, &m, key);

	return rv == CKR_OK ? p11->C_Sign(s, text("text"), 4, out, &len) : rv;
}

static CK_RV pair_life(CK_SESSION_HANDLE s)
{
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE params[] = { A_BYTES(CKA_EC_PARAMS, p256) };
	CK_OBJECT_HANDLE public = 0, private = 0;
	CK_RV rv = p11->C_GenerateKeyPair(s, &m, params, 1, NULL, 0, &public, &private);

	if (rv == CKR_OK)
		rv = p11->C_DestroyObject(s, public);
	return rv == CKR_OK ? p11->C_DestroyObject(s, private) : rv;
}

static CK_RV token_object_life(CK_SESSION_HANDLE s)
{
	const CK_ATTRIBUTE more[] = { A_BOOL(CKA_TOKEN, CK_TRUE), A_END };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(s, AES, more, &o);

	return rv == CKR_OK ? p11->C_DestroyObject(s, o) : rv;
}

static CK_RV small_calls(CK_SESSION_HANDLE s)
{
	CK_MECHANISM m = { CKM_SHA256, NULL, 0 };
	CK_BYTE random[32], out[32];
	CK_ULONG len = sizeof(out);
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = p11->C_GenerateRandom(s, random, sizeof(random));

	if (rv == CKR_OK)
		rv = p11->C_DigestInit(s, &m);
	if (rv == CKR_OK)
		rv = p11->C_Digest(s, random, sizeof(random), out, &len);
	return rv == CKR_OK ? find_type(s, CKK_RSA, &key) : rv;
}

struct caller {
	pthread_t id;
	unsigned number;
	const struct scene *scene;
	CK_RV answer;
};

static atomic_bool stop;
static atomic_uint rounds;

static CK_RV caller_round(const struct caller *c, CK_SESSION_HANDLE s)
{
	CK_SESSION_HANDLE more = 0;
	CK_RV rv;

	switch (c->number % 4) {
	case 0: return sign(s, c->scene->rsa);
	case 1: return pair_life(s);
	case 2: return token_object_life(s);
	}
	/* new sessions, so that the tables of the library change too */
	rv = session_open(c->scene->slot, CKF_RW_SESSION, &more);
	if (rv == CKR_OK)
		rv = small_calls(more);
	return rv == CKR_OK ? p11->C_CloseSession(more) : rv;
}

static void *caller_main(void *arg)
{
	struct caller *c = arg;
	CK_SESSION_HANDLE s = 0;

	c->answer = session_open(c->scene->slot, CKF_RW_SESSION, &s);
	while (c->answer == CKR_OK && !stop) {
		c->answer = caller_round(c, s);
		rounds++;
	}
	return NULL;
}

/* A thread sleeps in C_WaitForSlotEvent all the while. */
static void *waiter_main(void *arg)
{
	CK_SLOT_ID slot = 0;

	*(CK_RV *)arg = p11->C_WaitForSlotEvent(0, &slot, NULL);
	return NULL;
}

/* --- many forks under load --------------------------------------------------------- */

/* All that a child may want, from the parent's session or from the start. */
static CK_RV child_works(struct ctx *c)
{
	struct scene mine = *(const struct scene *)c->arg;
	CK_RV rv = p11->C_Initialize(NULL);

	if (rv != (mine.setting->reset ? CKR_OK : CKR_CRYPTOKI_ALREADY_INITIALIZED))
		return rv;
	if (!mine.setting->reset && session_state(mine.s) != CKS_RW_USER_FUNCTIONS)
		return ROW_WRONG;
	rv = scene_enter(&mine);
	if (rv == CKR_OK)
		rv = find_type(mine.s, CKK_RSA, &mine.rsa);
	if (rv == CKR_OK)
		rv = sign(mine.s, mine.rsa);
	if (rv == CKR_OK)
		rv = pair_life(mine.s);
	if (rv == CKR_OK)
		rv = token_object_life(mine.s);
	if (rv == CKR_OK)
		rv = small_calls(mine.s);
	return rv == CKR_OK ? p11->C_Finalize(NULL) : rv;
}

static CK_RV callers_start(struct caller *callers, const struct scene *scene)
{
	stop = false;
	rounds = 0;
	for (unsigned i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){ .number = i, .scene = scene };
		if (pthread_create(&callers[i].id, NULL, caller_main, &callers[i]))
			return ROW_BROKEN;
	}
	return CKR_OK;
}

static CK_RV callers_end(struct caller *callers)
{
	CK_RV rv = CKR_OK;

	stop = true;
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(callers[i].id, NULL);
		if (rv == CKR_OK)
			rv = callers[i].answer;
	}
	return rv == CKR_OK ? want(rounds > 0) : rv;
}

static CK_RV forks_under_load(struct ctx *c)
{
	struct caller callers[THREADS];
	CK_RV waited = CKR_OK, rv = CKR_OK, work = CKR_OK;
	struct scene scene;
	pthread_t waiter;

	rv = scene_open(c->arg, &scene);
	if (rv != CKR_OK || pthread_create(&waiter, NULL, waiter_main, &waited))
		return ROW_BROKEN;
	rv = callers_start(callers, &scene);
	c->arg = &scene;
	for (unsigned i = 0; rv == CKR_OK && i < forks_wanted(); i++)
		rv = fork_run(child_works, c);
	work = callers_end(callers);
	if (rv == CKR_OK)
		rv = work;
	/* the parent goes on as if nothing had happened */
	if (rv == CKR_OK)
		rv = sign(scene.s, scene.rsa);
	if (rv == CKR_OK)
		rv = p11->C_Finalize(NULL);
	pthread_join(waiter, NULL);
	return rv == CKR_OK ? want(waited == CKR_CRYPTOKI_NOT_INITIALIZED) : rv;
}

/* Calls that last longer than a fork waits. */
static void *generator_main(void *arg)
{
	struct caller *c = arg;
	CK_OBJECT_HANDLE key = 0;
	CK_SESSION_HANDLE s = 0;

	c->answer = session_open(c->scene->slot, CKF_RW_SESSION, &s);
	while (c->answer == CKR_OK && !stop)
		c->answer = rsa_make(s, 4096, CK_FALSE, &key);
	return NULL;
}

static CK_RV forks_amid_generation(struct ctx *c)
{
	struct scene scene;
	struct caller generator = { .scene = &scene };
	CK_RV rv = scene_open(c->arg, &scene);

	stop = false;
	if (rv != CKR_OK || pthread_create(&generator.id, NULL, generator_main, &generator))
		return ROW_BROKEN;
	c->arg = &scene;
	for (unsigned i = 0; rv == CKR_OK && i < forks_wanted() / 10; i++)
		rv = fork_run(child_works, c);
	stop = true;
	pthread_join(generator.id, NULL);
	return rv == CKR_OK ? generator.answer : rv;
}

/* --- edits exclude each other ---------------------------------------------------------- */

/*
 * Sets one attribute again and again. An edit writes the whole object, so one that does not exclude
 * another's takes back what that one has set to another attribute.
 */
static CK_RV edit(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, unsigned count)
{
	CK_RV rv = CKR_OK;

	for (unsigned i = 0; rv == CKR_OK && i < count; i++) {
		char value[32];
		CK_ATTRIBUTE a = { type, value, 0 };

		a.ulValueLen = (CK_ULONG)snprintf(value, sizeof(value), "%lx %u", type, i);
		rv = p11->C_SetAttributeValue(s, o, &a, 1);
		if (rv == CKR_OK)
			rv = attr_is(s, o, &a);
	}
	return rv;
}

/* As child_works does, but for one attribute of the shared object. */
static CK_RV child_edits(struct ctx *c)
{
	struct scene mine = *(const struct scene *)c->arg;
	CK_RV rv = CKR_OK;

	if (mine.setting->reset) {
		rv = p11->C_Initialize(NULL);
		if (rv == CKR_OK)
			rv = scene_enter(&mine);
		if (rv == CKR_OK)
			rv = find_type(mine.s, CKK_GENERIC_SECRET, &mine.data);
	}
	return rv == CKR_OK ? edit(mine.s, mine.data, CKA_LABEL, EDITS) : rv;
}

struct editor {
	const struct scene *scene;
	CK_RV answer;
};

static void *editor_main(void *arg)
{
	struct editor *e = arg;

	while (e->answer == CKR_OK && !stop)
		e->answer = edit(e->scene->s, e->scene->data, CKA_ID, 1);
	return NULL;
}

/* A child that only comes and goes: what it closes must not take the parent's locks along. */
static bool child_passes(const struct scene *scene)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		/* with library.reset_on_fork there is nothing to finalize */
		CK_RV rv = p11->C_Finalize(NULL);

		_exit(rv == CKR_OK || (scene->setting->reset &&
				       rv == CKR_CRYPTOKI_NOT_INITIALIZED) ? 0 : 1);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void *passers_main(void *arg)
{
	struct editor *e = arg;

	while (e->answer == CKR_OK && !stop)
		e->answer = want(child_passes(e->scene));
	return NULL;
}

/* The parent and a child edit one object, while other children of the parent come and go. */
static CK_RV edits_exclude(struct ctx *c)
{
	struct scene scene;
	struct editor editor = { &scene, CKR_OK }, passers = { &scene, CKR_OK };
	pthread_t ids[2];
	CK_RV rv = scene_open(c->arg, &scene);

	stop = false;
	if (rv != CKR_OK || pthread_create(&ids[0], NULL, editor_main, &editor) ||
	    pthread_create(&ids[1], NULL, passers_main, &passers))
		return ROW_BROKEN;
	c->arg = &scene;
	rv = fork_run(child_edits, c);
	stop = true;
	pthread_join(ids[0], NULL);
	pthread_join(ids[1], NULL);
	if (rv == CKR_OK)
		rv = editor.answer;
	return rv == CKR_OK ? passers.answer : rv;
}

/* --- descriptors --------------------------------------------------------------------- */

/*
 * Descriptors of this process that must have one owner: those that carry locks or a queue of
 * events. A library closes them in its child, or never had them.
 */
static unsigned descriptors_owned(void)
{
	static const char *const kinds[] = { "inotify", "eventfd", "/tokens-", ".lock" };
	char path[64], target[4096];
	unsigned count = 0;
	struct dirent *e;
	DIR *d = opendir("/proc/self/fd");

	while (d && (e = readdir(d))) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%.20s", e->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = 0;
		for (size_t i = 0; i < LENGTH(kinds); i++)
			if (strstr(target, kinds[i]) && !strstr(target, "sqlite3.db")) {
				count++;
				break;
			}
	}
	if (d)
		closedir(d);
	return count;
}

static CK_RV child_owns_none(struct ctx *c)
{
	(void)c;
	return want(descriptors_owned() == 0);
}

/* While the parent edits and waits, which is when it has the most of them. */
static CK_RV descriptors_are_not_shared(struct ctx *c)
{
	struct scene scene;
	struct editor editor = { &scene, CKR_OK };
	CK_RV waited = CKR_OK, rv = scene_open(c->arg, &scene);
	unsigned most = 0;
	pthread_t ids[2];

	stop = false;
	if (rv != CKR_OK || pthread_create(&ids[0], NULL, editor_main, &editor) ||
	    pthread_create(&ids[1], NULL, waiter_main, &waited))
		return ROW_BROKEN;
	for (unsigned i = 0; rv == CKR_OK && i < forks_wanted(); i++) {
		unsigned now = descriptors_owned();

		most = now > most ? now : most;
		rv = fork_run(child_owns_none, c);
	}
	stop = true;
	pthread_join(ids[0], NULL);
	if (rv == CKR_OK)
		rv = p11->C_Finalize(NULL);
	pthread_join(ids[1], NULL);
	if (rv == CKR_OK)
		rv = editor.answer;
	return rv == CKR_OK ? want(most > 0) : rv;
}

/* --- program ----------------------------------------------------------------------------- */

/* Stores that are not built in are left out. */
static bool is_offered(const struct setting *setting)
{
	struct scene scene;

	return scene_open(setting, &scene) == CKR_OK;
}

static void test_forks(void)
{
	for (size_t i = 0; i < LENGTH(settings); i++) {
		const struct setting *s = &settings[i];
		const char *reset = s->reset ? "reset" : "kept";

		if (!is_offered(s))
			continue;
		row_runf(ANY_STATE, forks_under_load, s, CKR_OK, "%s_%s_under_load", s->backend,
			 reset);
		row_runf(ANY_STATE, forks_amid_generation, s, CKR_OK, "%s_%s_amid_generation",
			 s->backend, reset);
		row_runf(ANY_STATE, edits_exclude, s, CKR_OK, "%s_%s_edits_exclude", s->backend,
			 reset);
		row_runf(ANY_STATE, descriptors_are_not_shared, s, CKR_OK,
			 "%s_%s_descriptors_are_not_shared", s->backend, reset);
	}
}

int main(int argc, char **argv)
{
	static const struct test tests[] = { { "forks", .run = test_forks } };
	static const struct program program = {
		.name = "fork",
		.tests = tests, .ntests = LENGTH(tests),
		.not_on_reference = "children of a fork amid calls hang in it",
	};

	const char *sanitizers = getenv("SANITIZERS");

	/*
	 * The allocator of a sanitizer does not survive a fork amid calls, and check-valgrind
	 * counts what OpenSSL keeps for threads that the child has lost.
	 */
	if ((sanitizers && *sanitizers) || getenv("MISUSE_SHARE")) {
		puts("fork: not run with sanitizers or valgrind");
		return 77;
	}
	return harness_main(argc, argv, &program);
}

#include "config.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "harness.h"

#define NO_SLOT		0x7ffffff1UL
#define NO_HANDLE	0x7ffffff1UL

/* --- every function before C_Initialize, and with a bad first argument --- */

/* Arguments of calls.def. */
static struct {
	CK_INFO info;
	CK_SLOT_INFO slot_info;
	CK_TOKEN_INFO token_info;
	CK_MECHANISM_INFO mechanism_info;
	CK_SESSION_INFO session_info;
	CK_SLOT_ID slot;
	CK_ULONG len;
	CK_OBJECT_HANDLE handle;
	CK_BYTE in[64], out[64], label[32];
	CK_ATTRIBUTE object[1];
	CK_MECHANISM mechanism, wrap;
} a = {
	.in = "12345678",
	.len = sizeof(a.out),
	.object = { A_ULONG(CKA_CLASS, CKO_DATA) },
	.mechanism = { CKM_SHA256, NULL, 0 },
	.wrap = { CKM_AES_KEY_WRAP, NULL, 0 },
};

#define CALL(kind, function, arguments) \
	static CK_RV call_##function(struct ctx *c) \
	{ \
		(void)c; \
		return p11->function arguments; \
	}
#include "calls.def"
#undef CALL

enum call_kind { NEITHER, SLOT, SESSION };

static const struct {
	const char *name;
	enum call_kind kind;
	CK_RV (*call)(struct ctx *c);
} calls[] = {
#define CALL(kind, function, arguments) { #function, kind, call_##function },
#include "calls.def"
#undef CALL
};

static void test_uninitialized(void)
{
	for (size_t i = 0; i < LENGTH(calls); i++)
		row_runf(FINALIZED, calls[i].call, NULL, CKR_CRYPTOKI_NOT_INITIALIZED,
			 "uninitialized_%s", calls[i].name);
}

static void test_bad_slot_or_session(void)
{
	for (size_t i = 0; i < LENGTH(calls); i++)
		if (calls[i].kind != NEITHER)
			row_runf(RO_PUBLIC, calls[i].call, NULL,
				 calls[i].kind == SLOT ? CKR_SLOT_ID_INVALID :
							 CKR_SESSION_HANDLE_INVALID,
				 "bad_handle_%s", calls[i].name);
}

/* --- function list and symbols ------------------------------------------ */

static CK_RV function_list_complete(void)
{
	CK_FUNCTION_LIST *list = NULL;
	CK_RV rv = p11->C_GetFunctionList(&list);
	bool complete = rv == CKR_OK && list;

#define FUNCTION(name, major, minor, params, args) HAS_##major##_##minor(name)
#define HAS_2_40(name) complete = complete && list->name;
#define HAS_3_0(name)
#define HAS_3_2(name)
#include "pkcs11/functions.def"
	return rv == CKR_OK ?
		       want(complete && list->version.major == 2 && list->version.minor == 40) :
		       rv;
}

static CK_RV function_list_same(void)
{
	CK_FUNCTION_LIST *list = NULL;
	CK_RV rv = p11->C_GetFunctionList(&list);

	return rv == CKR_OK ? want(list == p11) : rv;
}

static CK_RV symbols_all_there(void)
{
	static const char *const names[] = {
#undef HAS_2_40
#define FUNCTION(name, major, minor, params, args) HAS_##major##_##minor(name)
#define HAS_2_40(name) #name,
#include "pkcs11/functions.def"
	};

	for (size_t i = 0; i < LENGTH(names); i++)
		if (!module_symbol(names[i]))
			return ROW_WRONG;
	return want(LENGTH(names) == 68);
}

/* --- C_Initialize ------------------------------------------------------- */

/* The application's mutexes: real ones, and counted. */
static struct {
	atomic_long created, destroyed, locked, unlocked;
} mutexes;

static CK_RV mutex_create(CK_VOID_PTR_PTR out)
{
	pthread_mutex_t *m = malloc(sizeof(*m));

	if (!m || pthread_mutex_init(m, NULL))
		return CKR_HOST_MEMORY;
	mutexes.created++;
	*out = m;
	return CKR_OK;
}

static CK_RV mutex_destroy(CK_VOID_PTR mutex)
{
	mutexes.destroyed++;
	pthread_mutex_destroy(mutex);
	free(mutex);
	return CKR_OK;
}

static CK_RV mutex_lock(CK_VOID_PTR mutex)
{
	mutexes.locked++;
	return pthread_mutex_lock(mutex) ? CKR_MUTEX_BAD : CKR_OK;
}

static CK_RV mutex_unlock(CK_VOID_PTR mutex)
{
	mutexes.unlocked++;
	return pthread_mutex_unlock(mutex) ? CKR_MUTEX_NOT_LOCKED : CKR_OK;
}

static CK_RV mutex_create_fails(CK_VOID_PTR_PTR out)
{
	(void)out;
	return CKR_HOST_MEMORY;
}

enum {
	CREATE = 1,
	DESTROY = 2,
	LOCK = 4,
	UNLOCK = 8,
	ALL = CREATE | DESTROY | LOCK | UNLOCK
};

static CK_C_INITIALIZE_ARGS initialize_args(unsigned callbacks, CK_FLAGS flags)
{
	CK_C_INITIALIZE_ARGS args = {
		.CreateMutex = callbacks & CREATE ? mutex_create : NULL,
		.DestroyMutex = callbacks & DESTROY ? mutex_destroy : NULL,
		.LockMutex = callbacks & LOCK ? mutex_lock : NULL,
		.UnlockMutex = callbacks & UNLOCK ? mutex_unlock : NULL,
		.flags = flags,
	};

	memset(&mutexes, 0, sizeof(mutexes));
	return args;
}

struct initialize_case {
	CK_FLAGS flags;
	unsigned callbacks;
};

static CK_RV initialize_with(struct ctx *c)
{
	const struct initialize_case *i = c->arg;
	CK_C_INITIALIZE_ARGS args = initialize_args(i->callbacks, i->flags);
	CK_RV rv = p11->C_Initialize(&args);

	p11->C_Finalize(NULL);
	return rv;
}

/* Section "C_Initialize": all four callbacks or none, with any flags. */
static void test_initialize_arguments(void)
{
	static const CK_FLAGS flags[] = { 0, CKF_OS_LOCKING_OK,
					  CKF_LIBRARY_CANT_CREATE_OS_THREADS,
					  CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS };

	for (size_t f = 0; f < LENGTH(flags); f++)
		for (unsigned callbacks = 0; callbacks <= ALL; callbacks++) {
			struct initialize_case i = { flags[f], callbacks };
			bool good = callbacks == 0 || callbacks == ALL;

			row_runf(FINALIZED, initialize_with, &i,
				 good ? CKR_OK : CKR_ARGUMENTS_BAD,
				 "initialize_callbacks_%x_flags_%lu", callbacks, flags[f]);
		}
}

static CK_RV initialize_reserved(void)
{
	CK_C_INITIALIZE_ARGS args = initialize_args(0, CKF_OS_LOCKING_OK);

	args.pReserved = &args;
	return p11->C_Initialize(&args);
}

static CK_RV initialize_mutex_fails(void)
{
	CK_C_INITIALIZE_ARGS args = initialize_args(ALL, 0);

	args.CreateMutex = mutex_create_fails;

	CK_RV rv = p11->C_Initialize(&args);

	return want(rv == CKR_HOST_MEMORY || rv == CKR_CANT_LOCK || rv == CKR_GENERAL_ERROR);
}

static CK_RV initialize_many_times(unsigned times)
{
	CK_RV rv = CKR_OK;

	for (unsigned i = 0; rv == CKR_OK && i < times; i++) {
		rv = p11->C_Initialize(NULL);
		if (rv == CKR_OK)
			rv = p11->C_Finalize(NULL);
	}
	return rv;
}

/* One login, which no module can do without a lock. */
static CK_RV callbacks_work(CK_FLAGS flags)
{
	CK_C_INITIALIZE_ARGS args = initialize_args(ALL, flags);
	CK_SESSION_HANDLE s = 0;
	CK_SLOT_ID slot = 0;
	CK_RV rv = p11->C_Initialize(&args);

	if (rv == CKR_OK)
		rv = slot_find(TOKEN_LABEL, &slot);
	if (rv == CKR_OK)
		rv = session_open(slot, 0, &s);
	if (rv == CKR_OK)
		rv = login(s, CKU_USER, USER_PIN);
	p11->C_Finalize(NULL);
	return rv;
}

static CK_RV callbacks_used(CK_FLAGS flags)
{
	CK_RV rv = callbacks_work(flags);

	return rv == CKR_OK ? want(mutexes.created > 0 && mutexes.locked > 0 &&
				   mutexes.locked == mutexes.unlocked) :
			      rv;
}

static CK_RV callbacks_destroyed(void)
{
	CK_RV rv = callbacks_work(0);

	return rv == CKR_OK ? want(mutexes.created == mutexes.destroyed) : rv;
}

static CK_RV session_after_restart(struct ctx *c)
{
	CK_SESSION_INFO info;
	CK_RV rv = module_restart();

	return rv == CKR_OK ? p11->C_GetSessionInfo(c->s, &info) : rv;
}

static CK_RV login_after_restart(struct ctx *c)
{
	CK_RV rv = module_restart();

	if (rv == CKR_OK)
		rv = session_open(c->slot, CKF_RW_SESSION, &c->s);
	return rv == CKR_OK ? want(session_state(c->s) == CKS_RW_PUBLIC_SESSION) : rv;
}

static CK_RV info_fields(void)
{
	CK_INFO info;
	CK_RV rv = p11->C_GetInfo(&info);

	if (rv != CKR_OK)
		return rv;
	return want(info.cryptokiVersion.major == 2 && info.cryptokiVersion.minor == 40 &&
		    padded_is(info.manufacturerID, sizeof(info.manufacturerID), "SoftHSM") &&
		    info.flags == 0 &&
		    padded_is(info.libraryDescription, sizeof(info.libraryDescription),
			      "Implementation of PKCS11") &&
		    info.libraryVersion.major == 2 && info.libraryVersion.minor >= 6);
}

/* --- configuration ------------------------------------------------------ */

/* The text of the file: %s is the directory of the test, NULL means no file. */
static const struct conf_case {
	const char *name;
	const char *text;
	CK_RV expected;
} confs[] = {
#define TOKENS "directories.tokendir = %s/tokens\n"
	{ "missing", NULL, CKR_GENERAL_ERROR },
	{ "plain", TOKENS, CKR_OK },
	{ "tokendir_absent", "directories.tokendir = %s/absent\n", CKR_GENERAL_ERROR },
	{ "tokendir_a_file", "directories.tokendir = %s/softhsm2.conf\n", CKR_GENERAL_ERROR },
	{ "tokendir_repeated", "directories.tokendir = /absent\n" TOKENS, CKR_OK },
	{ "tokendir_slash", "directories.tokendir = %s/tokens/\n", CKR_OK },
	{ "level_debug", TOKENS "log.level = DEBUG\nlog.file = %s/log\n", CKR_OK },
	{ "level_info", TOKENS "log.level = INFO\nlog.file = %s/log\n", CKR_OK },
	{ "level_warning", TOKENS "log.level = WARNING\n", CKR_OK },
	{ "level_unknown", TOKENS "log.level = LOUD\n", CKR_GENERAL_ERROR },
	{ "level_lower_case", TOKENS "log.level = error\n", CKR_GENERAL_ERROR },
	{ "backend_file", TOKENS "objectstore.backend = file\n", CKR_OK },
	{ "backend_unknown", TOKENS "objectstore.backend = tape\n", CKR_GENERAL_ERROR },
	{ "backend_upper_case", TOKENS "objectstore.backend = FILE\n", CKR_GENERAL_ERROR },
	{ "log_file_impossible", TOKENS "log.file = %s/no/such/directory/log\n", CKR_OK },
	{ "boolean_upper_case", TOKENS "slots.removable = TRUE\n", CKR_OK },
	{ "boolean_junk", TOKENS "slots.removable = yes\n", CKR_OK },
	{ "umask", TOKENS "objectstore.umask = 0077\n", CKR_OK },
	{ "umask_junk", TOKENS "objectstore.umask = 9z\n", CKR_OK },
	{ "unknown_name", TOKENS "log.levle = ERROR\n", CKR_OK },
	{ "name_in_capitals", TOKENS "LOG.LEVEL = LOUD\n", CKR_OK },
	{ "no_equals_sign", TOKENS "nonsense\n", CKR_OK },
	{ "no_name", TOKENS " = value\n", CKR_OK },
	{ "no_value", TOKENS "log.level =\n", CKR_OK },
	{ "comment_line", "# comment\n\n  \t\n" TOKENS, CKR_OK },
	{ "comment_after_value", TOKENS "log.level = ERROR # not LOUD\n", CKR_OK },
	{ "blanks", "  directories.tokendir\t=\t %s/tokens \t\n", CKR_OK },
	{ "no_blanks", "directories.tokendir=%s/tokens\n", CKR_OK },
	{ "no_newline_at_end", "directories.tokendir = %s/tokens", CKR_OK },
	{ "carriage_returns", "directories.tokendir = %s/tokens\r\nlog.level = ERROR\r\n", CKR_OK },
	{ "mechanisms_all", TOKENS "slots.mechanisms = ALL\n", CKR_OK },
	{ "mechanisms_unknown", TOKENS "slots.mechanisms = CKM_NONSENSE,CKM_SHA256\n", CKR_OK },
#undef TOKENS
};

/* Replaces each %s by the program's directory. */
static void expand(const char *from, char *out, size_t size)
{
	size_t n = 0;

	for (; *from && n + 1 < size; from++) {
		if (strncmp(from, "%s", 2) == 0) {
			n += (size_t)snprintf(out + n, size - n, "%s", work_dir());
			from++;
		} else {
			out[n++] = *from;
		}
	}
	out[n < size ? n : size - 1] = 0;
}

static CK_RV initialize_conf(struct ctx *c)
{
	const struct conf_case *conf = c->arg;
	char file[4096];
	CK_RV rv = CKR_OK;

	if (conf->text)
		expand(conf->text, file, sizeof(file));
	conf_write(conf->text ? file : NULL);
	rv = p11->C_Initialize(NULL);
	/* a failed start leaves nothing behind */
	if (rv != CKR_OK && p11->C_Finalize(NULL) != CKR_CRYPTOKI_NOT_INITIALIZED)
		rv = ROW_WRONG;
	return rv;
}

static CK_RV conf_env_empty(struct ctx *c)
{
	(void)c;
	conf_use("tokens", NULL);
	setenv("SOFTHSM2_CONF", "", 1);
	return p11->C_Initialize(NULL);
}

static CK_RV conf_env_directory(struct ctx *c)
{
	(void)c;
	conf_use("tokens", NULL);
	setenv("SOFTHSM2_CONF", work_dir(), 1);
	return p11->C_Initialize(NULL);
}

/* Without SOFTHSM2_CONF: $HOME/.config/softhsm2/softhsm2.conf. */
static CK_RV conf_of_home(struct ctx *c)
{
	const char *old = getenv("HOME");
	char conf[4096], home[4096];
	CK_SLOT_ID slot = 0;
	CK_RV rv = CKR_OK;

	(void)c;
	snprintf(home, sizeof(home), "%s", old ? old : "/");
	snprintf(conf, sizeof(conf), "directories.tokendir = %s/tokens\nobjectstore.backend = %s\n",
		 work_dir(), conf_backend());
	conf_use("tokens", NULL);
	mkdir(work_path("home"), 0700);
	mkdir(work_path("home/.config"), 0700);
	mkdir(work_path("home/.config/softhsm2"), 0700);
	if (!file_write(work_path("home/.config/softhsm2/softhsm2.conf"), conf))
		return ROW_BROKEN;
	unsetenv("SOFTHSM2_CONF");
	setenv("HOME", work_path("home"), 1);
	rv = p11->C_Initialize(NULL);
	if (rv == CKR_OK)
		rv = slot_find(TOKEN_LABEL, &slot);
	setenv("HOME", home, 1);
	return rv;
}

/* The file is read again by every C_Initialize. */
static CK_RV conf_read_again(struct ctx *c)
{
	CK_SLOT_ID slot = 0;
	CK_RV rv = CKR_OK;

	(void)c;
	conf_use("other-tokens", NULL);
	rv = module_start();
	if (rv == CKR_OK && slot_find(TOKEN_LABEL, &slot) != ROW_WRONG)
		return ROW_WRONG;
	conf_use("tokens", NULL);
	if (rv == CKR_OK)
		rv = module_start();
	return rv == CKR_OK ? slot_find(TOKEN_LABEL, &slot) : rv;
}

static CK_RV log_file_written(struct ctx *c)
{
	char conf[4096];
	struct stat st;
	CK_RV rv = CKR_OK;

	(void)c;
	snprintf(conf, sizeof(conf),
		 "directories.tokendir = %s/tokens\nlog.file = %s/own.log\nlog.level = DEBUG\n"
		 "log.levle = DEBUG\n",
		 work_dir(), work_dir());
	conf_write(conf);
	rv = p11->C_Initialize(NULL);
	p11->C_Finalize(NULL);
	return rv == CKR_OK ? want(stat(work_path("own.log"), &st) == 0 && st.st_size > 0) : rv;
}

static void test_configuration(void)
{
	for (size_t i = 0; i < LENGTH(confs); i++)
		row_runf(FINALIZED, initialize_conf, &confs[i], confs[i].expected, "conf_%s",
			 confs[i].name);
	row_runf(FINALIZED, conf_env_empty, NULL, CKR_GENERAL_ERROR, "conf_env_empty");
	row_runf(FINALIZED, conf_env_directory, NULL, CKR_GENERAL_ERROR, "conf_env_directory");
	row_runf(FINALIZED, conf_of_home, NULL, CKR_OK, "conf_of_home");
	row_runf(FINALIZED, conf_read_again, NULL, CKR_OK, "conf_read_again");
	row_runf(FINALIZED, log_file_written, NULL, CKR_OK, "conf_log_file_written");
}

/* --- fork --------------------------------------------------------------- */

static CK_RV in_child_session(struct ctx *c)
{
	CK_SESSION_INFO info;

	return p11->C_GetSessionInfo(c->s, &info);
}

static CK_RV in_child_login(struct ctx *c)
{
	return want(session_state(c->s) == CKS_RW_USER_FUNCTIONS);
}

static CK_RV in_child_initialize(struct ctx *c)
{
	(void)c;
	return p11->C_Initialize(NULL);
}

static CK_RV in_child_new_session(struct ctx *c)
{
	CK_RV rv = p11->C_Initialize(NULL);

	if (rv == CKR_OK)
		rv = session_open(c->slot, CKF_RW_SESSION, &c->s);
	return rv == CKR_OK ? want(session_state(c->s) == CKS_RW_PUBLIC_SESSION) : rv;
}

static CK_RV fork_then_parent(struct ctx *c)
{
	CK_RV rv = fork_run(in_child_session, c);

	return rv == CKR_OK ? in_child_login(c) : rv;
}

/* `in_child` in a fork with library.reset_on_fork, or the parent's state after one. */
static CK_RV fork_reset(CK_RV (*in_child)(struct ctx *))
{
	struct ctx c = { 0 };
	CK_RV rv = CKR_OK;

	conf_use("tokens", "library.reset_on_fork = true\n");
	rv = module_start();
	if (rv == CKR_OK)
		rv = slot_find(TOKEN_LABEL, &c.slot);
	if (rv == CKR_OK)
		rv = session_open(c.slot, CKF_RW_SESSION, &c.s);
	if (rv == CKR_OK)
		rv = login(c.s, CKU_USER, USER_PIN);
	if (rv != CKR_OK)
		return ROW_BROKEN;
	if (in_child)
		return fork_run(in_child, &c);
	rv = fork_run(in_child_initialize, &c);
	return rv == CKR_OK ? in_child_login(&c) : rv;
}

/* --- children: life and death of the process ---------------------------- */

static CK_SESSION_HANDLE child_session;

/* An initialised module with a session that is logged in; false if that fails. */
static bool child_start(void)
{
	CK_SLOT_ID slot = 0;

	return module_load() && module_start() == CKR_OK &&
	       slot_find(TOKEN_LABEL, &slot) == CKR_OK &&
	       session_open(slot, CKF_RW_SESSION, &child_session) == CKR_OK &&
	       login(child_session, CKU_USER, USER_PIN) == CKR_OK;
}

static CK_RV child_keypair(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *private)
{
	static CK_BYTE p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
	CK_ATTRIBUTE public_template[] = { A_BYTES(CKA_EC_PARAMS, p256) };
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_OBJECT_HANDLE public = 0;

	return p11->C_GenerateKeyPair(s, &m, public_template, 1, NULL, 0, &public,
				      private);
}

static bool child_operation(void)
{
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_OBJECT_HANDLE key = 0;

	return child_start() && child_keypair(child_session, &key) == CKR_OK &&
	       p11->C_SignInit(child_session, &m, key) == CKR_OK;
}

static bool child_sign(void)
{
	CK_BYTE digest[32] = { 1 }, signature[128];
	CK_ULONG len = sizeof(signature);

	return p11->C_Sign(child_session, digest, sizeof(digest), signature, &len) == CKR_OK;
}

static int child_load_unload(void)
{
	size_t fds = 0, threads = 0;

	for (int i = 0; i < 51; i++) {
		if (!child_operation() || !child_sign() || p11->C_Finalize(NULL) != CKR_OK ||
		    !module_unload())
			return 1;
		if (i == 0) {
			fds = dir_count("/proc/self/fd");
			threads = dir_count("/proc/self/task");
		}
	}
	return fds == dir_count("/proc/self/fd") && threads == dir_count("/proc/self/task") ? 0 : 1;
}

static int child_exit_without_finalize(void)
{
	return child_start() ? 0 : 1;
}

static int child_exit_with_operation(void)
{
	return child_operation() ? 0 : 1;
}

static void finalize_at_exit(void)
{
	if (p11->C_CloseSession(child_session) != CKR_OK || p11->C_Finalize(NULL) != CKR_OK)
		_exit(9);
}

/*
 * atexit handlers run in reverse order: this one, registered first, runs after
 * OpenSSL's own and after the destructors of the module.
 */
static int child_exit_after_openssl_cleanup(void)
{
	if (atexit(finalize_at_exit) || !OPENSSL_init_crypto(0, NULL))
		return 1;
	return child_operation() ? 0 : 1;
}

static int child_openssl_cleanup_then_finalize(void)
{
	if (!child_operation())
		return 1;
	OPENSSL_cleanup();
	return p11->C_CloseSession(child_session) == CKR_OK && p11->C_Finalize(NULL) == CKR_OK ? 0 :
												 1;
}

static void initialize_at_exit(void)
{
	/* any answer will do, the call must come back */
	p11->C_Initialize(NULL);
	p11->C_Finalize(NULL);
}

static int child_initialize_in_atexit(void)
{
	if (atexit(initialize_at_exit) || !OPENSSL_init_crypto(0, NULL))
		return 1;
	return child_start() && p11->C_Finalize(NULL) == CKR_OK ? 0 : 1;
}

static int child_unload_without_finalize(void)
{
	return child_operation() && module_unload() ? 0 : 1;
}

/*
 * Loaded again, the module must not stumble over what the first life left: it is found again, as a
 * library that stays in memory does, or gone.
 */
static int child_unload_then_exit(void)
{
	if (!child_operation() || !module_unload() || !module_load() || module_start() != CKR_OK)
		return 1;
	return p11->C_Finalize(NULL) == CKR_OK && child_operation() && child_sign() ? 0 : 1;
}

static struct {
	pthread_t ids[2];
	atomic_bool stop;
} callers;

static void *thread_of_calls(void *unused)
{
	CK_OBJECT_HANDLE key = 0;
	CK_SESSION_HANDLE s = 0;
	CK_SLOT_ID slot = 0;

	(void)unused;
	if (slot_find(TOKEN_LABEL, &slot) != CKR_OK ||
	    session_open(slot, CKF_RW_SESSION, &s) != CKR_OK)
		_exit(8);
	while (!callers.stop)
		if (child_keypair(s, &key) == CKR_OK)
			p11->C_DestroyObject(s, key);
	return NULL;
}

static bool callers_start(void)
{
	for (size_t i = 0; i < LENGTH(callers.ids); i++)
		if (pthread_create(&callers.ids[i], NULL, thread_of_calls, NULL))
			return false;
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	return true;
}

/* OpenSSL's clean-up waits for them: the reference crashes here. */
static int child_exit_with_thread_in_call(void)
{
	return child_start() && callers_start() ? 0 : 1;
}

/* What a forked child wants first: any answer, but an answer. */
static CK_RV in_child_session_or_start(struct ctx *c)
{
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = p11->C_Initialize(NULL);

	if (rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED)
		rv = session_open(c->slot, CKF_RW_SESSION, &s);
	return rv;
}

/* Not with a sanitizer, whose allocator does not survive such a fork. */
static int child_fork_while_threads_call(void)
{
	const char *sanitizers = getenv("SANITIZERS");
	struct ctx c = { 0 };
	CK_RV rv = CKR_OK;

	if (sanitizers && *sanitizers)
		return 0;
	if (!child_start() || !callers_start() || slot_find(TOKEN_LABEL, &c.slot) != CKR_OK)
		return 1;
	for (int i = 0; rv == CKR_OK && i < 20; i++)
		rv = fork_run(in_child_session_or_start, &c);
	callers.stop = true;
	for (size_t i = 0; i < LENGTH(callers.ids); i++)
		pthread_join(callers.ids[i], NULL);
	if (rv != CKR_OK)
		fprintf(stderr, "the forked child answers 0x%lx\n", rv);
	return rv == CKR_OK ? 0 : 1;
}

static int child_fork_reset_while_threads_call(void)
{
	char conf[4096];

	snprintf(conf, sizeof(conf), "%s", getenv("SOFTHSM2_CONF"));
	FILE *f = fopen(conf, "a");

	if (!f || fputs("library.reset_on_fork = true\n", f) < 0 || fclose(f))
		return 1;
	return child_fork_while_threads_call();
}

/* --- children: OpenSSL of the host -------------------------------------- */

static bool host_conf(const char *name, const char *text_of_file)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s.%s", getenv("SOFTHSM2_CONF"), name);
	return file_write(path, text_of_file) && setenv("OPENSSL_CONF", path, 1) == 0;
}

/* The module works though the host's configuration names a provider that is not there. */
static int child_host_openssl_conf_broken(void)
{
	if (!host_conf("broken", "openssl_conf = init\n[init]\nproviders = providers\n"
				 "alg_section = algorithms\n[providers]\nabsent = absent\n"
				 "[absent]\nmodule = /absent/provider.so\nactivate = 1\n"
				 "[algorithms]\ndefault_properties = provider=absent\n"))
		return 1;
	return child_operation() && child_sign() ? 0 : 1;
}

/* The host's first use of OpenSSL comes after ours and still reads its configuration. */
static int child_host_openssl_conf_still_read(void)
{
	EVP_MD *md4 = NULL;

	if (!host_conf("legacy", "openssl_conf = init\n[init]\nproviders = providers\n"
				 "[providers]\ndefault = on\nlegacy = on\n[on]\nactivate = 1\n") ||
	    !child_operation() || !child_sign() || p11->C_Finalize(NULL) != CKR_OK)
		return 1;
	md4 = EVP_MD_fetch(NULL, "MD4", NULL);
	EVP_MD_free(md4);
	return md4 ? 0 : 1;
}

static bool host_digest(void)
{
	unsigned char md[32];
	size_t len = 0;

	return EVP_Q_digest(NULL, "SHA256", NULL, "x", 1, md, &len) == 1 && len == sizeof(md);
}

/* Nothing that we load for ourselves appears in the host's context; its own goes on working. */
static int child_host_openssl_unchanged(void)
{
	if (!child_operation() || !child_sign())
		return 1;
	if (OSSL_PROVIDER_available(NULL, "legacy") || !host_digest())
		return 1;
	if (p11->C_Finalize(NULL) != CKR_OK || !module_unload())
		return 1;
	return !OSSL_PROVIDER_available(NULL, "legacy") && host_digest() ? 0 : 1;
}

/* An error in the module adds nothing to the thread's queue and takes nothing from it. */
static int child_host_openssl_error_queue(void)
{
	CK_BYTE signature[64] = { 1 }, digest[32] = { 2 };
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_OBJECT_HANDLE key = 0;
	CK_ATTRIBUTE public_keys[] = { A_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), A_END };
	CK_ULONG found = 0;

	if (!child_operation() || !child_sign() ||
	    object_find(child_session, public_keys, &key, 1, &found) != CKR_OK || found != 1)
		return 1;
	ERR_raise(ERR_LIB_USER, 42);
	if (p11->C_VerifyInit(child_session, &m, key) != CKR_OK ||
	    p11->C_Verify(child_session, digest, sizeof(digest), signature, sizeof(signature)) !=
		    CKR_SIGNATURE_INVALID)
		return 1;
	return ERR_GET_REASON(ERR_get_error()) == 42 && ERR_get_error() == 0 ? 0 : 1;
}

/* --- program ------------------------------------------------------------ */

#define ROWS_FILE "general.def"
#define ROWS_TABLE rows
#include "rows.h"

int main(int argc, char **argv)
{
	static const struct child children[] = {
		{ "load_unload", child_load_unload },
		{ "exit_without_finalize", child_exit_without_finalize },
		{ "exit_with_operation", child_exit_with_operation },
		{ "exit_after_openssl_cleanup", child_exit_after_openssl_cleanup },
		{ "openssl_cleanup_then_finalize", child_openssl_cleanup_then_finalize },
		{ "initialize_in_atexit", child_initialize_in_atexit },
		{ "exit_with_thread_in_call", child_exit_with_thread_in_call },
		{ "unload_without_finalize", child_unload_without_finalize },
		{ "unload_then_exit", child_unload_then_exit },
		{ "fork_while_threads_call", child_fork_while_threads_call },
		{ "fork_reset_while_threads_call", child_fork_reset_while_threads_call },
		{ "host_openssl_conf_broken", child_host_openssl_conf_broken },
		{ "host_openssl_conf_still_read", child_host_openssl_conf_still_read },
		{ "host_openssl_unchanged", child_host_openssl_unchanged },
		{ "host_openssl_error_queue", child_host_openssl_error_queue },
	};
	static const struct test tests[] = {
		{ "uninitialized", .run = test_uninitialized },
		{ "bad_slot_or_session", .run = test_bad_slot_or_session },
		{ "initialize_arguments", .run = test_initialize_arguments },
		{ "configuration", .run = test_configuration },
		{ "rows", .rows = rows, .count = LENGTH(rows) },
	};
	static const struct program program = {
		.name = "general",
		.tests = tests, .ntests = LENGTH(tests),
		.children = children, .nchildren = LENGTH(children),
	};

	return harness_main(argc, argv, &program);
}

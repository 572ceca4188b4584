/*
 * The private OpenSSL context and its random generator: what it must not do to the host, and how it
 * ends.
 */
#include "config.h"

#include "crypto/ossl/ossl.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/ossl/rng.h"
#include "crypto/tokenkey.h"
#include "unit/crypto_util.h"
#include "unit/ec_vectors.h"
#include "unit/unit.h"

/*
 * Runs fn in a child; did it return true in time? The child ends by SIGKILL: what fn leaves behind
 * on purpose is no leak to report.
 */
static bool child_says(bool (*fn)(void))
{
	unsigned char yes = 0;
	int fds[2];
	pid_t pid;

	(void)fflush(NULL);
	if (pipe(fds) != 0)
		return false;
	pid = fork();
	if (pid == 0) {
		alarm(120);
		yes = fn();
		(void)!write(fds[1], &yes, 1);
		(void)kill(getpid(), SIGKILL);
	}
	close(fds[1]);
	if (pid < 0 || read(fds[0], &yes, 1) != 1)
		yes = 0;
	close(fds[0]);
	return pid > 0 && waitpid(pid, NULL, 0) == pid && yes;
}

/* A bit of everything. */
static bool use_all(void)
{
	static const struct hex_attr explicit_curve[] =
		{ { CKA_EC_PARAMS, P256_EXPLICIT }, { 0, NULL } };
	static const struct hex_attr edwards_curve[] = { { CKA_EC_PARAMS, ED25519 }, { 0, NULL } };
	static const CK_BYTE pin[] = "1234";
	struct attrset *ec = make_set(explicit_curve), *edwards = make_set(edwards_curve), *rsa =
		attrset_new(false);
	CK_MECHANISM ecdsa = MECH(CKM_ECDSA_SHA256), eddsa = MECH(CKM_EDDSA), pkcs1 =
		MECH(CKM_SHA256_RSA_PKCS);
	CK_MECHANISM oaep_or_pss = MECH(CKM_RSA_PKCS);
	struct key *pub = NULL, *priv = NULL, *pub2 = NULL, *priv2 = NULL, *pub3 = NULL, *priv3 =
		NULL;
	struct secbuf *key = NULL, *again = NULL;
	unsigned char out[256], blob[PIN_BLOB_BYTES];
	CK_ULONG n = sizeof(out);
	bool ok = rng_public(out, 32) == CKR_OK && rng_seed(out, 32) == CKR_OK;

	ok = ok && attrset_set_number(rsa, CKA_MODULUS_BITS, 1024) == CKR_OK;
	make_pair(CKM_EC_KEY_PAIR_GEN, ec, &pub, &priv);
	make_pair(CKM_EC_EDWARDS_KEY_PAIR_GEN, edwards, &pub2, &priv2);
	make_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, rsa, &pub3, &priv3);
	ok = ok && run(OP_SIGN, ecdsa, priv, "abc", 3, out, &n) == CKR_OK &&
	     verify(ecdsa, pub, "abc", 3, out, n) == CKR_OK;
	n = sizeof(out);
	ok = ok && run(OP_SIGN, eddsa, priv2, "abc", 3, out, &n) == CKR_OK &&
	     verify(eddsa, pub2, "abc", 3, out, n) == CKR_OK;
	n = sizeof(out);
	ok = ok && run(OP_SIGN, pkcs1, priv3, "abc", 3, out, &n) == CKR_OK &&
	     verify(pkcs1, pub3, "abc", 3, out, n) == CKR_OK &&
		     verify(pkcs1, pub3, "abd", 3, out, n) != CKR_OK;
	n = sizeof(out);
	ok = ok && run(OP_ENCRYPT, oaep_or_pss, pub3, "abc", 3, out, &n) == CKR_OK;
	ok = ok && tokenkey_generate(&key) == CKR_OK && tokenkey_seal(key, pin, 4, blob) ==
		CKR_OK &&
	     tokenkey_open(blob, sizeof(blob), pin, 4, &again) == CKR_OK;
	for (size_t i = 0; i < mech_table_len; i++)
		(void)mech_find(mech_table[i].type);
	secbuf_free(key);
	secbuf_free(again);
	key_unref(pub);
	key_unref(priv);
	key_unref(pub2);
	key_unref(priv2);
	key_unref(pub3);
	key_unref(priv3);
	attrset_free(ec);
	attrset_free(edwards);
	attrset_free(rsa);
	return ok;
}

static char *config_path;

/* Whoever opens a FIFO for reading waits for a writer, here for ever; the alarm ends that. */
static bool opens_without_config(void)
{
	alarm(20);
	ossl_close();
	if (setenv("OPENSSL_CONF", config_path, 1) != 0 || ossl_open() != CKR_OK)
		return false;
	for (size_t i = 0; i < mech_table_len; i++)
		(void)mech_find(mech_table[i].type);
	ossl_close();
	return true;
}

/* That the trap is one: the default context of OpenSSL does walk into it. */
static bool default_context_loads(void)
{
	alarm(2);
	return setenv("OPENSSL_CONF", config_path, 1) == 0 &&
		OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) == 1;
}

/* Until cryptography is wanted, libcrypto has no reason to load the host's configuration. */
static void test_no_config(void)
{
	char *dir = unit_make_dir();
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/openssl.cnf", dir);
	config_path = path;
	CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
	CU_ASSERT_FALSE(child_says(default_context_loads));
	CU_ASSERT_TRUE(child_says(opens_without_config));
	unit_remove_dir(dir);
}

static bool works_beside_config(void)
{
	ossl_close();
	if (setenv("OPENSSL_CONF", config_path, 1) != 0 || ossl_open() != CKR_OK)
		return false;
	ossl_settle();
	ossl_settle();
	return ERR_peek_error() == 0 && use_all();
}

/* Whatever the host's configuration says, our context is not concerned. */
static void test_foreign_config(void)
{
	static const char *const configs[] = {
		/* not a configuration */
		"[[[",
		/* a default context without any algorithm */
		"openssl_conf = a\n[a]\nproviders = p\n[p]\nnull = n\n[n]\nactivate = 1\n",
		"openssl_conf = a\n[a]\nalg_section = e\n[e]\ndefault_properties = fips=yes\n",
		/* things that do not exist */
		"openssl_conf = a\n[a]\nproviders = p\n[p]\nno-such = n\n[n]\nactivate = 1\n",
	};
	char *dir = unit_make_dir();

	for (size_t i = 0; i < ARRAY_LEN(configs); i++) {
		config_path = unit_write_file(dir, "openssl.cnf", configs[i], strlen(configs[i]));
		CHECK(configs[i], child_says(works_beside_config));
		free(config_path);
	}
	unit_remove_dir(dir);
}

static void test_cache(void)
{
	CU_ASSERT_PTR_NOT_NULL(ossl_md("SHA256"));
	CU_ASSERT_PTR_EQUAL(ossl_md("SHA256"), ossl_md("SHA256"));
	CU_ASSERT_PTR_NULL(ossl_md("no such digest"));
	CU_ASSERT_PTR_NULL(ossl_md("a name of a digest that is longer than any that exists"));
	CU_ASSERT_PTR_NOT_NULL(ossl_cipher("AES-128-CBC"));
	CU_ASSERT_PTR_NULL(ossl_cipher("SHA256"));
	CU_ASSERT_PTR_EQUAL(ossl_cipher_sized("AES-%u-CBC", 16), ossl_cipher("AES-128-CBC"));
	CU_ASSERT_PTR_EQUAL(ossl_cipher_sized("AES-128-CBC", 99), ossl_cipher("AES-128-CBC"));
	CU_ASSERT_PTR_NULL(ossl_cipher_sized("AES-%u-CBC", 17));
	CU_ASSERT_PTR_NULL(ossl_cipher_sized("AES-%u-CBC", SIZE_MAX));
	CU_ASSERT_PTR_NOT_NULL(ossl_mac("HMAC"));
	CU_ASSERT_TRUE(ossl_has_key("RSA"));
	CU_ASSERT_TRUE(ossl_has_key("ED25519"));
	CU_ASSERT_FALSE(ossl_has_key("ROT13"));
	CU_ASSERT_FALSE(ossl_has(OSSL_OP_KEYMGMT, "RS"));
	CU_ASSERT_FALSE(ossl_has(OSSL_OP_KEYMGMT, "SHA256"));
	CU_ASSERT_FALSE(ossl_has(OSSL_OP_KEYMGMT, ""));
	CU_ASSERT_TRUE(ossl_has(OSSL_OP_DIGEST, "SHA256"));
	CU_ASSERT_TRUE(ossl_has(OSSL_OP_DIGEST, "sha2-256"));
	CU_ASSERT_FALSE(ossl_has(OSSL_OP_DIGEST, "MD4"));
	CU_ASSERT_TRUE(ossl_has(OSSL_OP_MAC, "HMAC"));
	CU_ASSERT_TRUE(ossl_has_cipher_sized("AES-%u-CBC", 16));
	CU_ASSERT_TRUE(ossl_has_cipher_sized("DES-EDE3-CBC", 24));
	CU_ASSERT_FALSE(ossl_has_cipher_sized("AES-%u-CBC", 17));
	CU_ASSERT_FALSE(ossl_has_cipher_sized("AES-%u-CBC", SIZE_MAX));
	CU_ASSERT_EQUAL(ERR_peek_error(), 0);
}

static void test_reopen(void)
{
	for (int i = 0; i < 1000; i++) {
		unsigned char byte;

		ossl_close();
		CU_ASSERT_PTR_NULL(ossl_md("SHA512"));
		CU_ASSERT_EQUAL_FATAL(ossl_open(), CKR_OK);
		CU_ASSERT_EQUAL(ossl_open(), CKR_OK);
		CU_ASSERT_PTR_NOT_NULL(ossl_md("SHA512"));
		CU_ASSERT_EQUAL(rng_public(&byte, 1), CKR_OK);
	}
	ossl_close();
	ossl_close();
	CU_ASSERT_EQUAL_FATAL(ossl_open(), CKR_OK);
}

/* What the host left in its error queue is there after a call of ours, and nothing else. */
static void test_error_queue(void)
{
	static const unsigned char fixed[TOKENKEY_BYTES + 1] = "a key under which bad is bad";
	unsigned char bad[32] = { 0 };
	struct secbuf *key = secbuf_from(fixed, TOKENKEY_BYTES), *out = NULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(key);
	ERR_clear_error();
	ERR_raise(ERR_LIB_USER, 42);
	ossl_enter();
	CU_ASSERT_EQUAL(tokenkey_decrypt(key, bad, sizeof(bad), &out), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(tokenkey_decrypt(key, bad, sizeof(bad), &out), CKR_DATA_INVALID);
	ERR_raise(ERR_LIB_USER, 43);
	CU_ASSERT_EQUAL(ossl_error("a test", CKR_DEVICE_ERROR), CKR_DEVICE_ERROR);
	ERR_raise(ERR_LIB_USER, ERR_R_MALLOC_FAILURE);
	CU_ASSERT_EQUAL(ossl_quiet(CKR_DEVICE_ERROR), CKR_HOST_MEMORY);
	ERR_raise(ERR_LIB_USER, 44);
	ossl_leave();
	CU_ASSERT_EQUAL(ERR_GET_REASON(ERR_get_error()), 42);
	CU_ASSERT_EQUAL(ERR_get_error(), 0);
	/* With nothing there before, nothing is left, and the cause of an error is found. */
	ossl_enter();
	ERR_raise(ERR_LIB_USER, ERR_R_MALLOC_FAILURE);
	ERR_raise(ERR_LIB_USER, 45);
	CU_ASSERT_EQUAL(ossl_error("a test", CKR_DEVICE_ERROR), CKR_HOST_MEMORY);
	ERR_raise(ERR_LIB_USER, 46);
	CU_ASSERT_EQUAL(ossl_quiet(CKR_DEVICE_ERROR), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(tokenkey_decrypt(key, bad, sizeof(bad), &out), CKR_DATA_INVALID);
	ERR_raise(ERR_LIB_USER, 44);
	ossl_leave();
	CU_ASSERT_EQUAL(ERR_get_error(), 0);
	secbuf_free(key);
}

static pthread_barrier_t barrier;

static void *use_and_linger(void *arg)
{
	unsigned char byte;
	bool *ok = arg;

	*ok = rng_public(&byte, 1) == CKR_OK && rng_secret(&byte, 1) == CKR_OK &&
	      ossl_md("SHA224") != NULL;
	pthread_barrier_wait(&barrier);	/* used */
	pthread_barrier_wait(&barrier);	/* closed */
	return NULL;
}

/*
 * A thread that used the context and ends after it was closed: OpenSSL crashes when the context is
 * gone by then.
 */
static void test_lingering_thread(void)
{
	for (int reopen = 0; reopen < 2; reopen++) {
		pthread_t thread;
		bool ok = false;

		pthread_barrier_init(&barrier, NULL, 2);
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, use_and_linger, &ok), 0);
		pthread_barrier_wait(&barrier);
		ossl_close();
		if (reopen)
			CU_ASSERT_EQUAL(ossl_open(), CKR_OK);
		pthread_barrier_wait(&barrier);
		pthread_join(thread, NULL);
		pthread_barrier_destroy(&barrier);
		CU_ASSERT_TRUE(ok);
		CU_ASSERT_EQUAL(ossl_open(), CKR_OK);
		CU_ASSERT_PTR_NOT_NULL(ossl_md("SHA224"));
	}
}

static void *look_up(void *arg)
{
	static const char *const names[] = { "SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "MD5",
					     "no such digest" };

	(void)arg;
	for (int i = 0; i < 1000; i++)
		for (size_t n = 0; n < ARRAY_LEN(names); n++)
			if ((ossl_md(names[n]) == NULL) != (n == ARRAY_LEN(names) - 1))
				return (void *)(uintptr_t)1;
	return NULL;
}

static void test_threads(void)
{
	pthread_t threads[4];

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, look_up, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		void *result = NULL;

		pthread_join(threads[i], &result);
		CU_ASSERT_PTR_NULL(result);
	}
}

/* After OpenSSL's own clean-up everything of ours can still be let go. */
static bool survives_cleanup(void)
{
	static const CK_MECHANISM_TYPE types[] = { CKM_SHA256, CKM_SHA256_HMAC };
	struct key *k = make_secret(CKK_GENERIC_SECRET, AES_KEY AES_KEY);
	static const struct hex_attr edwards[] =
		{ { CKA_EC_PARAMS, ED25519 }, { CKA_VALUE, ED25519_SEED }, { 0, NULL } };
	struct key *pair = make_key(CKO_PRIVATE_KEY, CKK_EC_EDWARDS, edwards);
	struct op *ops[2] = { NULL, NULL };
	bool ok = k != NULL && pair != NULL && ossl_alive();

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		CK_MECHANISM m = MECH(types[i]);

		ok = ok && op_new(i == 0 ? OP_DIGEST : OP_SIGN, mech_find(types[i]), &m, i == 0 ?
				  NULL : k, NULL, &ops[i]) == CKR_OK;
	}
	OPENSSL_cleanup();
	ok = ok && !ossl_alive();
	ossl_enter();
	ossl_leave();
	op_free(ops[0]);
	op_free(ops[1]);
	key_unref(k);
	key_unref(pair);
	ossl_close();
	return ok && ossl_open() == CKR_FUNCTION_FAILED;
}

static void test_cleanup(void)
{
	CU_ASSERT_TRUE(child_says(survives_cleanup));
}

static void test_random(void)
{
	static unsigned char zeros[256], a[256], b[256];
	static unsigned char seed[100000];

	CU_ASSERT_EQUAL(rng_public(a, sizeof(a)), CKR_OK);
	CU_ASSERT_EQUAL(rng_secret(b, sizeof(b)), CKR_OK);
	CU_ASSERT_NOT_EQUAL(memcmp(a, b, sizeof(a)), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(a, zeros, sizeof(a)), 0);
	CU_ASSERT_EQUAL(rng_public(NULL, 0), CKR_OK);
	CU_ASSERT_EQUAL(rng_secret(NULL, 0), CKR_OK);
	CU_ASSERT_EQUAL(rng_seed(seed, 1), CKR_OK);
	CU_ASSERT_EQUAL(rng_seed(seed, sizeof(seed)), CKR_OK);
	CU_ASSERT_EQUAL(rng_public(b, sizeof(b)), CKR_OK);
	CU_ASSERT_NOT_EQUAL(memcmp(a, b, sizeof(a)), 0);
}

/* Parent and child go on with different random numbers. */
static void test_fork(void)
{
	unsigned char mine[32], its[32] = { 0 };
	int fds[2];
	pid_t pid;

	CU_ASSERT_EQUAL(rng_secret(mine, sizeof(mine)), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		ossl_fork_child();
		alarm(60);
		_exit(rng_secret(its, sizeof(its)) == CKR_OK && ossl_md("SHA384") != NULL &&
		      write(fds[1], its, sizeof(its)) == (ssize_t)sizeof(its) ? 0 : 1);
	}
	CU_ASSERT_EQUAL(rng_secret(mine, sizeof(mine)), CKR_OK);
	CU_ASSERT_EQUAL(read(fds[0], its, sizeof(its)), (ssize_t)sizeof(its));
	CU_ASSERT_NOT_EQUAL(memcmp(mine, its, sizeof(mine)), 0);
	CU_ASSERT_EQUAL(waitpid(pid, NULL, 0), pid);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	/* First those that want a context that no other thread has used. */
	static const struct unit_test tests[] = {
		UNIT_TEST(test_no_config),
		UNIT_TEST(test_foreign_config),
		UNIT_TEST(test_cache),
		UNIT_TEST(test_reopen),
		UNIT_TEST(test_cleanup),
		UNIT_TEST(test_fork),
		UNIT_TEST(test_random),
		UNIT_TEST(test_error_queue),
		UNIT_TEST(test_threads),
		UNIT_TEST(test_lingering_thread),
	};

	return CRYPTO_RUN("ossl", tests);
}

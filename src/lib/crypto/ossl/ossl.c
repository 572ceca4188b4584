#include "config.h"

#include "crypto/ossl/ossl.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/lock.h"
#include "common/log.h"
#include "common/reason.h"
#include "crypto/ossl/provider.h"
#include "crypto/ossl/threads.h"

/* A power of two, well above the number of names that the tables of this library hold. */
#define CACHE_SLOTS 256
#define NAME_BYTES 32
/* EVP takes int lengths; a multiple of every block size. */
#define CHUNK ((size_t)1 << 30)

enum alg_kind { ALG_MD, ALG_CIPHER, ALG_MAC, ALG_KDF, ALG_GROUP };

/* An algorithm that was fetched, or a curve that was built: one of the pointers. */
struct alg {
	enum alg_kind kind;
	char name[NAME_BYTES];
	EVP_MD *md;
	EVP_CIPHER *cipher;
	EVP_MAC *mac;
	EVP_KDF *kdf;
	EC_GROUP *group;
	_Atomic(EVP_PKEY_CTX *) generator;	/* for keys on that curve; NULL while in use */
};

static OSSL_LIB_CTX *context;
static struct provider *provider;
/* Filled under the lock, read without; entries stay until the context goes. */
static _Atomic(struct alg *) cache[CACHE_SLOTS];
static struct lock cache_lock = LOCK_STATIC;

static atomic_bool told;	/* on_end will be called, so there is no need to ask */
static atomic_bool ended;
static void (*end_hook)(void);

bool ossl_alive(void)
{
	if (atomic_load_explicit(&told, memory_order_relaxed))
		return !atomic_load_explicit(&ended, memory_order_relaxed);
	return OPENSSL_init_crypto(0, NULL) == 1;
}

static void on_end(void)
{
	atomic_store(&ended, true);
	end_hook();
}

void ossl_before_end(void (*fn)(void))
{
	end_hook = fn;
	if (ossl_alive() && OPENSSL_atexit(on_end) == 1)
		atomic_store(&told, true);
	else
		ossl_clear();	/* no memory: exit() will be as it is for those who do not ask */
}

/* What is known of this thread's error queue while a call is under way. */
static _Thread_local enum {
	QUEUE_OUT,	/* no call is */
	QUEUE_UNSEEN,	/* OpenSSL was not used yet */
	QUEUE_OURS,	/* the host had left nothing in it */
	QUEUE_MARKED	/* what lies above the mark is ours */
} queue;

static void look_at_queue(void)
{
	if (ERR_peek_error() == 0) {
		queue = QUEUE_OURS;
		return;
	}
	ERR_set_mark();
	queue = QUEUE_MARKED;
}

void ossl_touch(void)
{
	threads_note();
	if (queue == QUEUE_UNSEEN)
		look_at_queue();
}

OSSL_LIB_CTX *ossl_ctx(void)
{
	ossl_touch();
	return context;
}

OSSL_LIB_CTX *ossl_random_ctx(void)
{
	ossl_touch();
	return provider != NULL ? provider_random(provider) : NULL;
}

static void context_free(void)
{
	provider_close(provider);
	provider = NULL;
	context = NULL;
}

CK_RV ossl_open(void)
{
	CK_RV rv;

	if (!ossl_alive()) {
		log_error("OpenSSL has been cleaned up in this process already");
		return CKR_FUNCTION_FAILED;
	}
	if (context != NULL)
		return CKR_OK;
	rv = provider_open(&provider, &context);
	if (rv != CKR_OK)
		return ossl_error("OpenSSL's default provider", rv);
	threads_reset();
	threads_note();
	return CKR_OK;
}

static void alg_free(struct alg *a)
{
	EVP_MD_free(a->md);
	EVP_CIPHER_free(a->cipher);
	EVP_MAC_free(a->mac);
	EVP_KDF_free(a->kdf);
	EC_GROUP_free(a->group);
	EVP_PKEY_CTX_free(atomic_load(&a->generator));
	free(a);
}

void ossl_close(void)
{
	if (context == NULL || !ossl_alive() || !threads_gone())
		return;
	for (size_t i = 0; i < CACHE_SLOTS; i++) {
		struct alg *a = atomic_exchange(&cache[i], NULL);

		if (a != NULL)
			alg_free(a);
	}
	context_free();
	threads_reset();
}

void ossl_abandon(void)
{
	for (size_t i = 0; i < CACHE_SLOTS; i++)
		atomic_store(&cache[i], NULL);
	provider = NULL;
	context = NULL;
	threads_reset();
}

void ossl_fork_child(void)
{
	lock_reset(&cache_lock);
	threads_fork_child();
}

/* FNV-1a */
static size_t name_hash(enum alg_kind kind, const char *name)
{
	uint32_t h = 2166136261U ^ (uint32_t)kind;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 16777619U;
	return h;
}

/*
 * The entry, or NULL with *free_slot set to where it belongs; CACHE_SLOTS when the cache is full.
 */
static struct alg *cache_get(enum alg_kind kind, const char *name, size_t *free_slot)
{
	size_t h = name_hash(kind, name);

	for (size_t n = 0; n < CACHE_SLOTS; n++) {
		size_t i = (h + n) % CACHE_SLOTS;
		struct alg *a = atomic_load_explicit(&cache[i], memory_order_acquire);

		if (a == NULL) {
			*free_slot = i;
			return NULL;
		}
		if (a->kind == kind && strcmp(a->name, name) == 0)
			return a;
	}
	*free_slot = CACHE_SLOTS;
	return NULL;
}

/* PROVIDER_KEY of a name that is no literal. */
static const char *key_name(const char *type, char buf[NAME_BYTES])
{
	snprintf(buf, NAME_BYTES, PROVIDER_KEY("%s"), type);
	return buf;
}

EVP_PKEY_CTX *ossl_key_ctx(const char *type)
{
	char name[NAME_BYTES];

	return EVP_PKEY_CTX_new_from_name(ossl_ctx(), key_name(type, name), NULL);
}

EVP_PKEY *ossl_raw_key(const char *type, bool private, const unsigned char *data, size_t len)
{
	char name[NAME_BYTES];

	key_name(type, name);
	return private ? EVP_PKEY_new_raw_private_key_ex(ossl_ctx(), name, NULL, data, len)
		       : EVP_PKEY_new_raw_public_key_ex(ossl_ctx(), name, NULL, data, len);
}

/* NULL when there is none, and when memory ran out: it is asked for again the next time. */
static struct alg *alg_fetch(enum alg_kind kind, const char *name)
{
	struct alg *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->kind = kind;
	memcpy(a->name, name, strlen(name) + 1);
	switch (kind) {
	case ALG_MD:
		a->md = EVP_MD_fetch(ossl_ctx(), name, NULL);
		break;
	case ALG_CIPHER:
		a->cipher = EVP_CIPHER_fetch(ossl_ctx(), name, NULL);
		break;
	case ALG_MAC:
		a->mac = EVP_MAC_fetch(ossl_ctx(), name, NULL);
		break;
	case ALG_KDF:
		a->kdf = EVP_KDF_fetch(ossl_ctx(), name, NULL);
		break;
	case ALG_GROUP:
		a->group = EC_GROUP_new_by_curve_name_ex(ossl_random_ctx(), NULL,
							 OBJ_sn2nid(name));
		break;
	}
	if (kind != ALG_GROUP)
		ossl_clear();
	if (a->md == NULL && a->cipher == NULL && a->mac == NULL && a->kdf == NULL &&
	    a->group == NULL) {
		free(a);
		return NULL;
	}
	return a;
}

static struct alg *alg_find(enum alg_kind kind, const char *name)
{
	static struct alg none;
	size_t slot;
	struct alg *a = cache_get(kind, name, &slot);

	if (a != NULL)
		return a;
	if (context == NULL || strlen(name) >= NAME_BYTES)
		return &none;
	lock_take(&cache_lock);
	a = cache_get(kind, name, &slot);
	if (a == NULL && slot < CACHE_SLOTS) {
		a = alg_fetch(kind, name);
		if (a != NULL)
			atomic_store_explicit(&cache[slot], a, memory_order_release);
	}
	lock_drop(&cache_lock);
	return a != NULL ? a : &none;
}

const EVP_MD *ossl_md(const char *name)
{
	return alg_find(ALG_MD, name)->md;
}

const EVP_CIPHER *ossl_cipher(const char *name)
{
	return alg_find(ALG_CIPHER, name)->cipher;
}

EVP_MAC *ossl_mac(const char *name)
{
	return alg_find(ALG_MAC, name)->mac;
}

EVP_KDF *ossl_kdf(const char *name)
{
	return alg_find(ALG_KDF, name)->kdf;
}

const EC_GROUP *ossl_group(const char *name)
{
	return alg_find(ALG_GROUP, name)->group;
}

EVP_PKEY_CTX *ossl_take_generator(const char *curve)
{
	struct alg *a = alg_find(ALG_GROUP, curve);
	EVP_PKEY_CTX *ctx = atomic_exchange(&a->generator, NULL);

	if (ctx != NULL)
		return ctx;
	ctx = ossl_key_ctx("EC");
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_group_name(ctx, curve) != 1) {
		EVP_PKEY_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

void ossl_give_generator(const char *curve, EVP_PKEY_CTX *ctx)
{
	struct alg *a = alg_find(ALG_GROUP, curve);
	EVP_PKEY_CTX *none = NULL;

	if (a->group == NULL || !atomic_compare_exchange_strong(&a->generator, &none, ctx))
		EVP_PKEY_CTX_free(ctx);
}

bool ossl_has(int operation, const char *name)
{
	return provider != NULL && provider_has(provider, operation, name);
}

bool ossl_has_key(const char *type)
{
	return ossl_has(OSSL_OP_KEYMGMT, type);
}

/* The name for keys of that size; NULL: it is too long. */
static const char *sized_name(const char *pattern, size_t key_bytes, char buf[NAME_BYTES])
{
	const char *gap = strstr(pattern, "%u");
	int n;

	if (gap == NULL)
		return pattern;
	n = snprintf(buf, NAME_BYTES, "%.*s%zu%s", (int)(gap - pattern), pattern, key_bytes * 8,
		     gap + 2);
	return n > 0 && n < NAME_BYTES ? buf : NULL;
}

bool ossl_has_cipher_sized(const char *pattern, size_t key_bytes)
{
	char buf[NAME_BYTES];
	const char *name = sized_name(pattern, key_bytes, buf);

	return name != NULL && ossl_has(OSSL_OP_CIPHER, name);
}

const EVP_CIPHER *ossl_cipher_sized(const char *pattern, size_t key_bytes)
{
	char buf[NAME_BYTES];
	const char *name = sized_name(pattern, key_bytes, buf);

	return name != NULL ? ossl_cipher(name) : NULL;
}

CK_RV ossl_no_cipher(const char *pattern, size_t key_bytes)
{
	return ossl_has_cipher_sized(pattern, key_bytes) ? CKR_HOST_MEMORY : CKR_KEY_SIZE_RANGE;
}

bool ossl_cipher_update(EVP_CIPHER_CTX *ctx, unsigned char *out, size_t *out_len,
			const unsigned char *in,
			size_t len)
{
	size_t total = 0;

	while (len > 0) {
		size_t part = len < CHUNK ? len : CHUNK;
		int n = 0;

		if (EVP_CipherUpdate(ctx, out, &n, in, (int)part) != 1)
			return false;
		if (out != NULL)
			out += n;
		total += (size_t)n;
		in += part;
		len -= part;
	}
	*out_len = total;
	return true;
}

void ossl_settle(void)
{
	static atomic_bool settled;
	EVP_MD_CTX *ctx;
	int outer;

	if (atomic_load_explicit(&settled, memory_order_relaxed) || context == NULL ||
	    !ossl_alive())
		return;
	outer = queue;
	ossl_enter();
	ctx = EVP_MD_CTX_new();
	if (ctx != NULL)
		(void)EVP_DigestInit_ex(ctx, ossl_md("SHA256"), NULL);
	EVP_MD_CTX_free(ctx);
	ossl_leave();
	queue = outer;
	atomic_store_explicit(&settled, true, memory_order_relaxed);
}

void ossl_clear(void)
{
	/* What came before the last mark belongs to the host; the mark must survive. */
	if (ERR_pop_to_mark() == 1)
		ERR_set_mark();
}

/*
 * A lack of memory lies beneath the errors that it led to. Where the host has errors of its own in
 * the queue, only the last one can be looked at.
 */
static bool ran_out_of_memory(void)
{
	unsigned long e = ERR_peek_last_error();

	while (e != 0 && ERR_GET_REASON(e) != ERR_R_MALLOC_FAILURE)
		e = queue == QUEUE_OURS ? ERR_get_error() : 0;
	return e != 0;
}

CK_RV ossl_error(const char *what, CK_RV rv)
{
	unsigned long e = ERR_peek_last_error();
	const char *why = e != 0 ? ERR_reason_error_string(e) : NULL;

	rv = ossl_quiet(rv);
	return reason(rv, "%s: %s", what, why != NULL ? why : "OpenSSL gives no reason");
}

CK_RV ossl_quiet(CK_RV rv)
{
	if (ran_out_of_memory())
		rv = CKR_HOST_MEMORY;
	ossl_clear();
	return rv;
}

void ossl_enter(void)
{
	ossl_enter_later();
	if (queue == QUEUE_UNSEEN)
		ossl_touch();
}

void ossl_enter_later(void)
{
	queue = ossl_alive() ? QUEUE_UNSEEN : QUEUE_OUT;
}

void ossl_still_clean(void)
{
	if (queue == QUEUE_OURS)
		queue = QUEUE_UNSEEN;
}

void ossl_leave(void)
{
	if (!ossl_alive())
		return;
	if (queue == QUEUE_MARKED)
		ERR_pop_to_mark();
	else if (queue == QUEUE_OURS && ERR_peek_error() != 0)
		ERR_clear_error();
	queue = QUEUE_OUT;
}

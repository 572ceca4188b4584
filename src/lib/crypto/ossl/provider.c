#include "config.h"

#include "crypto/ossl/provider.h"

#include <openssl/core_dispatch.h>
#include <openssl/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME "softhsm"

struct provider {
	OSSL_LIB_CTX *hidden;		/* with the default provider */
	OSSL_LIB_CTX *shown;		/* with ours */
	OSSL_PROVIDER *inner;
	OSSL_PROVIDER *outer;
	/* the inner one's key types, renamed; ends with a NULL name */
	OSSL_ALGORITHM *keys;
	/* every name that the inner one offers; open addressing, a power of two of slots */
	struct name *names;
	size_t slots;
};

/* A name in one of the lists that OpenSSL's algorithms have ("SHA2-256:SHA-256:SHA256"). */
struct name {
	const char *text;	/* the inner provider's; NULL: free */
	size_t len;
	int operation;
};

static const int operations[] = {
	OSSL_OP_DIGEST, OSSL_OP_CIPHER, OSSL_OP_MAC, OSSL_OP_KDF, OSSL_OP_KEYMGMT
};

/*
 * The one that is open. OpenSSL hands no argument of ours to the functions below, and the provider
 * context has to be the inner provider's, whose functions get it. ossl_open opens one at a time.
 */
static struct provider *current;

/*
 * "RSA:rsaEncryption" becomes "SoftHSM-RSA:RSA:rsaEncryption": the first name is the one that
 * libcrypto looks up.
 */
static char *renamed(const char *names)
{
	size_t first = strcspn(names, ":"), size =
		strlen(PROVIDER_KEY_PREFIX) + first + 1 + strlen(names) + 1;
	char *s = malloc(size);

	if (s != NULL)
		snprintf(s, size, "%s%.*s:%s", PROVIDER_KEY_PREFIX, (int)first, names, names);
	return s;
}

/* FNV-1a over letters of either case */
static size_t name_hash(int operation, const char *text, size_t len)
{
	uint32_t h = 2166136261U ^ (uint32_t)operation;

	for (size_t i = 0; i < len; i++)
		h = (h ^ ((unsigned char)text[i] | 0x20U)) * 16777619U;
	return h;
}

/* The name's slot, or the free one where it belongs. */
static struct name *name_slot(const struct provider *p, int operation, const char *text, size_t len)
{
	size_t i = name_hash(operation, text, len);

	for (;; i++) {
		struct name *n = &p->names[i & (p->slots - 1)];

		if (n->text == NULL || (n->operation == operation && n->len == len &&
					strncasecmp(n->text, text, len) == 0))
			return n;
	}
}

static const OSSL_ALGORITHM *inner_algorithms(const struct provider *p, int operation)
{
	int no_cache = 0;

	return OSSL_PROVIDER_query_operation(p->inner, operation, &no_cache);
}

/* Calls take for each name of each algorithm; the number of names. */
static size_t each_name(struct provider *p,
			void (*take)(struct provider *p, int operation, const char *s, size_t len))
{
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
		const OSSL_ALGORITHM *a = inner_algorithms(p, operations[i]);

		for (; a != NULL && a->algorithm_names != NULL; a++) {
			for (const char *s = a->algorithm_names; *s != '\0'; count++) {
				size_t len = strcspn(s, ":");

				if (take != NULL)
					take(p, operations[i], s, len);
				s += len + (s[len] == ':');
			}
		}
	}
	return count;
}

static void add_name(struct provider *p, int operation, const char *text, size_t len)
{
	*name_slot(p, operation, text, len) = (struct name){ text, len, operation };
}

static CK_RV collect_names(struct provider *p)
{
	size_t count = each_name(p, NULL);

	/* at most half full */
	for (p->slots = 64; p->slots < 2 * count; p->slots *= 2)
		;
	p->names = calloc(p->slots, sizeof(*p->names));
	if (p->names == NULL)
		return CKR_HOST_MEMORY;
	(void)each_name(p, add_name);
	return CKR_OK;
}

static void free_keys(struct provider *p)
{
	for (size_t i = 0; p->keys != NULL && p->keys[i].algorithm_names != NULL; i++)
		free((void *)(uintptr_t)p->keys[i].algorithm_names);
	free(p->keys);
	p->keys = NULL;
}

static CK_RV rename_keys(struct provider *p)
{
	const OSSL_ALGORITHM *inner = inner_algorithms(p, OSSL_OP_KEYMGMT);
	size_t count = 0;

	while (inner != NULL && inner[count].algorithm_names != NULL)
		count++;
	p->keys = calloc(count + 1, sizeof(*p->keys));
	if (p->keys == NULL)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < count; i++) {
		const char *names = renamed(inner[i].algorithm_names);

		if (names == NULL)
			return CKR_HOST_MEMORY;
		p->keys[i] = inner[i];
		p->keys[i].algorithm_names = names;
	}
	return CKR_OK;
}

static const OSSL_ALGORITHM *query(void *provctx, int operation, int *no_cache)
{
	(void)provctx;
	*no_cache = 0;
	if (operation == OSSL_OP_KEYMGMT)
		return current->keys;
	return OSSL_PROVIDER_query_operation(current->inner, operation, no_cache);
}

static int init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
		void **provctx)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query },
		{ 0, NULL }
	};

	(void)handle;
	(void)in;
	*out = functions;
	*provctx = OSSL_PROVIDER_get0_provider_ctx(current->inner);
	return 1;
}

static CK_RV load(struct provider *p)
{
	CK_RV rv;

	p->hidden = OSSL_LIB_CTX_new();
	p->shown = OSSL_LIB_CTX_new();
	if (p->hidden == NULL || p->shown == NULL)
		return CKR_HOST_MEMORY;
	p->inner = OSSL_PROVIDER_load(p->hidden, "default");
	if (p->inner == NULL)
		return CKR_FUNCTION_FAILED;
	rv = rename_keys(p);
	if (rv == CKR_OK)
		rv = collect_names(p);
	if (rv != CKR_OK)
		return rv;
	current = p;
	if (OSSL_PROVIDER_add_builtin(p->shown, NAME, init) == 1)
		p->outer = OSSL_PROVIDER_load(p->shown, NAME);
	return p->outer != NULL ? CKR_OK : CKR_FUNCTION_FAILED;
}

CK_RV provider_open(struct provider **out, OSSL_LIB_CTX **ctx)
{
	struct provider *p = calloc(1, sizeof(*p));
	CK_RV rv = p != NULL ? load(p) : CKR_HOST_MEMORY;

	if (rv != CKR_OK) {
		provider_close(p);
		return rv;
	}
	*ctx = p->shown;
	*out = p;
	return CKR_OK;
}

bool provider_has(const struct provider *p, int operation, const char *name)
{
	return name_slot(p, operation, name, strlen(name))->text != NULL;
}

OSSL_LIB_CTX *provider_random(const struct provider *p)
{
	return p->hidden;
}

void provider_close(struct provider *p)
{
	if (p == NULL)
		return;
	if (p->outer != NULL)
		OSSL_PROVIDER_unload(p->outer);
	/* the outer one first: it lives on what the inner one owns */
	OSSL_LIB_CTX_free(p->shown);
	if (p->inner != NULL)
		OSSL_PROVIDER_unload(p->inner);
	OSSL_LIB_CTX_free(p->hidden);
	free_keys(p);
	free(p->names);
	free(p);
}

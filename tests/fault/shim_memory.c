#include "fault/shim_internal.h"

#include <limits.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Blocks that libcrypto did not ask for, by address; room for more than a module ever has. */
#define OWN_MAX (1U << 18)

static atomic_long blocks, own_blocks;
static atomic_uintptr_t own[OWN_MAX];

/* Where libcrypto's code is. */
static uintptr_t crypto_begin, crypto_end;

long fault_blocks(bool own_only)
{
	return atomic_load(own_only ? &own_blocks : &blocks);
}

static int find_crypto(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	if (!strstr(info->dlpi_name, "libcrypto"))
		return 0;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && (p->p_flags & PF_X)) {
			crypto_begin = info->dlpi_addr + p->p_vaddr;
			crypto_end = crypto_begin + p->p_memsz;
		}
	}
	return 1;
}

void fault_blocks_begin(void)
{
	dl_iterate_phdr(find_crypto, NULL);
}

static size_t slot_of(uintptr_t p)
{
	return (p >> 4) * 0x9e3779b1u % OWN_MAX;
}

/* An entry that was freed is 1, one that never was used 0. */
static void own_add(uintptr_t p)
{
	for (size_t i = slot_of(p), n = 0; n < OWN_MAX; i = (i + 1) % OWN_MAX, n++) {
		uintptr_t seen = atomic_load(&own[i]);

		if (seen <= 1 && atomic_compare_exchange_strong(&own[i], &seen, p)) {
			atomic_fetch_add(&own_blocks, 1);
			return;
		}
	}
}

static void own_remove(uintptr_t p)
{
	for (size_t i = slot_of(p), n = 0; n < OWN_MAX; i = (i + 1) % OWN_MAX, n++) {
		uintptr_t seen = atomic_load(&own[i]);

		if (seen == 0)
			return;
		if (seen == p) {
			atomic_store(&own[i], 1);
			atomic_fetch_sub(&own_blocks, 1);
			return;
		}
	}
}

static void memory(unsigned long first, unsigned long last)
{
	const struct fault_plan plan = { .kinds = FAULT_BIT(FAULT_MEMORY), .first = first,
					 .last = last, .error = fault_errors(FAULT_MEMORY)[0] };

	fault_begin(&plan);
}

void fault_memory(unsigned long n)
{
	memory(n, ULONG_MAX);
}

void fault_memory_once(unsigned long n)
{
	memory(n, n);
}

bool fault_memory_works(void)
{
	void *volatile p = NULL;

	fault_memory(1);
	p = malloc(1);
	fault_end();
	free(p);
	return p == NULL;
}

bool shim_is_openssl(const void *caller)
{
	uintptr_t from = (uintptr_t)caller;

	return from >= crypto_begin && from < crypto_end;
}

/* A block that somebody was given; caller is the address that it was asked for at. */
static void *added(void *p, void *caller)
{
	if (!p || crypto_end == 0)
		return p;
	atomic_fetch_add(&blocks, 1);
	if (!shim_is_openssl(caller))
		own_add((uintptr_t)p);
	return p;
}

static void removed(void *p)
{
	if (!p || crypto_end == 0)
		return;
	atomic_fetch_sub(&blocks, 1);
	own_remove((uintptr_t)p);
}

static bool fails(const char *function, void *caller)
{
	return shim_fails(FAULT_MEMORY, shim_is_openssl(caller) ? FAULT_BY_OPENSSL : function);
}

void *malloc(size_t size)
{
	static void *(*next)(size_t);

	if (!next)
		shim_find(&next, "malloc");
	return fails("malloc", SHIM_CALLER) ? NULL : added(next(size), SHIM_CALLER);
}

void *calloc(size_t count, size_t size)
{
	static void *(*next)(size_t, size_t);

	if (!next)
		shim_find(&next, "calloc");
	return fails("calloc", SHIM_CALLER) ? NULL : added(next(count, size), SHIM_CALLER);
}

void *realloc(void *p, size_t size)
{
	static void *(*next)(void *, size_t);
	void *moved = NULL;

	if (!next)
		shim_find(&next, "realloc");
	if (fails("realloc", SHIM_CALLER))
		return NULL;
	moved = next(p, size);
	if (moved || size == 0) {
		removed(p);
		added(moved, SHIM_CALLER);
	}
	return moved;
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	static int (*next)(void **, size_t, size_t);
	int error = 0;

	if (!next)
		shim_find(&next, "posix_memalign");
	if (fails("posix_memalign", SHIM_CALLER))
		return fault_errors(FAULT_MEMORY)[0];
	error = next(out, alignment, size);
	if (error == 0)
		added(*out, SHIM_CALLER);
	return error;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	static void *(*next)(size_t, size_t);

	if (!next)
		shim_find(&next, "aligned_alloc");
	return fails("aligned_alloc", SHIM_CALLER) ? NULL :
						     added(next(alignment, size), SHIM_CALLER);
}

void free(void *p)
{
	static void (*next)(void *);

	if (!next)
		shim_find(&next, "free");
	removed(p);
	next(p);
}

/* What must not be swapped out comes from here, and so may what a database shares. */
static void *mapped(void *p, void *caller)
{
	return p == MAP_FAILED ? p : added(p, caller);
}

void *mmap(void *where, size_t size, int protection, int flags, int fd, off_t offset)
{
	static void *(*next)(void *, size_t, int, int, int, off_t);

	if (!next)
		shim_find(&next, "mmap");
	return fails("mmap", SHIM_CALLER) ?
		       MAP_FAILED :
		       mapped(next(where, size, protection, flags, fd, offset), SHIM_CALLER);
}

void *mmap64(void *where, size_t size, int protection, int flags, int fd, off64_t offset)
{
	static void *(*next)(void *, size_t, int, int, int, off64_t);

	if (!next)
		shim_find(&next, "mmap64");
	return fails("mmap64", SHIM_CALLER) ?
		       MAP_FAILED :
		       mapped(next(where, size, protection, flags, fd, offset), SHIM_CALLER);
}

int munmap(void *p, size_t size)
{
	static int (*next)(void *, size_t);
	int rc = 0;

	if (!next)
		shim_find(&next, "munmap");
	rc = next(p, size);
	if (rc == 0)
		removed(p);
	return rc;
}

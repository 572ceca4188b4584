#include "fault/shim_internal.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

static atomic_long blocks;

long fault_blocks(void)
{
	return atomic_load(&blocks);
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

static void *added(void *p)
{
	if (p)
		atomic_fetch_add(&blocks, 1);
	return p;
}

void *malloc(size_t size)
{
	static void *(*next)(size_t);

	if (!next)
		shim_find(&next, "malloc");
	return shim_fails(FAULT_MEMORY, "malloc") ? NULL : added(next(size));
}

void *calloc(size_t count, size_t size)
{
	static void *(*next)(size_t, size_t);

	if (!next)
		shim_find(&next, "calloc");
	return shim_fails(FAULT_MEMORY, "calloc") ? NULL : added(next(count, size));
}

void *realloc(void *p, size_t size)
{
	static void *(*next)(void *, size_t);
	void *moved = NULL;

	if (!next)
		shim_find(&next, "realloc");
	if (shim_fails(FAULT_MEMORY, "realloc"))
		return NULL;
	moved = next(p, size);
	if (!p)
		added(moved);
	else if (!moved && size == 0)
		atomic_fetch_sub(&blocks, 1);
	return moved;
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	static int (*next)(void **, size_t, size_t);
	int error = 0;

	if (!next)
		shim_find(&next, "posix_memalign");
	if (shim_fails(FAULT_MEMORY, "posix_memalign"))
		return fault_errors(FAULT_MEMORY)[0];
	error = next(out, alignment, size);
	if (error == 0)
		added(*out);
	return error;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	static void *(*next)(size_t, size_t);

	if (!next)
		shim_find(&next, "aligned_alloc");
	return shim_fails(FAULT_MEMORY, "aligned_alloc") ? NULL : added(next(alignment, size));
}

void free(void *p)
{
	static void (*next)(void *);

	if (!next)
		shim_find(&next, "free");
	if (p)
		atomic_fetch_sub(&blocks, 1);
	next(p);
}

/* What must not be swapped out comes from here, and so may what a database shares. */
static void *mapped(void *p)
{
	return p == MAP_FAILED ? p : added(p);
}

void *mmap(void *where, size_t size, int protection, int flags, int fd, off_t offset)
{
	static void *(*next)(void *, size_t, int, int, int, off_t);

	if (!next)
		shim_find(&next, "mmap");
	return shim_fails(FAULT_MEMORY, "mmap") ?
		       MAP_FAILED :
		       mapped(next(where, size, protection, flags, fd, offset));
}

void *mmap64(void *where, size_t size, int protection, int flags, int fd, off64_t offset)
{
	static void *(*next)(void *, size_t, int, int, int, off64_t);

	if (!next)
		shim_find(&next, "mmap64");
	return shim_fails(FAULT_MEMORY, "mmap64") ?
		       MAP_FAILED :
		       mapped(next(where, size, protection, flags, fd, offset));
}

int munmap(void *p, size_t size)
{
	static int (*next)(void *, size_t);
	int rc = 0;

	if (!next)
		shim_find(&next, "munmap");
	rc = next(p, size);
	if (rc == 0)
		atomic_fetch_sub(&blocks, 1);
	return rc;
}

#include "config.h"

/* All of it is for others, whatever the compiler was told to hide. */
#pragma GCC visibility push(default)

#include "nomem_shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static atomic_bool counting;
static atomic_ulong asked;
static unsigned long first_to_fail, last_to_fail;

static void begin(unsigned long first, unsigned long last)
{
	first_to_fail = first;
	last_to_fail = last;
	atomic_store(&asked, 0);
	atomic_store(&counting, true);
}

void nomem_begin(unsigned long n)
{
	begin(n, ULONG_MAX);
}

void nomem_begin_once(unsigned long n)
{
	begin(n, n);
}

unsigned long nomem_end(void)
{
	atomic_store(&counting, false);
	return atomic_load(&asked);
}

bool nomem_works(void)
{
	nomem_begin(1);
	void *volatile p = malloc(1);
	nomem_end();
	free(p);
	return p == NULL;
}

/* Is this allocation one of those that fail? */
static bool refused(void)
{
	unsigned long n = atomic_load(&counting) ? atomic_fetch_add(&asked, 1) + 1 : 0;

	if (n == 0 || n < first_to_fail || n > last_to_fail)
		return false;
	errno = ENOMEM;
	return true;
}

/* The C library's own; POSIX has no other way to turn the symbol into a function. */
static void find(void *function, const char *name)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	memcpy(function, &symbol, sizeof(symbol));
}

void *malloc(size_t size)
{
	static void *(*next)(size_t);

	if (next == NULL)
		find(&next, "malloc");
	return refused() ? NULL : next(size);
}

void *calloc(size_t count, size_t size)
{
	static void *(*next)(size_t, size_t);

	if (next == NULL)
		find(&next, "calloc");
	return refused() ? NULL : next(count, size);
}

void *realloc(void *p, size_t size)
{
	static void *(*next)(void *, size_t);

	if (next == NULL)
		find(&next, "realloc");
	return refused() ? NULL : next(p, size);
}

/* What must not be swapped out comes from here. */
void *mmap(void *where, size_t size, int protection, int flags, int fd, off_t offset)
{
	static void *(*next)(void *, size_t, int, int, int, off_t);

	if (next == NULL)
		find(&next, "mmap");
	return refused() ? MAP_FAILED : next(where, size, protection, flags, fd, offset);
}

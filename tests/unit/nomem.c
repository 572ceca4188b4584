#include "config.h"

#include "unit/nomem.h"

#include <errno.h>
#include <stddef.h>

static struct {
	bool on;
	bool failed;
	unsigned long left;	/* requests that are still served */
	enum nomem_kind kind;
} state;

void nomem_begin(unsigned long n, enum nomem_kind kind)
{
	state.failed = false;
	state.left = n;
	state.kind = kind;
	state.on = true;
}

bool nomem_end(void)
{
	state.on = false;
	return state.failed;
}

static bool refused(void)
{
	if (!state.on || (state.failed && state.kind == NOMEM_ONCE))
		return false;
	if (state.left > 0) {
		state.left--;
		return false;
	}
	state.failed = true;
	errno = ENOMEM;
	return true;
}

/* The linker's --wrap: calls of malloc come to __wrap_malloc, and __real_malloc is malloc. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
	return refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return refused() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *text)
{
	return refused() ? NULL : __real_strdup(text);
}

/* Memory for arguments: each piece ends where nobody may read or write. */
#include "config.h"

#include "p11/misuse/misuse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PIECES		256
#define GUARD		((size_t)4096)
#define ROOM		((size_t)128 * 1024)
#define PATTERN		0xa5
#define BEFORE		64	/* bytes before a piece that are watched, too */

struct piece {
	enum use use;
	unsigned char *at;
	size_t len;
	uint64_t sum;
};

static struct {
	unsigned char *base;		/* guard, then room and guard for each piece */
	struct piece pieces[PIECES];
	size_t count;
} memory;

static unsigned char *room_end(size_t piece)
{
	return memory.base + GUARD + piece * (ROOM + GUARD) + ROOM;
}

bool memory_make(void)
{
	size_t size = GUARD + PIECES * (ROOM + GUARD);

	memory.base = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory.base == MAP_FAILED || mprotect(memory.base, GUARD, PROT_NONE))
		return false;
	for (size_t i = 0; i < PIECES; i++)
		if (mprotect(room_end(i), GUARD, PROT_NONE))
			return false;
	return true;
}

void memory_reset(void)
{
	memory.count = 0;
}

void *memory_edge(void)
{
	return room_end(0);
}

/* FNV-1a over eight bytes at a time and then the rest. */
static uint64_t sum_of(const unsigned char *p, size_t n)
{
	uint64_t sum = 14695981039346656037u, eight = 0;

	for (; n >= sizeof(eight); p += sizeof(eight), n -= sizeof(eight)) {
		memcpy(&eight, p, sizeof(eight));
		sum = (sum ^ eight) * 1099511628211u;
		sum ^= sum >> 29;
	}
	for (; n; p++, n--)
		sum = (sum ^ *p) * 1099511628211u;
	return sum;
}

void *memory_take(enum use use, size_t len, const void *data)
{
	if (memory.count == PIECES || len > ROOM - BEFORE) {
		fprintf(stderr, "memory.c: %zu bytes as piece %zu are too much\n", len,
			memory.count);
		abort();
	}

	struct piece *p = &memory.pieces[memory.count];

	p->use = use;
	p->len = len;
	p->at = room_end(memory.count++) - len;
	memset(p->at - BEFORE, PATTERN, BEFORE);
	if (data)
		memcpy(p->at, data, len);
	else
		memset(p->at, PATTERN, len);
	p->sum = sum_of(p->at, len);
	return p->at;
}

void *memory_take_askew(size_t len, const void *data)
{
	/* one byte more where the size would give an even address */
	size_t more = len % sizeof(CK_ULONG) == 0;
	unsigned char *p = memory_take(INPUT, len + more, NULL);
	struct piece *piece = &memory.pieces[memory.count - 1];

	if (data)
		memcpy(p, data, len);
	piece->sum = sum_of(p, piece->len);
	return p;
}

bool memory_owns(const void *p)
{
	const unsigned char *at = p;

	return at >= memory.base && at < room_end(PIECES - 1) + GUARD;
}

static bool untouched_before(const struct piece *p)
{
	for (size_t i = 1; i <= BEFORE; i++)
		if (p->at[-(ptrdiff_t)i] != PATTERN)
			return false;
	return true;
}

static bool is_zero(const struct piece *p)
{
	for (size_t i = 0; i < p->len; i++)
		if (p->at[i])
			return false;
	return true;
}

static const char *piece_fault(const struct piece *p, CK_RV rv)
{
	bool failed = rv != CKR_OK;

	if (!untouched_before(p))
		return "wrote before the caller's memory";
	if (sum_of(p->at, p->len) == p->sum)
		return NULL;
	switch (p->use) {
	case INPUT:
		return "changed its input";
	case OUTPUT:
		return failed ? "failed and filled in a result" : NULL;
	case LENGTH:
		return failed && rv != CKR_BUFFER_TOO_SMALL ? "failed and set a length" : NULL;
	case HANDLE:
		return failed && !is_zero(p) ? "failed and gave a handle" : NULL;
	case SCRATCH:
		return NULL;
	}
	return NULL;
}

const char *memory_fault(CK_RV rv)
{
	for (size_t i = 0; i < memory.count; i++) {
		const char *fault = piece_fault(&memory.pieces[i], rv);

		if (fault)
			return fault;
	}
	return NULL;
}

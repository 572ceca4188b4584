/*
 * The arena is a list of chunks, each a run of pages cut into blocks that lie one against the
 * other:
 *
 *	chunk | block | block | ... | end
 *
 * A block is a header and its payload; sizes are multiples of 16 and contain the header. Free
 * blocks hang in a list for each power of two, and two free blocks are never neighbours, since
 * secmem_free joins them. All free bytes that are not part of a header or of a list's links are
 * zero, so that neither secmem_alloc nor joining has anything to clear but those.
 */
#include "config.h"

#include "common/secmem.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/lock.h"
#include "common/log.h"
#include "common/str.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_POISON 1
#endif
#endif

#ifdef WITH_POISON
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

#define UNIT ((size_t)16)
#define FIRST_CHUNK ((size_t)64 * 1024)
#define GREATEST_STEP ((size_t)4 * 1024 * 1024)
#define BINS 64
/* How many blocks of the request's own list are tried before a greater block is cut. */
#define TRIES 8

struct block {
	size_t size;		/* bit 0: in use */
	size_t before;		/* the size of the block before this one; 0: none in its chunk */
};

/* What a free block's payload holds. */
struct links {
	struct block *next;
	struct block *prev;
};

struct chunk {
	struct chunk *next;
	size_t size;		/* bytes mapped */
	bool single;		/* made for one request beyond the usual step; unmapped with it */
};

_Static_assert(sizeof(struct block) <= UNIT && sizeof(struct links) <= UNIT, "block layout");

#define BLOCK_HEAD UNIT
#define BLOCK_MIN (BLOCK_HEAD + UNIT)
#define CHUNK_HEAD (((sizeof(struct chunk) + UNIT - 1) / UNIT) * UNIT)
#define IN_USE ((size_t)1)

static struct {
	struct lock lock;
	struct chunk *chunks;
	struct block *bins[BINS];
	uint64_t filled;	/* bit n: bins[n] has a block */
	size_t step;		/* size of the next chunk; 0: the first */
	size_t live;		/* blocks in use */
	pid_t forker;		/* who called fork */
	bool relock;		/* a child of fork: the pages are here, but not locked */
	bool told;		/* that locking fails was logged */
} arena = { .lock = LOCK_STATIC };

static size_t block_size(const struct block *b)
{
	return b->size & ~IN_USE;
}

static bool block_used(const struct block *b)
{
	return (b->size & IN_USE) != 0;
}

static struct block *block_after(struct block *b)
{
	return (struct block *)(void *)((unsigned char *)b + block_size(b));
}

/* NULL for the first of a chunk. */
static struct block *block_before(struct block *b)
{
	return b->before == 0 ? NULL : (struct block *)(void *)((unsigned char *)b - b->before);
}

static unsigned char *payload(struct block *b)
{
	return (unsigned char *)b + BLOCK_HEAD;
}

static struct links *links_of(struct block *b)
{
	return (struct links *)(void *)payload(b);
}

/* List n has the blocks of at least 2^n and less than 2^(n + 1) bytes. */
static unsigned int bin_of(size_t size)
{
	return 63U - (unsigned int)__builtin_clzll(size);
}

static void list_add(struct block *b)
{
	unsigned int bin = bin_of(b->size);
	struct block *head = arena.bins[bin];

	links_of(b)->next = head;
	links_of(b)->prev = NULL;
	if (head != NULL)
		links_of(head)->prev = b;
	arena.bins[bin] = b;
	arena.filled |= UINT64_C(1) << bin;
}

static void list_remove(struct block *b)
{
	unsigned int bin = bin_of(b->size);
	struct links *l = links_of(b);

	if (l->prev != NULL)
		links_of(l->prev)->next = l->next;
	else
		arena.bins[bin] = l->next;
	if (l->next != NULL)
		links_of(l->next)->prev = l->prev;
	if (arena.bins[bin] == NULL)
		arena.filled &= ~(UINT64_C(1) << bin);
	memset(l, 0, sizeof(*l));
}

/* Takes a free block of at least size bytes off its list; NULL when there is none. */
static struct block *list_take(size_t size)
{
	unsigned int bin = bin_of(size);
	struct block *b = arena.bins[bin];
	uint64_t greater;
	int i;

	for (i = 0; b != NULL && b->size < size && i < TRIES; i++)
		b = links_of(b)->next;
	if (b == NULL || b->size < size) {
		greater = bin + 1 < BINS ? arena.filled >> (bin + 1) << (bin + 1) : 0;
		if (greater == 0)
			return NULL;
		b = arena.bins[__builtin_ctzll(greater)];
	}
	list_remove(b);
	return b;
}

/* Cuts what the request does not need off the block, which is on no list, and lists it. */
static void block_cut(struct block *b, size_t size)
{
	size_t rest = b->size - size;
	struct block *tail;

	if (rest < BLOCK_MIN)
		return;
	block_after(b)->before = rest;
	b->size = size;
	tail = block_after(b);
	UNPOISON(tail, BLOCK_MIN);
	tail->size = rest;
	tail->before = size;
	list_add(tail);
}

/* Joins two free neighbours that are on no list; the payload of b is zero. */
static void block_join(struct block *a, struct block *b)
{
	a->size += b->size;
	block_after(a)->before = a->size;
	memset(b, 0, sizeof(*b));
	POISON(b, BLOCK_MIN);
}

/* Joins the wiped block, which is on no list, with its free neighbours. */
static struct block *block_merge(struct block *b)
{
	struct block *near = block_after(b);

	if (!block_used(near)) {
		list_remove(near);
		block_join(b, near);
	}
	near = block_before(b);
	if (near != NULL && !block_used(near)) {
		list_remove(near);
		block_join(near, b);
		b = near;
	}
	return b;
}

/* Best effort; true when it was not done. */
static bool pages_lock(struct chunk *c)
{
	bool failed = false;

#ifdef WITH_NON_PAGED_MEMORY
	failed = mlock(c, c->size) != 0;
#endif
#ifdef MADV_DONTDUMP
	(void)madvise(c, c->size, MADV_DONTDUMP);
#endif
	return failed;
}

static bool chunk_size(size_t need, size_t *out)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size;

	/* One header too many at the end, which is never free and so stops every joining. */
	if (!size_add(need, CHUNK_HEAD + BLOCK_HEAD, &size))
		return false;
	if (size < arena.step)
		size = arena.step;
	if (!size_add(size, page - 1, &size))
		return false;
	*out = size / page * page;
	return true;
}

/*
 * Maps a chunk whose one block has at least need bytes. NULL when out of memory; *failed is set
 * when locking fails.
 */
static struct block *arena_grow(size_t need, bool *failed)
{
	struct chunk *c;
	struct block *b;
	size_t size;

	if (arena.step == 0)
		arena.step = FIRST_CHUNK;
	if (!chunk_size(need, &size))
		return NULL;
	c = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c == MAP_FAILED)
		return NULL;
	c->next = arena.chunks;
	c->size = size;
	c->single = size > GREATEST_STEP;
	arena.chunks = c;
	if (arena.step < GREATEST_STEP)
		arena.step *= 2;
	*failed |= pages_lock(c);
	b = (struct block *)(void *)((unsigned char *)c + CHUNK_HEAD);
	b->size = size - CHUNK_HEAD - BLOCK_HEAD;
	block_after(b)->size = BLOCK_HEAD | IN_USE;
	block_after(b)->before = b->size;
	POISON(payload(b), b->size - BLOCK_HEAD);
	return b;
}

/* The pages that a child of fork was given are not locked. */
static bool arena_relock(void)
{
	struct chunk *c;
	bool failed = false;

	arena.relock = false;
	for (c = arena.chunks; c != NULL; c = c->next)
		failed |= pages_lock(c);
	return failed;
}

static struct block *arena_alloc(size_t size, bool *failed)
{
	struct block *b;

	if (arena.relock)
		*failed |= arena_relock();
	b = list_take(size);
	if (b == NULL)
		b = arena_grow(size, failed);
	if (b == NULL)
		return NULL;
	block_cut(b, size);
	b->size |= IN_USE;
	arena.live++;
	return b;
}

/* Is the free block all that its chunk has? */
static bool block_alone(struct block *b)
{
	return b->before == 0 && block_size(block_after(b)) == BLOCK_HEAD;
}

static void chunk_unmap(struct chunk *c)
{
	UNPOISON(c, c->size);
	(void)munmap(c, c->size);
}

static void chunk_drop(struct chunk *c)
{
	struct chunk **at = &arena.chunks;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	chunk_unmap(c);
}

static void arena_release(struct block *b)
{
	struct chunk *c;

	b->size = block_size(b);
	arena.live--;
	b = block_merge(b);
	c = (struct chunk *)(void *)((unsigned char *)b - CHUNK_HEAD);
	if (block_alone(b) && c->single)
		chunk_drop(c);
	else
		list_add(b);
}

void *secmem_alloc(size_t n)
{
	struct block *b;
	size_t size;
	bool failed = false, tell;

	if (!size_add(n, BLOCK_HEAD + UNIT - 1, &size))
		return NULL;
	size = size / UNIT * UNIT;
	if (size < BLOCK_MIN)
		size = BLOCK_MIN;
	lock_take(&arena.lock);
	b = arena_alloc(size, &failed);
	tell = failed && !arena.told;
	arena.told |= failed;
	if (b != NULL) {
		POISON(payload(b), block_size(b) - BLOCK_HEAD);
		UNPOISON(payload(b), n);
	}
	lock_drop(&arena.lock);
	/*
	 * After the lock, which is never held while the log's is taken: a fork takes both, in
	 * an order of its own.
	 */
	if (tell)
		log_warning("memory for secrets cannot be locked and may be swapped out");
	return b == NULL ? NULL : payload(b);
}

void secmem_free(void *p)
{
	struct block *b;
	size_t n;

	if (p == NULL)
		return;
	b = (struct block *)(void *)((unsigned char *)p - BLOCK_HEAD);
	if (!block_used(b)) {
		log_error("a secret was released twice");
		return;
	}
	n = block_size(b) - BLOCK_HEAD;
	UNPOISON(p, n);
	OPENSSL_cleanse(p, n);
	POISON((unsigned char *)p + UNIT, n - UNIT);
	lock_take(&arena.lock);
	arena_release(b);
	lock_drop(&arena.lock);
}

void secmem_shutdown(void)
{
	struct chunk *c;

	lock_take(&arena.lock);
	if (arena.live == 0) {
		while ((c = arena.chunks) != NULL) {
			arena.chunks = c->next;
			chunk_unmap(c);
		}
		memset(arena.bins, 0, sizeof(arena.bins));
		arena.filled = 0;
		arena.step = 0;
	}
	lock_drop(&arena.lock);
}

void secmem_fork_prepare(void)
{
	lock_take(&arena.lock);
	arena.forker = getpid();
}

void secmem_fork_done(void)
{
	if (getpid() != arena.forker)
		arena.relock = true;
	lock_drop(&arena.lock);
}

struct secbuf *secbuf_new(size_t len)
{
	struct secbuf *s;
	size_t size;

	if (!size_add(sizeof(*s), len, &size))
		return NULL;
	s = secmem_alloc(size);
	if (s != NULL)
		s->len = len;
	return s;
}

struct secbuf *secbuf_from(const void *data, size_t len)
{
	struct secbuf *s = secbuf_new(len);

	if (s != NULL && len > 0)
		memcpy(s->data, data, len);
	return s;
}

void secbuf_free(struct secbuf *s)
{
	secmem_free(s);
}

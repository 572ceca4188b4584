#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/secmem.h"
#include "unit/unit.h"

#ifdef WITH_NON_PAGED_MEMORY
#define LOCKING true
#else
#define LOCKING false
#endif

static bool all_are(const unsigned char *p, size_t n, unsigned char value)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] != value)
			return false;
	return true;
}

enum { LOCKS_ANYWAY = 3 };

static char *log_path;

/*
 * A process that may lock nothing: five arenas in turn, in a child since rights do not come
 * back.
 */
static void without_locking(void)
{
	const struct rlimit none = { 0, 0 };
	int i;

	log_open(LEVEL_DEBUG, log_path);
	if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && setuid(65534) != 0))
		_exit(2);
	/* as under the sanitizers, whose mlock does nothing and says it did */
	if (mlock(&i, sizeof(i)) == 0)
		_exit(LOCKS_ANYWAY);
	for (i = 0; i < 5; i++) {
		secmem_free(secmem_alloc(100000));
		secmem_shutdown();
	}
	_exit(0);
}

/* First of all tests: the arena must not have said it before. */
static void test_locking_fails(void)
{
	char *dir = unit_make_dir();
	char *text;
	int status = -1;
	pid_t pid;

	log_path = unit_write_file(dir, "log", "", 0);
	pid = fork();
	if (pid == 0)
		without_locking();
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT(WIFEXITED(status) &&
	          (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == LOCKS_ANYWAY));
	text = unit_read_file(log_path, NULL);
	if (LOCKING && status == 0) {
		CU_ASSERT_PTR_NOT_NULL(strstr(text, "WARNING: secmem.c("));
		CU_ASSERT_EQUAL(strcspn(text, "\n") + 1, strlen(text));	/* one line */
	} else {
		CU_ASSERT_STRING_EQUAL(text, "");
	}
	free(text);
	free(log_path);
	unit_remove_dir(dir);
}

static const size_t sizes[] = {
	0, 1, 15, 16, 17, 31, 32, 33, 100, 255, 256, 1000, 4096, 65000, 65536, 65537, 100000,
	1 << 20, (1 << 22) - 64, (1 << 22) + 1, 10000000,
};

static void test_sizes(void)
{
	unsigned char *p[ARRAY_LEN(sizes)];
	size_t round, i;

	/* The second round gets what the first has given back: zeroed all the same. */
	for (round = 0; round < 2; round++) {
		for (i = 0; i < ARRAY_LEN(sizes); i++) {
			p[i] = secmem_alloc(sizes[i]);
			CU_ASSERT_PTR_NOT_NULL_FATAL(p[i]);
			CU_ASSERT_EQUAL((uintptr_t)p[i] % 16, 0);
			CU_ASSERT_TRUE(all_are(p[i], sizes[i], 0));
			memset(p[i], (int)i + 1, sizes[i]);
		}
		for (i = 0; i < ARRAY_LEN(sizes); i++)
			CU_ASSERT_TRUE(all_are(p[i], sizes[i], (unsigned char)(i + 1)));
		for (i = 0; i < ARRAY_LEN(sizes); i++)
			secmem_free(p[i]);
	}
	secmem_free(NULL);
	secmem_shutdown();
}

static const size_t hostile[] = {
	SIZE_MAX,        SIZE_MAX - 1,  SIZE_MAX - 16,    SIZE_MAX - 31,
	SIZE_MAX - 32,   SIZE_MAX - 64, SIZE_MAX - 100,   SIZE_MAX - 4096,
	SIZE_MAX - 8192, SIZE_MAX / 2,  SIZE_MAX / 2 + 1,
};

static void test_too_much(void)
{
	void *p = secmem_alloc(10);
	size_t i;

	CU_ASSERT_PTR_NOT_NULL(p);
	for (i = 0; i < ARRAY_LEN(hostile); i++) {
		CU_ASSERT_PTR_NULL(secmem_alloc(hostile[i]));
		CU_ASSERT_PTR_NULL(secbuf_new(hostile[i]));
	}
	secmem_free(p);
	secmem_shutdown();
}

/* Is the address in any mapping of this process? */
static bool is_mapped(const void *p)
{
	unsigned long from, to;
	char line[512];
	bool found = false;
	FILE *f = fopen("/proc/self/maps", "re");

	if (f == NULL)
		return false;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "%lx-%lx", &from, &to) == 2 && (uintptr_t)p >= from &&
		    (uintptr_t)p < to)
			found = true;
	(void)fclose(f);
	return found;
}

static void test_shutdown(void)
{
	void *p = secmem_alloc(100);
	void *q = secmem_alloc(100);

	CU_ASSERT_FATAL(p != NULL && q != NULL);
	memset(q, 7, 100);
	secmem_free(p);
	secmem_shutdown();	/* nothing: q is in use */
	CU_ASSERT_TRUE(is_mapped(q));
	CU_ASSERT_TRUE(all_are(q, 100, 7));
	secmem_free(q);
	CU_ASSERT_TRUE(is_mapped(q));
	secmem_shutdown();
	CU_ASSERT_FALSE(is_mapped(q));
	secmem_shutdown();
	p = secmem_alloc(1);
	CU_ASSERT_PTR_NOT_NULL(p);
	secmem_free(p);
	secmem_shutdown();
}

/* What is far beyond the usual goes back to the system at once. */
static void test_single(void)
{
	unsigned char *small = secmem_alloc(1);
	unsigned char *big = secmem_alloc(50000000);

	CU_ASSERT_FATAL(small != NULL && big != NULL);
	big[49999999] = 1;
	secmem_free(big);
	CU_ASSERT_FALSE(is_mapped(big + 25000000));
	secmem_free(small);
	secmem_shutdown();
}

/* Reads freed memory, which address sanitizer would rightly refuse. */
__attribute__((no_sanitize("address")))
static size_t count_value(const unsigned char *p, size_t n, unsigned char value)
{
	const volatile unsigned char *v = p;
	size_t i, count = 0;

	for (i = 0; i < n; i++)
		count += v[i] == value;
	return count;
}

static void test_wiped(void)
{
	unsigned char *keep = secmem_alloc(16);
	unsigned char *p = secmem_alloc(1000);

	CU_ASSERT_FATAL(p != NULL && keep != NULL);
	memset(p, 0xa7, 1000);
	CU_ASSERT_EQUAL(count_value(p, 1000, 0xa7), 1000);
	secmem_free(p);
	/* but for the two pointers of a list nothing is left but zeroes */
	CU_ASSERT_EQUAL(count_value(p + 16, 984, 0), 984);
	CU_ASSERT(count_value(p, 16, 0xa7) < 8);
	secmem_free(keep);
	secmem_shutdown();
}

/* After a block was freed twice no memory is handed out twice. */
static void test_twice(void)
{
	unsigned char *a = secmem_alloc(64), *b = secmem_alloc(64), *c, *d;

	CU_ASSERT_FATAL(a != NULL && b != NULL);
	secmem_free(a);
	secmem_free(a);
	c = secmem_alloc(64);
	d = secmem_alloc(64);
	CU_ASSERT(c != NULL && d != NULL && c != d);
	secmem_free(b);
	secmem_free(c);
	secmem_free(d);
	secmem_shutdown();
}

struct held {
	unsigned char *p;
	size_t n;
	unsigned char mark;
};

/*
 * Every block keeps its bytes while others come and go around it: a mark that changed is
 * counted.
 */
static size_t churn(unsigned int seed, size_t rounds, size_t greatest)
{
	enum { HELD = 200 };
	struct held held[HELD] = { { NULL, 0, 0 } };
	size_t i, n, wrong = 0;

	for (n = 0; n < rounds; n++) {
		i = (size_t)rand_r(&seed) % HELD;
		if (held[i].p != NULL) {
			wrong += !all_are(held[i].p, held[i].n, held[i].mark);
			secmem_free(held[i].p);
			held[i].p = NULL;
			continue;
		}
		held[i].n = (size_t)rand_r(&seed) % (rand_r(&seed) % 8 == 0 ? greatest : 200);
		held[i].mark = (unsigned char)rand_r(&seed);
		held[i].p = secmem_alloc(held[i].n);
		if (held[i].p == NULL || !all_are(held[i].p, held[i].n, 0))
			return ++wrong;
		memset(held[i].p, held[i].mark, held[i].n);
	}
	for (i = 0; i < HELD; i++) {
		wrong += held[i].p != NULL && !all_are(held[i].p, held[i].n, held[i].mark);
		secmem_free(held[i].p);
	}
	return wrong;
}

static void test_churn(void)
{
	void *probe;

	CU_ASSERT_EQUAL(churn(1, 20000, 5000), 0);
	CU_ASSERT_EQUAL(churn(2, 3000, 300000), 0);
	/* everything was given back: nothing holds the arena */
	probe = secmem_alloc(1);
	secmem_free(probe);
	secmem_shutdown();
	CU_ASSERT_FALSE(is_mapped(probe));
}

/*
 * All blocks of 64 kB in one piece again after they were freed in every order: neighbours were
 * joined.
 */
static void test_joined(void)
{
	enum { BLOCKS = 60 };
	static const size_t step[] = { 1, 7, 59, 31 };
	unsigned char *p[BLOCKS], *big;
	size_t s, i, j;

	for (s = 0; s < ARRAY_LEN(step); s++) {
		secmem_shutdown();
		for (i = 0; i < BLOCKS; i++) {
			p[i] = secmem_alloc(1000);
			CU_ASSERT_PTR_NOT_NULL_FATAL(p[i]);
		}
		for (i = j = 0; i < BLOCKS; i++, j = (j + step[s]) % BLOCKS)
			secmem_free(p[j]);
		big = secmem_alloc(65000);
		CU_ASSERT(big >= p[0] && big < p[0] + 65536);
		secmem_free(big);
	}
	secmem_shutdown();
}

static void *churn_thread(void *arg)
{
	return (void *)(uintptr_t)churn(*(unsigned int *)arg, 5000, 3000);
}

static void test_threads(void)
{
	unsigned int seeds[4] = { 11, 12, 13, 14 };
	pthread_t threads[4];
	void *wrong;
	size_t i;

	for (i = 0; i < 4; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, churn_thread, &seeds[i]),
		                      0);
	for (i = 0; i < 4; i++) {
		(void)pthread_join(threads[i], &wrong);
		CU_ASSERT_PTR_NULL(wrong);
	}
	secmem_shutdown();
}

/*
 * The flags of the mapping that has this address, from /proc/self/smaps; empty when the system
 * tells none.
 */
static void mapping_flags(const void *p, char *flags, size_t size)
{
	unsigned long from, to;
	char line[512];
	bool here = false;
	FILE *f = fopen("/proc/self/smaps", "re");

	*flags = '\0';
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = (uintptr_t)p >= from && (uintptr_t)p < to;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			(void)snprintf(flags, size, "%.*s ", (int)strcspn(line + 8, "\n"),
			               line + 8);
	}
	if (f != NULL)
		(void)fclose(f);
}

static bool is_locked(const void *p)
{
	char flags[256];

	mapping_flags(p, flags, sizeof(flags));
	return strstr(flags, " lo ") != NULL;
}

static void test_pages(void)
{
	char flags[256];
	void *p = secmem_alloc(1);

	mapping_flags(p, flags, sizeof(flags));
	if (*flags != '\0')
		CU_ASSERT_PTR_NOT_NULL(strstr(flags, " dd "));	/* not in core dumps */
	secmem_free(p);
	secmem_shutdown();
}

/* The child of a fork can go on at once, and its pages are locked again if the parent's were. */
static void test_fork(void)
{
	unsigned char *p = secmem_alloc(50), *q;
	int status = -1;
	bool locked = is_locked(p), right;
	pid_t pid;

	memset(p, 3, 50);
	secmem_fork_prepare();
	pid = fork();
	secmem_fork_done();
	if (pid == 0) {
		q = secmem_alloc(50);
		right = q != NULL && all_are(p, 50, 3) && is_locked(p) == locked;
		secmem_free(q);
		secmem_free(p);
		_exit(right ? 0 : 1);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_TRUE(all_are(p, 50, 3));
	secmem_free(p);
	secmem_shutdown();
}

static void test_secbuf(void)
{
	struct secbuf *s = secbuf_new(0);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->len, 0);
	secbuf_free(s);
	s = secbuf_new(33);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT(s->len == 33 && all_are(s->data, 33, 0));
	secbuf_free(s);
	s = secbuf_from("0123456789", 10);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT(s->len == 10 && memcmp(s->data, "0123456789", 10) == 0);
	secbuf_free(s);
	s = secbuf_from(NULL, 0);
	CU_ASSERT_PTR_NOT_NULL(s);
	secbuf_free(s);
	secbuf_free(NULL);
	secmem_shutdown();
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_locking_fails),
	UNIT_TEST(test_sizes),
	UNIT_TEST(test_too_much),
	UNIT_TEST(test_shutdown),
	UNIT_TEST(test_single),
	UNIT_TEST(test_wiped),
	UNIT_TEST(test_twice),
	UNIT_TEST(test_churn),
	UNIT_TEST(test_joined),
	UNIT_TEST(test_threads),
	UNIT_TEST(test_pages),
	UNIT_TEST(test_fork),
	UNIT_TEST(test_secbuf),
};

int main(void)
{
	return UNIT_RUN("secmem", tests);
}

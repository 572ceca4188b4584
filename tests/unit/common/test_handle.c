#include "config.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/handle.h"
#include "unit/nomem.h"
#include "unit/unit.h"

#define MANY ((CK_ULONG)100000)

static char things[MANY + 1];

static void test_one(void)
{
	struct handle_map m = HANDLE_MAP_INIT;

	CU_ASSERT_PTR_NULL(handle_get(&m, 5));
	CU_ASSERT_PTR_NULL(handle_remove(&m, 5));
	CU_ASSERT_EQUAL(handle_put(&m, 5, &things[5]), CKR_OK);
	CU_ASSERT_PTR_EQUAL(handle_get(&m, 5), &things[5]);
	CU_ASSERT_PTR_NULL(handle_get(&m, 0));
	CU_ASSERT_PTR_NULL(handle_get(&m, 6));
	CU_ASSERT_PTR_NULL(handle_get(&m, (CK_ULONG)-1));
	CU_ASSERT_EQUAL(m.used, 1);
	CU_ASSERT_PTR_EQUAL(handle_remove(&m, 5), &things[5]);
	CU_ASSERT_PTR_NULL(handle_get(&m, 5));
	CU_ASSERT_PTR_NULL(handle_remove(&m, 5));
	CU_ASSERT_EQUAL(m.used, 0);
	handle_free(&m);
	handle_free(&m);
}

static void test_refused(void)
{
	struct handle_map m = HANDLE_MAP_INIT;

	CU_ASSERT_EQUAL(handle_put(&m, 1, &things[1]), CKR_OK);
	CU_ASSERT_EQUAL(handle_put(&m, 0, &things[2]), CKR_GENERAL_ERROR);
	CU_ASSERT_EQUAL(handle_put(&m, 2, NULL), CKR_GENERAL_ERROR);
	CU_ASSERT_EQUAL(handle_put(&m, 1, &things[2]), CKR_GENERAL_ERROR);
	CU_ASSERT_PTR_EQUAL(handle_get(&m, 1), &things[1]);
	CU_ASSERT_PTR_NULL(handle_get(&m, 2));
	CU_ASSERT_EQUAL(m.used, 1);
	handle_free(&m);
}

/* Checks are counted here and asserted once: a million assertions would cost more than the map. */
static CK_ULONG count_wrong(const struct handle_map *m, CK_ULONG first_present)
{
	CK_ULONG h, wrong = 0;

	for (h = 1; h <= MANY; h++)
		wrong += handle_get(m, h) != (h >= first_present ? &things[h] : NULL);
	return wrong;
}

static void test_many(void)
{
	struct handle_map m = HANDLE_MAP_INIT;
	CK_ULONG h, wrong = 0;

	for (h = 1; h <= MANY; h++)
		wrong += handle_put(&m, h, &things[h]) != CKR_OK;
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(m.used, MANY);
	CU_ASSERT(m.cap <= 4 * MANY);
	CU_ASSERT_EQUAL(count_wrong(&m, 1), 0);
	for (h = 1; h < MANY / 2; h++)
		wrong += handle_remove(&m, h) != &things[h];
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(count_wrong(&m, MANY / 2), 0);
	for (; h <= MANY; h++)
		wrong += handle_remove(&m, h) != &things[h];
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(m.used == 0 && m.cap < 100);
	handle_free(&m);
}

/* A few entries at a time, 100,000 in all: the table stays as small as they are. */
static void test_churn(void)
{
	struct handle_map m = HANDLE_MAP_INIT;
	CK_ULONG h, wrong = 0;
	size_t greatest = 0;

	for (h = 1; h <= MANY; h++) {
		wrong += handle_put(&m, h, &things[h]) != CKR_OK;
		if (h > 10)
			wrong += handle_remove(&m, h - 10) != &things[h - 10];
		if (m.cap > greatest)
			greatest = m.cap;
		wrong += m.used + m.dead >= m.cap;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(m.used, 10);
	CU_ASSERT(greatest <= 64);
	handle_free(&m);
}

/* An entry that comes back takes the place it left: marks of the removed do not pile up. */
static void test_toggle(void)
{
	struct handle_map m = HANDLE_MAP_INIT;
	CK_ULONG h, n, wrong = 0;
	unsigned int seed = 5;

	for (h = 1; h <= 10; h++)
		wrong += handle_put(&m, h, &things[h]) != CKR_OK;
	for (n = 0; n < 1000; n++) {
		h = 1 + (CK_ULONG)rand_r(&seed) % 10;
		wrong += handle_remove(&m, h) != &things[h];
		wrong += m.dead > 1;
		wrong += handle_put(&m, h, &things[h]) != CKR_OK;
		wrong += m.dead != 0 || m.cap != 16;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	handle_free(&m);
}

/* Handles far apart, ten at a time, in random order: the table is swept and does not grow. */
static void test_sweep(void)
{
	struct handle_map m = HANDLE_MAP_INIT;
	CK_ULONG here[10] = { 0 }, n, wrong = 0;
	unsigned int seed = 6;
	size_t i, greatest = 0;

	for (n = 1; n <= MANY; n++) {
		i = (size_t)rand_r(&seed) % ARRAY_LEN(here);
		if (here[i] != 0)
			wrong += handle_remove(&m, here[i]) == NULL;
		here[i] = n * 977;
		wrong += handle_put(&m, here[i], &things[1]) != CKR_OK;
		if (m.cap > greatest)
			greatest = m.cap;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(greatest <= 32);
	handle_free(&m);
}

static void test_no_memory(void)
{
	struct handle_map m = HANDLE_MAP_INIT;
	CK_ULONG h;

	nomem_begin(0, NOMEM_LASTING);
	CU_ASSERT_EQUAL(handle_put(&m, 1, &things[1]), CKR_HOST_MEMORY);
	CU_ASSERT_TRUE(nomem_end());
	for (h = 1; h <= 12; h++)
		CU_ASSERT_EQUAL(handle_put(&m, h, &things[h]), CKR_OK);
	nomem_begin(0, NOMEM_LASTING);
	CU_ASSERT_EQUAL(handle_put(&m, 13, &things[13]), CKR_HOST_MEMORY);
	CU_ASSERT_TRUE(nomem_end());
	CU_ASSERT_EQUAL(m.used, 12);
	for (h = 1; h <= 12; h++)
		CU_ASSERT_PTR_EQUAL(handle_get(&m, h), &things[h]);
	CU_ASSERT_EQUAL(handle_put(&m, 13, &things[13]), CKR_OK);
	handle_free(&m);
}

/* Compares with a plain array under random puts and removals of clustered and far handles. */
static void test_random(void)
{
	static const CK_ULONG stride[] = { 1, 16, 1UL << 16, 1UL << 31 };
	enum { SLOTS = 512 };
	unsigned int seed = 20240;
	size_t s, i, n, wrong = 0;

	for (s = 0; s < ARRAY_LEN(stride); s++) {
		struct handle_map m = HANDLE_MAP_INIT;
		bool present[SLOTS] = { false };

		for (n = 0; n < 20000; n++) {
			i = (size_t)rand_r(&seed) % SLOTS;
			if (present[i])
				wrong += handle_remove(&m, (i + 1) * stride[s]) != &things[i];
			else
				wrong += handle_put(&m, (i + 1) * stride[s], &things[i]) != CKR_OK;
			present[i] = !present[i];
			i = (size_t)rand_r(&seed) % SLOTS;
			wrong += handle_get(&m, (i + 1) * stride[s]) !=
			         (present[i] ? &things[i] : NULL);
		}
		handle_free(&m);
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

struct visit {
	struct handle_map *map;
	CK_ULONG seen;
	CK_ULONG sum;
	CK_ULONG wrong;
	CK_ULONG drop_below;
};

static void visit_one(CK_ULONG handle, void *p, void *arg)
{
	struct visit *v = arg;

	v->seen++;
	v->sum += handle;
	v->wrong += p != &things[handle];
	if (handle < v->drop_below)
		v->wrong += handle_remove(v->map, handle) != p;
}

static void test_each(void)
{
	struct handle_map m = HANDLE_MAP_INIT;
	struct visit v = { .map = &m };
	CK_ULONG h;

	handle_each(&m, visit_one, &v);
	CU_ASSERT_EQUAL(v.seen, 0);
	for (h = 1; h <= 1000; h++)
		CU_ASSERT_EQUAL_FATAL(handle_put(&m, h, &things[h]), CKR_OK);
	v.drop_below = 501;
	handle_each(&m, visit_one, &v);
	CU_ASSERT(v.seen == 1000 && v.sum == 1000 * 1001 / 2 && v.wrong == 0);
	CU_ASSERT_EQUAL(m.used, 500);
	v = (struct visit){ .map = &m, .drop_below = MANY };
	handle_each(&m, visit_one, &v);
	CU_ASSERT(v.seen == 500 && v.wrong == 0);
	CU_ASSERT_EQUAL(m.used, 0);
	handle_free(&m);
}

enum { THREADS = 4, PER_THREAD = 10000 };

static void *take_handles(void *arg)
{
	unsigned char *taken = arg;
	int i;

	for (i = 0; i < PER_THREAD; i++)
		__atomic_fetch_add(&taken[handle_next()], 1, __ATOMIC_RELAXED);
	return NULL;
}

static void test_counter(void)
{
	unsigned char *taken = calloc(1, THREADS * PER_THREAD + 1);
	pthread_t threads[THREADS];
	size_t i, wrong = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(taken);
	handle_counter_reset();
	for (i = 0; i < THREADS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, take_handles, taken), 0);
	for (i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	for (i = 1; i <= THREADS * PER_THREAD; i++)
		wrong += taken[i] != 1;
	CU_ASSERT(wrong == 0 && taken[0] == 0);
	CU_ASSERT_EQUAL(handle_next(), THREADS * PER_THREAD + 1);
	handle_counter_reset();
	CU_ASSERT_EQUAL(handle_next(), 1);
	free(taken);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_one),
	UNIT_TEST(test_refused),
	UNIT_TEST(test_many),
	UNIT_TEST(test_churn),
	UNIT_TEST(test_toggle),
	UNIT_TEST(test_sweep),
	UNIT_TEST(test_no_memory),
	UNIT_TEST(test_random),
	UNIT_TEST(test_each),
	UNIT_TEST(test_counter),
};

int main(void)
{
	return UNIT_RUN("handle", tests);
}

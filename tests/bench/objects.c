/* Workloads whose cost might grow with the number of objects. */
#include "config.h"

#include "bench/jobs.h"
#include "bench/keys.h"
#include "bench/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_LEN 8
#define BATCH 64	/* more than run_batch asks for */

struct objects {
	CK_OBJECT_HANDLE *all;
	CK_ULONG count;
	CK_OBJECT_HANDLE made[BATCH];
	unsigned long next;	/* of made */
	unsigned long serial;	/* of the searches */
};

static size_t write_label(char label[32], unsigned long number)
{
	return (size_t)snprintf(label, 32, "object-%08lu", number);
}

/* Neighbouring numbers get ids far apart. */
static void write_id(CK_BYTE id[ID_LEN], unsigned long number)
{
	uint64_t x = (number + 1) * 0x9e3779b97f4a7c15u;

	memcpy(id, &x, ID_LEN);
}

CK_RV object_create(struct run *r, unsigned long number, CK_OBJECT_HANDLE *out)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	CK_BBOOL yes = CK_TRUE;
	CK_BYTE value[32] = { 1 }, id[ID_LEN];
	char label[32];
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_ENCRYPT, &yes, sizeof(yes) },
		{ CKA_ID, id, sizeof(id) },
		{ CKA_VALUE, value, sizeof(value) },
		{ CKA_LABEL, label, write_label(label, number) },
	};
	CK_RV rv;

	write_id(id, number);
	memcpy(value, &number, sizeof(number));
	rv = r->p11->C_CreateObject(r->s, t, LENGTH(t), out);
	return rv == CKR_OK ? CKR_OK : failed(r, "C_CreateObject", rv);
}

/* The found object is the one that was asked for. */
static CK_RV check_id(struct run *r, CK_OBJECT_HANDLE h, unsigned long number)
{
	CK_BYTE id[ID_LEN], have[32];
	CK_ATTRIBUTE a = { CKA_ID, have, sizeof(have) };
	CK_RV rv = failed(r, "C_GetAttributeValue",
			  r->p11->C_GetAttributeValue(r->s, h, &a, 1));

	write_id(id, number);
	return rv == CKR_OK ? want(r, "another object was found", a.ulValueLen == ID_LEN &&
				   memcmp(have, id, ID_LEN) == 0) : rv;
}

/* Every answer is counted, one in 64 is looked at. */
static CK_RV find_one(struct run *r, CK_ATTRIBUTE *t, unsigned long number)
{
	struct objects *w = r->state;
	CK_OBJECT_HANDLE h[2];
	CK_ULONG found = 0;
	CK_RV rv = objects_find(r, t, 1, h, 2, &found);

	if (rv == CKR_OK)
		rv = want(r, "not one object was found", found == 1);
	if (rv == CKR_OK && w->serial++ % 64 == 0)
		rv = check_id(r, h[0], number);
	return rv;
}

static CK_RV by_label(struct run *r)
{
	unsigned long number = pick(r, r->setup->objects);
	char label[32];
	CK_ATTRIBUTE t = { CKA_LABEL, label, write_label(label, number) };

	return find_one(r, &t, number);
}

static CK_RV by_id(struct run *r)
{
	unsigned long number = pick(r, r->setup->objects);
	CK_BYTE id[ID_LEN];
	CK_ATTRIBUTE t = { CKA_ID, id, sizeof(id) };

	write_id(id, number);
	return find_one(r, &t, number);
}

static CK_RV miss(struct run *r)
{
	char label[32];
	CK_ATTRIBUTE t = { CKA_LABEL, label,
			   write_label(label, r->setup->objects + pick(r, 1000000)) };
	CK_OBJECT_HANDLE h;
	CK_ULONG found = 1;
	CK_RV rv = objects_find(r, &t, 1, &h, 1, &found);

	return rv == CKR_OK ? want(r, "something was found", found == 0) : rv;
}

static CK_RV all(struct run *r)
{
	struct objects *w = r->state;
	CK_ULONG found = 0;
	CK_RV rv = objects_find(r, NULL, 0, w->all, r->setup->objects + 1, &found);

	w->count = found;
	return rv == CKR_OK ? want(r, "number of all objects", found == r->setup->objects) : rv;
}

static CK_RV start_empty(struct run *r)
{
	state_new(r, sizeof(struct objects));
	return CKR_OK;
}

static CK_RV start_listed(struct run *r)
{
	struct objects *w = state_new(r, sizeof(*w));

	w->all = calloc(r->setup->objects + 1, sizeof(*w->all));
	return w->all != NULL ? all(r) : failed(r, "calloc", BENCH_SYSTEM);
}

static CK_RV start_all(struct run *r)
{
	r->scale = r->setup->objects;
	return start_listed(r);
}

/* Label, id and key type of one object. */
static CK_RV three(struct run *r, CK_OBJECT_HANDLE h)
{
	CK_KEY_TYPE type = 0;
	CK_BYTE id[32];
	char label[64];
	CK_ATTRIBUTE t[] = {
		{ CKA_LABEL, label, sizeof(label) },
		{ CKA_ID, id, sizeof(id) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
	};
	CK_RV rv = r->p11->C_GetAttributeValue(r->s, h, t, LENGTH(t));

	if (rv != CKR_OK)
		return failed(r, "C_GetAttributeValue", rv);
	return want(r, "values of attributes", t[0].ulValueLen == 15 &&
		    memcmp(label, "object-", 7) == 0 && t[1].ulValueLen == ID_LEN &&
		    type == CKK_AES);
}

static CK_RV get(struct run *r)
{
	struct objects *w = r->state;

	return three(r, w->all[pick(r, w->count)]);
}

const struct job find_label = { .start = start_empty, .op = by_label };
const struct job find_id = { .start = start_empty, .op = by_id };
const struct job find_miss = { .start = start_empty, .op = miss };
const struct job find_all = { .start = start_all, .op = all };
const struct job get_three = { .start = start_listed, .op = get };

/* --- changes ------------------------------------------------------------ */

/* Far above the numbers of the fixture; workers in other processes may do the same. */
static unsigned long new_number(struct run *r)
{
	return 10000000 + pick(r, 80000000);
}

static CK_RV create(struct run *r)
{
	struct objects *w = r->state;

	return object_create(r, new_number(r), &w->made[w->next++]);
}

static CK_RV destroy(struct run *r)
{
	struct objects *w = r->state;
	CK_RV rv = r->p11->C_DestroyObject(r->s, w->made[--w->next]);

	return rv == CKR_OK ? CKR_OK : failed(r, "C_DestroyObject", rv);
}

static CK_RV repeat(struct run *r, unsigned long n, CK_RV (*op)(struct run *r))
{
	CK_RV rv = CKR_OK;

	while (rv == CKR_OK && n-- > 0)
		rv = op(r);
	return rv;
}

static CK_RV create_many(struct run *r, unsigned long n)
{
	return repeat(r, n, create);
}

static CK_RV destroy_many(struct run *r, unsigned long n)
{
	return repeat(r, n, destroy);
}

const struct job create_object = { .start = start_empty, .op = create, .after = destroy_many };
const struct job destroy_object = { .start = start_empty, .before = create_many, .op = destroy };

/* --- from nothing ------------------------------------------------------- */

static CK_RV start_nothing(struct run *r)
{
	(void)r;
	return CKR_OK;
}

static CK_RV initialize_op(struct run *r)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

	return failed(r, "C_Initialize", r->p11->C_Initialize(&args));
}

static CK_RV start_module(struct run *r, unsigned long n)
{
	(void)n;
	return module_start(r);
}

static CK_RV login_and_find(struct run *r)
{
	CK_RV rv = session_start(r);

	return rv == CKR_OK ? by_label(r) : rv;
}

const struct job initialize = { .start = start_nothing, .op = initialize_op };
const struct job first_find = { .start = start_empty, .before = start_module,
				.op = login_and_find };

CK_RV objects_read(struct run *r)
{
	CK_RV rv = start_listed(r);
	const struct objects *w = r->state;

	for (CK_ULONG i = 0; rv == CKR_OK && i < w->count; i++)
		rv = three(r, w->all[i]);
	return rv;
}

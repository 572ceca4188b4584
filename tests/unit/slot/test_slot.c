/* Tokens that come and go in the directory, and those who wait for it. */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/str.h"
#include "crypto/ossl/ossl.h"
#include "slot/slot.h"
#include "slot/token_attrs.h"
#include "unit/unit.h"

#define NO_SLOT 0x7fffffffUL
#define PIN(s) (const CK_BYTE *)(s), sizeof(s) - 1

/* The slot ids of tokens "a" to "d" follow from their serial numbers. */
#define ID_A 0x0aUL
#define ID_B 0x0bUL

static const CK_UTF8CHAR label[32] = "a label of thirty-two characters";
static const struct timespec moment = { 0, 20000000 };

struct world {
	char *dir;
	struct slot_manager *m;
};

/* A token whose name, a letter, ends its serial number. */
static void make_token(const char *dir, const char *name)
{
	struct attrset *a = attrset_new(false);
	char *path = path_join(dir, name), serial[17];
	struct store *store = NULL;

	snprintf(serial, sizeof(serial), "000000000000000%s", name);
	CU_ASSERT_EQUAL(attrset_set_bytes(a, CKA_OS_TOKENSERIAL, serial, 16), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_bytes(a, CKA_OS_TOKENLABEL, label, sizeof(label)), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(store_create(store_backend_find("file"), path, 0077, a, &store),
			      CKR_OK);
	store_close(store);
	attrset_free(a);
	free(path);
}

static void delete_token(const char *dir, const char *name)
{
	char *path = path_join(dir, name);

	CU_ASSERT_EQUAL(store_delete(store_backend_find("file"), path), CKR_OK);
	free(path);
}

static void start(struct world *w)
{
	char file[] = "file";
	struct conf conf = { .tokendir = w->dir, .backend = file, .umask = 0077 };

	CU_ASSERT_EQUAL_FATAL(slot_manager_new(&conf, &w->m), CKR_OK);
}

/* With token "a" in it. */
static void open_world(struct world *w)
{
	w->dir = unit_make_dir();
	make_token(w->dir, "a");
	start(w);
}

static void close_world(struct world *w)
{
	slot_manager_free(w->m);
	unit_remove_dir(w->dir);
}

/* The slots, as letters and numbers: "ab0" when the free slot's id is 0. */
static const char *listed(struct slot_manager *m, bool look)
{
	static char text[64];
	CK_SLOT_ID ids[16];
	CK_ULONG count = ARRAY_LEN(ids), counted = 0;
	size_t n = 0;

	if (look)
		CU_ASSERT_EQUAL(slot_list(m, NULL, &counted), CKR_OK);
	CU_ASSERT_EQUAL(slot_list(m, ids, &count), CKR_OK);
	CU_ASSERT_TRUE(!look || count == counted);
	for (CK_ULONG i = 0; i < count; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%lx", ids[i]);
	text[n] = '\0';
	return text;
}

static CK_SLOT_ID event(struct slot_manager *m)
{
	CK_SLOT_ID id = NO_SLOT;
	CK_RV rv = slot_wait(m, false, &id);

	CU_ASSERT_EQUAL(rv, id == NO_SLOT ? CKR_NO_EVENT : CKR_OK);
	return id;
}

static CK_FLAGS slot_flags(struct slot_manager *m, CK_SLOT_ID id)
{
	CK_SLOT_INFO info;

	slot_info(m, slot_find(m, id), &info);
	return info.flags;
}

static void test_come_and_go(void)
{
	struct world w;
	struct slot *a, *b;
	CK_TOKEN_INFO info;

	open_world(&w);
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "a1");
	CU_ASSERT_EQUAL(event(w.m), NO_SLOT);
	make_token(w.dir, "b");
	CU_ASSERT_STRING_EQUAL(listed(w.m, false), "a1");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "ab1");
	CU_ASSERT_EQUAL(event(w.m), ID_B);
	CU_ASSERT_EQUAL(event(w.m), NO_SLOT);
	a = slot_find(w.m, ID_A);
	b = slot_find(w.m, ID_B);
	delete_token(w.dir, "a");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "b1");
	CU_ASSERT_EQUAL(event(w.m), ID_A);
	CU_ASSERT_EQUAL(slot_flags(w.m, ID_A), 0);
	CU_ASSERT_EQUAL(slot_flags(w.m, ID_B), CKF_TOKEN_PRESENT);
	CU_ASSERT_EQUAL(token_info(a->token, &info), CKR_TOKEN_NOT_PRESENT);
	CU_ASSERT_EQUAL(token_session_opened(a->token, true), CKR_TOKEN_NOT_PRESENT);
	CU_ASSERT_EQUAL(token_init(a->token, PIN("so-pin"), label), CKR_TOKEN_NOT_PRESENT);
	make_token(w.dir, "a");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "ab1");
	CU_ASSERT_EQUAL(event(w.m), ID_A);
	CU_ASSERT_PTR_EQUAL(slot_find(w.m, ID_A), a);
	CU_ASSERT_PTR_EQUAL(slot_find(w.m, ID_B), b);
	CU_ASSERT_EQUAL(token_info(a->token, &info), CKR_OK);
	CU_ASSERT_EQUAL(slot_flags(w.m, ID_A), CKF_TOKEN_PRESENT);
	close_world(&w);
}

/* Each slot has one event, however much happens, and the oldest comes first. */
static void test_events(void)
{
	struct world w;

	open_world(&w);
	make_token(w.dir, "c");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "ac1");
	make_token(w.dir, "d");
	make_token(w.dir, "b");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "abcd1");
	delete_token(w.dir, "c");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "abd1");
	CU_ASSERT_EQUAL(event(w.m), 0x0c);
	CU_ASSERT_EQUAL(event(w.m), ID_B);
	CU_ASSERT_EQUAL(event(w.m), 0x0d);
	CU_ASSERT_EQUAL(event(w.m), NO_SLOT);
	/* The search for events finds slots, but the list waits until it is asked for. */
	delete_token(w.dir, "d");
	CU_ASSERT_EQUAL(event(w.m), 0x0d);
	CU_ASSERT_STRING_EQUAL(listed(w.m, false), "abd1");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "ab1");
	close_world(&w);
}

/* Sessions keep a slot, with all that is in them. */
static void test_in_use(void)
{
	struct world w;
	struct slot *a;

	open_world(&w);
	a = slot_find(w.m, ID_A);
	CU_ASSERT_EQUAL(token_session_opened(a->token, true), CKR_OK);
	delete_token(w.dir, "a");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "a1");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "a1");
	CU_ASSERT_EQUAL(event(w.m), NO_SLOT);
	token_session_closed(a->token, 1, true);
	CU_ASSERT_EQUAL(event(w.m), ID_A);
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "1");
	make_token(w.dir, "a");
	CU_ASSERT_EQUAL(event(w.m), ID_A);
	/* Gone and back while it is in use: nothing happened. */
	CU_ASSERT_EQUAL(token_session_opened(a->token, true), CKR_OK);
	delete_token(w.dir, "a");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "a1");
	make_token(w.dir, "a");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "a1");
	token_session_closed(a->token, 1, true);
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "a1");
	CU_ASSERT_EQUAL(event(w.m), NO_SLOT);
	close_world(&w);
}

/* What this process makes itself is no event, and keeps its slot. */
static void test_own_token(void)
{
	struct world w;
	struct slot *own;
	char *name;

	open_world(&w);
	own = slot_find(w.m, 1);
	CU_ASSERT_EQUAL_FATAL(token_init(own->token, PIN("so-pin"), label), CKR_OK);
	CU_ASSERT_EQUAL(event(w.m), NO_SLOT);
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "1a2");
	name = strdup(strrchr(token_dir(own->token), '/') + 1);
	delete_token(w.dir, name);
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "a2");
	CU_ASSERT_EQUAL(event(w.m), 1);
	free(name);
	close_world(&w);
}

/* Makes the directory look old, so that the next look trusts its times. */
static void settle(const char *dir)
{
	const struct timespec old[2] = { { 1000000000, 0 }, { 1000000000, 0 } };

	CU_ASSERT_EQUAL(utimensat(AT_FDCWD, dir, old, 0), 0);
}

static void move(const char *from_dir, const char *from, const char *to_dir, const char *to)
{
	char *a = path_join(from_dir, from), *b = path_join(to_dir, to);

	CU_ASSERT_EQUAL(rename(a, b), 0);
	free(a);
	free(b);
}

/*
 * A directory that becomes a token is found though the times of the one that it is in do not
 * change.
 */
static void test_half_made(void)
{
	struct world w;
	char *other = unit_make_dir(), *half, *whole = path_join(other, "b");

	open_world(&w);
	half = path_join(w.dir, "b");
	make_token(other, "b");
	CU_ASSERT_EQUAL(mkdir(half, 0700), 0);
	settle(w.dir);
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "a1");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "a1");
	move(whole, "token.object", half, "token.object");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "ab1");
	CU_ASSERT_EQUAL(event(w.m), ID_B);
	free(half);
	free(whole);
	unit_remove_dir(other);
	close_world(&w);
}

/* A damaged token is one as soon as it is whole. */
static void test_damaged(void)
{
	struct world w;
	char *other = unit_make_dir(), *damaged, *whole = path_join(other, "b");

	w.dir = unit_make_dir();
	damaged = path_join(w.dir, "b");
	make_token(other, "b");
	CU_ASSERT_EQUAL(mkdir(damaged, 0700), 0);
	free(unit_write_file(damaged, "token.object", "junk", 4));
	start(&w);
	settle(w.dir);
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "0");
	move(whole, "token.object", damaged, "token.object");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "b0");
	free(damaged);
	free(whole);
	unit_remove_dir(other);
	close_world(&w);
}

/* What changes while the directory's time stands still is seen. */
static void test_same_time(void)
{
	struct world w;

	open_world(&w);
	for (int i = 0; i < 50; i++) {
		make_token(w.dir, "b");
		CU_ASSERT_STRING_EQUAL(listed(w.m, true), "ab1");
		delete_token(w.dir, "b");
		CU_ASSERT_STRING_EQUAL(listed(w.m, true), "a1");
	}
	close_world(&w);
}

/* Where the directory can be moved to; to be freed. */
static char *other_name(const char *dir)
{
	char *away = malloc(strlen(dir) + sizeof(".away"));

	CU_ASSERT_PTR_NOT_NULL_FATAL(away);
	sprintf(away, "%s.away", dir);
	return away;
}

/* Without its directory a token is gone; with it, it is back. */
static void test_no_directory(void)
{
	struct world w;
	char *away;

	open_world(&w);
	away = other_name(w.dir);
	CU_ASSERT_EQUAL(rename(w.dir, away), 0);
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "1");
	CU_ASSERT_EQUAL(event(w.m), ID_A);
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "1");
	CU_ASSERT_EQUAL(rename(away, w.dir), 0);
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "a1");
	CU_ASSERT_EQUAL(event(w.m), ID_A);
	free(away);
	close_world(&w);
}

/* Two tokens of one serial number: both have slots, whenever they come. */
static void test_collision(void)
{
	struct world w;

	open_world(&w);
	make_token(w.dir, "e");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "ae1");
	move(w.dir, "e", w.dir, "f");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "af1");	/* e keeps its id */
	make_token(w.dir, "e");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "aef1");
	close_world(&w);
}

/* --- waiting ------------------------------------------------------------ */

struct waiter {
	pthread_t id;
	struct slot_manager *m;
	CK_SLOT_ID slot;
	CK_RV rv;
};

static void *wait_for_event(void *arg)
{
	struct waiter *w = arg;

	w->rv = slot_wait(w->m, true, &w->slot);
	return NULL;
}

static void send(struct waiter *w, size_t n, struct slot_manager *m)
{
	for (size_t i = 0; i < n; i++) {
		w[i] = (struct waiter){ .m = m, .slot = NO_SLOT };
		CU_ASSERT_EQUAL_FATAL(pthread_create(&w[i].id, NULL, wait_for_event, &w[i]), 0);
	}
	nanosleep(&moment, NULL);
}

static void join(const struct waiter *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pthread_join(w[i].id, NULL);
}

static void test_wait(void)
{
	struct waiter w1;
	struct world w;

	open_world(&w);
	send(&w1, 1, w.m);
	make_token(w.dir, "b");
	join(&w1, 1);
	CU_ASSERT_EQUAL(w1.rv, CKR_OK);
	CU_ASSERT_EQUAL(w1.slot, ID_B);
	/* An event that is there already. */
	delete_token(w.dir, "b");
	send(&w1, 1, w.m);
	join(&w1, 1);
	CU_ASSERT_EQUAL(w1.slot, ID_B);
	/* One that a session keeps back for a while. */
	CU_ASSERT_EQUAL(token_session_opened(slot_find(w.m, ID_A)->token, true), CKR_OK);
	delete_token(w.dir, "a");
	send(&w1, 1, w.m);
	token_session_closed(slot_find(w.m, ID_A)->token, 1, true);
	join(&w1, 1);
	CU_ASSERT_EQUAL(w1.slot, ID_A);
	close_world(&w);
}

#define WAITERS 6

/* As many events as waiters: each gets its own, and none is lost. */
static void test_many_wait(void)
{
	static const char *const names[WAITERS] = { "b", "c", "d", "e", "f", "9" };
	struct waiter all[WAITERS];
	unsigned seen = 0;
	struct world w;

	open_world(&w);
	send(all, WAITERS, w.m);
	for (int i = 0; i < WAITERS; i++)
		make_token(w.dir, names[i]);
	join(all, WAITERS);
	for (int i = 0; i < WAITERS; i++) {
		CU_ASSERT_EQUAL(all[i].rv, CKR_OK);
		seen |= 1U << (all[i].slot & 0xf);
	}
	CU_ASSERT_EQUAL(seen, 0xfa00);
	CU_ASSERT_EQUAL(event(w.m), NO_SLOT);
	close_world(&w);
}

/* One look finds several events: those who sleep get theirs. */
static void test_found_by_another(void)
{
	struct waiter all[2];
	struct world w;

	open_world(&w);
	send(all, 2, w.m);
	make_token(w.dir, "b");
	make_token(w.dir, "c");
	CU_ASSERT_STRING_EQUAL(listed(w.m, true), "abc1");
	join(all, 2);
	CU_ASSERT_EQUAL(all[0].slot + all[1].slot, ID_B + 0x0c);
	close_world(&w);
}

static void test_stop(void)
{
	struct waiter all[WAITERS];
	CK_SLOT_ID id = NO_SLOT;
	struct world w;

	open_world(&w);
	send(all, WAITERS, w.m);
	slot_stop_waiting(w.m);
	join(all, WAITERS);
	for (int i = 0; i < WAITERS; i++)
		CU_ASSERT_EQUAL(all[i].rv, CKR_CRYPTOKI_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(slot_wait(w.m, true, &id), CKR_CRYPTOKI_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(id, NO_SLOT);
	close_world(&w);
}

/* The directory is replaced under the waiter's eyes. */
static void test_moved_directory(void)
{
	struct waiter w1;
	struct world w;
	char *away;

	open_world(&w);
	away = other_name(w.dir);
	send(&w1, 1, w.m);
	CU_ASSERT_EQUAL(rename(w.dir, away), 0);
	join(&w1, 1);
	CU_ASSERT_EQUAL(w1.slot, ID_A);
	send(&w1, 1, w.m);
	CU_ASSERT_EQUAL(mkdir(w.dir, 0700), 0);
	nanosleep(&moment, NULL);
	make_token(w.dir, "b");
	join(&w1, 1);
	CU_ASSERT_EQUAL(w1.slot, ID_B);
	send(&w1, 1, w.m);
	make_token(w.dir, "c");
	join(&w1, 1);
	CU_ASSERT_EQUAL(w1.slot, 0x0c);
	unit_remove_dir(away);
	close_world(&w);
}

static size_t descriptors(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 1000; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Two are made when somebody waits, none before, and those of tokens that left are closed. */
static void test_descriptors(void)
{
	struct waiter w1;
	struct world w;
	size_t before = descriptors();

	open_world(&w);
	CU_ASSERT_EQUAL(event(w.m), NO_SLOT);
	CU_ASSERT_EQUAL(descriptors(), before);
	for (int i = 0; i < 3; i++) {
		send(&w1, 1, w.m);
		make_token(w.dir, "b");
		join(&w1, 1);
		CU_ASSERT_EQUAL(token_session_opened(slot_find(w.m, ID_B)->token, true), CKR_OK);
		token_session_closed(slot_find(w.m, ID_B)->token, 1, true);
		delete_token(w.dir, "b");
		CU_ASSERT_EQUAL(event(w.m), ID_B);
	}
	CU_ASSERT_TRUE(descriptors() <= before + 2);
	close_world(&w);
	CU_ASSERT_EQUAL(descriptors(), before);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_come_and_go),
		UNIT_TEST(test_events),
		UNIT_TEST(test_in_use),
		UNIT_TEST(test_own_token),
		UNIT_TEST(test_half_made),
		UNIT_TEST(test_damaged),
		UNIT_TEST(test_same_time),
		UNIT_TEST(test_no_directory),
		UNIT_TEST(test_collision),
		UNIT_TEST(test_wait),
		UNIT_TEST(test_many_wait),
		UNIT_TEST(test_found_by_another),
		UNIT_TEST(test_stop),
		UNIT_TEST(test_moved_directory),
		UNIT_TEST(test_descriptors),
	};
	int status;

	if (ossl_open() != CKR_OK)
		return 1;
	status = UNIT_RUN("slot", tests);
	ossl_close();
	return status;
}

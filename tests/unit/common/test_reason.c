/* common/reason.h: why a call is refused. */
#include "config.h"

#include "common/reason.h"

#include <pthread.h>
#include <string.h>

#include "unit/unit.h"

static void test_note(void)
{
	reason_clear();
	CU_ASSERT_PTR_NULL(reason_text());
	CU_ASSERT_EQUAL(reason(CKR_ATTRIBUTE_VALUE_INVALID, "%s is %d", "CKA_VALUE_LEN", 7),
			CKR_ATTRIBUTE_VALUE_INVALID);
	CU_ASSERT_STRING_EQUAL(reason_text(), "CKA_VALUE_LEN is 7");
	CU_ASSERT_EQUAL(reason(CKR_OK, "later"), CKR_OK);
	CU_ASSERT_STRING_EQUAL(reason_text(), "later");
	reason_clear();
	CU_ASSERT_PTR_NULL(reason_text());
}

static void test_within(void)
{
	reason_clear();
	CU_ASSERT_EQUAL(reason_within(CKR_KEY_HANDLE_INVALID, "second key"),
			CKR_KEY_HANDLE_INVALID);
	CU_ASSERT_STRING_EQUAL(reason_text(), "second key");
	CU_ASSERT_EQUAL(reason(CKR_OK, "no such key"), CKR_OK);
	CU_ASSERT_EQUAL(reason_within(CKR_OK, "second key"), CKR_OK);
	CU_ASSERT_STRING_EQUAL(reason_text(), "second key: no such key");
	reason_clear();
}

/* Whatever the length, one line is kept, and it ends. */
static void test_long(void)
{
	char longer[4000];

	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	CU_ASSERT_EQUAL(reason(CKR_OK, "%s", longer), CKR_OK);
	CU_ASSERT_EQUAL(strlen(reason_text()), 255);
	CU_ASSERT_EQUAL(reason_within(CKR_OK, "where"), CKR_OK);
	CU_ASSERT_NSTRING_EQUAL(reason_text(), "where: xxx", 10);
	CU_ASSERT_TRUE(strlen(reason_text()) < 256);
	reason_clear();
}

static void *other_thread(void *arg)
{
	*(bool *)arg = reason_text() == NULL && reason(CKR_OK, "theirs") == CKR_OK;
	return NULL;
}

static void test_threads(void)
{
	pthread_t thread;
	bool apart = false;

	CU_ASSERT_EQUAL(reason(CKR_OK, "ours"), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, other_thread, &apart), 0);
	pthread_join(thread, NULL);
	CU_ASSERT_TRUE(apart);
	CU_ASSERT_STRING_EQUAL(reason_text(), "ours");
	reason_clear();
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_note),
	UNIT_TEST(test_within),
	UNIT_TEST(test_long),
	UNIT_TEST(test_threads),
};

int main(void)
{
	return UNIT_RUN("reason", tests);
}

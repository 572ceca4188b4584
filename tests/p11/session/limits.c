#include "config.h"

#include <stdio.h>

#include "p11/harness.h"
#include "p11/session/session.h"

/* The usual token under slots.max_sessions. */
static CK_RV limited(struct ctx *c, const char *value)
{
	char line[64];
	CK_RV rv = CKR_OK;

	snprintf(line, sizeof(line), "slots.max_sessions = %s\n", value);
	conf_use("tokens", line);
	rv = module_start();
	return rv == CKR_OK ? slot_find(TOKEN_LABEL, &c->slot) : rv;
}

/* Opens n, by turns for reading only. */
static CK_RV open_sessions(struct ctx *c, CK_ULONG n)
{
	CK_RV rv = CKR_OK;

	for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++)
		rv = session_open(c->slot, i % 2 ? 0 : CKF_RW_SESSION, &c->s);
	return rv;
}

static CK_RV three_of_three(struct ctx *c)
{
	CK_RV rv = limited(c, "3");

	return rv == CKR_OK ? open_sessions(c, 3) : rv;
}

static CK_RV four_of_three(struct ctx *c)
{
	CK_RV rv = three_of_three(c);

	return rv == CKR_OK ? open_sessions(c, 1) : rv;
}

static CK_RV closed_makes_room(struct ctx *c)
{
	CK_RV rv = three_of_three(c);

	for (int i = 0; rv == CKR_OK && i < 5; i++) {
		rv = want(open_sessions(c, 1) == CKR_SESSION_COUNT);
		if (rv == CKR_OK)
			rv = p11->C_CloseSession(c->s);
		if (rv == CKR_OK)
			rv = open_sessions(c, 1);
	}
	return rv;
}

static CK_RV all_closed_makes_room(struct ctx *c)
{
	CK_RV rv = three_of_three(c);

	if (rv == CKR_OK)
		rv = p11->C_CloseAllSessions(c->slot);
	return rv == CKR_OK ? open_sessions(c, 3) : rv;
}

/* A session that is refused counts for nothing. */
static CK_RV refused_does_not_count(struct ctx *c)
{
	CK_RV rv = limited(c, "2");

	if (rv == CKR_OK)
		rv = open_sessions(c, 1);
	if (rv == CKR_OK)
		rv = login(c->s, CKU_SO, SO_PIN);
	for (int i = 0; rv == CKR_OK && i < 3; i++)
		rv = want(session_open(c->slot, 0, &c->s) == CKR_SESSION_READ_WRITE_SO_EXISTS);
	return rv == CKR_OK ? session_open(c->slot, CKF_RW_SESSION, &c->s) : rv;
}

static CK_RV each_token_has_its_own(struct ctx *c)
{
	struct ctx other = { .slot = 0 };
	CK_RV rv = three_of_three(c);

	if (rv == CKR_OK)
		rv = slot_find("other token", &other.slot);
	return rv == CKR_OK ? open_sessions(&other, 3) : rv;
}

static CK_RV sessions_work_at_the_limit(struct ctx *c)
{
	CK_RV rv = three_of_three(c);

	if (rv == CKR_OK)
		rv = login(c->s, CKU_USER, USER_PIN);
	return rv == CKR_OK ? p11->C_Logout(c->s) : rv;
}

static CK_RV counts_are(struct ctx *c, const char *value, CK_ULONG most)
{
	CK_TOKEN_INFO info;
	CK_RV rv = limited(c, value);

	if (rv == CKR_OK)
		rv = open_sessions(c, 1);
	if (rv == CKR_OK)
		rv = p11->C_GetTokenInfo(c->slot, &info);
	return rv == CKR_OK ? want(info.ulMaxSessionCount == most &&
				   info.ulMaxRwSessionCount == most &&
				   info.ulSessionCount == CK_UNAVAILABLE_INFORMATION) :
			      rv;
}

static CK_RV info_of_7(struct ctx *c)
{
	return counts_are(c, "7", 7);
}

static CK_RV info_of_0(struct ctx *c)
{
	return counts_are(c, "0", CK_EFFECTIVELY_INFINITE);
}

static CK_RV info_of_junk(struct ctx *c)
{
	return counts_are(c, "seven", CK_EFFECTIVELY_INFINITE);
}

static CK_RV no_limit(struct ctx *c)
{
	CK_RV rv = limited(c, "0");

	return rv == CKR_OK ? open_sessions(c, 50) : rv;
}

static CK_RV value_is_no_number(struct ctx *c)
{
	CK_RV rv = limited(c, "-1");

	return rv == CKR_OK ? open_sessions(c, 50) : rv;
}

void test_limits(void)
{
	static const struct row rows[] = {
#define LIMIT(expected, call) \
	{ "limit_" #call, ANY_STATE, expected, call, NULL, __FILE__, __LINE__ }
		LIMIT(CKR_OK, three_of_three),
		LIMIT(CKR_SESSION_COUNT, four_of_three),
		LIMIT(CKR_OK, closed_makes_room),
		LIMIT(CKR_OK, all_closed_makes_room),
		LIMIT(CKR_OK, refused_does_not_count),
		LIMIT(CKR_OK, each_token_has_its_own),
		LIMIT(CKR_OK, sessions_work_at_the_limit),
		LIMIT(CKR_OK, info_of_7),
		LIMIT(CKR_OK, info_of_0),
		LIMIT(CKR_OK, info_of_junk),
		LIMIT(CKR_OK, no_limit),
		LIMIT(CKR_OK, value_is_no_number),
#undef LIMIT
	};

	for (size_t i = 0; i < LENGTH(rows); i++)
		row_run(&rows[i]);
}

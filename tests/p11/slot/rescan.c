#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "p11/harness.h"
#include "p11/slot/slot.h"

char tokens_name[32], mine[64];

/* --- tokens and their directories ---------------------------------------- */

CK_RV one_token(struct ctx *c)
{
	static unsigned n;
	CK_RV rv = CKR_OK;

	snprintf(tokens_name, sizeof(tokens_name), "comes-%u", n++);
	conf_use(tokens_name, NULL);
	rv = module_start();
	if (rv == CKR_OK)
		rv = token_make("mine", &c->slot);
	snprintf(mine, sizeof(mine), "%s", dir_entry(work_path("%s", tokens_name)));
	return rv;
}

const char *token_path(const char *name)
{
	return work_path("%s/%s", tokens_name, name);
}

const char *another_name(void)
{
	static char name[256];
	DIR *d = opendir(work_path("%s", tokens_name));
	struct dirent *e = NULL;

	*name = 0;
	while (d && (e = readdir(d)))
		if (*e->d_name != '.' && strcmp(e->d_name, mine) != 0)
			snprintf(name, sizeof(name), "%s", e->d_name);
	if (d)
		closedir(d);
	return name;
}

bool is_listed(const char *label)
{
	CK_SLOT_ID slot = 0;

	return slot_find(label, &slot) == CKR_OK;
}

static CK_ULONG slots_now(void)
{
	CK_SLOT_ID ids[16];
	CK_ULONG count = LENGTH(ids);

	return slot_list(ids, &count) == CKR_OK ? count : 0;
}

static CK_RV make_or_change(const char *label, const char *in)
{
	CK_SLOT_ID slot = 0;
	CK_RV rv = module_load() ? module_start() : ROW_BROKEN;

	if (rv == CKR_OK)
		rv = in ? slot_find(in, &slot) : slot_free(&slot);
	return rv == CKR_OK ? token_init(slot, SO_PIN, label) : rv;
}

int child_makes_token(void)
{
	return make_or_change(getenv("P11_LABEL"), NULL) == CKR_OK ? 0 : 1;
}

int child_makes_anew(void)
{
	return make_or_change(getenv("P11_LABEL"), "mine") == CKR_OK ? 0 : 1;
}

CK_RV other_makes(const char *label)
{
	setenv("P11_LABEL", label, 1);
	return child_run("makes_token");
}

/* --- rows ----------------------------------------------------------------- */

static CK_RV made_by_other(struct ctx *c)
{
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = other_makes("other");
	return rv == CKR_OK ? want(slots_now() == 3 && is_listed("other") && is_listed("mine")) :
			      rv;
}

/* Those that were there keep their ids, the free slot too. */
static CK_RV ids_stay(struct ctx *c)
{
	CK_SLOT_ID free_before = 0, free_after = 0, slot = 0;
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = slot_free(&free_before);
	if (rv == CKR_OK)
		rv = other_makes("other");
	if (rv == CKR_OK)
		rv = slot_find("mine", &slot);
	if (rv == CKR_OK)
		rv = slot_free(&free_after);
	return rv == CKR_OK ? want(slot == c->slot && free_before == free_after) : rv;
}

/* A slot that was found is as good as one from the start. */
static CK_RV found_works(struct ctx *c)
{
	CK_SESSION_HANDLE s = 0;
	CK_SLOT_ID slot = 0;
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = other_makes("other");
	if (rv == CKR_OK)
		rv = slot_find("other", &slot);
	if (rv == CKR_OK)
		rv = session_open(slot, CKF_RW_SESSION, &s);
	if (rv == CKR_OK)
		rv = login(s, CKU_SO, SO_PIN);
	if (rv == CKR_OK)
		rv = p11->C_InitPIN(s, text(USER_PIN), strlen(USER_PIN));
	if (rv == CKR_OK)
		rv = p11->C_Logout(s);
	return rv == CKR_OK ? login(s, CKU_USER, USER_PIN) : rv;
}

static CK_RV copied_in(struct ctx *c)
{
	CK_RV rv = one_token(c);

	if (rv == CKR_OK && !tree_copy(token_path(mine), token_path("copy")))
		rv = ROW_BROKEN;
	return rv == CKR_OK ? want(slots_now() == 3) : rv;
}

/* The list is the one of the last count. */
static CK_RV list_waits_for_count(struct ctx *c)
{
	CK_SLOT_ID ids[8];
	CK_ULONG count = LENGTH(ids);
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = other_makes("other");
	if (rv == CKR_OK)
		rv = p11->C_GetSlotList(CK_TRUE, ids, &count);
	return rv == CKR_OK ? want(count == 2 && slots_now() == 3) : rv;
}

static CK_RV removed(struct ctx *c)
{
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = want(is_listed("mine"));
	tree_remove(token_path(mine));
	return rv == CKR_OK ? want(slots_now() == 1) : rv;
}

static CK_RV removed_token_info(struct ctx *c)
{
	CK_TOKEN_INFO info;
	CK_RV rv = removed(c);

	return rv == CKR_OK ? p11->C_GetTokenInfo(c->slot, &info) : rv;
}

static CK_RV removed_slot_info(struct ctx *c)
{
	CK_SLOT_INFO info;
	CK_RV rv = removed(c);

	if (rv == CKR_OK)
		rv = p11->C_GetSlotInfo(c->slot, &info);
	return rv == CKR_OK ? want((info.flags & CKF_TOKEN_PRESENT) == 0) : rv;
}

static CK_RV removed_session(struct ctx *c)
{
	CK_RV rv = removed(c);

	return rv == CKR_OK ? session_open(c->slot, 0, &c->s) : rv;
}

static CK_RV removed_init_token(struct ctx *c)
{
	CK_RV rv = removed(c);

	return rv == CKR_OK ? token_init(c->slot, SO_PIN, "x") : rv;
}

static CK_RV removed_with_session(struct ctx *c)
{
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = session_open(c->slot, CKF_RW_SESSION, &c->s);
	if (rv == CKR_OK)
		rv = login(c->s, CKU_USER, USER_PIN);
	tree_remove(token_path(mine));
	if (rv == CKR_OK)
		rv = want(slots_now() == 2);
	return rv == CKR_OK ? want(session_state(c->s) == CKS_RW_USER_FUNCTIONS) : rv;
}

static CK_RV session_closed_then(struct ctx *c)
{
	CK_RV rv = removed_with_session(c);

	if (rv == CKR_OK)
		rv = p11->C_CloseSession(c->s);
	return rv == CKR_OK ? want(slots_now() == 1) : rv;
}

/* The user is logged in, and has made an object. */
static CK_RV user_with(struct ctx *c, CK_ATTRIBUTE *object, CK_OBJECT_HANDLE *out)
{
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = session_open(c->slot, CKF_RW_SESSION, &c->s);
	if (rv == CKR_OK)
		rv = login(c->s, CKU_USER, USER_PIN);
	return rv == CKR_OK ? object_make(c->s, object, out) : rv;
}

/* With everything in it: the same slot, PIN and objects. */
static CK_RV back_again(struct ctx *c)
{
	CK_ATTRIBUTE object[] = {
		A_ULONG(CKA_CLASS, CKO_DATA), A_BOOL(CKA_TOKEN, CK_TRUE), A_TEXT(CKA_VALUE, "x"),
		A_END,
	};
	CK_OBJECT_HANDLE o = 0;
	CK_SLOT_ID slot = 0;
	CK_ULONG found = 0;
	CK_RV rv = user_with(c, object, &o);

	if (rv == CKR_OK)
		rv = p11->C_CloseSession(c->s);
	if (rename(token_path(mine), work_path("away")) != 0)
		return ROW_BROKEN;
	if (rv == CKR_OK)
		rv = want(slots_now() == 1);
	if (rename(work_path("away"), token_path(mine)) != 0)
		return ROW_BROKEN;
	if (rv == CKR_OK)
		rv = slot_find("mine", &slot);
	if (rv == CKR_OK)
		rv = session_open(slot, CKF_RW_SESSION, &c->s);
	if (rv == CKR_OK)
		rv = login(c->s, CKU_USER, USER_PIN);
	if (rv == CKR_OK)
		rv = object_find(c->s, object, &o, 1, &found);
	return rv == CKR_OK ? want(slot == c->slot && found == 1) : rv;
}

/* A login, an operation and a handle go on while other tokens come and go. */
static CK_RV others_undisturbed(struct ctx *c)
{
	CK_ATTRIBUTE object[] = {
		A_ULONG(CKA_CLASS, CKO_DATA), A_TEXT(CKA_VALUE, "undisturbed"), A_END,
	};
	CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
	CK_OBJECT_HANDLE o = 0;
	CK_BYTE out[32];
	CK_ULONG len = sizeof(out);
	CK_RV rv = user_with(c, object, &o);

	if (rv == CKR_OK)
		rv = p11->C_DigestInit(c->s, &sha256);
	if (rv == CKR_OK)
		rv = other_makes("other");
	if (rv == CKR_OK)
		rv = want(slots_now() == 3);
	tree_remove(token_path(another_name()));
	if (rv == CKR_OK)
		rv = want(slots_now() == 2);
	if (rv == CKR_OK)
		rv = attr_is(c->s, o, &object[1]);
	if (rv == CKR_OK)
		rv = want(session_state(c->s) == CKS_RW_USER_FUNCTIONS);
	return rv == CKR_OK ? p11->C_Digest(c->s, text("x"), 1, out, &len) : rv;
}

/* A directory without the token's file is none yet, and one with it is. */
static CK_RV half_made(struct ctx *c)
{
	CK_RV rv = one_token(c);

	if (rv == CKR_OK && (!tree_copy(token_path(mine), work_path("whole")) ||
			     mkdir(token_path("half"), 0700) != 0))
		rv = ROW_BROKEN;
	if (rv == CKR_OK)
		rv = want(slots_now() == 2);
	if (rv == CKR_OK && rename(work_path("whole/%s", token_file()),
				   work_path("%s/half/%s", tokens_name, token_file())) != 0)
		rv = ROW_BROKEN;
	tree_remove(work_path("whole"));
	return rv == CKR_OK ? want(slots_now() == 3) : rv;
}

static CK_RV label_changed_by_other(struct ctx *c)
{
	CK_TOKEN_INFO info;
	CK_RV rv = one_token(c);

	setenv("P11_LABEL", "changed", 1);
	if (rv == CKR_OK)
		rv = child_run("makes_anew");
	if (rv == CKR_OK)
		rv = p11->C_GetTokenInfo(c->slot, &info);
	if (rv == CKR_OK)
		rv = want(padded_is(info.label, sizeof(info.label), "changed"));
	return rv == CKR_OK ? want(slots_now() == 2 && is_listed("changed")) : rv;
}

static CK_RV tool(const char *arguments)
{
	const char *util = getenv("SOFTHSM2_UTIL");
	char command[8192];

	snprintf(command, sizeof(command), "'%s' %s >/dev/null 2>&1", util ? util : "softhsm2-util",
		 arguments);
	return system(command) == 0 ? CKR_OK : ROW_BROKEN;
}

static CK_RV made_and_deleted_by_tool(struct ctx *c)
{
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = tool("--init-token --free --label tool --so-pin 12345678 --pin 1234");
	if (rv == CKR_OK)
		rv = want(slots_now() == 3 && is_listed("tool"));
	if (rv == CKR_OK)
		rv = tool("--delete-token --token tool");
	return rv == CKR_OK ? want(slots_now() == 2 && !is_listed("tool")) : rv;
}

/* The token made in the free slot stays in it, and the next look finds another free one. */
static CK_RV made_here(struct ctx *c)
{
	CK_SLOT_ID slot = 0, later = 0;
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = slot_free(&slot);
	if (rv == CKR_OK)
		rv = token_init(slot, SO_PIN, "here");
	if (rv == CKR_OK)
		rv = other_makes("other");
	if (rv == CKR_OK)
		rv = slot_find("here", &later);
	return rv == CKR_OK ? want(slot == later && slots_now() == 4) : rv;
}

/* Without the directory there are no tokens; with it, there they are. */
static CK_RV directory_away(struct ctx *c)
{
	CK_RV rv = one_token(c);

	if (rename(work_path("%s", tokens_name), work_path("away")) != 0)
		return ROW_BROKEN;
	if (rv == CKR_OK)
		rv = want(slots_now() == 1);
	if (rename(work_path("away"), work_path("%s", tokens_name)) != 0)
		return ROW_BROKEN;
	return rv == CKR_OK ? want(slots_now() == 2 && is_listed("mine")) : rv;
}

static CK_RV comes_and_goes_often(struct ctx *c)
{
	CK_RV rv = one_token(c);

	for (int i = 0; rv == CKR_OK && i < 20; i++) {
		if (!tree_copy(token_path(mine), token_path("copy")))
			return ROW_BROKEN;
		rv = want(slots_now() == 3);
		tree_remove(token_path("copy"));
		if (rv == CKR_OK)
			rv = want(slots_now() == 2);
	}
	return rv;
}

void test_rescan(void)
{
	static const struct row rows[] = {
#define ROW(expected, call) { "rescan_" #call, ANY_STATE, expected, call, NULL, __FILE__, __LINE__ }
		ROW(CKR_OK, made_by_other),
		ROW(CKR_OK, ids_stay),
		ROW(CKR_OK, found_works),
		ROW(CKR_OK, copied_in),
		ROW(CKR_OK, list_waits_for_count),
		ROW(CKR_OK, removed),
		ROW(CKR_TOKEN_NOT_PRESENT, removed_token_info),
		ROW(CKR_OK, removed_slot_info),
		ROW(CKR_TOKEN_NOT_PRESENT, removed_session),
		ROW(CKR_TOKEN_NOT_PRESENT, removed_init_token),
		ROW(CKR_OK, removed_with_session),
		ROW(CKR_OK, session_closed_then),
		ROW(CKR_OK, back_again),
		ROW(CKR_OK, others_undisturbed),
		ROW(CKR_OK, half_made),
		ROW(CKR_OK, label_changed_by_other),
		ROW(CKR_OK, made_and_deleted_by_tool),
		ROW(CKR_OK, made_here),
		ROW(CKR_OK, directory_away),
		ROW(CKR_OK, comes_and_goes_often),
#undef ROW
	};

	for (size_t i = 0; i < LENGTH(rows); i++)
		row_run(&rows[i]);
}

/*
 * What another process does to the token is seen by the next search and the next look at the
 * object, and a PIN that it changed by the next login. The other is the same module, or SoftHSM,
 * which changes objects in place.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "search.h"

#define SOFTHSM "/usr/lib/softhsm/libsofthsm2.so"
#define NEW_PIN "a pin of the other"

/* Enough for an index. */
#define BYSTANDERS 30

static CK_ATTRIBUTE created[] = { A_TEXT(CKA_LABEL, "created by the other"), A_END };
static CK_ATTRIBUTE changed[] = { A_TEXT(CKA_LABEL, "changed by the other"), A_END };

static CK_RV make_data(CK_SESSION_HANDLE s, const CK_ATTRIBUTE *label)
{
	CK_ATTRIBUTE t[] = {
		A_ULONG(CKA_CLASS, CKO_DATA), A_BOOL(CKA_TOKEN, CK_TRUE),
		A_BOOL(CKA_PRIVATE, CK_TRUE), *label, A_END,
	};
	CK_OBJECT_HANDLE o = 0;

	return object_make(s, t, &o);
}

static CK_RV find(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_OBJECT_HANDLE *out, CK_ULONG wanted)
{
	CK_ULONG count = 0;
	CK_RV rv = object_find(s, t, out, 1, &count);

	return rv == CKR_OK ? want(count == wanted) : rv;
}

/* --- the other ------------------------------------------------------------ */

static CK_RV act(CK_SESSION_HANDLE s, const char *what)
{
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = CKR_OK;

	if (strcmp(what, "create") == 0)
		return make_data(s, created);
	if (strcmp(what, "pin") == 0)
		return p11->C_SetPIN(s, text(USER_PIN), strlen(USER_PIN), text(NEW_PIN),
				     strlen(NEW_PIN));
	if (strcmp(what, "change") == 0) {
		rv = find(s, created, &o, 1);
		return rv == CKR_OK ? p11->C_SetAttributeValue(s, o, changed, 1) : rv;
	}
	rv = find(s, changed, &o, 1);
	return rv == CKR_OK ? p11->C_DestroyObject(s, o) : rv;
}

int child_other(void)
{
	const char *module = getenv("OTHER_MODULE"), *what = getenv("OTHER_ACT");
	CK_SESSION_HANDLE s = 0;
	CK_SLOT_ID slot = 0;
	CK_RV rv;

	if (!module || !what || setenv("MODULE", module, 1) || !module_load())
		return 1;
	rv = module_start();
	if (rv == CKR_OK)
		rv = slot_find(TOKEN_LABEL, &slot);
	if (rv == CKR_OK)
		rv = session_open(slot, CKF_RW_SESSION, &s);
	if (rv == CKR_OK)
		rv = login(s, CKU_USER, USER_PIN);
	if (rv == CKR_OK)
		rv = act(s, what);
	if (rv == CKR_OK)
		rv = p11->C_Finalize(NULL);
	return rv == CKR_OK ? 0 : 1;
}

static CK_RV other(const char *module, const char *what)
{
	setenv("OTHER_MODULE", module, 1);
	setenv("OTHER_ACT", what, 1);
	return child_run("other");
}

/* --- this one ------------------------------------------------------------- */

static CK_RV make_bystanders(CK_SESSION_HANDLE s)
{
	const CK_ATTRIBUTE label = A_TEXT(CKA_LABEL, "bystander");
	CK_RV rv = CKR_OK;

	for (int i = 0; rv == CKR_OK && i < BYSTANDERS; i++)
		rv = make_data(s, &label);
	return rv;
}

static CK_RV seen(struct ctx *c)
{
	const char *module = c->arg;
	CK_OBJECT_HANDLE o = 0, gone = 0;
	CK_ULONG size = 0;
	CK_RV rv = make_bystanders(c->s);

	if (rv == CKR_OK)
		rv = find(c->s, created, &o, 0);
	if (rv == CKR_OK)
		rv = other(module, "create");
	if (rv == CKR_OK)
		rv = find(c->s, created, &o, 1);
	if (rv == CKR_OK)
		rv = other(module, "change");
	if (rv == CKR_OK)
		rv = attr_is(c->s, o, changed);
	if (rv == CKR_OK)
		rv = find(c->s, created, &gone, 0);
	if (rv == CKR_OK)
		rv = find(c->s, changed, &o, 1);
	if (rv == CKR_OK)
		rv = other(module, "destroy");
	if (rv == CKR_OK)
		rv = want(p11->C_GetObjectSize(c->s, o, &size) == CKR_OBJECT_HANDLE_INVALID);
	return rv == CKR_OK ? find(c->s, changed, &gone, 0) : rv;
}

/* The search comes first here, after each change. */
static CK_RV found(struct ctx *c)
{
	const char *module = c->arg;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = make_bystanders(c->s);

	if (rv == CKR_OK)
		rv = other(module, "create");
	if (rv == CKR_OK)
		rv = find(c->s, created, &o, 1);
	if (rv == CKR_OK)
		rv = other(module, "change");
	if (rv == CKR_OK)
		rv = find(c->s, changed, &o, 1);
	if (rv == CKR_OK)
		rv = other(module, "destroy");
	return rv == CKR_OK ? find(c->s, changed, &o, 0) : rv;
}

static CK_RV pin_counts(struct ctx *c)
{
	CK_RV rv = other(c->arg, "pin"), old, new;

	if (rv != CKR_OK || p11->C_Logout(c->s) != CKR_OK)
		return ROW_BROKEN;
	old = login(c->s, CKU_USER, USER_PIN);
	new = login(c->s, CKU_USER, NEW_PIN);
	/* the other rows want the old one back */
	p11->C_SetPIN(c->s, text(NEW_PIN), strlen(NEW_PIN), text(USER_PIN), strlen(USER_PIN));
	module_restart();
	return want(old == CKR_PIN_INCORRECT && new == CKR_OK);
}

void test_others(void)
{
	static char ours[4096];

	strncpy(ours, getenv("MODULE"), sizeof(ours) - 1);
	row_runf(RW_USER, seen, ours, CKR_OK, "others_seen");
	row_runf(RW_USER, found, ours, CKR_OK, "others_found");
	row_runf(RW_USER, pin_counts, ours, CKR_OK, "others_pin");
	/* Debian's knows no databases */
	if (reference || strcmp(conf_backend(), "file") != 0 || access(SOFTHSM, R_OK) != 0)
		return;
	row_runf(RW_USER, seen, SOFTHSM, CKR_OK, "others_seen_of_softhsm");
	row_runf(RW_USER, found, SOFTHSM, CKR_OK, "others_found_of_softhsm");
	row_runf(RW_USER, pin_counts, SOFTHSM, CKR_OK, "others_pin_of_softhsm");
}

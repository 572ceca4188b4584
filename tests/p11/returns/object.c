#include "config.h"

#include "returns.h"
#include "scene.h"

#define DATA_OBJECT	A_ULONG(CKA_CLASS, CKO_DATA)
#define EC_PUBLIC_KEY	A_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), A_ULONG(CKA_KEY_TYPE, CKK_EC)
#define NEW_LABEL	LIST(A_TEXT(CKA_LABEL, "new"))
#define KIND_TEMPLATE	joined, tmpl_count(joined)

static CK_ATTRIBUTE joined[TMPL_MAX];

static const CK_ATTRIBUTE always_authenticate_not_private[] = {
	A_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE), A_BOOL(CKA_PRIVATE, CK_FALSE), A_END,
};

/* 1.2.840.10045.3.1.99 */
static CK_BYTE curve_unknown[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 99 };
/* As long as a point of P-256. */
static CK_BYTE point_off_the_curve[67] = { 4, 65, 4, 1, 2, 3 };

static CK_RV kind_template(enum kind kind, const CK_ATTRIBUTE *more)
{
	tmpl_join(joined, kind_templates[kind], more);
	return CKR_OK;
}

/* The one in which the object was made is closed. */
static CK_RV in_a_later_session(struct ctx *c)
{
	CK_SESSION_HANDLE first = c->s;

	return session_open(c->slot, CKF_RW_SESSION, &c->s) || p11->C_CloseSession(first);
}

#define ROWS_FILE "object.def"
#define ROWS_TABLE returns_object
#include "rows.h"

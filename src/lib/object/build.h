/* How a new object comes to be, whoever makes it: shared by create and generate. */
#ifndef OBJECT_BUILD_H
#define OBJECT_BUILD_H

#include "object/attr.h"
#include "object/object_table.h"

/* The most attributes that a caller's template may have, as the reference has it. */
#define BUILD_MAX_CREATE 32
#define BUILD_MAX_GENERATE 28

/* An object in the making. */
struct build {
	enum attr_use use;
	CK_OBJECT_CLASS class;
	CK_ULONG subtype;	/* CKK_ or CKC_ */
	uint32_t scope;
	bool token;
	bool private;
	struct attrset *plain;	/* secret; NULL until build_apply */
};

/*
 * Finds out what the template wants to make; class and sub-type come from it, or are already in b
 * and then repeated at most. CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID (no such kind of
 * object).
 */
CK_RV build_plan(struct build *b, const CK_ATTRIBUTE *templ, CK_ULONG count) MUST_CHECK;

/* Makes b->plain: the defaults, then the template by the rules. The codes of attr_apply. */
CK_RV build_apply(struct build *b, const struct caller *who, const CK_ATTRIBUTE *templ,
		  CK_ULONG count) MUST_CHECK;

/*
 * Checks and completes the values of a key or certificate that the caller gave.
 * CKR_ATTRIBUTE_VALUE_INVALID.
 */
CK_RV build_complete(struct build *b) MUST_CHECK;

/* Stores one object, or two; gives their handles. The table's lock is held by the caller. */
CK_RV build_store(struct object_table *t, const struct caller *who, struct build *const *b,
		  size_t n, CK_OBJECT_HANDLE *handles) MUST_CHECK;

void build_free(struct build *b);

#endif

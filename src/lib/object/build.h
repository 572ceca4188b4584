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
	bool informed;		/* CKA_PUBLIC_KEY_INFO is settled */
	CK_ULONG inherited;	/* of the template's entries: not the caller's, and not limited */
	struct attrset *plain;	/* secret; NULL until build_apply */
};

/*
 * Finds out what the template wants to make; class and sub-type come from it, or are already in b
 * and then repeated at most. CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT (given twice),
 * CKR_ATTRIBUTE_VALUE_INVALID (no such kind of object).
 */
CK_RV build_plan(struct build *b, const CK_ATTRIBUTE *templ, CK_ULONG count) MUST_CHECK;

/* Makes b->plain: the defaults, then the template by the rules. The codes of attr_apply. */
CK_RV build_apply(struct build *b, const struct caller *who, const CK_ATTRIBUTE *templ,
		  CK_ULONG count) MUST_CHECK;

/*
 * Checks and completes the values that were given (create), unwrapped or derived, and are in
 * b->plain now: what follows from them, CKA_CHECK_VALUE, CKA_PUBLIC_KEY_INFO. A created or
 * unwrapped key was known outside: CKA_ALWAYS_SENSITIVE and CKA_NEVER_EXTRACTABLE become false; of
 * a derived one they are the caller's. CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT (a
 * length in the template is not the value's, a certificate has neither value nor URL).
 */
CK_RV build_complete(struct build *b) MUST_CHECK;

/*
 * Settles CKA_PUBLIC_KEY_INFO of a public or private key: computed, or as given if it is the key's.
 * build_complete and build_store do it, too (of a generated pair, the private key takes over what
 * the public key has); a caller may do it before, without the table's lock.
 * CKR_ATTRIBUTE_VALUE_INVALID.
 */
CK_RV build_public_info(struct build *b) MUST_CHECK;

/*
 * Stores n objects that go to the same place (1 to STORE_ADD_MAX), all or none; gives their
 * handles. The table's lock is held by the caller.
 */
CK_RV build_store(struct object_table *t, const struct caller *who, struct build *const *b,
		  size_t n, CK_OBJECT_HANDLE *handles) MUST_CHECK;

/* The same for one object; takes the table's lock. */
CK_RV build_store_one(struct object_table *t, const struct caller *who, struct build *b,
		      CK_OBJECT_HANDLE *handle) MUST_CHECK;

void build_free(struct build *b);

#endif

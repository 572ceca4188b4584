#ifndef TESTS_KAT_TMPL_H
#define TESTS_KAT_TMPL_H

#include "record.h"

/* Templates and objects made from the fields of records and sections. */

#define TMPL_ATTRS	40

struct tmpl {
	CK_ATTRIBUTE a[TMPL_ATTRS];
	CK_ULONG n;
};

void tmpl_bytes(struct tmpl *t, CK_ATTRIBUTE_TYPE type, struct bytes value);
void tmpl_number(struct tmpl *t, CK_ATTRIBUTE_TYPE type, CK_ULONG value);
void tmpl_flag(struct tmpl *t, CK_ATTRIBUTE_TYPE type, bool value);
/*
 * The attributes among the fields of r whose name is `prefix` followed by CKA_...; the value's form
 * follows from the attribute: a number or constant, true or false, else bytes.
 */
bool tmpl_fields(struct tmpl *t, struct record *r, const char *prefix);

/* A session object that is not private, readable, and may serve the operation. */
void tmpl_key(struct tmpl *t, CK_OBJECT_CLASS class, enum operation op);

/*
 * The key that the record's field names, as the operation wants it: a secret key written in the
 * field ("CKK_AES 00112233..."), or the public or private half of a [key NAME] section.
 */
bool key_make(struct record *r, CK_SESSION_HANDLE s, const char *field, enum operation op,
	      CK_OBJECT_HANDLE *out);
/* Like key_make, but a key to be wrapped, and what type and class it has. */
struct wrapped {
	CK_OBJECT_HANDLE key;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
};
bool key_make_wrapped(struct record *r, CK_SESSION_HANDLE s, const char *field,
		      struct wrapped *out);
/* Is the key secret, or does its section have that half? */
bool key_has(struct record *r, const char *field, enum operation op);
/* The section that the field names; NULL for a secret key. */
struct record *key_section(struct record *r, const char *field);

/* A key of another type than the mechanism takes, fit for the operation otherwise. */
bool key_make_wrong(const struct mechanism *m, CK_SESSION_HANDLE s, enum operation op,
		    CK_OBJECT_HANDLE *out);

/* An attribute's value in the pool; false when the module refuses. */
bool object_value(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type,
		  struct bytes *out);
/* Has the object each of the attributes with those values? Complains if not. */
bool object_check(const struct record *r, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o,
		  const struct tmpl *want);

#endif

/*
 * The rules of attributes: one table (attr_table.c), one loop that turns its rows into CKR_ codes
 * (PKCS#11 2.40 section 4 and the footnotes of its tables 10 to 34).
 */
#ifndef OBJECT_ATTR_H
#define OBJECT_ATTR_H

#include "common/attrset.h"
#include "object/access.h"

/* OpenPGP certificates, as the reference numbers them; the standard has no value of its own. */
#define CKC_OPENPGP (CKC_VENDOR_DEFINED | 0x504750UL)

/* The kinds of object that differ in their attributes; a row names those that have it. */
enum attr_scope {
	IN_DATA      = 1 << 0,
	IN_X509      = 1 << 1,
	IN_PGP       = 1 << 2,
	IN_RSA_PUB   = 1 << 3,
	IN_DSA_PUB   = 1 << 4,
	IN_DH_PUB    = 1 << 5,
	IN_EC_PUB    = 1 << 6,
	IN_MLDSA_PUB = 1 << 7,
	IN_RSA_PRIV  = 1 << 8,
	IN_DSA_PRIV  = 1 << 9,
	IN_DH_PRIV   = 1 << 10,
	IN_EC_PRIV   = 1 << 11,
	IN_MLDSA_PRIV = 1 << 12,
	IN_GENERIC   = 1 << 13,		/* and the HMAC types, HKDF */
	IN_AES       = 1 << 14,		/* AES, AES-XTS, ChaCha20, Poly1305 */
	IN_DES       = 1 << 15,		/* DES, DES2, DES3 */
	IN_DSA_DOM   = 1 << 16,
	IN_DH_DOM    = 1 << 17,
	IN_OTHER     = 1 << 18		/* stored by somebody else: only what all objects have */
};

#define IN_CERT (IN_X509 | IN_PGP)
#define IN_PUB (IN_RSA_PUB | IN_DSA_PUB | IN_DH_PUB | IN_EC_PUB | IN_MLDSA_PUB)
#define IN_PRIV (IN_RSA_PRIV | IN_DSA_PRIV | IN_DH_PRIV | IN_EC_PRIV | IN_MLDSA_PRIV)
#define IN_SEC (IN_GENERIC | IN_AES | IN_DES)
#define IN_KEYS (IN_PUB | IN_PRIV | IN_SEC)
#define IN_DOM (IN_DSA_DOM | IN_DH_DOM)
#define IN_ALL (IN_DATA | IN_CERT | IN_KEYS | IN_DOM | IN_OTHER)

enum attr_rules {
	MUST_CREATE   = 1 << 0,		/* C_CreateObject: CKR_TEMPLATE_INCOMPLETE without it */
	NOT_CREATE    = 1 << 1,		/* ... CKR_ATTRIBUTE_READ_ONLY with it */
	MUST_GENERATE = 1 << 2,
	NOT_GENERATE  = 1 << 3,
	MUST_UNWRAP   = 1 << 4,
	NOT_UNWRAP    = 1 << 5,
	SECRET        = 1 << 6,		/* hidden when CKA_SENSITIVE or not CKA_EXTRACTABLE */
	MAY_SET       = 1 << 7,		/* by C_SetAttributeValue and C_CopyObject */
	MAY_COPY      = 1 << 8,		/* by C_CopyObject only */
	ONLY_TO_TRUE  = 1 << 9,		/* set and copy may not make it false again */
	ONLY_TO_FALSE = 1 << 10,
	SO_SETS_TRUE  = 1 << 11,	/* true needs the SO: CKR_ATTRIBUTE_READ_ONLY */
	IDENTITY      = 1 << 12,	/* a repeat must be the same: CKR_TEMPLATE_INCONSISTENT */
	CLEAR         = 1 << 13,	/* the format does not encrypt it in private objects */
	SPARSE        = 1 << 14,	/* unknown to the reference: its default is not stored */
	COMPUTED      = 1 << 15,	/* while it is empty, computed on request (computed.h) */
	NO_TEMPLATE   = 1 << 16,	/* no template may have it: CKR_ATTRIBUTE_TYPE_INVALID */
	BY_LIBRARY    = NOT_CREATE | NOT_GENERATE | NOT_UNWRAP
};

struct attr_rule {
	CK_ATTRIBUTE_TYPE type;
	uint32_t where;		/* enum attr_scope bits */
	enum attr_kind kind;
	uint32_t rules;		/* enum attr_rules bits */
	uint64_t def;		/* default of a flag or a number; the others start empty */
	/*
	 * One more test of a given value, once the whole template is in object; NULL: none. Its
	 * result is the answer.
	 */
	CK_RV (*check)(const struct attrset *object, const struct attr *value);
};

extern const struct attr_rule attr_table[];
extern const size_t attr_table_len;

/*
 * The scope of an object; 0 when the class or its sub-type (key type, certificate type) is none
 * that can be made.
 */
uint32_t attr_scope(CK_OBJECT_CLASS class, CK_ULONG subtype);

/*
 * The attribute that holds the sub-type of that class (CKA_KEY_TYPE, CKA_CERTIFICATE_TYPE);
 * CKA_CLASS when it has none.
 */
CK_ATTRIBUTE_TYPE attr_subtype(CK_OBJECT_CLASS class);

/* The scope of a stored object; IN_OTHER when it is of a kind this library does not know. */
uint32_t attr_scope_of(const struct attrset *object);

/* The row of an attribute in that scope; NULL: such objects do not have it. */
const struct attr_rule *attr_rule_find(uint32_t scope, CK_ATTRIBUTE_TYPE type);

/* The rules of all rows of that attribute together; 0 when there is none. */
uint32_t attr_rules_of(CK_ATTRIBUTE_TYPE type);

/*
 * The kind of an attribute wherever it occurs, for templates inside templates; 0 when it is
 * unknown.
 */
enum attr_kind attr_kind_of(CK_ATTRIBUTE_TYPE type);

/* Is the value hidden from the application now? */
bool attr_hidden(const struct attr_rule *rule, const struct attrset *object);

/*
 * Notes "CKA_X why" as the reason of a refusal (common/reason.h), the attribute by number where it
 * has no name; returns rv.
 */
CK_RV attr_refuse(CK_ATTRIBUTE_TYPE type, const char *why, CK_RV rv);

/* Sets one attribute to its default. CKR_HOST_MEMORY. */
CK_RV attr_default(const struct attr_rule *rule, struct attrset *object) MUST_CHECK;

/* Is there an attribute of that type in the template? */
bool attr_given(const CK_ATTRIBUTE *templ, CK_ULONG count, CK_ATTRIBUTE_TYPE type);

/*
 * Sets every attribute of the scope that is not there yet to its default, but for SPARSE ones.
 * CKR_HOST_MEMORY.
 */
CK_RV attr_defaults(uint32_t scope, struct attrset *object) MUST_CHECK;

enum attr_use {
	USE_CREATE,
	USE_GENERATE,
	USE_UNWRAP,
	USE_DERIVE,
	USE_COPY,
	USE_SET
};

/*
 * Tests the template against the rows and writes its values into changes. object gives the present
 * values (one-way rules, CKA_MODIFIABLE); its byte strings are not looked at. Of a new object (all
 * uses but copy and set) the two are the same set, which holds the defaults. An attribute may be
 * given again with the same value, not with another. On failure changes is useless, and the reason
 * is noted, with the attribute's name (common/reason.h). CKR_ATTRIBUTE_TYPE_INVALID,
 * CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
 * CKR_TEMPLATE_INCOMPLETE (create, generate, unwrap).
 */
CK_RV attr_apply(enum attr_use use, uint32_t scope, const struct caller *who,
		 const struct attrset *object, const CK_ATTRIBUTE *templ, CK_ULONG count,
		 struct attrset *changes) MUST_CHECK;

#endif

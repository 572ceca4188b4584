/*
 * CK_ATTRIBUTE arrays, the caller's memory: every pointer and length in them is hostile, values may
 * be misaligned (PKCS#11 2.40 section 4.1).
 */
#ifndef OBJECT_TEMPLATE_H
#define OBJECT_TEMPLATE_H

#include "common/attrset.h"

/* No value has more bytes. A length beyond that is a mistake, and memory behind it unlikely. */
#define TEMPLATE_VALUE_MAX ((CK_ULONG)64 << 20)

/*
 * The attribute's value, taken as that kind, into set. CKR_ATTRIBUTE_VALUE_INVALID when it cannot
 * be one: NULL with a length, the wrong size for a flag or a number, no whole number of entries, a
 * template inside a template, or one that names an attribute twice with different values. Any byte
 * but 0 is true in a flag, as in the reference.
 */
CK_RV template_take(const CK_ATTRIBUTE *from, enum attr_kind kind, struct attrset *set) MUST_CHECK;

/*
 * The value of from written to the caller's attribute by the rules of C_GetAttributeValue
 * (section 5.7): pValue NULL: the length only; too small: CKR_BUFFER_TOO_SMALL with ulValueLen =
 * CK_UNAVAILABLE_INFORMATION.
 */
CK_RV template_give(const struct attr *from, CK_ATTRIBUTE *to) MUST_CHECK;

/* The same for a byte string that is not in a set. */
CK_RV template_give_bytes(const void *data, size_t len, CK_ATTRIBUTE *to) MUST_CHECK;

/*
 * Reads a number, or a flag, out of a template. true: it is there, has the right size, and *out is
 * set. The last one of several counts.
 */
bool template_number(const CK_ATTRIBUTE *templ, CK_ULONG count, CK_ATTRIBUTE_TYPE type,
		     CK_ULONG *out);
bool template_flag(const CK_ATTRIBUTE *templ, CK_ULONG count, CK_ATTRIBUTE_TYPE type, bool *out);

#endif

#include "config.h"

#include <string.h>

#include "p11/object/object.h"

/*
 * C_WrapKey, C_UnwrapKey and C_DeriveKey: which key may be used and taken, what the templates
 * that are stored with keys do, and which attributes the new key gets. The mechanisms themselves
 * are tested elsewhere; here AES wraps and AES or ECDH derives.
 */

#define BLOB_MAX	4096

static CK_BYTE zero_iv[16];
static CK_BYTE sixteen[16] = "0123456789abcde";

static const CK_MECHANISM aes_wrap = { CKM_AES_KEY_WRAP, NULL, 0 };
static const CK_MECHANISM aes_wrap_pad = { CKM_AES_KEY_WRAP_PAD, NULL, 0 };
static const CK_MECHANISM aes_cbc_pad = { CKM_AES_CBC_PAD, zero_iv, sizeof(zero_iv) };
static const CK_MECHANISM no_wrap = { CKM_SHA256, NULL, 0 };
static const CK_MECHANISM rsa_pkcs = { CKM_RSA_PKCS, NULL, 0 };

/* Makes an object of the kind with two lists of more attributes. */
static CK_RV make(struct ctx *c, enum kind kind, const CK_ATTRIBUTE *usage,
		  const CK_ATTRIBUTE *more, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE t[TMPL_MAX];

	tmpl_join(t, usage, more);
	return kind_make(c->s, kind, t, out) == CKR_OK ? CKR_OK : ROW_BROKEN;
}

static CK_RV make_wrapping(struct ctx *c, enum kind kind, const CK_ATTRIBUTE *more,
			   CK_OBJECT_HANDLE *out)
{
	return make(c, kind, T(A_BOOL(CKA_WRAP, CK_TRUE)), more, out);
}

static CK_RV make_key(struct ctx *c, enum kind kind, const CK_ATTRIBUTE *more,
		      CK_OBJECT_HANDLE *out)
{
	return make(c, kind, T(A_BOOL(CKA_EXTRACTABLE, CK_TRUE)), more, out);
}

static CK_RV wrap(struct ctx *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE with, CK_OBJECT_HANDLE key,
		  CK_BYTE *out, CK_ULONG *len)
{
	CK_MECHANISM copy = *m;

	return p11->C_WrapKey(c->s, &copy, with, key, out, len);
}

/* --- wrapping ------------------------------------------------------------ */

struct wrap_case {
	const char *name;
	const CK_MECHANISM *mechanism;
	enum kind with;
	const CK_ATTRIBUTE *with_more;
	enum kind key;
	const CK_ATTRIBUTE *key_more;
	CK_RV expected;
};

static CK_RV wrap_case(struct ctx *c)
{
	const struct wrap_case *w = c->arg;
	CK_OBJECT_HANDLE with = 0, key = 0;
	CK_BYTE blob[BLOB_MAX];
	CK_ULONG len = sizeof(blob), size = 0;
	CK_RV rv = make_wrapping(c, w->with, w->with_more, &with);

	if (rv == CKR_OK)
		rv = w->key == DATA || w->key == RSA_PUBLIC ?
			     kind_make(c->s, w->key, w->key_more, &key) :
			     make_key(c, w->key, w->key_more, &key);
	if (rv != CKR_OK)
		return ROW_BROKEN;
	rv = wrap(c, w->mechanism, with, key, blob, &len);
	if (rv != CKR_OK)
		return rv;
	/* the two calls of section 5.2 */
	rv = wrap(c, w->mechanism, with, key, NULL, &size);
	if (rv != CKR_OK || size < len)
		return ROW_WRONG;
	size = len - 1;
	rv = wrap(c, w->mechanism, with, key, blob, &size);
	return want(rv == CKR_BUFFER_TOO_SMALL && size >= len);
}

#define TEMPLATE(type, ...) { (type), (CK_ATTRIBUTE[]){ __VA_ARGS__ }, \
			      sizeof((CK_ATTRIBUTE[]){ __VA_ARGS__ }) }
#define MECHS(...) { CKA_ALLOWED_MECHANISMS, (CK_MECHANISM_TYPE[]){ __VA_ARGS__ }, \
		     sizeof((CK_MECHANISM_TYPE[]){ __VA_ARGS__ }) }

static const struct wrap_case wrap_cases[] = {
	{ "aes_by_aes", &aes_wrap, AES, NULL, AES, NULL, CKR_OK },
	{ "generic_by_aes", &aes_wrap, AES, NULL, GENERIC, NULL, CKR_OK },
	{ "rsa_by_aes", &aes_wrap_pad, AES, NULL, RSA_PRIVATE, NULL, CKR_OK },
	{ "rsa_by_cbc_pad", &aes_cbc_pad, AES, NULL, RSA_PRIVATE, NULL, CKR_OK },
	{ "ec_by_aes", &aes_wrap_pad, AES, NULL, EC_PRIVATE, NULL, CKR_OK },
	{ "ed_by_aes", &aes_wrap_pad, AES, NULL, ED_PRIVATE, NULL, CKR_OK },
	{ "aes_by_rsa", &rsa_pkcs, RSA_PUBLIC, NULL, AES, NULL, CKR_OK },
	{ "private_by_rsa", &rsa_pkcs, RSA_PUBLIC, NULL, EC_PRIVATE, NULL, CKR_KEY_NOT_WRAPPABLE },
	{ "public_key", &aes_wrap_pad, AES, NULL, RSA_PUBLIC, NULL, CKR_KEY_NOT_WRAPPABLE },
	{ "data", &aes_wrap, AES, NULL, DATA, NULL, CKR_KEY_NOT_WRAPPABLE },
	{ "not_permitted", &aes_wrap, AES, T(A_BOOL(CKA_WRAP, CK_FALSE)), AES, NULL,
	  CKR_KEY_FUNCTION_NOT_PERMITTED },
	{ "wrong_key_type", &aes_wrap, GENERIC, NULL, AES, NULL,
	  CKR_WRAPPING_KEY_TYPE_INCONSISTENT },
	{ "with_rsa_key", &aes_wrap, RSA_PUBLIC, NULL, AES, NULL,
	  CKR_WRAPPING_KEY_TYPE_INCONSISTENT },
	{ "no_wrap_mechanism", &no_wrap, AES, NULL, AES, NULL, CKR_MECHANISM_INVALID },
	{ "not_allowed", &aes_wrap, AES, T(MECHS(CKM_AES_CBC_PAD)), AES, NULL,
	  CKR_MECHANISM_INVALID },
	{ "allowed", &aes_wrap, AES, T(MECHS(CKM_AES_CBC_PAD, CKM_AES_KEY_WRAP)), AES, NULL,
	  CKR_OK },
	{ "unextractable", &aes_wrap, AES, NULL, AES, T(A_BOOL(CKA_EXTRACTABLE, CK_FALSE)),
	  CKR_KEY_UNEXTRACTABLE },
	{ "unextractable_private", &aes_wrap_pad, AES, NULL, EC_PRIVATE,
	  T(A_BOOL(CKA_EXTRACTABLE, CK_FALSE)), CKR_KEY_UNEXTRACTABLE },
	{ "sensitive", &aes_wrap, AES, NULL, AES, T(A_BOOL(CKA_SENSITIVE, CK_TRUE)), CKR_OK },
	{ "needs_trusted", &aes_wrap, AES, NULL, AES, T(A_BOOL(CKA_WRAP_WITH_TRUSTED, CK_TRUE)),
	  CKR_KEY_NOT_WRAPPABLE },
	{ "template_empty", &aes_wrap, AES, T(A_EMPTY(CKA_WRAP_TEMPLATE)), AES, NULL, CKR_OK },
	{ "template_fits", &aes_wrap, AES,
	  T(TEMPLATE(CKA_WRAP_TEMPLATE, A_ULONG(CKA_KEY_TYPE, CKK_AES), A_TEXT(CKA_LABEL, "me"))),
	  AES, T(A_TEXT(CKA_LABEL, "me")), CKR_OK },
	{ "template_flag_differs", &aes_wrap, AES,
	  T(TEMPLATE(CKA_WRAP_TEMPLATE, A_BOOL(CKA_SENSITIVE, CK_TRUE))), AES, NULL,
	  CKR_KEY_NOT_WRAPPABLE },
	{ "template_number_differs", &aes_wrap, AES,
	  T(TEMPLATE(CKA_WRAP_TEMPLATE, A_ULONG(CKA_KEY_TYPE, CKK_DES3))), AES, NULL,
	  CKR_KEY_NOT_WRAPPABLE },
	{ "template_bytes_differ", &aes_wrap, AES,
	  T(TEMPLATE(CKA_WRAP_TEMPLATE, A_TEXT(CKA_LABEL, "me"))), AES,
	  T(A_TEXT(CKA_LABEL, "you")), CKR_KEY_NOT_WRAPPABLE },
	{ "template_absent_attribute", &aes_wrap, AES,
	  T(TEMPLATE(CKA_WRAP_TEMPLATE, A_TEXT(CKA_MODULUS, "x"))), AES, NULL,
	  CKR_KEY_NOT_WRAPPABLE },
	{ "template_public_object", &aes_wrap, AES,
	  T(TEMPLATE(CKA_WRAP_TEMPLATE, A_TEXT(CKA_LABEL, "me"))), AES,
	  T(A_TEXT(CKA_LABEL, "me"), A_BOOL(CKA_PRIVATE, CK_FALSE)), CKR_OK },
};

static void test_wrap(void)
{
	for (size_t i = 0; i < LENGTH(wrap_cases); i++)
		row_runf(RW_USER, wrap_case, &wrap_cases[i], wrap_cases[i].expected, "wrap_%s",
			 wrap_cases[i].name);
}

/* A trusted wrapping key, which only the SO makes, wraps what asks for one. */
static CK_RV wrap_with_trusted(struct ctx *c)
{
	CK_ATTRIBUTE label[] = { A_TEXT(CKA_LABEL, "trusted"), A_END };
	CK_OBJECT_HANDLE with = 0, key = 0;
	CK_BYTE blob[BLOB_MAX];
	CK_ULONG len = sizeof(blob), found = 0;
	CK_RV rv = make_wrapping(c, AES,
				 T(A_BOOL(CKA_TRUSTED, CK_TRUE), A_BOOL(CKA_PRIVATE, CK_FALSE),
				   A_BOOL(CKA_TOKEN, CK_TRUE), label[0]), &with);

	if (rv == CKR_OK)
		rv = state_enter(c, RW_USER);
	if (rv == CKR_OK)
		rv = object_find(c->s, label, &with, 1, &found);
	if (rv == CKR_OK)
		rv = make_key(c, AES, T(A_BOOL(CKA_WRAP_WITH_TRUSTED, CK_TRUE)), &key);
	if (rv == CKR_OK)
		rv = wrap(c, &aes_wrap, with, key, blob, &len);
	return rv == CKR_OK ? p11->C_DestroyObject(c->s, with) : rv;
}

static CK_RV wrap_bad_wrapping(struct ctx *c)
{
	CK_OBJECT_HANDLE key = 0;
	CK_ULONG len = 0;

	return make_key(c, AES, NULL, &key) == CKR_OK ?
		       wrap(c, &aes_wrap, NO_HANDLE, key, NULL, &len) : ROW_BROKEN;
}

static CK_RV wrap_with_object(struct ctx *c)
{
	CK_OBJECT_HANDLE key = 0, data = 0;
	CK_ULONG len = 0;

	if (make_key(c, AES, NULL, &key) != CKR_OK || kind_make(c->s, DATA, NULL, &data) != CKR_OK)
		return ROW_BROKEN;
	return wrap(c, &aes_wrap, data, key, NULL, &len);
}

static CK_RV wrap_bad_key(struct ctx *c)
{
	CK_OBJECT_HANDLE with = 0;
	CK_ULONG len = 0;

	return make_wrapping(c, AES, NULL, &with) == CKR_OK ?
		       wrap(c, &aes_wrap, with, NO_HANDLE, NULL, &len) : ROW_BROKEN;
}

/* A private key is out of reach once the user has logged out. */
static CK_RV wrap_after_logout(struct ctx *c)
{
	CK_OBJECT_HANDLE with = 0, key = 0;
	CK_ULONG len = 0;
	CK_RV rv = make_wrapping(c, AES, T(A_BOOL(CKA_PRIVATE, CK_FALSE)), &with);

	if (rv == CKR_OK)
		rv = make_key(c, AES, NULL, &key);
	if (rv == CKR_OK)
		rv = p11->C_Logout(c->s);
	return rv == CKR_OK ? wrap(c, &aes_wrap, with, key, NULL, &len) : ROW_BROKEN;
}

static CK_RV wrap_null(struct ctx *c, bool mechanism)
{
	CK_MECHANISM m = aes_wrap;
	CK_OBJECT_HANDLE with = 0, key = 0;
	CK_ULONG len = 0;

	if (make_wrapping(c, AES, NULL, &with) != CKR_OK || make_key(c, AES, NULL, &key) != CKR_OK)
		return ROW_BROKEN;
	return p11->C_WrapKey(c->s, mechanism ? NULL : &m, with, key, NULL,
			      mechanism ? &len : NULL);
}

/* --- unwrapping ---------------------------------------------------------- */

/* The 16 bytes of a new AES key, wrapped; the wrapping key, by handle. */
struct wrapped {
	CK_OBJECT_HANDLE with;
	CK_BYTE blob[BLOB_MAX];
	CK_ULONG len;
};

static CK_RV make_wrapped(struct ctx *c, const CK_MECHANISM *m, enum kind kind,
			  const CK_ATTRIBUTE *with_more, struct wrapped *w)
{
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = make(c, AES, T(A_BOOL(CKA_WRAP, CK_TRUE), A_BOOL(CKA_UNWRAP, CK_TRUE)),
			with_more, &w->with);

	if (rv == CKR_OK)
		rv = make_key(c, kind, NULL, &key);
	w->len = sizeof(w->blob);
	return rv == CKR_OK && wrap(c, m, w->with, key, w->blob, &w->len) == CKR_OK ? CKR_OK
										    : ROW_BROKEN;
}

static CK_RV unwrap(struct ctx *c, const CK_MECHANISM *m, struct wrapped *w, const CK_ATTRIBUTE *t,
		    CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE copy[TMPL_MAX];
	CK_MECHANISM mechanism = *m;

	tmpl_join(copy, t, NULL);
	return p11->C_UnwrapKey(c->s, &mechanism, w->with, w->blob, w->len, copy, tmpl_count(copy),
				out);
}

struct unwrap_case {
	const char *name;
	const CK_MECHANISM *mechanism;
	enum kind kind;		/* what was wrapped */
	const CK_ATTRIBUTE *with;	/* more attributes of the unwrapping key */
	const CK_ATTRIBUTE *templ;
	CK_RV expected;
	const CK_ATTRIBUTE *result;	/* what the new key has */
};

static CK_RV unwrap_case(struct ctx *c)
{
	const struct unwrap_case *u = c->arg;
	struct wrapped w = { .with = 0 };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = make_wrapped(c, u->mechanism, u->kind, u->with, &w);

	if (rv == CKR_OK)
		rv = unwrap(c, u->mechanism, &w, u->templ, &key);
	for (const CK_ATTRIBUTE *a = u->result; rv == CKR_OK && a != NULL; a++) {
		if (a->type == CK_UNAVAILABLE_INFORMATION)
			break;
		rv = attr_is(c->s, key, a);
	}
	return rv;
}

#define SECRET_OF(type)	A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, (type))
#define PRIVATE_OF(type) A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_ULONG(CKA_KEY_TYPE, (type))
#define NEVER	A_BOOL(CKA_LOCAL, CK_FALSE), A_BOOL(CKA_ALWAYS_SENSITIVE, CK_FALSE), \
		A_BOOL(CKA_NEVER_EXTRACTABLE, CK_FALSE)

#define TWO	A_TEXT(CKA_ID, "1"), A_BOOL(CKA_SIGN, CK_FALSE)

static const struct unwrap_case unwrap_cases[] = {
	{ "aes", &aes_wrap, AES, NULL, T(SECRET_OF(CKK_AES)), CKR_OK,
	  T(NEVER, A_ULONG(CKA_VALUE_LEN, 16), A_BOOL(CKA_TOKEN, CK_FALSE),
	    A_BOOL(CKA_PRIVATE, CK_TRUE)) },
	{ "aes_sensitive", &aes_wrap, AES, NULL,
	  T(SECRET_OF(CKK_AES), A_BOOL(CKA_SENSITIVE, CK_TRUE)), CKR_OK, T(NEVER) },
	{ "generic", &aes_wrap, AES, NULL, T(SECRET_OF(CKK_GENERIC_SECRET)), CKR_OK,
	  T(NEVER, A_ULONG(CKA_VALUE_LEN, 16)) },
	{ "as_des2", &aes_wrap, AES, NULL, T(SECRET_OF(CKK_DES2)), CKR_OK, T(NEVER) },
	{ "cut", &aes_wrap, AES, NULL, T(SECRET_OF(CKK_GENERIC_SECRET), A_ULONG(CKA_VALUE_LEN, 9)),
	  CKR_OK, T(A_ULONG(CKA_VALUE_LEN, 9)) },
	{ "too_long", &aes_wrap, AES, NULL,
	  T(SECRET_OF(CKK_GENERIC_SECRET), A_ULONG(CKA_VALUE_LEN, 17)), CKR_WRAPPED_KEY_LEN_RANGE,
	  NULL },
	{ "pad_length_differs", &aes_cbc_pad, AES, NULL,
	  T(SECRET_OF(CKK_GENERIC_SECRET), A_ULONG(CKA_VALUE_LEN, 9)), CKR_WRAPPED_KEY_INVALID,
	  NULL },
	{ "too_short_for_des3", &aes_wrap, AES, NULL, T(SECRET_OF(CKK_DES3)),
	  CKR_WRAPPED_KEY_INVALID, NULL },
	{ "rsa", &aes_wrap_pad, RSA_PRIVATE, NULL, T(PRIVATE_OF(CKK_RSA)), CKR_OK, T(NEVER) },
	{ "ec", &aes_wrap_pad, EC_PRIVATE, NULL, T(PRIVATE_OF(CKK_EC)), CKR_OK, T(NEVER) },
	{ "ed", &aes_wrap_pad, ED_PRIVATE, NULL, T(PRIVATE_OF(CKK_EC_EDWARDS)), CKR_OK, T(NEVER) },
	{ "rsa_as_ec", &aes_wrap_pad, RSA_PRIVATE, NULL, T(PRIVATE_OF(CKK_EC)),
	  CKR_WRAPPED_KEY_INVALID, NULL },
	{ "secret_as_rsa", &aes_wrap_pad, AES, NULL, T(PRIVATE_OF(CKK_RSA)),
	  CKR_WRAPPED_KEY_INVALID, NULL },
	{ "no_class", &aes_wrap, AES, NULL, T(A_ULONG(CKA_KEY_TYPE, CKK_AES)),
	  CKR_TEMPLATE_INCOMPLETE, NULL },
	{ "no_type", &aes_wrap, AES, NULL, T(A_ULONG(CKA_CLASS, CKO_SECRET_KEY)),
	  CKR_TEMPLATE_INCOMPLETE, NULL },
	{ "public_key", &aes_wrap, AES, NULL,
	  T(A_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), A_ULONG(CKA_KEY_TYPE, CKK_RSA)),
	  CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "value_given", &aes_wrap, AES, NULL, T(SECRET_OF(CKK_AES), A_BYTES(CKA_VALUE, sixteen)),
	  CKR_ATTRIBUTE_READ_ONLY, NULL },
	{ "local_given", &aes_wrap, AES, NULL, T(SECRET_OF(CKK_AES), A_BOOL(CKA_LOCAL, CK_TRUE)),
	  CKR_ATTRIBUTE_READ_ONLY, NULL },
	{ "foreign_attribute", &aes_wrap, AES, NULL,
	  T(SECRET_OF(CKK_AES), A_TEXT(CKA_MODULUS, "x")), CKR_ATTRIBUTE_TYPE_INVALID, NULL },
	{ "check_value_wrong", &aes_wrap, AES, NULL,
	  T(SECRET_OF(CKK_AES), A_TEXT(CKA_CHECK_VALUE, "no!")), CKR_ATTRIBUTE_VALUE_INVALID,
	  NULL },
	{ "not_permitted", &aes_wrap, AES, T(A_BOOL(CKA_UNWRAP, CK_FALSE)), T(SECRET_OF(CKK_AES)),
	  CKR_KEY_FUNCTION_NOT_PERMITTED, NULL },
	{ "template_adds", &aes_wrap, AES,
	  T(TEMPLATE(CKA_UNWRAP_TEMPLATE, A_BOOL(CKA_SENSITIVE, CK_TRUE),
		     A_TEXT(CKA_LABEL, "from the key"))),
	  T(SECRET_OF(CKK_AES)), CKR_OK,
	  T(A_BOOL(CKA_SENSITIVE, CK_TRUE), A_TEXT(CKA_LABEL, "from the key")) },
	{ "template_gives_class", &aes_wrap, AES,
	  T(TEMPLATE(CKA_UNWRAP_TEMPLATE, SECRET_OF(CKK_AES))), NO_MORE, CKR_OK,
	  T(A_ULONG(CKA_KEY_TYPE, CKK_AES)) },
	/* 28 of the caller's own, as many as are allowed, and two of the key's */
	{ "template_and_many_more", &aes_wrap, AES,
	  T(TEMPLATE(CKA_UNWRAP_TEMPLATE, A_BOOL(CKA_SENSITIVE, CK_TRUE),
		     A_TEXT(CKA_LABEL, "from the key"))),
	  T(SECRET_OF(CKK_AES), TWO, TWO, TWO, TWO, TWO, TWO, TWO, TWO, TWO, TWO, TWO, TWO, TWO),
	  CKR_OK, T(A_BOOL(CKA_SENSITIVE, CK_TRUE)) },
	{ "template_repeated", &aes_wrap, AES,
	  T(TEMPLATE(CKA_UNWRAP_TEMPLATE, A_BOOL(CKA_SENSITIVE, CK_TRUE))),
	  T(SECRET_OF(CKK_AES), A_BOOL(CKA_SENSITIVE, CK_TRUE)), CKR_OK,
	  T(A_BOOL(CKA_SENSITIVE, CK_TRUE)) },
	{ "template_contradicted", &aes_wrap, AES,
	  T(TEMPLATE(CKA_UNWRAP_TEMPLATE, A_BOOL(CKA_SENSITIVE, CK_TRUE))),
	  T(SECRET_OF(CKK_AES), A_BOOL(CKA_SENSITIVE, CK_FALSE)), CKR_TEMPLATE_INCONSISTENT,
	  NULL },
	{ "template_bytes_contradicted", &aes_wrap, AES,
	  T(TEMPLATE(CKA_UNWRAP_TEMPLATE, A_TEXT(CKA_LABEL, "a"))),
	  T(SECRET_OF(CKK_AES), A_TEXT(CKA_LABEL, "b")), CKR_TEMPLATE_INCONSISTENT, NULL },
};

static void test_unwrap(void)
{
	for (size_t i = 0; i < LENGTH(unwrap_cases); i++)
		row_runf(RW_USER, unwrap_case, &unwrap_cases[i], unwrap_cases[i].expected,
			 "unwrap_%s", unwrap_cases[i].name);
}

/* What became of the wrapped key is the same key. */
static CK_RV unwrap_value(struct ctx *c)
{
	struct wrapped w = { .with = 0 };
	CK_OBJECT_HANDLE key = 0, first = 0;
	CK_BYTE value[64], original[64];
	CK_ULONG len = sizeof(value), original_len = sizeof(original);
	CK_RV rv = make_wrapped(c, &aes_wrap, AES, NULL, &w);

	if (rv == CKR_OK)
		rv = make_key(c, AES, NULL, &first);
	if (rv == CKR_OK)
		rv = attr_bytes(c->s, first, CKA_VALUE, original, &original_len);
	if (rv == CKR_OK)
		rv = unwrap(c, &aes_wrap, &w,
			    T(SECRET_OF(CKK_AES), A_BOOL(CKA_EXTRACTABLE, CK_TRUE)), &key);
	if (rv == CKR_OK)
		rv = attr_bytes(c->s, key, CKA_VALUE, value, &len);
	return rv == CKR_OK ? want(len == original_len && memcmp(value, original, len) == 0) : rv;
}

/* A read-only session makes no token objects, and nothing stays behind. */
static CK_RV unwrap_to_token(struct ctx *c)
{
	struct wrapped w = { .with = 0 };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = make_wrapped(c, &aes_wrap, AES, NULL, &w);

	return rv == CKR_OK ? unwrap(c, &aes_wrap, &w,
				     T(SECRET_OF(CKK_AES), A_BOOL(CKA_TOKEN, CK_TRUE)), &key)
			    : rv;
}

static CK_RV unwrap_changed(struct ctx *c, size_t at, CK_ULONG shorter)
{
	struct wrapped w = { .with = 0 };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = make_wrapped(c, &aes_wrap, AES, NULL, &w);

	w.blob[at] ^= 1;
	w.len -= shorter;
	return rv == CKR_OK ? unwrap(c, &aes_wrap, &w, T(SECRET_OF(CKK_AES)), &key) : rv;
}

static CK_RV unwrap_bad_handle(struct ctx *c)
{
	struct wrapped w = { .with = 0 };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = make_wrapped(c, &aes_wrap, AES, NULL, &w);

	w.with = NO_HANDLE;
	return rv == CKR_OK ? unwrap(c, &aes_wrap, &w, T(SECRET_OF(CKK_AES)), &key) : rv;
}

static CK_RV unwrap_with_generic(struct ctx *c)
{
	struct wrapped w = { .with = 0 };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = make_wrapped(c, &aes_wrap, AES, NULL, &w);

	if (rv == CKR_OK)
		rv = kind_make(c->s, GENERIC, T(A_BOOL(CKA_UNWRAP, CK_TRUE)), &w.with);
	return rv == CKR_OK ? unwrap(c, &aes_wrap, &w, T(SECRET_OF(CKK_AES)), &key) : rv;
}

/* --- always authenticate ------------------------------------------------- */

/* An RSA pair whose private half wants the PIN each time, and a key wrapped with the public one. */
static CK_RV make_guarded(struct ctx *c, struct wrapped *w)
{
	CK_OBJECT_HANDLE public = 0, key = 0;
	CK_RV rv = make_wrapping(c, RSA_PUBLIC, NULL, &public);

	if (rv == CKR_OK)
		rv = make_key(c, AES, NULL, &key);
	w->len = sizeof(w->blob);
	if (rv == CKR_OK)
		rv = wrap(c, &rsa_pkcs, public, key, w->blob, &w->len);
	if (rv == CKR_OK)
		rv = make(c, RSA_PRIVATE,
			  T(A_BOOL(CKA_UNWRAP, CK_TRUE), A_BOOL(CKA_PRIVATE, CK_TRUE)),
			  T(A_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE)), &w->with);
	return rv == CKR_OK ? CKR_OK : ROW_BROKEN;
}

static CK_RV unwrap_guarded(struct ctx *c, struct wrapped *w)
{
	CK_OBJECT_HANDLE key = 0;

	return unwrap(c, &rsa_pkcs, w, T(SECRET_OF(CKK_AES)), &key);
}

static CK_RV guarded_without_pin(struct ctx *c)
{
	struct wrapped w = { .with = 0 };
	CK_RV rv = make_guarded(c, &w);

	return rv == CKR_OK ? unwrap_guarded(c, &w) : rv;
}

/* Refused, allowed once with the PIN, refused again. */
static CK_RV guarded_with_pin(struct ctx *c)
{
	struct wrapped w = { .with = 0 };
	CK_RV rv = make_guarded(c, &w);

	if (rv == CKR_OK && unwrap_guarded(c, &w) != CKR_USER_NOT_LOGGED_IN)
		rv = ROW_WRONG;
	if (rv == CKR_OK)
		rv = login(c->s, CKU_CONTEXT_SPECIFIC, USER_PIN);
	if (rv == CKR_OK)
		rv = unwrap_guarded(c, &w);
	if (rv == CKR_OK && unwrap_guarded(c, &w) != CKR_USER_NOT_LOGGED_IN)
		rv = ROW_WRONG;
	return rv;
}

static CK_RV guarded_wrong_pin(struct ctx *c)
{
	struct wrapped w = { .with = 0 };
	CK_RV rv = make_guarded(c, &w);

	if (rv == CKR_OK && unwrap_guarded(c, &w) != CKR_USER_NOT_LOGGED_IN)
		rv = ROW_WRONG;
	if (rv == CKR_OK && login(c->s, CKU_CONTEXT_SPECIFIC, "wrong") != CKR_PIN_INCORRECT)
		rv = ROW_WRONG;
	return rv == CKR_OK ? unwrap_guarded(c, &w) : rv;
}

/* The permission is for the key that was refused, in that session. */
static CK_RV guarded_other_session(struct ctx *c)
{
	struct wrapped w = { .with = 0 };
	CK_SESSION_HANDLE other = 0;
	CK_RV rv = make_guarded(c, &w);

	if (rv == CKR_OK && unwrap_guarded(c, &w) != CKR_USER_NOT_LOGGED_IN)
		rv = ROW_WRONG;
	if (rv == CKR_OK)
		rv = login(c->s, CKU_CONTEXT_SPECIFIC, USER_PIN);
	if (rv == CKR_OK)
		rv = session_open(c->slot, CKF_RW_SESSION, &other);
	if (rv == CKR_OK)
		rv = unwrap_guarded(&(struct ctx){ .slot = c->slot, .s = other }, &w);
	return rv;
}

static CK_RV guarded_derive(struct ctx *c)
{
	CK_BYTE point[65] = { 4 };
	CK_ECDH1_DERIVE_PARAMS p = { .kdf = CKD_NULL, .ulPublicDataLen = sizeof(point),
				     .pPublicData = point };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &p, sizeof(p) };
	CK_ATTRIBUTE t[] = { SECRET_OF(CKK_GENERIC_SECRET) };
	CK_OBJECT_HANDLE base = 0, key = 0;

	if (make(c, EC_PRIVATE, T(A_BOOL(CKA_DERIVE, CK_TRUE), A_BOOL(CKA_PRIVATE, CK_TRUE)),
		 T(A_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE)), &base) != CKR_OK)
		return ROW_BROKEN;
	return p11->C_DeriveKey(c->s, &m, base, t, LENGTH(t), &key);
}

/* --- derivation ---------------------------------------------------------- */

struct derive_case {
	const char *name;
	CK_MECHANISM_TYPE type;
	const CK_ATTRIBUTE *base;	/* more attributes of the base key */
	const CK_ATTRIBUTE *other;	/* of the second key, for CONCATENATE_BASE_AND_KEY */
	const CK_ATTRIBUTE *templ;
	CK_RV expected;
	const CK_ATTRIBUTE *result;
};

static CK_RV derive_with(struct ctx *c, const struct derive_case *d, CK_OBJECT_HANDLE base,
			 CK_OBJECT_HANDLE other, CK_OBJECT_HANDLE *out)
{
	CK_KEY_DERIVATION_STRING_DATA data = { sixteen, sizeof(sixteen) };
	CK_MECHANISM m = { d->type, &data, sizeof(data) };
	CK_ATTRIBUTE t[TMPL_MAX];

	if (d->type == CKM_CONCATENATE_BASE_AND_KEY) {
		m.pParameter = &other;
		m.ulParameterLen = sizeof(other);
	}
	tmpl_join(t, d->templ, NULL);
	return p11->C_DeriveKey(c->s, &m, base, t, tmpl_count(t), out);
}

static CK_RV derive_case(struct ctx *c)
{
	const struct derive_case *d = c->arg;
	CK_OBJECT_HANDLE base = 0, other = 0, key = 0;
	CK_RV rv = make(c, AES, T(A_BOOL(CKA_DERIVE, CK_TRUE)), d->base, &base);

	if (rv == CKR_OK)
		rv = make(c, GENERIC, T(A_BOOL(CKA_DERIVE, CK_TRUE)), d->other, &other);
	if (rv == CKR_OK)
		rv = derive_with(c, d, base, other, &key);
	for (const CK_ATTRIBUTE *a = d->result; rv == CKR_OK && a != NULL; a++) {
		if (a->type == CK_UNAVAILABLE_INFORMATION)
			break;
		rv = attr_is(c->s, key, a);
	}
	return rv;
}

#define EXTRACTABLE	A_BOOL(CKA_EXTRACTABLE, CK_TRUE)
#define SENSITIVE	A_BOOL(CKA_SENSITIVE, CK_TRUE)
#define ECB	CKM_AES_ECB_ENCRYPT_DATA
#define WITH_KEY CKM_CONCATENATE_BASE_AND_KEY
#define WITH_DATA CKM_CONCATENATE_BASE_AND_DATA

static const struct derive_case derive_cases[] = {
	{ "generic", ECB, NULL, NULL,
	  T(SECRET_OF(CKK_GENERIC_SECRET), A_ULONG(CKA_VALUE_LEN, 16)), CKR_OK,
	  T(A_BOOL(CKA_LOCAL, CK_FALSE), A_ULONG(CKA_VALUE_LEN, 16),
	    A_ULONG(CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION)) },
	{ "generic_length_left_out", ECB, NULL, NULL, T(SECRET_OF(CKK_GENERIC_SECRET)), CKR_OK,
	  T(A_ULONG(CKA_VALUE_LEN, 16)) },
	{ "generic_cut", ECB, NULL, NULL,
	  T(SECRET_OF(CKK_GENERIC_SECRET), A_ULONG(CKA_VALUE_LEN, 5)), CKR_OK,
	  T(A_ULONG(CKA_VALUE_LEN, 5)) },
	{ "aes", ECB, NULL, NULL, T(SECRET_OF(CKK_AES), A_ULONG(CKA_VALUE_LEN, 16)), CKR_OK,
	  T(A_ULONG(CKA_VALUE_LEN, 16)) },
	{ "aes_length_left_out", ECB, NULL, NULL, T(SECRET_OF(CKK_AES)), CKR_OK,
	  T(A_ULONG(CKA_VALUE_LEN, 16)) },
	{ "des2", ECB, NULL, NULL, T(SECRET_OF(CKK_DES2)), CKR_OK, NULL },
	{ "too_much", ECB, NULL, NULL, T(SECRET_OF(CKK_GENERIC_SECRET), A_ULONG(CKA_VALUE_LEN, 17)),
	  CKR_KEY_SIZE_RANGE, NULL },
	{ "too_short_for_des3", ECB, NULL, NULL, T(SECRET_OF(CKK_DES3)), CKR_KEY_SIZE_RANGE, NULL },
	{ "aes_bad_length", ECB, NULL, NULL, T(SECRET_OF(CKK_AES), A_ULONG(CKA_VALUE_LEN, 15)),
	  CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "length_zero", ECB, NULL, NULL, T(SECRET_OF(CKK_GENERIC_SECRET), A_ULONG(CKA_VALUE_LEN, 0)),
	  CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "no_class", ECB, NULL, NULL, T(A_ULONG(CKA_KEY_TYPE, CKK_AES)), CKR_TEMPLATE_INCOMPLETE,
	  NULL },
	{ "no_type", ECB, NULL, NULL, T(A_ULONG(CKA_CLASS, CKO_SECRET_KEY)),
	  CKR_TEMPLATE_INCOMPLETE, NULL },
	{ "class_private", ECB, NULL, NULL, T(PRIVATE_OF(CKK_RSA)), CKR_ATTRIBUTE_VALUE_INVALID,
	  NULL },
	{ "value_given", ECB, NULL, NULL, T(SECRET_OF(CKK_AES), A_BYTES(CKA_VALUE, sixteen)),
	  CKR_ATTRIBUTE_READ_ONLY, NULL },
	{ "not_permitted", ECB, T(A_BOOL(CKA_DERIVE, CK_FALSE)), NULL, T(SECRET_OF(CKK_AES)),
	  CKR_KEY_FUNCTION_NOT_PERMITTED, NULL },
	{ "not_allowed", ECB, T(MECHS(CKM_AES_ECB)), NULL, T(SECRET_OF(CKK_AES)),
	  CKR_MECHANISM_INVALID, NULL },
	{ "template_adds", ECB,
	  T(TEMPLATE(CKA_DERIVE_TEMPLATE, SENSITIVE, A_TEXT(CKA_LABEL, "from the key"))), NULL,
	  T(SECRET_OF(CKK_AES)), CKR_OK, T(SENSITIVE, A_TEXT(CKA_LABEL, "from the key")) },
	{ "template_contradicted", ECB, T(TEMPLATE(CKA_DERIVE_TEMPLATE, SENSITIVE)), NULL,
	  T(SECRET_OF(CKK_AES), A_BOOL(CKA_SENSITIVE, CK_FALSE)), CKR_TEMPLATE_INCONSISTENT,
	  NULL },
	/* a created key was never always sensitive, nor never extractable */
	{ "secrecy_of_created", ECB, T(SENSITIVE), NULL, T(SECRET_OF(CKK_AES), SENSITIVE), CKR_OK,
	  T(A_BOOL(CKA_ALWAYS_SENSITIVE, CK_FALSE), A_BOOL(CKA_NEVER_EXTRACTABLE, CK_FALSE)) },
	{ "concatenated", WITH_DATA, T(EXTRACTABLE), NULL, T(EXTRACTABLE), CKR_OK,
	  T(SECRET_OF(CKK_GENERIC_SECRET), A_ULONG(CKA_VALUE_LEN, 32), EXTRACTABLE,
	    A_BOOL(CKA_SENSITIVE, CK_FALSE)) },
	{ "concatenated_stays_secret", WITH_DATA, T(SENSITIVE), NULL,
	  T(EXTRACTABLE, A_BOOL(CKA_SENSITIVE, CK_FALSE)), CKR_OK,
	  T(SENSITIVE, A_BOOL(CKA_EXTRACTABLE, CK_FALSE)) },
	{ "concatenated_keys", WITH_KEY, T(EXTRACTABLE), T(EXTRACTABLE), T(EXTRACTABLE), CKR_OK,
	  T(EXTRACTABLE, A_BOOL(CKA_SENSITIVE, CK_FALSE)) },
	{ "second_key_sensitive", WITH_KEY, T(EXTRACTABLE), T(EXTRACTABLE, SENSITIVE),
	  T(EXTRACTABLE), CKR_OK, T(SENSITIVE, EXTRACTABLE) },
	{ "second_key_unextractable", WITH_KEY, T(EXTRACTABLE), NULL, T(EXTRACTABLE), CKR_OK,
	  T(A_BOOL(CKA_EXTRACTABLE, CK_FALSE)) },
	{ "second_key_not_permitted", WITH_KEY, NULL, T(A_BOOL(CKA_DERIVE, CK_FALSE)), NO_MORE,
	  CKR_KEY_FUNCTION_NOT_PERMITTED, NULL },
};

static void test_derive(void)
{
	for (size_t i = 0; i < LENGTH(derive_cases); i++)
		row_runf(RW_USER, derive_case, &derive_cases[i], derive_cases[i].expected,
			 "derive_%s", derive_cases[i].name);
}

/* The secrecy of a generated base key goes over to what is derived from it, if that is secret too. */
static CK_RV derive_generated(struct ctx *c, CK_BBOOL secret)
{
	CK_MECHANISM gen = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE t[] = { A_ULONG(CKA_VALUE_LEN, 16), A_BOOL(CKA_DERIVE, CK_TRUE), SENSITIVE };
	struct derive_case d = {
		.type = ECB,
		.templ = T(SECRET_OF(CKK_AES), A_BOOL(CKA_SENSITIVE, secret),
			   A_BOOL(CKA_EXTRACTABLE, !secret)),
	};
	CK_OBJECT_HANDLE base = 0, key = 0;
	CK_RV rv = p11->C_GenerateKey(c->s, &gen, t, LENGTH(t), &base);

	if (rv == CKR_OK)
		rv = derive_with(c, &d, base, 0, &key);
	if (rv == CKR_OK)
		rv = attr_is(c->s, key, T(A_BOOL(CKA_ALWAYS_SENSITIVE, secret)));
	return rv == CKR_OK ? attr_is(c->s, key, T(A_BOOL(CKA_NEVER_EXTRACTABLE, secret))) : rv;
}

static CK_RV derive_bad_handle(struct ctx *c)
{
	struct derive_case d = { .type = ECB, .templ = T(SECRET_OF(CKK_AES)) };
	CK_OBJECT_HANDLE key = 0;

	return derive_with(c, &d, NO_HANDLE, 0, &key);
}

static CK_RV derive_bad_second(struct ctx *c)
{
	struct derive_case d = { .type = WITH_KEY, .templ = NO_MORE };
	CK_OBJECT_HANDLE base = 0, key = 0;
	CK_RV rv = make(c, AES, T(A_BOOL(CKA_DERIVE, CK_TRUE)), NULL, &base);

	return rv == CKR_OK ? derive_with(c, &d, base, NO_HANDLE, &key) : rv;
}

static CK_RV derive_wrong_type(struct ctx *c)
{
	struct derive_case d = { .type = ECB, .templ = T(SECRET_OF(CKK_AES)) };
	CK_OBJECT_HANDLE base = 0, key = 0;
	CK_RV rv = make(c, GENERIC, T(A_BOOL(CKA_DERIVE, CK_TRUE)), NULL, &base);

	return rv == CKR_OK ? derive_with(c, &d, base, 0, &key) : rv;
}

/* --- program ------------------------------------------------------------- */

#define ROWS_FILE "keys/keys.def"
#define ROWS_TABLE rows
#include "p11/rows.h"

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "rows", .rows = rows, .count = LENGTH(rows) },
		{ "wrap", .run = test_wrap },
		{ "unwrap", .run = test_unwrap },
		{ "derive", .run = test_derive },
	};
	static const struct program program = {
		.name = "keys", .tests = tests, .ntests = LENGTH(tests),
	};

	return harness_main(argc, argv, &program);
}

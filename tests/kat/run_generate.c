#include "config.h"

/* Generation: what comes out has the right attributes and works. */

#include <string.h>

#include "p11/harness.h"
#include "run.h"

/* What a [use NAME] section says to do with a new key. */
struct use {
	struct record r;		/* a copy that knows its mechanism */
	enum operation forth, back;
};

/* The operation that undoes another. */
static enum operation reverse(enum operation op)
{
	static const enum operation pairs[][2] = {
		{ OP_ENCRYPT, OP_DECRYPT }, { OP_SIGN, OP_VERIFY },
	};

	for (size_t i = 0; i < LENGTH(pairs); i++)
		if (pairs[i][0] == op)
			return pairs[i][1];
	return NO_OPERATION;
}

/* False: the record names no use, or the module does not offer it. */
static bool use_find(struct run *run, struct use *use)
{
	const char *name = record_text(run->r, "use", 0);
	struct record *section = name ? section_find("use", name) : NULL;
	const char *mechanism = section ? record_text(section, "mechanism", 0) : NULL;
	const char *operation = section ? record_text(section, "operation", 0) : NULL;

	if (!name)
		return false;
	if (!mechanism || !operation || !mechanism_named(mechanism))
		return run_failed(run, "no usable section [use %s]", name);
	use->r = *section;
	use->r.mechanism = mechanism_named(mechanism);
	use->forth = operation_find(operation);
	use->back = reverse(use->forth);

	struct run other = { .r = &use->r, .s = run->s, .modest = run->modest };

	return run_offers(&other, use->forth);
}

/* Which operations a half of the new key has to permit. */
static void use_permit(const struct use *use, struct tmpl *t, bool private, bool pair)
{
	static const struct {
		enum operation op;
		CK_ATTRIBUTE_TYPE usage;
		bool private;
	} permissions[] = {
		{ OP_ENCRYPT, CKA_ENCRYPT, false }, { OP_DECRYPT, CKA_DECRYPT, true },
		{ OP_SIGN, CKA_SIGN, true }, { OP_VERIFY, CKA_VERIFY, false },
		{ OP_DERIVE, CKA_DERIVE, true },
	};

	for (size_t i = 0; i < LENGTH(permissions); i++)
		if ((permissions[i].op == use->forth || permissions[i].op == use->back) &&
		    (!pair || permissions[i].private == private))
			tmpl_flag(t, permissions[i].usage, true);
}

/* Forth with one half, back with the other. */
static void use_crypt(struct run *run, struct use *use, CK_OBJECT_HANDLE public,
		      CK_OBJECT_HANDLE private)
{
	struct run inner = { .r = &use->r, .s = run->s, .modest = run->modest };
	struct param param;
	bool sign = use->forth == OP_SIGN;
	struct leg forth = {
		.op = use->forth, .key = sign ? private : public, .param = &param,
		.what = " with the new key",
	};
	struct bytes made;

	if (!record_bytes(&use->r, "in", &forth.in) ||
	    !param_build(&use->r, run->s, forth.in.len, &param) ||
	    !leg_single(&inner, &forth, &made)) {
		if (!inner.refused)
			run_failed(run, "the new key does not work");
		return;
	}

	struct leg back = {
		.op = use->back, .key = sign ? public : private, .param = &param,
		.in = sign ? forth.in : made, .out = sign ? made : forth.in,
		.what = " with the new key",
	};

	if (!leg_single(&inner, &back, NULL))
		run_failed(run, "the new key does not undo what it did");
}

/* With its own public value, which the section's field `peer` names the attribute of. */
static void use_derive(struct run *run, struct use *use, CK_OBJECT_HANDLE public,
		       CK_OBJECT_HANDLE private)
{
	const char *name = record_text(&use->r, "peer", 0);
	CK_ULONG type = 0;
	struct tmpl t = { .n = 0 };
	struct field fields[1] = { { .name = "public" } };
	struct record r = use->r;
	struct param param;
	struct bytes value;
	CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;

	if (name) {
		if (!constant_find(name, &type) || !object_value(run->s, public, type, &value)) {
			run_failed(run, "the new key has no %s", name);
			return;
		}
		fields[0].text = bytes_hex(value.p, value.len);
		r.fields = fields;
		r.nfields = 1;
	}
	if (!param_build(&r, run->s, 0, &param)) {
		run->failed = true;
		return;
	}
	tmpl_key(&t, CKO_SECRET_KEY, NO_OPERATION);
	tmpl_number(&t, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
	if (r.mechanism->type == CKM_HKDF_DERIVE || r.mechanism->type == CKM_DH_PKCS_DERIVE)
		tmpl_number(&t, CKA_VALUE_LEN, 16);
	run_answer(run, p11->C_DeriveKey(run->s, &param.m, private, t.a, t.n, &made), CKR_OK,
		   "C_DeriveKey with the new key");
}

static void use_key(struct run *run, CK_OBJECT_HANDLE public, CK_OBJECT_HANDLE private)
{
	struct use use;

	if (!use_find(run, &use))
		return;
	if (use.forth == OP_DERIVE)
		use_derive(run, &use, public, private);
	else
		use_crypt(run, &use, public, private);
}

/* --- generating --------------------------------------------------------- */

/* What the record puts into one template: class, usage, and the fields with that prefix. */
static bool generate_tmpl(struct run *run, struct tmpl *t, CK_OBJECT_CLASS class,
			  const char *prefix)
{
	struct use use;

	tmpl_key(t, class, NO_OPERATION);
	if (use_find(run, &use))
		use_permit(&use, t, class == CKO_PRIVATE_KEY, class != CKO_SECRET_KEY);
	return tmpl_fields(t, run->r, prefix);
}

/* Made here, by this mechanism, of the type that `want` names, and whatever check. says. */
static void generate_check(struct run *run, CK_OBJECT_HANDLE made, const char *prefix)
{
	struct tmpl want = { .n = 0 };
	CK_KEY_TYPE type = 0;

	if (!record_constant(run->r, "want", 0, &type) || !tmpl_fields(&want, run->r, prefix)) {
		run->failed = true;
		return;
	}
	tmpl_number(&want, CKA_KEY_TYPE, type);
	tmpl_flag(&want, CKA_LOCAL, true);
	if (!record_flag(run->r, "domain"))
		tmpl_number(&want, CKA_KEY_GEN_MECHANISM, run->r->mechanism->type);
	if (!object_check(run->r, run->s, made, &want))
		run_failed(run, "the new object has a wrong attribute");
}

/* A pair from new domain parameters: the record's field `then` names its mechanism. */
static void domain_use(struct run *run, CK_OBJECT_HANDLE domain)
{
	static const CK_ATTRIBUTE_TYPE parts[] = { CKA_PRIME, CKA_SUBPRIME, CKA_BASE };
	const char *name = record_text(run->r, "then", 0);
	const struct mechanism *then = name ? mechanism_named(name) : NULL;
	CK_OBJECT_HANDLE public = CK_INVALID_HANDLE, private = CK_INVALID_HANDLE;
	struct tmpl pub = { .n = 0 }, priv = { .n = 0 };
	struct bytes value;

	if (!then) {
		run_failed(run, "the field then is wrong");
		return;
	}

	CK_MECHANISM m = { then->type, NULL, 0 };

	generate_tmpl(run, &pub, CKO_PUBLIC_KEY, "public.");
	generate_tmpl(run, &priv, CKO_PRIVATE_KEY, "private.");
	for (size_t i = 0; i < LENGTH(parts); i++)
		if (object_value(run->s, domain, parts[i], &value))
			tmpl_bytes(&pub, parts[i], value);
	if (run_answer(run, p11->C_GenerateKeyPair(run->s, &m, pub.a, pub.n, priv.a, priv.n,
						   &public, &private),
		       CKR_OK, "C_GenerateKeyPair of the new parameters"))
		use_key(run, public, private);
}

static void generate_one(struct run *run, struct param *param)
{
	bool domain = record_flag(run->r, "domain");
	CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
	struct tmpl t = { .n = 0 };
	CK_KEY_TYPE type = 0;
	CK_RV rv = CKR_OK;

	if (domain)
		tmpl_flag(&t, CKA_PRIVATE, false);
	else if (!generate_tmpl(run, &t, CKO_SECRET_KEY, ""))
		run->failed = true;
	if (domain && !tmpl_fields(&t, run->r, ""))
		run->failed = true;
	/* the type is wanted only where the mechanism does not say it */
	if (record_flag(run->r, "say_type") && record_constant(run->r, "want", 0, &type))
		tmpl_number(&t, CKA_KEY_TYPE, type);
	rv = p11->C_GenerateKey(run->s, &param->m, t.a, t.n, &made);
	if (run_refused(run, rv) || !run_answer(run, rv, run->expected, "C_GenerateKey") ||
	    rv != CKR_OK)
		return;

	struct tmpl want = { .n = 0 };
	struct bytes out;

	if (record_has(run->r, "out") && record_bytes(run->r, "out", &out)) {
		tmpl_bytes(&want, CKA_VALUE, out);
		if (!object_check(run->r, run->s, made, &want))
			run_failed(run, "the new key is another");
	}
	generate_check(run, made, "check.");
	if (domain)
		domain_use(run, made);
	else
		use_key(run, made, made);
	cover(run->r->mechanism->type, OP_GENERATE, SINGLE);
}

static void generate_pair(struct run *run, struct param *param)
{
	CK_OBJECT_HANDLE public = CK_INVALID_HANDLE, private = CK_INVALID_HANDLE;
	struct tmpl pub = { .n = 0 }, priv = { .n = 0 };
	CK_RV rv = CKR_OK;

	if (!generate_tmpl(run, &pub, CKO_PUBLIC_KEY, "public.") ||
	    !generate_tmpl(run, &priv, CKO_PRIVATE_KEY, "private.")) {
		run->failed = true;
		return;
	}
	rv = p11->C_GenerateKeyPair(run->s, &param->m, pub.a, pub.n, priv.a, priv.n, &public,
				    &private);
	if (run_refused(run, rv) || !run_answer(run, rv, run->expected, "C_GenerateKeyPair") ||
	    rv != CKR_OK)
		return;
	generate_check(run, public, "check.public.");
	generate_check(run, private, "check.private.");
	use_key(run, public, private);
	cover(run->r->mechanism->type, OP_GENERATE_PAIR, SINGLE);
}

/*
 * [X generate], [X generate-pair]: the CKA_ fields are the template, check.CKA_ what comes out,
 * `use` the section that says how to try the key.
 */
void run_generate(struct run *run)
{
	struct param param;

	/* not asked for when the record is to be refused */
	record_has(run->r, "want");
	if (!param_build(run->r, run->s, 0, &param))
		run->failed = true;
	else if (run->r->op == OP_GENERATE)
		generate_one(run, &param);
	else
		generate_pair(run, &param);
}

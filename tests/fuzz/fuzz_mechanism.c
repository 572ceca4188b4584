/*
 * Parameters of every mechanism in every function that it serves, with any key, and a bit of data
 * after that.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include "crypto/mech/mech.h"

#define OUT_SIZE 2048

struct state {
	struct fuzz_input in;
	CK_SESSION_HANDLE s;
	CK_MECHANISM m;
	CK_OBJECT_HANDLE key;
	CK_ULONG out_len;
};

/* A buffer of a size that the program chooses, or none to ask for the size. */
static CK_BYTE *take_out(struct state *st)
{
	uint8_t how = fuzz_take_byte(&st->in);

	st->out_len = how < 200 ? OUT_SIZE : (CK_ULONG)(how - 200);
	return how == 255 ? NULL : fuzz_block(&st->in, st->out_len);
}

/* --- operations ---------------------------------------------------------- */

typedef CK_RV one_call(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR);
typedef CK_RV end_call(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG_PTR);

/* Data in one go, or in parts; NULL update: in one go only. */
static void crypt(struct state *st, one_call *single, one_call *update, end_call *final)
{
	uint8_t parts = fuzz_take_byte(&st->in) % 4;
	CK_ULONG n = 0;
	CK_BYTE *data = fuzz_take_bytes(&st->in, &n), *out = take_out(st);

	if (parts == 0) {
		(void)single(st->s, data, n, out, &st->out_len);
		out = take_out(st);
		(void)single(st->s, data, n, out, &st->out_len);
		return;
	}
	for (; parts > 1; parts--) {
		(void)update(st->s, data, n, out, &st->out_len);
		data = fuzz_take_bytes(&st->in, &n);
		out = take_out(st);
	}
	(void)final(st->s, out, &st->out_len);
	out = take_out(st);
	(void)final(st->s, out, &st->out_len);
}

typedef CK_RV in_call(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG);

static CK_RV no_parts(CK_SESSION_HANDLE s, CK_BYTE_PTR data, CK_ULONG n, CK_BYTE_PTR out,
		      CK_ULONG_PTR len)
{
	(void)s;
	(void)data;
	(void)n;
	(void)out;
	(void)len;
	return CKR_FUNCTION_NOT_SUPPORTED;
}

static CK_RV no_end(CK_SESSION_HANDLE s, CK_BYTE_PTR out, CK_ULONG_PTR len)
{
	return no_parts(s, NULL, 0, out, len);
}

/* The same for functions whose parts give nothing out. */
static void digest(struct state *st, one_call *single, in_call *update, end_call *final)
{
	uint8_t parts = fuzz_take_byte(&st->in) % 4;
	CK_ULONG n = 0;
	CK_BYTE *data = fuzz_take_bytes(&st->in, &n), *out;

	if (parts == 0) {
		out = take_out(st);
		(void)single(st->s, data, n, out, &st->out_len);
		return;
	}
	for (; parts > 1; parts--) {
		(void)update(st->s, data, n);
		data = fuzz_take_bytes(&st->in, &n);
	}
	out = take_out(st);
	(void)final(st->s, out, &st->out_len);
}

static void run_encrypt(struct state *st)
{
	if (C_EncryptInit(st->s, &st->m, st->key) == CKR_OK)
		crypt(st, C_Encrypt, C_EncryptUpdate, C_EncryptFinal);
}

static void run_decrypt(struct state *st)
{
	if (C_DecryptInit(st->s, &st->m, st->key) == CKR_OK)
		crypt(st, C_Decrypt, C_DecryptUpdate, C_DecryptFinal);
}

static void run_digest(struct state *st)
{
	if (C_DigestInit(st->s, &st->m) != CKR_OK)
		return;
	if (fuzz_take_byte(&st->in) == 1)
		(void)C_DigestKey(st->s, st->key);
	digest(st, C_Digest, C_DigestUpdate, C_DigestFinal);
}

static void run_sign(struct state *st)
{
	if (C_SignInit(st->s, &st->m, st->key) == CKR_OK)
		digest(st, C_Sign, C_SignUpdate, C_SignFinal);
}

static void run_verify(struct state *st)
{
	CK_ULONG n = 0, len = 0;
	CK_BYTE *data, *signature;

	if (C_VerifyInit(st->s, &st->m, st->key) != CKR_OK)
		return;
	data = fuzz_take_bytes(&st->in, &n);
	if (fuzz_take_byte(&st->in) % 2 == 0) {
		signature = fuzz_take_bytes(&st->in, &len);
		(void)C_Verify(st->s, data, n, signature, len);
		return;
	}
	(void)C_VerifyUpdate(st->s, data, n);
	signature = fuzz_take_bytes(&st->in, &len);
	(void)C_VerifyFinal(st->s, signature, len);
}

static void run_sign_recover(struct state *st)
{
	if (C_SignRecoverInit(st->s, &st->m, st->key) == CKR_OK)
		crypt(st, C_SignRecover, no_parts, no_end);
}

static void run_verify_recover(struct state *st)
{
	if (C_VerifyRecoverInit(st->s, &st->m, st->key) == CKR_OK)
		crypt(st, C_VerifyRecover, no_parts, no_end);
}

/* --- keys ----------------------------------------------------------------------- */

static CK_OBJECT_HANDLE take_key(struct fuzz_input *in)
{
	size_t count;
	const struct fuzz_key *keys = fuzz_keys(&count);

	return keys[fuzz_take_index(in, count)].handle;
}

static void run_wrap(struct state *st)
{
	CK_OBJECT_HANDLE what = take_key(&st->in);
	CK_BYTE *out = take_out(st);

	(void)C_WrapKey(st->s, &st->m, st->key, what, out, &st->out_len);
}

static void run_unwrap(struct state *st)
{
	CK_ULONG len = 0, n = 0;
	CK_BYTE *blob = fuzz_take_bytes(&st->in, &len);
	CK_ATTRIBUTE *t = fuzz_take_template(&st->in, &n);
	CK_OBJECT_HANDLE h = 0;

	(void)C_UnwrapKey(st->s, &st->m, st->key, blob, len, t, n, &h);
}

static void run_derive(struct state *st)
{
	CK_ULONG n = 0;
	CK_ATTRIBUTE *t = fuzz_take_template(&st->in, &n);
	CK_OBJECT_HANDLE h = 0;

	(void)C_DeriveKey(st->s, &st->m, st->key, t, n, &h);
}

/* Short keys only: long secrets cost memory, and new primes cost time. */
static bool is_costly(const CK_ATTRIBUTE *t, CK_ULONG n)
{
	for (CK_ULONG i = 0; i < n; i++) {
		bool size = t[i].type == CKA_VALUE_LEN || t[i].type == CKA_MODULUS_BITS;

		if (size && t[i].pValue != NULL && t[i].ulValueLen == sizeof(CK_ULONG) &&
		    *(const CK_ULONG *)t[i].pValue > 600)
			return true;
	}
	return false;
}

static void run_generate(struct state *st)
{
	CK_ULONG n = 0;
	CK_ATTRIBUTE *t = fuzz_take_template(&st->in, &n);
	CK_OBJECT_HANDLE h = 0;

	if (st->m.mechanism != CKM_DSA_PARAMETER_GEN &&
	    st->m.mechanism != CKM_DH_PKCS_PARAMETER_GEN && !is_costly(t, n))
		(void)C_GenerateKey(st->s, &st->m, t, n, &h);
}

static void run_generate_pair(struct state *st)
{
	CK_ULONG n = 0, more = 0;
	CK_ATTRIBUTE *t = fuzz_take_template(&st->in, &n);
	CK_ATTRIBUTE *other = fuzz_take_template(&st->in, &more);
	CK_OBJECT_HANDLE pub = 0, priv = 0;

	if (!is_costly(t, n))
		(void)C_GenerateKeyPair(st->s, &st->m, t, n, other, more, &pub, &priv);
}

/* --- the choice -------------------------------------------------------------------- */

static const struct use {
	CK_FLAGS flag;
	CK_OBJECT_CLASS class;	/* of the key of a pair that fits */
	void (*run)(struct state *st);
} uses[] = {
	{ CKF_ENCRYPT, CKO_PUBLIC_KEY, run_encrypt },
	{ CKF_DECRYPT, CKO_PRIVATE_KEY, run_decrypt },
	{ CKF_DIGEST, CKO_SECRET_KEY, run_digest },
	{ CKF_SIGN, CKO_PRIVATE_KEY, run_sign },
	{ CKF_VERIFY, CKO_PUBLIC_KEY, run_verify },
	{ CKF_SIGN_RECOVER, CKO_PRIVATE_KEY, run_sign_recover },
	{ CKF_VERIFY_RECOVER, CKO_PUBLIC_KEY, run_verify_recover },
	{ CKF_WRAP, CKO_PUBLIC_KEY, run_wrap },
	{ CKF_UNWRAP, CKO_PRIVATE_KEY, run_unwrap },
	{ CKF_DERIVE, CKO_PRIVATE_KEY, run_derive },
	{ CKF_GENERATE, CKO_SECRET_KEY, run_generate },
	{ CKF_GENERATE_KEY_PAIR, CKO_PUBLIC_KEY, run_generate_pair },
};

/* Usually one of the functions that the mechanism serves. */
static const struct use *take_use(struct fuzz_input *in, const struct mech *mech)
{
	size_t skip = fuzz_take_byte(in);

	if (skip >= 240)
		return &uses[skip % ARRAY_LEN(uses)];
	for (size_t i = 0;; i = (i + 1) % ARRAY_LEN(uses))
		if ((mech->flags & uses[i].flag) != 0 && skip-- == 0)
			return &uses[i];
}

/* Usually one of the keys that the mechanism takes there. */
static CK_OBJECT_HANDLE take_fitting_key(struct fuzz_input *in, const struct mech *mech,
					 const struct use *use)
{
	uint8_t how = fuzz_take_byte(in);
	size_t count, left = how;
	const struct fuzz_key *keys = fuzz_keys(&count);
	bool any = false;

	if (how >= 240)
		return take_key(in);
	for (size_t i = 0; i < count || any; i++) {
		const struct fuzz_key *k = &keys[i % count];

		if ((k->class != CKO_SECRET_KEY && k->class != use->class) ||
		    !mech_takes(mech, k->type))
			continue;
		any = true;
		if (left-- == 0)
			return k->handle;
	}
	return keys[how % count].handle;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct state st = { .in = { data, size, NULL }, .s = fuzz_session() };
	const struct mech *mech = &mech_table[fuzz_take_index(&st.in, mech_table_len)];
	const struct use *use = take_use(&st.in, mech);

	st.m.mechanism = mech->type;
	st.key = take_fitting_key(&st.in, mech, use);
	fuzz_take_parameter(&st.in, &st.m);
	use->run(&st);
	fuzz_input_end(&st.in);
	fuzz_session_end(st.s);
	return 0;
}

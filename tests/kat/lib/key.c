#include "config.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>

#include "lib.h"
#include "p11/harness.h"
#include "kat/tmpl.h"

#define PARTS_MAX	10

/* Fields of a section, and what libcrypto calls their values. */
struct part {
	const char *field;
	const char *name;
};

static const struct part rsa_parts[] = {
	{ "CKA_MODULUS", OSSL_PKEY_PARAM_RSA_N },
	{ "CKA_PUBLIC_EXPONENT", OSSL_PKEY_PARAM_RSA_E },
	{ "private.CKA_PRIVATE_EXPONENT", OSSL_PKEY_PARAM_RSA_D },
	{ "private.CKA_PRIME_1", OSSL_PKEY_PARAM_RSA_FACTOR1 },
	{ "private.CKA_PRIME_2", OSSL_PKEY_PARAM_RSA_FACTOR2 },
	{ "private.CKA_EXPONENT_1", OSSL_PKEY_PARAM_RSA_EXPONENT1 },
	{ "private.CKA_EXPONENT_2", OSSL_PKEY_PARAM_RSA_EXPONENT2 },
	{ "private.CKA_COEFFICIENT", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
	{ NULL, NULL },
};

static const struct part dsa_parts[] = {
	{ "CKA_PRIME", OSSL_PKEY_PARAM_FFC_P },
	{ "CKA_SUBPRIME", OSSL_PKEY_PARAM_FFC_Q },
	{ "CKA_BASE", OSSL_PKEY_PARAM_FFC_G },
	{ "public.CKA_VALUE", OSSL_PKEY_PARAM_PUB_KEY },
	{ "private.CKA_VALUE", OSSL_PKEY_PARAM_PRIV_KEY },
	{ NULL, NULL },
};

/* A key from numbers; those that the section has not are left out. */
static EVP_PKEY *key_from(const char *type, OSSL_PARAM_BLD *build)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY *key = NULL;

	if (!params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *key_of_numbers(struct record *section, const char *type, const struct part *parts)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *numbers[PARTS_MAX] = { NULL };
	EVP_PKEY *key = NULL;
	struct bytes b;

	for (size_t i = 0; parts[i].field; i++) {
		if (!record_has(section, parts[i].field) ||
		    !record_bytes(section, parts[i].field, &b))
			continue;
		numbers[i] = BN_bin2bn(b.p, (int)b.len, NULL);
		OSSL_PARAM_BLD_push_BN(build, parts[i].name, numbers[i]);
	}
	key = key_from(type, build);
	for (size_t i = 0; i < PARTS_MAX; i++)
		BN_clear_free(numbers[i]);
	OSSL_PARAM_BLD_free(build);
	return key;
}

/* What follows the DER header of a short or 0x81 form. */
static struct bytes content(struct bytes der)
{
	CK_ULONG header = der.len > 1 && der.p[1] == 0x81 ? 3 : 2;

	return der.len < header ? der : (struct bytes){ der.p + header, der.len - header };
}

/* libcrypto's name of the curve of CKA_EC_PARAMS. */
static bool group_name(struct bytes params, char *name, size_t size)
{
	const unsigned char *at = params.p;
	ASN1_OBJECT *oid = d2i_ASN1_OBJECT(NULL, &at, (long)params.len);
	int nid = OBJ_obj2nid(oid);

	ASN1_OBJECT_free(oid);
	if (nid == NID_undef)
		return false;
	strncpy(name, OBJ_nid2sn(nid), size - 1);
	return true;
}

static EVP_PKEY *key_of_curve(struct record *section)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	struct bytes params, point, value;
	BIGNUM *number = NULL;
	EVP_PKEY *key = NULL;
	char name[64] = "";

	if (record_bytes(section, "CKA_EC_PARAMS", &params) &&
	    record_bytes(section, "public.CKA_EC_POINT", &point) &&
	    record_bytes(section, "private.CKA_VALUE", &value) &&
	    group_name(params, name, sizeof(name))) {
		OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
		point = content(point);
		if (point.len)
			OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.p,
							 point.len);
		number = value.len ? BN_bin2bn(value.p, (int)value.len, NULL) : NULL;
		if (number)
			OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number);
		key = key_from("EC", build);
	}
	BN_clear_free(number);
	OSSL_PARAM_BLD_free(build);
	return key;
}

/* Edwards and Montgomery curves: the private value is all there is. */
static EVP_PKEY *key_of_bytes(struct record *section)
{
	struct bytes params, value;
	char name[64] = "";

	if (!record_bytes(section, "CKA_EC_PARAMS", &params) ||
	    !record_bytes(section, "private.CKA_VALUE", &value) ||
	    !group_name(params, name, sizeof(name)))
		return NULL;
	return EVP_PKEY_new_raw_private_key_ex(NULL, name, NULL, value.p, value.len);
}

EVP_PKEY *lib_key(struct record *job, const char *field)
{
	struct record *section = key_section(job, field);
	const char *type = section ? record_text(section, "CKA_KEY_TYPE", 0) : NULL;

	if (!type)
		return NULL;
	if (strcmp(type, "CKK_RSA") == 0)
		return key_of_numbers(section, "RSA", rsa_parts);
	if (strcmp(type, "CKK_DSA") == 0)
		return key_of_numbers(section, "DSA", dsa_parts);
	if (strcmp(type, "CKK_DH") == 0)
		return key_of_numbers(section, "DHX", dsa_parts);
	if (strcmp(type, "CKK_EC") == 0)
		return key_of_curve(section);
	return key_of_bytes(section);
}

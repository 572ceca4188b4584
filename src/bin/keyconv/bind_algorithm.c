#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bin/keyconv/bind.h"

/* The DER of an object identifier. */
#define P256 "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define P384 "\x06\x05\x2b\x81\x04\x00\x22"
#define ED25519 "\x06\x03\x2b\x65\x70"
#define ED448 "\x06\x03\x2b\x65\x71"

#define NUMBERS(number, name, type) { number, name, type, NULL, 0, 0 }
#define CURVE(number, type, curve, name, len) { number, name, type, curve, sizeof(curve) - 1, len }

static const struct bind_algorithm algorithms[] = {
	NUMBERS(1, "RSA", CKK_RSA),
	NUMBERS(3, "DSA", CKK_DSA),
	NUMBERS(5, "RSASHA1", CKK_RSA),
	NUMBERS(6, "NSEC3DSA", CKK_DSA),
	NUMBERS(7, "NSEC3RSASHA1", CKK_RSA),
	NUMBERS(8, "RSASHA256", CKK_RSA),
	NUMBERS(10, "RSASHA512", CKK_RSA),
	CURVE(13, CKK_EC, P256, "ECDSAP256SHA256", 32),
	CURVE(14, CKK_EC, P384, "ECDSAP384SHA384", 48),
	CURVE(15, CKK_EC_EDWARDS, ED25519, "ED25519", 32),
	CURVE(16, CKK_EC_EDWARDS, ED448, "ED448", 57),
};

/* What older tokens and generated keys have instead of the object identifier. */
static const struct {
	int number;
	const char *params;
	size_t len;
} other_params[] = {
	{ 15, "\x13\x0c" "edwards25519", 14 },
	{ 16, "\x13\x0a" "edwards448", 12 },
};

const struct bind_field bind_fields[] = {
	{ "Modulus", CKA_MODULUS, CKK_RSA },
	{ "PublicExponent", CKA_PUBLIC_EXPONENT, CKK_RSA },
	{ "PrivateExponent", CKA_PRIVATE_EXPONENT, CKK_RSA },
	{ "Prime1", CKA_PRIME_1, CKK_RSA },
	{ "Prime2", CKA_PRIME_2, CKK_RSA },
	{ "Exponent1", CKA_EXPONENT_1, CKK_RSA },
	{ "Exponent2", CKA_EXPONENT_2, CKK_RSA },
	{ "Coefficient", CKA_COEFFICIENT, CKK_RSA },
	{ "Prime(p)", CKA_PRIME, CKK_DSA },
	{ "Subprime(q)", CKA_SUBPRIME, CKK_DSA },
	{ "Base(g)", CKA_BASE, CKK_DSA },
	{ "Private_value(x)", CKA_VALUE, CKK_DSA },
	{ "Public_value(y)", BIND_DSA_PUBLIC, CKK_DSA },
	{ "PrivateKey", CKA_VALUE, BIND_CURVES },
};

_Static_assert(ARRAY_LEN(bind_fields) == BIND_FIELDS, "the count is told");

const struct bind_algorithm *bind_algorithm(int number)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
		if (algorithms[i].number == number)
			return &algorithms[i];
	return NULL;
}

const struct bind_algorithm *bind_algorithm_named(const char *text)
{
	size_t len = strlen(text);

	if (len > 0 && len <= 3 && strspn(text, "0123456789") == len)
		return bind_algorithm((int)strtol(text, NULL, 10));
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
		if (strcasecmp(algorithms[i].name, text) == 0)
			return &algorithms[i];
	return NULL;
}

static bool has_params(const struct bind_algorithm *a, const struct attrset *parts)
{
	const unsigned char *data;
	size_t len;

	if (!attrset_bytes(parts, CKA_EC_PARAMS, &data, &len))
		return false;
	if (len == a->params_len && memcmp(data, a->params, len) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(other_params); i++)
		if (other_params[i].number == a->number && len == other_params[i].len &&
		    memcmp(data, other_params[i].params, len) == 0)
			return true;
	return false;
}

bool bind_fits(const struct bind_algorithm *a, CK_KEY_TYPE type, const struct attrset *parts)
{
	return a->type == type && (a->params == NULL || has_params(a, parts));
}

const struct bind_algorithm *bind_algorithm_of(CK_KEY_TYPE type, const struct attrset *parts)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
		if (algorithms[i].params != NULL && bind_fits(&algorithms[i], type, parts))
			return &algorithms[i];
	return NULL;
}

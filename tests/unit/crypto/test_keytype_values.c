/* What is refused when a key comes from outside, and what is computed for it. */
#include "config.h"

#include "crypto/key/keytype.h"

#include <string.h>

#include "common/reason.h"
#include "crypto/ossl/ossl.h"
#include "pkcs11/names.h"
#include "unit/crypto_util.h"
#include "unit/ec_vectors.h"
#include "unit/key_vectors.h"
#include "unit/rsa_vectors.h"
#include "unit/unit.h"

#define PUB CKO_PUBLIC_KEY
#define PRIV CKO_PRIVATE_KEY
#define SEC CKO_SECRET_KEY
#define DOM CKO_DOMAIN_PARAMETERS
#define BAD CKR_ATTRIBUTE_VALUE_INVALID
#define BAD_DOMAIN CKR_DOMAIN_PARAMS_INVALID
#define BAD_CURVE CKR_CURVE_NOT_SUPPORTED

#define END { 0, NULL }

/* Good keys, which the rows change. */
static const struct hex_attr rsa_public[] = { { CKA_MODULUS, RSA_N },
					      { CKA_PUBLIC_EXPONENT, RSA_E }, END };
static const struct hex_attr rsa_full[] = {
	{ CKA_MODULUS, RSA_N },	    { CKA_PUBLIC_EXPONENT, RSA_E }, { CKA_PRIVATE_EXPONENT, RSA_D },
	{ CKA_PRIME_1, RSA_P },	    { CKA_PRIME_2, RSA_Q },	    { CKA_EXPONENT_1, RSA_DP },
	{ CKA_EXPONENT_2, RSA_DQ }, { CKA_COEFFICIENT, RSA_QINV },  END
};
static const struct hex_attr rsa_short[] = { { CKA_MODULUS, RSA_N },
					     { CKA_PRIVATE_EXPONENT, RSA_D }, END };
static const struct hex_attr rsa_odd[] = { { CKA_MODULUS, RSAODD_N },
					   { CKA_PRIVATE_EXPONENT, RSAODD_D }, END };
static const struct hex_attr p256_public[] = { { CKA_EC_PARAMS, P256 },
					       { CKA_EC_POINT, "0441" P256_POINT }, END };
static const struct hex_attr p256_private[] = { { CKA_EC_PARAMS, P256 }, { CKA_VALUE, P256_D },
						END };
static const struct hex_attr ed_public[] = { { CKA_EC_PARAMS, ED25519 },
					     { CKA_EC_POINT, "0420" ED25519_PUB }, END };
static const struct hex_attr ed_private[] = { { CKA_EC_PARAMS, ED25519 },
					      { CKA_VALUE, ED25519_SEED }, END };
static const struct hex_attr dsa_public[] = { { CKA_PRIME, DSA_P }, { CKA_SUBPRIME, DSA_Q },
					      { CKA_BASE, DSA_G }, { CKA_VALUE, DSA_Y }, END };
static const struct hex_attr dsa_private[] = { { CKA_PRIME, DSA_P }, { CKA_SUBPRIME, DSA_Q },
					       { CKA_BASE, DSA_G }, { CKA_VALUE, DSA_X }, END };
static const struct hex_attr dsa_domain[] = { { CKA_PRIME, DSA_P }, { CKA_SUBPRIME, DSA_Q },
					      { CKA_BASE, DSA_G }, END };
static const struct hex_attr nothing[] = { END };

#define RSA_EVEN(n) n "00"
#define X25519_OID "06032b656e"
#define X448_OID "06032b656f"
/* DSA_P with another last byte: odd, and no prime */
#define NOT_PRIME_HEAD \
	"86f5ca03dcfeb225063ff830a0c769b9dd9d6153ad91d7ce27f787c43278b447e6533b86b18bed6e" \
	"8a48b784a14c252c5be0dbf60b86d6385bd2f12fb763ed8873abfd3f5ba2e0a8c0a59082eac05693" \
	"5e529daf7c610467899c77adedfc846c881870b7b19b2b58f9be0521a17002e3bdd6b86685ee90b3" \
	"d9a1b02b782b17"
#define DSA_P_LESS_1 NOT_PRIME_HEAD "78"
#define DSA_P_LESS_2 NOT_PRIME_HEAD "77"
#define NOT_PRIME NOT_PRIME_HEAD "7b"
#define SMALL_PRIME "ffffffffffffffc5"
#define BYTES_16 "000102030405060708090a0b0c0d0e0f"

#define CHANGES 4

struct row {
	const char *name;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
	const struct hex_attr *base;
	struct hex_attr changes[CHANGES];
	CK_RV expected;
	CK_ATTRIBUTE_TYPE culprit;	/* is named in the reason */
};

static const struct row rows[] = {
	{ "RSA public", PUB, CKK_RSA, rsa_public, { END }, CKR_OK, 0 },
	{ "RSA, even modulus", PUB, CKK_RSA, rsa_public, { { CKA_MODULUS, RSA_EVEN(RSA_N) } },
	  BAD, CKA_MODULUS },
	{ "RSA, modulus 1", PUB, CKK_RSA, rsa_public, { { CKA_MODULUS, "01" } }, BAD,
	  CKA_PUBLIC_EXPONENT },
	{ "RSA, no modulus", PUB, CKK_RSA, rsa_public, { { CKA_MODULUS, "" } }, BAD, CKA_MODULUS },
	{ "RSA, even exponent", PUB, CKK_RSA, rsa_public, { { CKA_PUBLIC_EXPONENT, "010000" } },
	  BAD, CKA_PUBLIC_EXPONENT },
	{ "RSA, exponent 1", PUB, CKK_RSA, rsa_public, { { CKA_PUBLIC_EXPONENT, "000001" } }, BAD,
	  CKA_PUBLIC_EXPONENT },
	{ "RSA, exponent 0", PUB, CKK_RSA, rsa_public, { { CKA_PUBLIC_EXPONENT, "00" } }, BAD,
	  CKA_PUBLIC_EXPONENT },
	{ "RSA, exponent 3", PUB, CKK_RSA, rsa_public, { { CKA_PUBLIC_EXPONENT, "03" } }, CKR_OK,
	  0 },
	{ "RSA, exponent is the modulus", PUB, CKK_RSA, rsa_public,
	  { { CKA_PUBLIC_EXPONENT, RSA_N } }, BAD, CKA_PUBLIC_EXPONENT },
	{ "RSA, exponent below the modulus", PUB, CKK_RSA, rsa_public,
	  { { CKA_PUBLIC_EXPONENT, RSA_D } }, CKR_OK, 0 },

	{ "RSA private", PRIV, CKK_RSA, rsa_full, { END }, CKR_OK, 0 },
	{ "RSA private, leading zeros", PRIV, CKK_RSA, rsa_full,
	  { { CKA_PRIME_1, "0000" RSA_P }, { CKA_EXPONENT_1, "00" RSA_DP } }, CKR_OK, 0 },
	{ "RSA private, another modulus", PRIV, CKK_RSA, rsa_full,
	  { { CKA_MODULUS, RSA_N "01" } }, BAD, CKA_MODULUS },
	{ "RSA private, primes exchanged", PRIV, CKK_RSA, rsa_full,
	  { { CKA_PRIME_1, RSA_Q }, { CKA_PRIME_2, RSA_P } }, BAD, CKA_EXPONENT_1 },
	{ "RSA private, all exchanged but the coefficient", PRIV, CKK_RSA, rsa_full,
	  { { CKA_PRIME_1, RSA_Q }, { CKA_PRIME_2, RSA_P }, { CKA_EXPONENT_1, RSA_DQ },
	    { CKA_EXPONENT_2, RSA_DP } }, BAD, CKA_COEFFICIENT },
	{ "RSA private, one prime twice", PRIV, CKK_RSA, rsa_full, { { CKA_PRIME_2, RSA_P } }, BAD,
	  CKA_PRIME_2 },
	{ "RSA private, primes 1 and n", PRIV, CKK_RSA, rsa_full,
	  { { CKA_PRIME_1, "01" }, { CKA_PRIME_2, RSA_N } }, BAD, CKA_PRIME_1 },
	{ "RSA private, primes n and 1", PRIV, CKK_RSA, rsa_full,
	  { { CKA_PRIME_1, RSA_N }, { CKA_PRIME_2, "01" } }, BAD, CKA_PRIME_2 },
	{ "RSA private, another public exponent", PRIV, CKK_RSA, rsa_full,
	  { { CKA_PUBLIC_EXPONENT, "03" } }, BAD, CKA_PRIVATE_EXPONENT },
	{ "RSA private, even public exponent", PRIV, CKK_RSA, rsa_full,
	  { { CKA_PUBLIC_EXPONENT, "02" } }, BAD, CKA_PUBLIC_EXPONENT },
	{ "RSA private, public exponent 1", PRIV, CKK_RSA, rsa_full,
	  { { CKA_PUBLIC_EXPONENT, "01" } }, BAD, CKA_PUBLIC_EXPONENT },
	{ "RSA private, another private exponent", PRIV, CKK_RSA, rsa_full,
	  { { CKA_PRIVATE_EXPONENT, RSA_P } }, BAD, CKA_PRIVATE_EXPONENT },
	{ "RSA private, even private exponent", PRIV, CKK_RSA, rsa_full,
	  { { CKA_PRIVATE_EXPONENT, RSA_EVEN(RSA_P) } }, BAD, CKA_PRIVATE_EXPONENT },
	{ "RSA private, long private exponent", PRIV, CKK_RSA, rsa_full,
	  { { CKA_PRIVATE_EXPONENT, RSA_D "01" } }, BAD, CKA_PRIVATE_EXPONENT },
	{ "RSA private, long prime", PRIV, CKK_RSA, rsa_full, { { CKA_PRIME_1, RSA_N "01" } }, BAD,
	  CKA_PRIME_1 },
	{ "RSA private, wrong exponent 1", PRIV, CKK_RSA, rsa_full, { { CKA_EXPONENT_1, RSA_DQ } },
	  BAD, CKA_EXPONENT_1 },
	{ "RSA private, wrong exponent 2", PRIV, CKK_RSA, rsa_full, { { CKA_EXPONENT_2, RSA_DP } },
	  BAD, CKA_EXPONENT_2 },
	{ "RSA private, wrong coefficient", PRIV, CKK_RSA, rsa_full, { { CKA_COEFFICIENT, "02" } },
	  BAD, CKA_COEFFICIENT },
	{ "RSA private, no private exponent", PRIV, CKK_RSA, rsa_full,
	  { { CKA_PRIVATE_EXPONENT, "" } }, BAD, CKA_PRIVATE_EXPONENT },
	{ "RSA private, only one prime", PRIV, CKK_RSA, rsa_short, { { CKA_PRIME_2, RSA_Q } },
	  CKR_OK, 0 },
	{ "RSA private, only one, wrong prime", PRIV, CKK_RSA, rsa_short,
	  { { CKA_PRIME_1, RSA_DP } }, BAD, CKA_PRIME_1 },
	{ "RSA private, only modulus and exponent", PRIV, CKK_RSA, rsa_short, { END }, CKR_OK, 0 },
	{ "RSA private, exponents that do not fit", PRIV, CKK_RSA, rsa_short,
	  { { CKA_PUBLIC_EXPONENT, "03" } }, BAD, CKA_PRIVATE_EXPONENT },
	{ "RSA private, a lonely CRT exponent", PRIV, CKK_RSA, rsa_short,
	  { { CKA_EXPONENT_1, RSA_DP } }, CKR_OK, 0 },
	{ "RSA private, unusual exponent", PRIV, CKK_RSA, rsa_odd,
	  { { CKA_PUBLIC_EXPONENT, RSAODD_E } }, CKR_OK, 0 },
	{ "RSA private, unusual exponent missing", PRIV, CKK_RSA, rsa_odd, { END }, BAD,
	  CKA_PUBLIC_EXPONENT },
	{ "RSA private, unusual exponent from primes", PRIV, CKK_RSA, rsa_odd,
	  { { CKA_PRIME_1, RSAODD_P }, { CKA_PRIME_2, RSAODD_Q } }, CKR_OK, 0 },
	{ "RSA private, primes share the exponent's divisor", PRIV, CKK_RSA, rsa_odd,
	  { { CKA_PRIVATE_EXPONENT, "0b" }, { CKA_PRIME_1, "17" }, { CKA_PRIME_2, "0b" },
	    { CKA_MODULUS, "fd" } }, BAD, CKA_PRIVATE_EXPONENT },
	{ "RSA private of three primes", PRIV, CKK_RSA, nothing,
	  { { CKA_MODULUS, RSA3_N }, { CKA_PRIVATE_EXPONENT, RSA3_D } }, CKR_OK, 0 },
	{ "RSA private of a square", PRIV, CKK_RSA, nothing,
	  { { CKA_MODULUS, RSASQ_N }, { CKA_PRIVATE_EXPONENT, RSASQ_D } }, CKR_OK, 0 },
	{ "RSA private of a square, primes given", PRIV, CKK_RSA, nothing,
	  { { CKA_MODULUS, RSASQ_N }, { CKA_PRIVATE_EXPONENT, RSASQ_D },
	    { CKA_PRIME_1, RSASQ_P }, { CKA_PRIME_2, RSASQ_P } }, BAD, CKA_PRIME_2 },
	{ "RSA private of a prime", PRIV, CKK_RSA, nothing,
	  { { CKA_MODULUS, RSAPRIME_N }, { CKA_PRIVATE_EXPONENT, RSAPRIME_D } }, CKR_OK, 0 },

	{ "EC public", PUB, CKK_EC, p256_public, { END }, CKR_OK, 0 },
	{ "EC, bare point", PUB, CKK_EC, p256_public, { { CKA_EC_POINT, P256_POINT } }, CKR_OK,
	  0 },
	{ "EC, compressed point", PUB, CKK_EC, p256_public, { { CKA_EC_POINT, "042103" P256_X } },
	  CKR_OK, 0 },
	{ "EC, bare compressed point", PUB, CKK_EC, p256_public,
	  { { CKA_EC_POINT, "03" P256_X } }, CKR_OK, 0 },
	{ "EC, hybrid point", PUB, CKK_EC, p256_public,
	  { { CKA_EC_POINT, "044107" P256_X P256_Y } }, CKR_OK, 0 },
	{ "EC, point off the curve", PUB, CKK_EC, p256_public,
	  { { CKA_EC_POINT, "044104" P256_X P256_X } }, BAD, CKA_EC_POINT },
	{ "EC, compressed point off the curve", PUB, CKK_EC, p256_public,
	  { { CKA_EC_POINT, "042102" P256_Y } }, BAD, CKA_EC_POINT },
	{ "EC, infinity", PUB, CKK_EC, p256_public, { { CKA_EC_POINT, "040100" } }, BAD,
	  CKA_EC_POINT },
	{ "EC, short point", PUB, CKK_EC, p256_public, { { CKA_EC_POINT, "044004" P256_X } }, BAD,
	  CKA_EC_POINT },
	{ "EC, bytes behind the point", PUB, CKK_EC, p256_public,
	  { { CKA_EC_POINT, "0441" P256_POINT "00" } }, BAD, CKA_EC_POINT },
	{ "EC, no point", PUB, CKK_EC, p256_public, { { CKA_EC_POINT, "" } }, BAD, CKA_EC_POINT },
	{ "EC, point of another curve", PUB, CKK_EC, p256_public, { { CKA_EC_PARAMS, P384 } }, BAD,
	  CKA_EC_POINT },
	{ "EC with a cofactor", PUB, CKK_EC, nothing,
	  { { CKA_EC_PARAMS, SECP112R2 }, { CKA_EC_POINT, SECP112R2_G } }, CKR_OK, 0 },
	{ "EC, outside of the subgroup", PUB, CKK_EC, nothing,
	  { { CKA_EC_PARAMS, SECP112R2 }, { CKA_EC_POINT, SECP112R2_OUTSIDE } }, BAD,
	  CKA_EC_POINT },
	{ "EC, unknown curve", PUB, CKK_EC, p256_public, { { CKA_EC_PARAMS, "06042a030405" } },
	  BAD_CURVE, CKA_EC_PARAMS },
	{ "EC, no curve", PUB, CKK_EC, p256_public, { { CKA_EC_PARAMS, "" } }, BAD,
	  CKA_EC_PARAMS },
	{ "EC, rubbish", PUB, CKK_EC, p256_public, { { CKA_EC_PARAMS, "3003020101" } }, BAD,
	  CKA_EC_PARAMS },
	{ "EC, explicit parameters", PUB, CKK_EC, p256_public,
	  { { CKA_EC_PARAMS, P256_EXPLICIT } }, CKR_OK, 0 },
	{ "EC, Edwards curve", PUB, CKK_EC, ed_public, { END }, BAD_CURVE, CKA_EC_PARAMS },
	{ "EC private", PRIV, CKK_EC, p256_private, { END }, CKR_OK, 0 },
	{ "EC private, leading zeros", PRIV, CKK_EC, p256_private,
	  { { CKA_VALUE, "000000" P256_D } }, CKR_OK, 0 },
	{ "EC private, 0", PRIV, CKK_EC, p256_private, { { CKA_VALUE, "0000" } }, BAD, CKA_VALUE },
	{ "EC private, empty", PRIV, CKK_EC, p256_private, { { CKA_VALUE, "" } }, BAD, CKA_VALUE },
	{ "EC private, the order", PRIV, CKK_EC, p256_private,
	  { { CKA_VALUE,
	      "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551" } },
	  BAD, CKA_VALUE },
	{ "EC private, too long", PRIV, CKK_EC, p256_private, { { CKA_VALUE, P256_D P256_D } }, BAD,
	  CKA_VALUE },

	{ "Ed25519 public", PUB, CKK_EC_EDWARDS, ed_public, { END }, CKR_OK, 0 },
	{ "Ed25519, bare point", PUB, CKK_EC_EDWARDS, ed_public,
	  { { CKA_EC_POINT, ED25519_PUB } }, CKR_OK, 0 },
	{ "Ed25519, off the curve", PUB, CKK_EC_EDWARDS, ed_public,
	  { { CKA_EC_POINT,
	      "0200000000000000000000000000000000000000000000000000000000000000" } },
	  BAD, CKA_EC_POINT },
	{ "Ed25519, the neutral point", PUB, CKK_EC_EDWARDS, ed_public,
	  { { CKA_EC_POINT,
	      "0100000000000000000000000000000000000000000000000000000000000000" } },
	  BAD, CKA_EC_POINT },
	{ "Ed25519, beyond the field", PUB, CKK_EC_EDWARDS, ed_public,
	  { { CKA_EC_POINT,
	      "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" } },
	  BAD, CKA_EC_POINT },
	{ "Ed25519, short point", PUB, CKK_EC_EDWARDS, ed_public, { { CKA_EC_POINT, "04020102" } },
	  BAD, CKA_EC_POINT },
	{ "Ed448 public", PUB, CKK_EC_EDWARDS, nothing,
	  { { CKA_EC_PARAMS, ED448 }, { CKA_EC_POINT, "0439" ED448_PUB } }, CKR_OK, 0 },
	{ "Ed448, off the curve", PUB, CKK_EC_EDWARDS, nothing,
	  { { CKA_EC_PARAMS, ED448 },
	    { CKA_EC_POINT, "06000000000000000000000000000000000000000000000000000000"
			    "0000000000000000000000000000000000000000000000000000000000" } },
	  BAD, CKA_EC_POINT },
	{ "Ed448, stray bits", PUB, CKK_EC_EDWARDS, nothing,
	  { { CKA_EC_PARAMS, ED448 },
	    { CKA_EC_POINT, "03000000000000000000000000000000000000000000000000000000"
			    "0000000000000000000000000000000000000000000000000000000001" } },
	  BAD, CKA_EC_POINT },
	{ "Ed25519 private", PRIV, CKK_EC_EDWARDS, ed_private, { END }, CKR_OK, 0 },
	{ "Ed25519 private, short", PRIV, CKK_EC_EDWARDS, ed_private, { { CKA_VALUE, BYTES_16 } },
	  BAD, CKA_VALUE },
	{ "Ed25519 private, empty", PRIV, CKK_EC_EDWARDS, ed_private, { { CKA_VALUE, "" } }, BAD,
	  CKA_VALUE },
	{ "Edwards with P-256", PUB, CKK_EC_EDWARDS, p256_public, { END }, BAD_CURVE,
	  CKA_EC_PARAMS },
	{ "Edwards with X25519", PUB, CKK_EC_EDWARDS, ed_public, { { CKA_EC_PARAMS, X25519_OID } },
	  CKR_OK, 0 },
	{ "X25519 public", PUB, CKK_EC_MONTGOMERY, ed_public, { { CKA_EC_PARAMS, X25519_OID } },
	  CKR_OK, 0 },
	{ "X25519, short point", PUB, CKK_EC_MONTGOMERY, nothing,
	  { { CKA_EC_PARAMS, X25519_OID }, { CKA_EC_POINT, BYTES_16 } }, BAD, CKA_EC_POINT },
	{ "X25519 private", PRIV, CKK_EC_MONTGOMERY, ed_private, { { CKA_EC_PARAMS, X25519_OID } },
	  CKR_OK, 0 },
	{ "X448 private, too short", PRIV, CKK_EC_MONTGOMERY, ed_private,
	  { { CKA_EC_PARAMS, X448_OID } }, BAD, CKA_VALUE },
	{ "Montgomery with Ed25519", PUB, CKK_EC_MONTGOMERY, ed_public, { END }, BAD_CURVE,
	  CKA_EC_PARAMS },
	{ "Montgomery with Ed25519, private", PRIV, CKK_EC_MONTGOMERY, ed_private, { END },
	  BAD_CURVE, CKA_EC_PARAMS },
	{ "Montgomery with P-256", PUB, CKK_EC_MONTGOMERY, p256_public, { END }, BAD_CURVE,
	  CKA_EC_PARAMS },

	{ "DSA public", PUB, CKK_DSA, dsa_public, { END }, CKR_OK, 0 },
	{ "DSA private", PRIV, CKK_DSA, dsa_private, { END }, CKR_OK, 0 },
	{ "DSA domain", DOM, CKK_DSA, dsa_domain, { END }, CKR_OK, 0 },
	{ "DSA, even prime", PUB, CKK_DSA, dsa_public, { { CKA_PRIME, DSA_P "00" } }, BAD_DOMAIN,
	  CKA_PRIME },
	{ "DSA, small prime", PUB, CKK_DSA, dsa_public, { { CKA_PRIME, SMALL_PRIME } }, BAD_DOMAIN,
	  CKA_PRIME },
	{ "DSA, composite prime", PUB, CKK_DSA, dsa_public, { { CKA_PRIME, NOT_PRIME } },
	  BAD_DOMAIN, CKA_PRIME },
	{ "DSA, no prime", PUB, CKK_DSA, dsa_public, { { CKA_PRIME, "" } }, BAD, CKA_PRIME },
	{ "DSA, subprime that does not divide", PUB, CKK_DSA, dsa_public,
	  { { CKA_SUBPRIME, "996f967f6c8e388d9e28d01e205fba957a5698b3" } }, BAD_DOMAIN,
	  CKA_SUBPRIME },
	{ "DSA, even subprime", PUB, CKK_DSA, dsa_public, { { CKA_SUBPRIME, "02" } }, BAD_DOMAIN,
	  CKA_SUBPRIME },
	{ "DSA, subprime 1", PUB, CKK_DSA, dsa_public, { { CKA_SUBPRIME, "01" } }, BAD_DOMAIN,
	  CKA_SUBPRIME },
	{ "DSA, subprime is the prime", PUB, CKK_DSA, dsa_public, { { CKA_SUBPRIME, DSA_P } },
	  BAD_DOMAIN, CKA_SUBPRIME },
	{ "DSA, no subprime", DOM, CKK_DSA, dsa_domain, { { CKA_SUBPRIME, "00" } }, BAD,
	  CKA_SUBPRIME },
	{ "DSA, generator of another order", DOM, CKK_DSA, dsa_domain, { { CKA_BASE, "02" } },
	  BAD_DOMAIN, CKA_BASE },
	{ "DSA, generator 1", DOM, CKK_DSA, dsa_domain, { { CKA_BASE, "01" } }, BAD_DOMAIN,
	  CKA_BASE },
	{ "DSA, no generator", DOM, CKK_DSA, dsa_domain, { { CKA_BASE, "" } }, BAD, CKA_BASE },
	{ "DSA public, 1", PUB, CKK_DSA, dsa_public, { { CKA_VALUE, "01" } }, BAD, CKA_VALUE },
	{ "DSA public, of another order", PUB, CKK_DSA, dsa_public, { { CKA_VALUE, "02" } }, BAD,
	  CKA_VALUE },
	{ "DSA public, p", PUB, CKK_DSA, dsa_public, { { CKA_VALUE, DSA_P } }, BAD, CKA_VALUE },
	{ "DSA public, none", PUB, CKK_DSA, dsa_public, { { CKA_VALUE, "" } }, BAD, CKA_VALUE },
	{ "DSA private, 0", PRIV, CKK_DSA, dsa_private, { { CKA_VALUE, "00" } }, BAD, CKA_VALUE },
	{ "DSA private, 1", PRIV, CKK_DSA, dsa_private, { { CKA_VALUE, "01" } }, CKR_OK, 0 },
	{ "DSA private, q", PRIV, CKK_DSA, dsa_private, { { CKA_VALUE, DSA_Q } }, BAD, CKA_VALUE },

	{ "DH public", PUB, CKK_DH, dsa_public, { END }, CKR_OK, 0 },
	{ "DH public, generator 2", PUB, CKK_DH, dsa_public, { { CKA_BASE, "02" } }, CKR_OK, 0 },
	{ "DH private", PRIV, CKK_DH, dsa_private, { END }, CKR_OK, 0 },
	{ "DH domain", DOM, CKK_DH, dsa_domain, { END }, CKR_OK, 0 },
	{ "DH, even prime", DOM, CKK_DH, dsa_domain, { { CKA_PRIME, DSA_P "00" } }, BAD_DOMAIN,
	  CKA_PRIME },
	{ "DH, small prime", DOM, CKK_DH, dsa_domain, { { CKA_PRIME, SMALL_PRIME } }, BAD_DOMAIN,
	  CKA_PRIME },
	{ "DH, composite prime", DOM, CKK_DH, dsa_domain, { { CKA_PRIME, NOT_PRIME } }, BAD_DOMAIN,
	  CKA_PRIME },
	{ "DH, generator 0", DOM, CKK_DH, dsa_domain, { { CKA_BASE, "00" } }, BAD, CKA_BASE },
	{ "DH, generator 1", DOM, CKK_DH, dsa_domain, { { CKA_BASE, "01" } }, BAD_DOMAIN,
	  CKA_BASE },
	{ "DH, generator p - 2", DOM, CKK_DH, dsa_domain, { { CKA_BASE, DSA_P_LESS_2 } }, CKR_OK,
	  0 },
	{ "DH, generator p - 1", DOM, CKK_DH, dsa_domain, { { CKA_BASE, DSA_P_LESS_1 } },
	  BAD_DOMAIN, CKA_BASE },
	{ "DH public, 0", PUB, CKK_DH, dsa_public, { { CKA_VALUE, "00" } }, BAD, CKA_VALUE },
	{ "DH public, 1", PUB, CKK_DH, dsa_public, { { CKA_VALUE, "01" } }, BAD, CKA_VALUE },
	{ "DH public, 2", PUB, CKK_DH, dsa_public, { { CKA_VALUE, "02" } }, CKR_OK, 0 },
	{ "DH public, p - 1", PUB, CKK_DH, dsa_public, { { CKA_VALUE, DSA_P_LESS_1 } }, BAD,
	  CKA_VALUE },
	{ "DH public, p", PUB, CKK_DH, dsa_public, { { CKA_VALUE, DSA_P } }, BAD, CKA_VALUE },
	{ "DH private, 0", PRIV, CKK_DH, dsa_private, { { CKA_VALUE, "00" } }, BAD, CKA_VALUE },
	{ "DH private, 1", PRIV, CKK_DH, dsa_private, { { CKA_VALUE, "01" } }, CKR_OK, 0 },
	{ "DH private, p - 2", PRIV, CKK_DH, dsa_private, { { CKA_VALUE, DSA_P_LESS_2 } }, CKR_OK,
	  0 },
	{ "DH private, p - 1", PRIV, CKK_DH, dsa_private, { { CKA_VALUE, DSA_P_LESS_1 } }, BAD,
	  CKA_VALUE },

	{ "AES", SEC, CKK_AES, nothing, { { CKA_VALUE, BYTES_16 } }, CKR_OK, 0 },
	{ "AES of 17 bytes", SEC, CKK_AES, nothing, { { CKA_VALUE, BYTES_16 "00" } }, BAD,
	  CKA_VALUE },
	{ "AES of 20 bytes", SEC, CKK_AES, nothing, { { CKA_VALUE, DSA_Q } }, BAD, CKA_VALUE },
	{ "AES of 24 bytes", SEC, CKK_AES, nothing, { { CKA_VALUE, BYTES_16 "0001020304050607" } },
	  CKR_OK, 0 },
	{ "AES of 32 bytes", SEC, CKK_AES, nothing, { { CKA_VALUE, BYTES_16 BYTES_16 } }, CKR_OK,
	  0 },
	{ "AES of 33 bytes", SEC, CKK_AES, nothing, { { CKA_VALUE, BYTES_16 BYTES_16 "00" } }, BAD,
	  CKA_VALUE },
	{ "AES of 8 bytes", SEC, CKK_AES, nothing, { { CKA_VALUE, "0001020304050607" } }, BAD,
	  CKA_VALUE },
	{ "AES, empty", SEC, CKK_AES, nothing, { { CKA_VALUE, "" } }, BAD, CKA_VALUE },
	{ "AES, wrong check value", SEC, CKK_AES, nothing,
	  { { CKA_VALUE, AES_KEY }, { CKA_CHECK_VALUE, "7df76a" } }, BAD, CKA_CHECK_VALUE },
	{ "DES, parity of no kind", SEC, CKK_DES, nothing, { { CKA_VALUE, "0001020304050607" } },
	  CKR_OK, 0 },
	{ "DES of 7 bytes", SEC, CKK_DES, nothing, { { CKA_VALUE, "00010203040506" } }, BAD,
	  CKA_VALUE },
	{ "DES2", SEC, CKK_DES2, nothing, { { CKA_VALUE, BYTES_16 } }, CKR_OK, 0 },
	{ "DES2 of 8 bytes", SEC, CKK_DES2, nothing, { { CKA_VALUE, "0001020304050607" } }, BAD,
	  CKA_VALUE },
	{ "DES3", SEC, CKK_DES3, nothing, { { CKA_VALUE, BYTES_16 "0001020304050607" } }, CKR_OK,
	  0 },
	{ "DES3 of 16 bytes", SEC, CKK_DES3, nothing, { { CKA_VALUE, BYTES_16 } }, BAD,
	  CKA_VALUE },
	{ "generic, empty", SEC, CKK_GENERIC_SECRET, nothing, { { CKA_VALUE, "" } }, BAD,
	  CKA_VALUE },
};

static struct attrset *make_row(const struct hex_attr *base, const struct hex_attr *changes)
{
	struct attrset *s = make_set(base);

	for (size_t i = 0; i < CHANGES && changes[i].hex != NULL; i++) {
		struct bytes b = unhex(changes[i].hex);

		if (attrset_set_bytes(s, changes[i].type, b.data, b.len) != CKR_OK)
			abort();
	}
	return s;
}

static bool names(CK_ATTRIBUTE_TYPE culprit)
{
	const char *text = reason_text();

	if (culprit == 0)
		return text == NULL;
	return text != NULL && strncmp(text, cka_name(culprit), strlen(cka_name(culprit))) == 0;
}

static void test_values(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		struct attrset *s = make_row(r->base, r->changes);
		struct key *k = NULL;
		CK_RV rv;

		reason_clear();
		rv = keytype_complete(r->class, r->type, s);
		CHECK(r->name, rv == r->expected);
		CHECK(r->name, names(r->culprit));
		/* What is accepted can be used, and is accepted again. */
		if (rv == CKR_OK) {
			CHECK(r->name, r->class == DOM ||
			      keytype_load(r->class, r->type, s, &k) == CKR_OK);
			CHECK(r->name, keytype_complete(r->class, r->type, s) == CKR_OK);
		}
		key_unref(k);
		attrset_free(s);
	}
}

static const struct {
	const char *name;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
	const struct hex_attr *base;
	struct hex_attr changes[CHANGES];
	struct hex_attr then[8];
} computed[] = {
	{ "nothing to do", PRIV, CKK_RSA, rsa_full, { END },
	  { { CKA_PUBLIC_EXPONENT, RSA_E }, { CKA_PRIME_1, RSA_P },
	    { CKA_COEFFICIENT, RSA_QINV }, END } },
	{ "public exponent", PRIV, CKK_RSA, rsa_full, { { CKA_PUBLIC_EXPONENT, "" } },
	  { { CKA_PUBLIC_EXPONENT, RSA_E }, END } },
	{ "the rest of the CRT", PRIV, CKK_RSA, rsa_short,
	  { { CKA_PRIME_1, RSA_P }, { CKA_PRIME_2, RSA_Q } },
	  { { CKA_PUBLIC_EXPONENT, RSA_E }, { CKA_EXPONENT_1, RSA_DP },
	    { CKA_EXPONENT_2, RSA_DQ }, { CKA_COEFFICIENT, RSA_QINV }, END } },
	{ "the other way round", PRIV, CKK_RSA, rsa_short,
	  { { CKA_PRIME_1, RSA_Q }, { CKA_PRIME_2, RSA_P } },
	  { { CKA_EXPONENT_1, RSA_DQ }, { CKA_EXPONENT_2, RSA_DP }, END } },
	{ "one prime", PRIV, CKK_RSA, rsa_full, { { CKA_PRIME_2, "" } },
	  { { CKA_PRIME_2, RSA_Q }, END } },
	{ "coefficient", PRIV, CKK_RSA, rsa_full, { { CKA_COEFFICIENT, "" } },
	  { { CKA_COEFFICIENT, RSA_QINV }, END } },
	{ "unusual exponent", PRIV, CKK_RSA, rsa_odd,
	  { { CKA_PRIME_1, RSAODD_P } },
	  { { CKA_PUBLIC_EXPONENT, RSAODD_E }, { CKA_PRIME_2, RSAODD_Q }, END } },
	{ "bare point", PUB, CKK_EC, p256_public, { { CKA_EC_POINT, P256_POINT } },
	  { { CKA_EC_POINT, "0441" P256_POINT }, { CKA_EC_PARAMS, P256 }, END } },
	{ "compressed point", PUB, CKK_EC, p256_public,
	  { { CKA_EC_POINT, "042103" P256_X } },
	  { { CKA_EC_POINT, "0441" P256_POINT }, END } },
	{ "hybrid point", PUB, CKK_EC, p256_public,
	  { { CKA_EC_POINT, "07" P256_X P256_Y } },
	  { { CKA_EC_POINT, "0441" P256_POINT }, END } },
	{ "explicit parameters stay", PUB, CKK_EC, p256_public,
	  { { CKA_EC_PARAMS, P256_EXPLICIT } },
	  { { CKA_EC_PARAMS, P256_EXPLICIT }, END } },
	{ "Edwards point", PUB, CKK_EC_EDWARDS, ed_public,
	  { { CKA_EC_POINT, ED25519_PUB } },
	  { { CKA_EC_POINT, "0420" ED25519_PUB }, END } },
	{ "Montgomery point", PUB, CKK_EC_MONTGOMERY, ed_public,
	  { { CKA_EC_PARAMS, X25519_OID }, { CKA_EC_POINT, ED25519_PUB } },
	  { { CKA_EC_POINT, "0420" ED25519_PUB }, END } },
};

/* What the set holds afterwards. */
static void test_computed(void)
{
	for (size_t i = 0; i < ARRAY_LEN(computed); i++) {
		struct attrset *s = make_row(computed[i].base, computed[i].changes);

		CHECK(computed[i].name,
		      keytype_complete(computed[i].class, computed[i].type, s) == CKR_OK);
		for (const struct hex_attr *a = computed[i].then; a->hex != NULL; a++) {
			const unsigned char *p = NULL;
			size_t len = 0;

			CHECK(computed[i].name, attrset_bytes(s, a->type, &p, &len) &&
			      is_hex(p, len, a->hex));
		}
		attrset_free(s);
	}
}

/* Without primes they are found, in one order or the other; not of a modulus that has no two. */
static void test_factor(void)
{
	static const struct {
		const char *name;
		struct hex_attr attrs[4];
		const char *p, *q;
	} keys[] = {
		{ "1024 bits", { { CKA_MODULUS, RSA_N }, { CKA_PRIVATE_EXPONENT, RSA_D }, END },
		  RSA_P, RSA_Q },
		{ "unusual exponent",
		  { { CKA_MODULUS, RSAODD_N }, { CKA_PRIVATE_EXPONENT, RSAODD_D },
		    { CKA_PUBLIC_EXPONENT, RSAODD_E }, END }, RSAODD_P, RSAODD_Q },
		{ "three primes",
		  { { CKA_MODULUS, RSA3_N }, { CKA_PRIVATE_EXPONENT, RSA3_D }, END }, NULL, NULL },
		{ "a prime",
		  { { CKA_MODULUS, RSAPRIME_N }, { CKA_PRIVATE_EXPONENT, RSAPRIME_D }, END }, NULL,
		  NULL },
		{ "a lonely CRT exponent",
		  { { CKA_MODULUS, RSA_N }, { CKA_PRIVATE_EXPONENT, RSA_D },
		    { CKA_EXPONENT_1, RSA_DP }, END }, NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct attrset *s = make_set(keys[i].attrs);
		const unsigned char *p = NULL, *q = NULL;
		size_t p_len = 0, q_len = 0;

		CHECK(keys[i].name, keytype_complete(PRIV, CKK_RSA, s) == CKR_OK);
		attrset_bytes(s, CKA_PRIME_1, &p, &p_len);
		attrset_bytes(s, CKA_PRIME_2, &q, &q_len);
		CHECK(keys[i].name,
		      (is_hex(p, p_len, keys[i].p) && is_hex(q, q_len, keys[i].q)) ||
		      (is_hex(p, p_len, keys[i].q) && is_hex(q, q_len, keys[i].p)));
		CHECK(keys[i].name, (attrset_get(s, CKA_COEFFICIENT) != NULL) ==
		      (keys[i].p != NULL));
		CHECK(keys[i].name, attrset_get(s, CKA_PUBLIC_EXPONENT) != NULL);
		attrset_free(s);
	}
}

/* Each attribute in turn, of a megabyte. */
static void test_huge(void)
{
	static unsigned char huge[1 << 20];
	static const struct {
		CK_OBJECT_CLASS class;
		CK_KEY_TYPE type;
		const struct hex_attr *base;
	} keys[] = {
		{ PUB, CKK_RSA, rsa_public },	 { PRIV, CKK_RSA, rsa_full },
		{ PUB, CKK_EC, p256_public },	 { PRIV, CKK_EC, p256_private },
		{ PUB, CKK_EC_EDWARDS, ed_public }, { PRIV, CKK_EC_EDWARDS, ed_private },
		{ PUB, CKK_DSA, dsa_public },	 { PRIV, CKK_DSA, dsa_private },
		{ DOM, CKK_DSA, dsa_domain },	 { DOM, CKK_DH, dsa_domain },
	};

	memset(huge, 0xff, sizeof(huge));
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		for (const struct hex_attr *a = keys[i].base; a->hex != NULL; a++) {
			struct attrset *s = make_set(keys[i].base);
			bool unused = keys[i].type == CKK_DH && a->type == CKA_SUBPRIME;

			CU_ASSERT_EQUAL(attrset_set_bytes(s, a->type, huge, sizeof(huge)), CKR_OK);
			CHECK(cka_name(a->type), keytype_complete(keys[i].class, keys[i].type, s) ==
			      (unused ? CKR_OK : BAD));
			attrset_free(s);
		}
	}
}

/* The largest modulus with the largest exponents: bounded, if not fast. */
static void test_largest(void)
{
	static unsigned char n[2048];
	struct attrset *s = attrset_new(true);

	memset(n, 0xff, sizeof(n));
	n[1000] = 0x13;
	CU_ASSERT_EQUAL(attrset_set_bytes(s, CKA_MODULUS, n, sizeof(n)), CKR_OK);
	n[0] = 0x7f;
	CU_ASSERT_EQUAL(attrset_set_bytes(s, CKA_PRIVATE_EXPONENT, n, sizeof(n)), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_bytes(s, CKA_PUBLIC_EXPONENT, n, sizeof(n)), CKR_OK);
	CU_ASSERT_EQUAL(keytype_complete(PRIV, CKK_RSA, s), BAD);
	attrset_free(s);
}

/* Every keyed digest of the standard has a key type; what it holds is like a generic secret. */
static void test_hmac_types(void)
{
	static const CK_KEY_TYPE types[] = {
		CKK_MD5_HMAC,	     CKK_SHA_1_HMAC,	   CKK_RIPEMD128_HMAC,
		CKK_RIPEMD160_HMAC,  CKK_SHA224_HMAC,	   CKK_SHA256_HMAC,
		CKK_SHA384_HMAC,     CKK_SHA512_HMAC,	   CKK_SHA512_224_HMAC,
		CKK_SHA512_256_HMAC, CKK_SHA512_T_HMAC,	   CKK_SHA3_224_HMAC,
		CKK_SHA3_256_HMAC,   CKK_SHA3_384_HMAC,	   CKK_SHA3_512_HMAC,
		CKK_BLAKE2B_160_HMAC, CKK_BLAKE2B_256_HMAC, CKK_BLAKE2B_384_HMAC,
		CKK_BLAKE2B_512_HMAC,
	};
	static const struct hex_attr abc[] = { { CKA_VALUE, "616263" }, END };

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct attrset *s = make_set(abc);
		const char *name = ckk_name(types[i]);
		const unsigned char *p = NULL;
		size_t len = 0;

		CHECK(name, keytype_complete(SEC, types[i], s) == CKR_OK);
		CHECK(name, attrset_number(s, CKA_VALUE_LEN, 0) == 3);
		CHECK(name, attrset_bytes(s, CKA_CHECK_VALUE, &p, &len) &&
		      is_hex(p, len, "a9993e"));
		CHECK(name, keytype_secret_fit(types[i], 100) == 100);
		attrset_free(s);
	}
}

static void test_mldsa(void)
{
	bool can = ossl_has_key("ML-DSA-44");
	static const unsigned char value[1312];
	struct attrset *s = attrset_new(true);

	CU_ASSERT_EQUAL(attrset_set_bytes(s, CKA_VALUE, value, sizeof(value)), CKR_OK);
	CU_ASSERT_EQUAL(keytype_complete(PUB, CKK_ML_DSA, s), CKR_PARAMETER_SET_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(attrset_set_number(s, CKA_PARAMETER_SET, 4), CKR_OK);
	CU_ASSERT_EQUAL(keytype_complete(PUB, CKK_ML_DSA, s), CKR_PARAMETER_SET_NOT_SUPPORTED);
	CU_ASSERT_TRUE(names(CKA_PARAMETER_SET));
	CU_ASSERT_EQUAL(attrset_set_number(s, CKA_PARAMETER_SET, CKP_ML_DSA_44), CKR_OK);
	CU_ASSERT_EQUAL(keytype_complete(PUB, CKK_ML_DSA, s),
			can ? CKR_OK : CKR_PARAMETER_SET_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(attrset_set_number(s, CKA_PARAMETER_SET, CKP_ML_DSA_65), CKR_OK);
	CU_ASSERT_EQUAL(keytype_complete(PUB, CKK_ML_DSA, s),
			can ? BAD : CKR_PARAMETER_SET_NOT_SUPPORTED);
	attrset_free(s);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_values),	    UNIT_TEST(test_computed), UNIT_TEST(test_factor),
		UNIT_TEST(test_huge),	    UNIT_TEST(test_largest),  UNIT_TEST(test_hmac_types),
		UNIT_TEST(test_mldsa),
	};

	return CRYPTO_RUN("keytype_values", tests);
}

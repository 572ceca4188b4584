/* DSA and ECDSA: a pair of numbers, each as long as the order of the group. */
#include "config.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>

#include "crypto/family/family.h"
#include "crypto/key/keytype.h"
#include "crypto/ossl/ossl.h"
#include "crypto/family/sig.h"

static CK_RV dsa_begin(struct op *op, const CK_MECHANISM *param)
{
	BIGNUM *q = NULL;
	size_t bits = 0;

	if (EVP_PKEY_get_bn_param(op->key->pkey, OSSL_PKEY_PARAM_FFC_Q, &q) == 1)
		bits = (size_t)BN_num_bits(q);
	BN_free(q);
	return sig_pair_open(op, param, bits);
}

static CK_RV ecdsa_begin(struct op *op, const CK_MECHANISM *param)
{
	/* EVP_PKEY_get_bits is that of the order, which may be one more than that of the field. */
	return sig_pair_open(op, param, (size_t)EVP_PKEY_get_bits(op->key->pkey));
}

const struct mech_ops dsa_raw_ops = SIG_RAW_OPS(dsa_begin);
const struct mech_ops dsa_hash_ops = SIG_HASH_OPS(dsa_begin);
const struct mech_ops ecdsa_raw_ops = SIG_RAW_OPS(ecdsa_begin);
const struct mech_ops ecdsa_hash_ops = SIG_HASH_OPS(ecdsa_begin);

static CK_RV make_domain(const struct mech *m, const CK_MECHANISM *param, struct attrset *out)
{
	(void)param;
	return keytype_generate_domain(m->key, out);
}

const struct mech_make domain_makes = { .class = CKO_DOMAIN_PARAMETERS, .make = make_domain };

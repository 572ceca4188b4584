#include "config.h"

#include "crypto/families.h"
#include "crypto/ossl/ossl.h"
#include "crypto/sig.h"

static CK_RV ecdsa_begin(struct op *op, const CK_MECHANISM *param)
{
	/* EVP_PKEY_get_bits is that of the order, which may be one more than that of the field. */
	return sig_pair_open(op, param, (size_t)EVP_PKEY_get_bits(op->key->pkey));
}

const struct mech_ops ecdsa_raw_ops = SIG_RAW_OPS(ecdsa_begin);
const struct mech_ops ecdsa_hash_ops = SIG_HASH_OPS(ecdsa_begin);

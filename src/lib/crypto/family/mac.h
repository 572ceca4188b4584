/*
 * What all MACs share, however they are computed: the length that the mechanism or its parameter
 * asks for, the two-call rule, the comparison. A family's state begins with a struct mac.
 */
#ifndef CRYPTO_FAMILY_MAC_H
#define CRYPTO_FAMILY_MAC_H

#include <openssl/evp.h>

#include "crypto/mech/op.h"

struct mac {
	size_t size;		/* of a signature: the first bytes of the MAC */
	/* Ends the computation: all of the MAC. */
	CK_RV (*last)(struct op *op, unsigned char out[EVP_MAX_MD_SIZE]);
};

/*
 * Sets the size from the row's variant (enum mac_length) and the parameter, for a MAC that is whole
 * bytes long. CKR_MECHANISM_PARAM_INVALID.
 */
CK_RV mac_length(struct op *op, const CK_MECHANISM *param, size_t whole) MUST_CHECK;

/* The members of struct mech_ops. */
CK_RV mac_size(struct op *op, CK_ULONG in, bool last, CK_ULONG *out);
CK_RV mac_finish(struct op *op, CK_BYTE *out, CK_ULONG *out_len);
CK_RV mac_check(struct op *op, const CK_BYTE *sig, CK_ULONG sig_len);

#endif

#ifndef TESTS_KAT_PARAM_KDF_H
#define TESTS_KAT_PARAM_KDF_H

/* The parameters of derivations, for the table in param.c; the contracts are those of param.h. */

#include "param.h"

/* A field's bytes; a NULL pointer when it is empty. */
bool param_bytes(const struct param *p, const char *name, CK_BYTE **out, CK_ULONG *len);
/* The parameter is the first `size` bytes of p->u. Always true. */
bool param_set(struct param *p, CK_ULONG size);

bool param_other_key(struct param *p);
bool param_extract(struct param *p);
bool param_string_data(struct param *p);
bool param_aes_data(struct param *p);
bool param_des_data(struct param *p);
bool param_hkdf(struct param *p);
bool param_kbkdf(struct param *p);
bool param_feedback(struct param *p);
bool param_pbkdf2(struct param *p);
bool param_pbkdf2_old(struct param *p);
bool param_tls_kdf(struct param *p);
bool param_tls_mac(struct param *p);
bool param_tls_prf(struct param *p);
bool param_tls_master(struct param *p);
bool param_tls_extended(struct param *p);
bool param_tls_material(struct param *p);
bool param_kbkdf_check(const struct param *p);
bool param_tls_prf_check(const struct param *p);
bool param_tls_version_check(const struct param *p);
bool param_tls_material_check(const struct param *p);

#endif

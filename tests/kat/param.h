#ifndef TESTS_KAT_PARAM_H
#define TESTS_KAT_PARAM_H

#include "tmpl.h"

#define PARAM_PARTS	12

/* A mechanism with its parameter, and all that the parameter points at. Not to be copied. */
struct param {
	struct record *r;
	CK_SESSION_HANDLE s;
	CK_ULONG data_len;		/* bytes of plaintext, for those that announce it */
	CK_MECHANISM m;
	union {
		CK_BYTE bytes[32];
		CK_ULONG number;
		CK_AES_CTR_PARAMS ctr;
		CK_GCM_PARAMS gcm;
		CK_CCM_PARAMS ccm;
		CK_CHACHA20_PARAMS chacha20;
		CK_SALSA20_CHACHA20_POLY1305_PARAMS poly1305;
		CK_RSA_PKCS_OAEP_PARAMS oaep;
		CK_RSA_PKCS_PSS_PARAMS pss;
		CK_RSA_AES_KEY_WRAP_PARAMS rsa_aes;
		CK_EDDSA_PARAMS eddsa;
		CK_SIGN_ADDITIONAL_CONTEXT context;
		CK_ECDH1_DERIVE_PARAMS ecdh;
		CK_ECDH_AES_KEY_WRAP_PARAMS ecdh_aes;
		CK_KEY_DERIVATION_STRING_DATA string;
		CK_AES_CBC_ENCRYPT_DATA_PARAMS aes_data;
		CK_DES_CBC_ENCRYPT_DATA_PARAMS des_data;
		CK_HKDF_PARAMS hkdf;
		CK_SP800_108_KDF_PARAMS kbkdf;
		CK_SP800_108_FEEDBACK_KDF_PARAMS feedback;
		CK_PKCS5_PBKD2_PARAMS2 pbkdf2;
		CK_PKCS5_PBKD2_PARAMS pbkdf2_old;
		CK_TLS_KDF_PARAMS tls_kdf;
		CK_TLS_MAC_PARAMS tls_mac;
		CK_TLS_PRF_PARAMS tls_prf;
		CK_TLS12_MASTER_KEY_DERIVE_PARAMS master;
		CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS extended;
		CK_TLS12_KEY_MAT_PARAMS material;
	} u;
	CK_RSA_PKCS_OAEP_PARAMS oaep;
	CK_PRF_DATA_PARAM parts[PARAM_PARTS];
	CK_SP800_108_COUNTER_FORMAT counters[PARAM_PARTS];
	CK_SP800_108_DKM_LENGTH_FORMAT lengths[PARAM_PARTS];
	CK_OBJECT_HANDLE keys[PARAM_PARTS];
	CK_DERIVED_KEY more[2];
	CK_OBJECT_HANDLE more_keys[2];
	struct tmpl more_tmpl[2];
	CK_VERSION version;
	CK_SSL3_KEY_MAT_OUT out;
	CK_BYTE iv_client[64], iv_server[64];
	CK_BYTE prf[256];
	CK_ULONG prf_len;
};

/*
 * The record's mechanism and the parameter from its fields, by the kind of parameter that the
 * standard gives the mechanism. The fields param = none, param = HEX and struct = CK_... overrule
 * the kind. False after a complaint.
 */
bool param_build(struct record *r, CK_SESSION_HANDLE s, CK_ULONG data_len, struct param *p);

/* What the call wrote into the parameter, against the record's fields. False after a complaint. */
bool param_check(const struct param *p);

#endif

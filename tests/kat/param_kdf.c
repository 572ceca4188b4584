#include "config.h"

#include "param_kdf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "p11/harness.h"

/* --- simple derivations ------------------------------------------------- */

bool param_other_key(struct param *p)
{
	return key_make(p->r, p->s, "other", OP_DERIVE, &p->u.number) &&
	       param_set(p, sizeof(CK_ULONG));
}

bool param_extract(struct param *p)
{
	return record_number(p->r, "first_bit", 0, &p->u.number) && param_set(p, sizeof(CK_ULONG));
}

bool param_string_data(struct param *p)
{
	CK_KEY_DERIVATION_STRING_DATA *d = &p->u.string;

	return param_bytes(p, "data", &d->pData, &d->ulLen) && param_set(p, sizeof(*d));
}

bool param_aes_data(struct param *p)
{
	CK_AES_CBC_ENCRYPT_DATA_PARAMS *d = &p->u.aes_data;
	struct bytes iv;

	if (!record_bytes(p->r, "iv", &iv) || iv.len != sizeof(d->iv))
		return record_complain(p->r, "iv has a wrong length");
	memcpy(d->iv, iv.p, iv.len);
	return param_bytes(p, "data", &d->pData, &d->length) && param_set(p, sizeof(*d));
}

bool param_des_data(struct param *p)
{
	CK_DES_CBC_ENCRYPT_DATA_PARAMS *d = &p->u.des_data;
	struct bytes iv;

	if (!record_bytes(p->r, "iv", &iv) || iv.len != sizeof(d->iv))
		return record_complain(p->r, "iv has a wrong length");
	memcpy(d->iv, iv.p, iv.len);
	return param_bytes(p, "data", &d->pData, &d->length) && param_set(p, sizeof(*d));
}

bool param_hkdf(struct param *p)
{
	CK_HKDF_PARAMS *h = &p->u.hkdf;
	bool key = record_has(p->r, "salt_key");

	h->bExtract = record_flag(p->r, "extract") ? CK_TRUE : CK_FALSE;
	h->bExpand = record_flag(p->r, "expand") ? CK_TRUE : CK_FALSE;
	h->ulSaltType = key ? CKF_HKDF_SALT_KEY :
			      record_has(p->r, "salt") ? CKF_HKDF_SALT_DATA : CKF_HKDF_SALT_NULL;
	return record_constant(p->r, "hash", 0, &h->prfHashMechanism) &&
	       param_bytes(p, "salt", &h->pSalt, &h->ulSaltLen) &&
	       (!key || key_make(p->r, p->s, "salt_key", OP_DERIVE, &h->hSaltKey)) &&
	       param_bytes(p, "info", &h->pInfo, &h->ulInfoLen) && param_set(p, sizeof(*h));
}

/* --- SP 800-108 --------------------------------------------------------- */

/* The number after a blank, and whether "le" follows. */
static CK_ULONG width_parse(const char *text, CK_BBOOL *little)
{
	char *end = NULL;
	CK_ULONG bits = strtoul(text, &end, 10);

	*little = strstr(end, "le") ? CK_TRUE : CK_FALSE;
	return bits;
}

/*
 * One `part` field: "iteration [BITS [le]]", "counter BITS [le]", "length BITS [le] [segments]",
 * "bytes HEX" or "key".
 */
static bool part_build(struct param *p, const char *text, CK_ULONG i)
{
	CK_PRF_DATA_PARAM *part = &p->parts[i];
	CK_SP800_108_COUNTER_FORMAT *counter = &p->counters[i];
	CK_SP800_108_DKM_LENGTH_FORMAT *length = &p->lengths[i];
	const char *rest = text + strcspn(text, " ");
	bool iteration = strncmp(text, "iteration", 9) == 0;

	if (iteration || strncmp(text, "counter", 7) == 0) {
		counter->ulWidthInBits = width_parse(rest, &counter->bLittleEndian);
		*part = (CK_PRF_DATA_PARAM){
			iteration ? CK_SP800_108_ITERATION_VARIABLE : CK_SP800_108_COUNTER,
			*rest ? counter : NULL, *rest ? sizeof(*counter) : 0
		};
	} else if (strncmp(text, "length", 6) == 0) {
		length->dkmLengthMethod = strstr(rest, "segments") ?
						  CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS :
						  CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS;
		length->ulWidthInBits = width_parse(rest, &length->bLittleEndian);
		*part = (CK_PRF_DATA_PARAM){ CK_SP800_108_DKM_LENGTH, length, sizeof(*length) };
	} else if (strncmp(text, "bytes", 5) == 0) {
		const struct bytes *b = bytes_parse(rest);

		if (!b)
			return record_complain(p->r, "part: not a byte string");
		*part = (CK_PRF_DATA_PARAM){ CK_SP800_108_BYTE_ARRAY, b->p, b->len };
	} else {
		*part = (CK_PRF_DATA_PARAM){
			CK_SP800_108_KEY_HANDLE, &p->keys[i], sizeof(p->keys[i])
		};
		return key_make(p->r, p->s, text, OP_DERIVE, &p->keys[i]);
	}
	return true;
}

/* The parts and the additional keys, whose values the fields more_1, more_2 give. */
static bool kbkdf_fields(struct param *p, CK_ULONG *nparts, CK_ULONG *nmore)
{
	static const char *const names[] = { "more_1", "more_2" };
	const char *text = NULL;
	struct bytes b;

	for (*nparts = 0; (text = record_text(p->r, "part", *nparts)); ++*nparts)
		if (*nparts == PARAM_PARTS || !part_build(p, text, *nparts))
			return record_complain(p->r, "part: wrong");
	for (*nmore = 0; *nmore < LENGTH(names) && record_has(p->r, names[*nmore]); ++*nmore) {
		struct tmpl *t = &p->more_tmpl[*nmore];

		if (!record_bytes(p->r, names[*nmore], &b))
			return false;
		tmpl_key(t, CKO_SECRET_KEY, OP_DERIVE);
		tmpl_number(t, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
		tmpl_number(t, CKA_VALUE_LEN, b.len);
		p->more[*nmore] = (CK_DERIVED_KEY){ t->a, t->n, &p->more_keys[*nmore] };
	}
	return true;
}

bool param_kbkdf(struct param *p)
{
	CK_SP800_108_KDF_PARAMS *k = &p->u.kbkdf;

	k->pDataParams = p->parts;
	if (!record_constant(p->r, "prf", 0, &k->prfType) ||
	    !kbkdf_fields(p, &k->ulNumberOfDataParams, &k->ulAdditionalDerivedKeys))
		return false;
	k->pAdditionalDerivedKeys = k->ulAdditionalDerivedKeys ? p->more : NULL;
	return param_set(p, sizeof(*k));
}

bool param_feedback(struct param *p)
{
	CK_SP800_108_FEEDBACK_KDF_PARAMS *k = &p->u.feedback;

	k->pDataParams = p->parts;
	if (!record_constant(p->r, "prf", 0, &k->prfType) ||
	    !param_bytes(p, "iv", &k->pIV, &k->ulIVLen) ||
	    !kbkdf_fields(p, &k->ulNumberOfDataParams, &k->ulAdditionalDerivedKeys))
		return false;
	k->pAdditionalDerivedKeys = k->ulAdditionalDerivedKeys ? p->more : NULL;
	return param_set(p, sizeof(*k));
}

/* The value of a key that the call made beside the one it returned. */
static bool key_is(const struct param *p, CK_OBJECT_HANDLE key, const char *field)
{
	struct bytes wanted;
	struct tmpl t = { .n = 0 };

	if (!record_bytes(p->r, field, &wanted))
		return false;
	tmpl_bytes(&t, CKA_VALUE, wanted);
	return object_check(p->r, p->s, key, &t) || record_complain(p->r, "that was %s", field);
}

bool param_kbkdf_check(const struct param *p)
{
	return (!record_has(p->r, "more_1") || key_is(p, p->more_keys[0], "more_1")) &&
	       (!record_has(p->r, "more_2") || key_is(p, p->more_keys[1], "more_2"));
}

/* --- PBKDF2 ------------------------------------------------------------- */

bool param_pbkdf2(struct param *p)
{
	CK_PKCS5_PBKD2_PARAMS2 *k = &p->u.pbkdf2;
	CK_BYTE *salt = NULL;

	if (!record_constant(p->r, "prf", CKP_PKCS5_PBKD2_HMAC_SHA1, &k->prf) ||
	    !param_bytes(p, "salt", &salt, &k->ulSaltSourceDataLen) ||
	    !record_number(p->r, "iterations", 0, &k->iterations) ||
	    !record_number(p->r, "salt_source", CKZ_SALT_SPECIFIED, &k->saltSource) ||
	    !param_bytes(p, "password", &k->pPassword, &k->ulPasswordLen))
		return false;
	k->pSaltSourceData = salt;
	return param_set(p, sizeof(*k));
}

/* The older structure has a pointer to the length of the password. */
bool param_pbkdf2_old(struct param *p)
{
	CK_PKCS5_PBKD2_PARAMS2 new;
	CK_PKCS5_PBKD2_PARAMS *old = &p->u.pbkdf2_old;

	if (!param_pbkdf2(p))
		return false;
	new = p->u.pbkdf2;
	p->prf_len = new.ulPasswordLen;
	*old = (CK_PKCS5_PBKD2_PARAMS){
		.saltSource = new.saltSource, .pSaltSourceData = new.pSaltSourceData,
		.ulSaltSourceDataLen = new.ulSaltSourceDataLen, .iterations = new.iterations,
		.prf = new.prf, .pPassword = new.pPassword, .ulPasswordLen = &p->prf_len,
	};
	return param_set(p, sizeof(*old));
}

/* --- TLS ---------------------------------------------------------------- */

static bool randoms(const struct param *p, CK_SSL3_RANDOM_DATA *d)
{
	return param_bytes(p, "client_random", &d->pClientRandom, &d->ulClientRandomLen) &&
	       param_bytes(p, "server_random", &d->pServerRandom, &d->ulServerRandomLen);
}

bool param_tls_kdf(struct param *p)
{
	CK_TLS_KDF_PARAMS *k = &p->u.tls_kdf;

	return record_constant(p->r, "prf", 0, &k->prfMechanism) &&
	       param_bytes(p, "label", &k->pLabel, &k->ulLabelLength) &&
	       param_bytes(p, "context", &k->pContextData, &k->ulContextDataLength) &&
	       randoms(p, &k->RandomInfo) && param_set(p, sizeof(*k));
}

bool param_tls_mac(struct param *p)
{
	CK_TLS_MAC_PARAMS *k = &p->u.tls_mac;

	k->ulServerOrClient = record_flag(p->r, "server") ? 1 : 2;
	return record_constant(p->r, "prf", 0, &k->prfHashMechanism) &&
	       record_number(p->r, "mac_len", 12, &k->ulMacLength) && param_set(p, sizeof(*k));
}

bool param_tls_prf(struct param *p)
{
	CK_TLS_PRF_PARAMS *k = &p->u.tls_prf;
	struct bytes wanted;

	if (!record_bytes(p->r, "prf_output", &wanted) || wanted.len > sizeof(p->prf))
		return record_complain(p->r, "prf_output is wrong");
	p->prf_len = wanted.len;
	k->pOutput = p->prf;
	k->pulOutputLen = &p->prf_len;
	return param_bytes(p, "seed", &k->pSeed, &k->ulSeedLen) &&
	       param_bytes(p, "label", &k->pLabel, &k->ulLabelLen) && param_set(p, sizeof(*k));
}

bool param_tls_prf_check(const struct param *p)
{
	struct bytes wanted;

	return record_bytes(p->r, "prf_output", &wanted) &&
	       ((p->prf_len == wanted.len && memcmp(p->prf, wanted.p, wanted.len) == 0) ||
		record_complain(p->r, "another prf_output"));
}

/* The field version asks for a place where the protocol's version is written, two bytes. */
bool param_tls_master(struct param *p)
{
	CK_TLS12_MASTER_KEY_DERIVE_PARAMS *k = &p->u.master;

	k->pVersion = record_has(p->r, "version") ? &p->version : NULL;
	return record_constant(p->r, "prf", 0, &k->prfHashMechanism) &&
	       randoms(p, &k->RandomInfo) && param_set(p, sizeof(*k));
}

bool param_tls_extended(struct param *p)
{
	CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS *k = &p->u.extended;

	k->pVersion = record_has(p->r, "version") ? &p->version : NULL;
	return record_constant(p->r, "prf", 0, &k->prfHashMechanism) &&
	       param_bytes(p, "session_hash", &k->pSessionHash, &k->ulSessionHashLen) &&
	       param_set(p, sizeof(*k));
}

bool param_tls_version_check(const struct param *p)
{
	struct bytes wanted;

	if (!record_bytes(p->r, "version", &wanted))
		return false;
	return !wanted.len ||
	       (wanted.len == 2 && p->version.major == wanted.p[0] &&
		p->version.minor == wanted.p[1]) ||
	       record_complain(p->r, "the version written is %u.%u", p->version.major,
			       p->version.minor);
}

bool param_tls_material(struct param *p)
{
	CK_TLS12_KEY_MAT_PARAMS *k = &p->u.material;

	k->pReturnedKeyMaterial = &p->out;
	p->out.pIVClient = p->iv_client;
	p->out.pIVServer = p->iv_server;
	return record_constant(p->r, "prf", 0, &k->prfHashMechanism) &&
	       record_number(p->r, "mac_bits", 0, &k->ulMacSizeInBits) &&
	       record_number(p->r, "key_bits", 0, &k->ulKeySizeInBits) &&
	       record_number(p->r, "iv_bits", 0, &k->ulIVSizeInBits) &&
	       randoms(p, &k->RandomInfo) && param_set(p, sizeof(*k));
}

static bool iv_is(const struct param *p, const CK_BYTE *iv, const char *field)
{
	struct bytes wanted;

	return record_bytes(p->r, field, &wanted) &&
	       (!wanted.len || memcmp(iv, wanted.p, wanted.len) == 0 ||
		record_complain(p->r, "%s is another", field));
}

bool param_tls_material_check(const struct param *p)
{
	const struct {
		const char *field;
		CK_OBJECT_HANDLE key;
	} keys[] = {
		{ "client_mac", p->out.hClientMacSecret },
		{ "server_mac", p->out.hServerMacSecret },
		{ "client_key", p->out.hClientKey },
		{ "server_key", p->out.hServerKey },
	};
	bool ok = true;

	for (size_t i = 0; i < LENGTH(keys); i++)
		if (record_has(p->r, keys[i].field))
			ok = key_is(p, keys[i].key, keys[i].field) && ok;
	return iv_is(p, p->iv_client, "client_iv") && iv_is(p, p->iv_server, "server_iv") && ok;
}

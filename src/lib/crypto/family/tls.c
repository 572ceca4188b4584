/*
 * TLS 1.2: master secrets, keys and finished messages (PKCS#11 2.40 mechanisms, section 2.40; RFC
 * 5246, RFC 7627, RFC 5705).
 */
#include "config.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/reason.h"
#include "crypto/family/family.h"
#include "crypto/family/prf.h"
#include "crypto/mech/op.h"
#include "crypto/ossl/ossl.h"

/* RFC 5246 section 8.1; the secret of RSA has as many bytes, the first two are the version. */
#define MASTER_BYTES 48
/* No hash, cipher or nonce of TLS has more. */
#define MATERIAL_BITS_MAX 1024
#define MAC_MAX 64
/* RFC 5705 section 4: its length has two bytes. */
#define CONTEXT_MAX 0xffff

/* --- the function --- */

/* The pieces that make up label and seed, at most. */
#define PIECES 6

struct seed {
	struct piece pieces[PIECES];
	size_t n;
};

static void seed_add(struct seed *s, const void *data, size_t len)
{
	s->pieces[s->n++] = (struct piece){ data, len };
}

static void seed_label(struct seed *s, const char *label)
{
	seed_add(s, label, strlen(label));
}

static CK_RV add_seed(struct prf *prf, const struct seed *seed)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; rv == CKR_OK && i < seed->n; i++)
		rv = prf_add(prf, seed->pieces[i].data, seed->pieces[i].len);
	return rv;
}

/* A(i), which is in chain; A(0) is the seed. */
static CK_RV next_chain(struct prf *prf, const struct seed *seed, bool first,
			unsigned char chain[PRF_MAX])
{
	CK_RV rv = prf_start(prf);

	if (rv == CKR_OK)
		rv = first ? add_seed(prf, seed) : prf_add(prf, chain, prf->size);
	return rv == CKR_OK ? prf_end(prf, chain) : rv;
}

static CK_RV next_block(struct prf *prf, const struct seed *seed,
			const unsigned char chain[PRF_MAX], unsigned char block[PRF_MAX])
{
	CK_RV rv = prf_start(prf);

	if (rv == CKR_OK)
		rv = prf_add(prf, chain, prf->size);
	if (rv == CKR_OK)
		rv = add_seed(prf, seed);
	return rv == CKR_OK ? prf_end(prf, block) : rv;
}

/* P_hash, added to out by XOR. */
static CK_RV p_hash(const char *md, struct piece secret, const struct seed *seed,
		    struct secbuf *out)
{
	unsigned char chain[PRF_MAX], block[PRF_MAX];
	struct prf prf = { .keyed = NULL };
	CK_RV rv = prf_hmac(&prf, md, secret.data, secret.len);

	for (size_t at = 0; rv == CKR_OK && at < out->len; at += prf.size) {
		rv = next_chain(&prf, seed, at == 0, chain);
		if (rv == CKR_OK)
			rv = next_block(&prf, seed, chain, block);
		for (size_t i = 0; rv == CKR_OK && i < prf.size && at + i < out->len; i++)
			out->data[at + i] ^= block[i];
	}
	OPENSSL_cleanse(chain, sizeof(chain));
	OPENSSL_cleanse(block, sizeof(block));
	prf_close(&prf);
	return rv;
}

/*
 * Is it one that the PRF can be made with: SHA-2 (RFC 5246 section 5 wants nothing weaker),
 * or, if old is true, CKM_TLS_PRF, which stands for MD5 and SHA-1 together (TLS 1.0 and 1.1)?
 */
static CK_RV check_hash(const CK_MECHANISM *param, CK_MECHANISM_TYPE hash, bool old)
{
	bool strong = hash == CKM_SHA224 || hash == CKM_SHA256 || hash == CKM_SHA384 ||
		      hash == CKM_SHA512;

	return (old && hash == CKM_TLS_PRF) || (strong && prf_hash(hash) != NULL) ? CKR_OK :
		mech_bad_param(param, "the hash of the PRF is none that can be used");
}

/* RFC 5246 section 5, RFC 2246 section 5. */
static CK_RV tls_prf(CK_MECHANISM_TYPE hash, const struct secbuf *secret,
		     const struct seed *seed, struct secbuf *out)
{
	/* of the older versions: the two halves, which share the middle byte of an odd number */
	size_t half = (secret->len + 1) / 2;
	struct piece first = { secret->data, half };
	struct piece second = { secret->data + secret->len - half, half };
	CK_RV rv;

	memset(out->data, 0, out->len);
	if (hash != CKM_TLS_PRF)
		return p_hash(prf_hash(hash), (struct piece){ secret->data, secret->len }, seed,
			      out);
	rv = p_hash("MD5", first, seed, out);
	return rv == CKR_OK ? p_hash("SHA1", second, seed, out) : rv;
}

static CK_RV prf_new(CK_MECHANISM_TYPE hash, const struct key *base, const struct seed *seed,
		     size_t len, struct secbuf **out)
{
	struct secbuf *bytes = secbuf_new(len);
	CK_RV rv = bytes != NULL ? tls_prf(hash, base->secret, seed, bytes) : CKR_HOST_MEMORY;

	if (rv != CKR_OK) {
		secbuf_free(bytes);
		return rv;
	}
	*out = bytes;
	return CKR_OK;
}

static CK_RV check_random(const CK_MECHANISM *param, const CK_SSL3_RANDOM_DATA *r)
{
	CK_RV rv = prf_check_bytes(param, r->pClientRandom, r->ulClientRandomLen,
				   "pClientRandom is missing or too long");

	return rv == CKR_OK ? prf_check_bytes(param, r->pServerRandom, r->ulServerRandomLen,
					      "pServerRandom is missing or too long") : rv;
}

/* Without randoms each connection would have the same keys. */
static CK_RV need_random(const CK_MECHANISM *param, const CK_SSL3_RANDOM_DATA *r)
{
	return r->ulClientRandomLen > 0 && r->ulServerRandomLen > 0 ? check_random(param, r) :
		mech_bad_param(param, "RandomInfo is empty");
}

/* --- master secrets --- */

/* What the four mechanisms have in common. */
struct master {
	CK_MECHANISM_TYPE hash;
	bool rsa;		/* the base key is a secret that RSA brought */
	CK_VERSION_PTR version;	/* NULL: nobody wants to know */
	struct seed seed;
};

static CK_RV read_plain(const CK_MECHANISM *param, struct master *out)
{
	CK_TLS12_MASTER_KEY_DERIVE_PARAMS p;
	CK_RV rv = mech_param(param, &p, sizeof(p));

	if (rv == CKR_OK)
		rv = need_random(param, &p.RandomInfo);
	if (rv != CKR_OK)
		return rv;
	*out = (struct master){ .hash = p.prfHashMechanism, .version = p.pVersion };
	seed_label(&out->seed, "master secret");
	seed_add(&out->seed, p.RandomInfo.pClientRandom, p.RandomInfo.ulClientRandomLen);
	seed_add(&out->seed, p.RandomInfo.pServerRandom, p.RandomInfo.ulServerRandomLen);
	return CKR_OK;
}

static CK_RV read_extended(const CK_MECHANISM *param, struct master *out)
{
	CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS p;
	CK_RV rv = mech_param(param, &p, sizeof(p));

	if (rv == CKR_OK)
		rv = prf_check_bytes(param, p.pSessionHash, p.ulSessionHashLen,
				     "pSessionHash is missing or too long");
	if (rv != CKR_OK)
		return rv;
	if (p.ulSessionHashLen == 0)
		return mech_bad_param(param, "pSessionHash is empty");
	*out = (struct master){ .hash = p.prfHashMechanism, .version = p.pVersion };
	seed_label(&out->seed, "extended master secret");
	seed_add(&out->seed, p.pSessionHash, p.ulSessionHashLen);
	return CKR_OK;
}

/* A version comes only with the secret of RSA. */
static CK_RV read_master(const CK_MECHANISM *param, struct master *out)
{
	CK_MECHANISM_TYPE type = param->mechanism;
	bool extended = type == CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE ||
			type == CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH;
	bool dh = type == CKM_TLS12_MASTER_KEY_DERIVE_DH ||
		  type == CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH;
	CK_RV rv = extended ? read_extended(param, out) : read_plain(param, out);

	if (rv != CKR_OK)
		return rv;
	out->rsa = !dh;
	if (dh && out->version != NULL)
		return mech_bad_param(param, "pVersion is there, but no version");
	return check_hash(param, out->hash, false);
}

static CK_RV master_keys(const CK_MECHANISM *param, struct derive_key *keys, size_t *count)
{
	struct master p;
	CK_RV rv = read_master(param, &p);

	keys[0].len = MASTER_BYTES;
	*count = 1;
	return rv;
}

static CK_RV master_derive(const struct mech *m, const struct derive_input *in,
			   struct secbuf **out)
{
	struct master p;
	CK_RV rv = read_master(in->param, &p);

	(void)m;
	if (rv == CKR_OK && p.rsa && in->base->secret->len != MASTER_BYTES)
		rv = reason(CKR_KEY_SIZE_RANGE, "the base key does not have 48 bytes");
	return rv == CKR_OK ? prf_new(p.hash, in->base, &p.seed, MASTER_BYTES, out) : rv;
}

/* The version that the client offered. */
static void master_finish(const struct derive_input *in, const CK_OBJECT_HANDLE *handles,
			  const unsigned char *rest, size_t len)
{
	const unsigned char *secret = in->base->secret->data;
	struct master p;

	(void)handles;
	(void)rest;
	(void)len;
	if (read_master(in->param, &p) == CKR_OK && p.version != NULL)
		*p.version = (CK_VERSION){ secret[0], secret[1] };
}

const struct mech_derive tls_master_derives = {
	.derive = master_derive, .keys = master_keys, .finish = master_finish, .generic = true,
};

/* --- keys, MAC keys and initialisation vectors --- */

struct material {
	CK_TLS12_KEY_MAT_PARAMS p;
	CK_SSL3_KEY_MAT_OUT out;
	size_t mac, key, iv;		/* bytes of each of the two */
};

static CK_RV check_bits(const CK_MECHANISM *param, CK_ULONG bits, size_t *bytes)
{
	*bytes = bits / 8;
	return bits % 8 == 0 && bits <= MATERIAL_BITS_MAX ? CKR_OK :
		mech_bad_param(param, "a size is no number of bytes, or too large");
}

static CK_RV read_material(const CK_MECHANISM *param, struct material *k)
{
	CK_RV rv = mech_param(param, &k->p, sizeof(k->p));

	if (rv == CKR_OK)
		rv = need_random(param, &k->p.RandomInfo);
	if (rv == CKR_OK)
		rv = check_bits(param, k->p.ulMacSizeInBits, &k->mac);
	if (rv == CKR_OK)
		rv = check_bits(param, k->p.ulKeySizeInBits, &k->key);
	if (rv == CKR_OK)
		rv = check_bits(param, k->p.ulIVSizeInBits, &k->iv);
	if (rv == CKR_OK)
		rv = check_hash(param, k->p.prfHashMechanism, false);
	if (rv != CKR_OK)
		return rv;
	/* that one never makes any, and does not look at the size */
	if (param->mechanism == CKM_TLS12_KEY_SAFE_DERIVE)
		k->iv = 0;
	if (k->p.bIsExport)
		return mech_bad_param(param, "there are no export ciphers any more");
	if (k->p.pReturnedKeyMaterial == NULL || k->mac + k->key == 0)
		return mech_bad_param(param, "no keys are wanted, or there is no room for them");
	memcpy(&k->out, k->p.pReturnedKeyMaterial, sizeof(k->out));
	if (k->iv > 0 && (k->out.pIVClient == NULL || k->out.pIVServer == NULL))
		return mech_bad_param(param, "there is no room for the IVs");
	return CKR_OK;
}

/* Two for the MAC, unless the cipher does it itself, and two for the cipher. */
static CK_RV material_keys(const CK_MECHANISM *param, struct derive_key *keys, size_t *count)
{
	struct material k;
	CK_RV rv = read_material(param, &k);

	*count = 0;
	if (rv != CKR_OK)
		return rv;
	for (size_t i = 0; k.mac > 0 && i < 2; i++)
		keys[(*count)++] = (struct derive_key){ .type = CKK_GENERIC_SECRET, .len = k.mac };
	for (size_t i = 0; k.key > 0 && i < 2; i++)
		keys[(*count)++] = (struct derive_key){ .type = CK_UNAVAILABLE_INFORMATION,
							.len = k.key };
	return CKR_OK;
}

static CK_RV material_derive(const struct mech *m, const struct derive_input *in,
			     struct secbuf **out)
{
	struct seed seed = { .n = 0 };
	struct material k;
	CK_RV rv = read_material(in->param, &k);

	(void)m;
	if (rv != CKR_OK)
		return rv;
	if (in->base->secret->len != MASTER_BYTES)
		return reason(CKR_KEY_SIZE_RANGE, "the base key does not have 48 bytes");
	seed_label(&seed, "key expansion");
	seed_add(&seed, k.p.RandomInfo.pServerRandom, k.p.RandomInfo.ulServerRandomLen);
	seed_add(&seed, k.p.RandomInfo.pClientRandom, k.p.RandomInfo.ulClientRandomLen);
	return prf_new(k.p.prfHashMechanism, in->base, &seed, 2 * (k.mac + k.key + k.iv), out);
}

static void material_finish(const struct derive_input *in, const CK_OBJECT_HANDLE *handles,
			    const unsigned char *rest, size_t len)
{
	struct material k;

	if (read_material(in->param, &k) != CKR_OK || len < 2 * k.iv)
		return;
	k.out.hClientMacSecret = k.mac > 0 ? *handles++ : CK_INVALID_HANDLE;
	k.out.hServerMacSecret = k.mac > 0 ? *handles++ : CK_INVALID_HANDLE;
	k.out.hClientKey = k.key > 0 ? *handles++ : CK_INVALID_HANDLE;
	k.out.hServerKey = k.key > 0 ? *handles++ : CK_INVALID_HANDLE;
	if (k.iv > 0) {
		memcpy(k.out.pIVClient, rest, k.iv);
		memcpy(k.out.pIVServer, rest + k.iv, k.iv);
	}
	memcpy(k.p.pReturnedKeyMaterial, &k.out, sizeof(k.out));
}

const struct mech_derive tls_material_derives = {
	.derive = material_derive, .keys = material_keys, .finish = material_finish,
	.inherit = true, .no_handle = true,
};

/* --- keying material for other uses --- */

static CK_RV read_kdf(const CK_MECHANISM *param, CK_TLS_KDF_PARAMS *p)
{
	CK_RV rv = mech_param(param, p, sizeof(*p));

	if (rv == CKR_OK)
		rv = prf_check_bytes(param, p->pLabel, p->ulLabelLength,
				     "pLabel is missing or too long");
	if (rv == CKR_OK)
		rv = check_random(param, &p->RandomInfo);
	if (rv == CKR_OK)
		rv = check_hash(param, p->prfMechanism, param->mechanism == CKM_TLS_KDF);
	if (rv != CKR_OK)
		return rv;
	if (p->ulContextDataLength > CONTEXT_MAX ||
	    (p->pContextData == NULL && p->ulContextDataLength > 0))
		return mech_bad_param(param, "pContextData is missing or too long");
	return CKR_OK;
}

/* RFC 5705 section 4: no context is something else than an empty one. */
static CK_RV kdf_derive(const struct mech *m, const struct derive_input *in, struct secbuf **out)
{
	struct seed seed = { .n = 0 };
	unsigned char length[2];
	CK_TLS_KDF_PARAMS p;
	CK_RV rv = read_kdf(in->param, &p);

	(void)m;
	if (rv == CKR_OK && in->want == 0)
		rv = reason(CKR_TEMPLATE_INCOMPLETE, "CKA_VALUE_LEN is missing");
	if (rv != CKR_OK)
		return rv;
	seed_add(&seed, p.pLabel, p.ulLabelLength);
	seed_add(&seed, p.RandomInfo.pClientRandom, p.RandomInfo.ulClientRandomLen);
	seed_add(&seed, p.RandomInfo.pServerRandom, p.RandomInfo.ulServerRandomLen);
	if (p.pContextData != NULL) {
		length[0] = (unsigned char)(p.ulContextDataLength >> 8);
		length[1] = (unsigned char)p.ulContextDataLength;
		seed_add(&seed, length, sizeof(length));
		seed_add(&seed, p.pContextData, p.ulContextDataLength);
	}
	return prf_new(p.prfMechanism, in->base, &seed, in->want, out);
}

const struct mech_derive tls_kdf_derives = { .derive = kdf_derive, .generic = true };

/* --- finished messages --- */

struct tls_mac {
	CK_TLS_MAC_PARAMS p;
	struct buf data;	/* the hash of the handshake */
};

static CK_RV mac_begin(struct op *op, const CK_MECHANISM *param)
{
	struct tls_mac *t = calloc(1, sizeof(*t));
	CK_RV rv;

	op->state = t;
	if (t == NULL)
		return CKR_HOST_MEMORY;
	rv = mech_param(param, &t->p, sizeof(t->p));
	if (rv != CKR_OK)
		return rv;
	if (t->p.ulMacLength == 0 || t->p.ulMacLength > MAC_MAX)
		return mech_bad_param(param, "ulMacLength is out of range");
	if (t->p.ulServerOrClient != 1 && t->p.ulServerOrClient != 2)
		return mech_bad_param(param, "ulServerOrClient is neither 1 nor 2");
	return check_hash(param, t->p.prfHashMechanism, true);
}

static CK_RV mac_size(struct op *op, CK_ULONG in, bool last, CK_ULONG *out)
{
	const struct tls_mac *t = op->state;

	(void)in;
	*out = last ? t->p.ulMacLength : 0;
	return CKR_OK;
}

static CK_RV mac_update(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			CK_ULONG *out_len)
{
	struct tls_mac *t = op->state;

	(void)out;
	*out_len = 0;
	return buf_append(&t->data, in, len);
}

static CK_RV compute(struct op *op, struct secbuf **out)
{
	const struct tls_mac *t = op->state;
	struct seed seed = { .n = 0 };

	seed_label(&seed, t->p.ulServerOrClient == 1 ? "server finished" : "client finished");
	seed_add(&seed, t->data.data, t->data.len);
	return prf_new(t->p.prfHashMechanism, op->key, &seed, t->p.ulMacLength, out);
}

static CK_RV mac_finish(struct op *op, CK_BYTE *out, CK_ULONG *out_len)
{
	struct secbuf *mac = NULL;
	CK_RV rv = compute(op, &mac);

	if (rv != CKR_OK)
		return rv;
	memcpy(out, mac->data, mac->len);
	*out_len = mac->len;
	secbuf_free(mac);
	return CKR_OK;
}

static CK_RV mac_check(struct op *op, const CK_BYTE *sig, CK_ULONG sig_len)
{
	const struct tls_mac *t = op->state;
	struct secbuf *mac = NULL;
	CK_RV rv;

	if (sig_len != t->p.ulMacLength)
		return CKR_SIGNATURE_LEN_RANGE;
	rv = compute(op, &mac);
	if (rv == CKR_OK && CRYPTO_memcmp(mac->data, sig, mac->len) != 0)
		rv = CKR_SIGNATURE_INVALID;
	secbuf_free(mac);
	return rv;
}

static void mac_end(struct op *op)
{
	struct tls_mac *t = op->state;

	buf_free(&t->data);
	free(t);
}

const struct mech_ops tls_mac_ops = {
	.begin = mac_begin,
	.size = mac_size,
	.update = mac_update,
	.finish = mac_finish,
	.check = mac_check,
	.end = mac_end,
};

/* TLS 1.2: the PRF, master secrets, key blocks, finished messages, bad parameters. */
#include "config.h"

#include <string.h>

#include "crypto/mech/derive.h"
#include "unit/crypto_util.h"
#include "unit/tls_vectors.h"
#include "unit/unit.h"

#define HUGE (~0UL)
#define BAD CKR_MECHANISM_PARAM_INVALID

static CK_BYTE client[32], server[32], handshake[32];
#define RANDOMS { client, 32, server, 32 }

/* What Python's hmac makes of it: the premaster secret is 03 03 00 01 ... 2d. */
static const char premaster[] =
	"0303000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
	  "2425262728292a2b2c2d";
static const char master_256[] =
	"fe0f1f0df1e0827ac666c38ece214774b3af1b0cc0bcf46ce358116cf2e34aff7c1ed662c320"
	  "1bb433cdf6754dd4335c";

static void set_randoms(void)
{
	memset(client, 0xc1, sizeof(client));
	memset(server, 0x51, sizeof(server));
	memset(handshake, 0x77, sizeof(handshake));
}

/* Keys, bytes, and what finish does with the handles 1, 2 ... */
static CK_RV derive(CK_MECHANISM m, const char *base_hex, size_t want, struct bytes *out)
{
	static const CK_OBJECT_HANDLE handles[] = { 1, 2, 3, 4 };
	const struct mech *row = mech_find(m.mechanism);
	struct derive_key keys[DERIVE_KEYS_MAX];
	struct key *base = make_secret(CKK_GENERIC_SECRET, base_hex);
	struct derive_input in = { .param = &m, .base = base };
	struct secbuf *secret = NULL;
	size_t n = 0;
	CK_RV rv;

	CU_ASSERT_FATAL(row != NULL && base != NULL);
	rv = derive_keys(row, &m, keys, &n);
	for (size_t i = 0; i < n; i++)
		in.want += keys[i].len;
	if (want > 0)
		in.want = want;
	if (rv == CKR_OK)
		rv = derive_bytes(row, &in, &secret);
	if (rv == CKR_OK) {
		CU_ASSERT_FATAL(secret->len >= in.want && secret->len <= sizeof(out->data));
		memcpy(out->data, secret->data, secret->len);
		out->len = secret->len;
		if (row->derive->finish != NULL)
			row->derive->finish(&in, handles, secret->data + in.want,
					    secret->len - in.want);
	}
	secbuf_free(secret);
	key_unref(base);
	return rv;
}

/* --- the function alone --- */

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type, hash;
	const char *secret;
	const char *label;
	const char *client, *server;
	const char *context;	/* NULL: none */
	const char *out;
} prfs[] = {
	/* from the mailing list of the IETF's working group */
	{ "SHA-256", CKM_TLS_KDF, CKM_SHA256, "9bbe436ba940f017b17652849a71db35", "test label",
	  "a0ba9f936cda311827a6f796ffd5198c", "", NULL,
	  "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d"
	  "35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f"
	  "796789baa48082d122ee42c5a72e5a5110fff70187347b66" },
	/* NIST CAVP, tls.rsp, TLS 1.0 and 1.1 */
	{ "MD5 and SHA-1", CKM_TLS_KDF, CKM_TLS_PRF,
	  "bded7fa5c1699c010be23dd06ada3a48349f21e5f86263d512c0c5cc379f0e780ec55d9844b2"
	  "f1db02a96453513568d0",
	  "master secret", "e5acaf549cd25c22d964c0d930fa4b5261d2507fad84c33715b7b9a864020693",
	  "135e4d557fdf3aa6406d82975d5c606a9734c9334b42136e96990fbd5358cdb2", NULL,
	  "2f6962dfbc744c4b2138bb6b3d33054c5ecc14f24851d9896395a44ab3964efc2090c5bf51a0"
	  "891209f46c1e1e998f62" },
	{ "odd", CKM_TLS_KDF, CKM_TLS_PRF, "0102030405", "x", "", "", NULL,
	  "05cda2cba196d07d01d8a7c1897200d51c58ccf294a528a83dbca11e0642e29712d2a5f7b571"
	  "1d09" },
	{ "no context", CKM_TLS12_KDF, CKM_SHA256, master_256, "EXPORTER-x", "@c@", "@s@", NULL,
	  "69d05ec3f4a242a9bf7a79a84c7a0f76c8314e98b2b16a0f8563b44bf388bed5b0cd1f5a9c0c"
	  "9a03" },
	{ "empty context", CKM_TLS12_KDF, CKM_SHA256, master_256, "EXPORTER-x", "@c@", "@s@", "",
	  "2fa15310d9722653d5228931b72eaa6598ab8c27e1bd518579e605f9b57fb38b416f92680958"
	  "dd42" },
	{ "context", CKM_TLS_KDF, CKM_SHA256, master_256, "EXPORTER-x", "@c@", "@s@", "616263",
	  "1a83ac654dffee12e96e9cacfe32c749f3edbb2a1c3ee294d13aa66959525a5c28abba3933b3"
	  "5819" },
};

static struct bytes random_of(const char *text)
{
	struct bytes b = { .len = 32 };

	if (text[0] != '@')
		return unhex(text);
	memcpy(b.data, text[1] == 'c' ? client : server, 32);
	return b;
}

static void test_prf(void)
{
	for (size_t i = 0; i < ARRAY_LEN(prfs); i++) {
		struct bytes c = random_of(prfs[i].client), s = random_of(prfs[i].server);
		struct bytes context = unhex(prfs[i].context), out;
		CK_TLS_KDF_PARAMS p = {
			prfs[i].hash, (CK_BYTE *)(uintptr_t)prfs[i].label, strlen(prfs[i].label),
			{ c.data, c.len, s.data, s.len },
			prfs[i].context != NULL ? context.data : NULL, context.len
		};
		CK_MECHANISM m = MECH_WITH(prfs[i].type, &p);

		CHECK(prfs[i].name,
		      derive(m, prfs[i].secret, strlen(prfs[i].out) / 2, &out) == CKR_OK);
		CHECK(prfs[i].name, is_hex(out.data, out.len, prfs[i].out));
	}
}

static CK_BYTE text[3] = { 'a', 'b', 'c' };

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_TLS_KDF_PARAMS p;
	size_t want;
	CK_RV expected;
} kdf_cases[] = {
	{ "good", CKM_TLS12_KDF, { CKM_SHA384, text, 3, RANDOMS, NULL, 0 }, 8, CKR_OK },
	{ "no length", CKM_TLS12_KDF, { CKM_SHA384, text, 3, RANDOMS, NULL, 0 }, 0,
	  CKR_TEMPLATE_INCOMPLETE },
	{ "old", CKM_TLS12_KDF, { CKM_TLS_PRF, text, 3, RANDOMS, NULL, 0 }, 8, BAD },
	{ "hash", CKM_TLS_KDF, { CKM_SHA256_HMAC, text, 3, RANDOMS, NULL, 0 }, 8, BAD },
	{ "label null", CKM_TLS_KDF, { CKM_SHA256, NULL, 3, RANDOMS, NULL, 0 }, 8, BAD },
	{ "label huge", CKM_TLS_KDF, { CKM_SHA256, text, HUGE, RANDOMS, NULL, 0 }, 8, BAD },
	{ "client", CKM_TLS_KDF, { CKM_SHA256, text, 3, { NULL, 1, server, 1 }, NULL, 0 }, 8, BAD },
	{ "server", CKM_TLS_KDF, { CKM_SHA256, text, 3, { client, 1, server, HUGE }, NULL, 0 }, 8,
	  BAD },
	{ "context null", CKM_TLS_KDF, { CKM_SHA256, text, 3, RANDOMS, NULL, 3 }, 8, BAD },
	{ "context long", CKM_TLS_KDF, { CKM_SHA256, text, 3, RANDOMS, text, 0x10000 }, 8, BAD },
};

static void test_kdf_params(void)
{
	struct bytes out;

	for (size_t i = 0; i < ARRAY_LEN(kdf_cases); i++) {
		CK_TLS_KDF_PARAMS p = kdf_cases[i].p;
		CK_MECHANISM m = MECH_WITH(kdf_cases[i].type, &p);

		CHECK(kdf_cases[i].name,
		      derive(m, "0102", kdf_cases[i].want, &out) == kdf_cases[i].expected);
		m.ulParameterLen++;
		CHECK(kdf_cases[i].name, derive(m, "0102", 8, &out) == BAD);
	}
}

/* --- master secrets --- */

static CK_VERSION version;

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_TLS12_MASTER_KEY_DERIVE_PARAMS p;
	const char *base;
	CK_RV expected;
	const char *out;
} masters[] = {
#define PLAIN CKM_TLS12_MASTER_KEY_DERIVE
#define DH CKM_TLS12_MASTER_KEY_DERIVE_DH
	{ "RSA", PLAIN, { RANDOMS, &version, CKM_SHA256 }, premaster, CKR_OK, master_256 },
	{ "DH", DH, { RANDOMS, NULL, CKM_SHA384 }, premaster, CKR_OK,
	  "6bbb742b5dbfdd60b8c30b64bc47f5fba3ce30157183b1cc8fdf3901f6ad8fb6e3209ba3baae"
	  "b1d41fe2b24f73766a39" },
	{ "DH short", DH, { RANDOMS, NULL, CKM_SHA256 }, "01", CKR_OK, NULL },
	{ "RSA short", PLAIN, { RANDOMS, &version, CKM_SHA256 }, "0303", CKR_KEY_SIZE_RANGE, NULL },
	{ "no version", PLAIN, { RANDOMS, NULL, CKM_SHA256 }, premaster, CKR_OK, master_256 },
	{ "no version, short", PLAIN, { RANDOMS, NULL, CKM_SHA256 }, "0303", CKR_KEY_SIZE_RANGE,
	  NULL },
	{ "version", DH, { RANDOMS, &version, CKM_SHA256 }, premaster, BAD, NULL },
	{ "hash", DH, { RANDOMS, NULL, CKM_TLS_PRF }, premaster, BAD, NULL },
	{ "weak hash", DH, { RANDOMS, NULL, CKM_MD5 }, premaster, BAD, NULL },
	{ "random", DH, { { NULL, 32, server, 32 }, NULL, CKM_SHA256 }, premaster, BAD, NULL },
	{ "no client", DH, { { client, 0, server, 32 }, NULL, CKM_SHA256 }, premaster, BAD, NULL },
	{ "no server", DH, { { client, 32, NULL, 0 }, NULL, CKM_SHA256 }, premaster, BAD, NULL },
	{ "random", DH, { { client, 32, server, HUGE }, NULL, CKM_SHA256 }, premaster, BAD, NULL },
};

static void test_masters(void)
{
	for (size_t i = 0; i < ARRAY_LEN(masters); i++) {
		CK_TLS12_MASTER_KEY_DERIVE_PARAMS p = masters[i].p;
		CK_MECHANISM m = MECH_WITH(masters[i].type, &p);
		struct bytes out;
		CK_RV rv;

		version = (CK_VERSION){ 0, 0 };
		rv = derive(m, masters[i].base, 0, &out);
		CHECK(masters[i].name, rv == masters[i].expected);
		CHECK(masters[i].name, rv != CKR_OK || out.len == 48);
		if (masters[i].out != NULL)
			CHECK(masters[i].name, is_hex(out.data, out.len, masters[i].out));
		CHECK(masters[i].name,
		      version.major == (rv == CKR_OK && p.pVersion != NULL ? 3 : 0));
		CHECK(masters[i].name, version.minor == version.major);
	}
}

static void test_extended(void)
{
	CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS p = { CKM_SHA256, handshake, 32, &version };
	CK_MECHANISM rsa = MECH_WITH(CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, &p);
	CK_MECHANISM dh = MECH_WITH(CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, &p);
	static const char expected[] =
	  "73f14815171ea277c74508da72c41e9c47f278e749c70b0c38496213d81c810bd3b2b8da7888"
	  "2d81f7bc4055b21b7603";
	struct bytes out;

	version = (CK_VERSION){ 0, 0 };
	CU_ASSERT(derive(rsa, premaster, 0, &out) == CKR_OK);
	CU_ASSERT(is_hex(out.data, out.len, expected));
	CU_ASSERT(version.major == 3 && version.minor == 3);
	CU_ASSERT(derive(dh, premaster, 0, &out) == BAD);
	p.pVersion = NULL;
	CU_ASSERT(derive(rsa, premaster, 0, &out) == CKR_OK);
	CU_ASSERT(derive(dh, premaster, 0, &out) == CKR_OK);
	CU_ASSERT(is_hex(out.data, out.len, expected));
	p.ulSessionHashLen = 0;
	CU_ASSERT(derive(dh, premaster, 0, &out) == BAD);
	p.pSessionHash = NULL;
	p.ulSessionHashLen = HUGE;
	CU_ASSERT(derive(dh, premaster, 0, &out) == BAD);
}

/* --- key blocks --- */

static CK_BYTE iv_client[12], iv_server[12];
static CK_SSL3_KEY_MAT_OUT room = { 9, 9, 9, 9, iv_client, iv_server };
static CK_SSL3_KEY_MAT_OUT no_room = { 9, 9, 9, 9, NULL, iv_server };

static void test_block(void)
{
	CK_SSL3_KEY_MAT_OUT got = room;
	CK_TLS12_KEY_MAT_PARAMS p = { 160, 128, 96, CK_FALSE, RANDOMS, &got, CKM_SHA256 };
	CK_MECHANISM m = MECH_WITH(CKM_TLS12_KEY_AND_MAC_DERIVE, &p);
	static const char expected[] =
	  "359ab9af1621fc0e5e015969d35bb2651fead97ae6246113405cd2c1f467fc4bfc5e171d2c6f"
	  "dbb00be71c3acb047355a42e6100d3fb0adbb9a4b24cea7d725ae2439bdc8d3a351653f0aee2"
	  "73bbad4b03939b9362d16b695b273e366d955ef5";
	struct bytes out;

	CU_ASSERT(derive(m, master_256, 0, &out) == CKR_OK);
	CU_ASSERT(is_hex(out.data, out.len, expected));
	CU_ASSERT(memcmp(iv_client, out.data + 72, 12) == 0);
	CU_ASSERT(memcmp(iv_server, out.data + 84, 12) == 0);
	CU_ASSERT(got.hClientMacSecret == 1 && got.hServerMacSecret == 2);
	CU_ASSERT(got.hClientKey == 3 && got.hServerKey == 4);
	/* without keys for a MAC, as with GCM */
	p.ulMacSizeInBits = 0;
	CU_ASSERT(derive(m, master_256, 0, &out) == CKR_OK && out.len == 56);
	CU_ASSERT(got.hClientMacSecret == 0 && got.hServerMacSecret == 0);
	CU_ASSERT(got.hClientKey == 1 && got.hServerKey == 2);
	/* no IVs */
	memset(iv_client, 0, sizeof(iv_client));
	m.mechanism = CKM_TLS12_KEY_SAFE_DERIVE;
	got.pIVClient = NULL;
	CU_ASSERT(derive(m, master_256, 0, &out) == CKR_OK && out.len == 32);
	CU_ASSERT(derive_without_handle(m.mechanism));
	CU_ASSERT(!derive_without_handle(CKM_HKDF_DERIVE));
}

static const struct {
	const char *name;
	CK_TLS12_KEY_MAT_PARAMS p;
	CK_RV expected;
} blocks[] = {
	{ "good", { 256, 256, 32, CK_FALSE, RANDOMS, &room, CKM_SHA384 }, CKR_OK },
	{ "export", { 160, 128, 96, CK_TRUE, RANDOMS, &room, CKM_SHA256 }, BAD },
	{ "no room", { 160, 128, 96, CK_FALSE, RANDOMS, NULL, CKM_SHA256 }, BAD },
	{ "no IV", { 160, 128, 96, CK_FALSE, RANDOMS, &no_room, CKM_SHA256 }, BAD },
	{ "bits", { 161, 128, 96, CK_FALSE, RANDOMS, &room, CKM_SHA256 }, BAD },
	{ "huge", { 160, HUGE - 7, 96, CK_FALSE, RANDOMS, &room, CKM_SHA256 }, BAD },
	{ "huge IV", { 160, 128, HUGE - 7, CK_FALSE, RANDOMS, &room, CKM_SHA256 }, BAD },
	{ "nothing", { 0, 0, 96, CK_FALSE, RANDOMS, &room, CKM_SHA256 }, BAD },
	{ "hash", { 160, 128, 96, CK_FALSE, RANDOMS, &room, CKM_AES_CBC }, BAD },
	{ "weak hash", { 160, 128, 96, CK_FALSE, RANDOMS, &room, CKM_SHA_1 }, BAD },
	{ "old", { 160, 128, 96, CK_FALSE, RANDOMS, &room, CKM_TLS_PRF }, BAD },
	{ "no randoms", { 160, 128, 96, CK_FALSE, { NULL, 0, NULL, 0 }, &room, CKM_SHA256 }, BAD },
};

static void test_block_params(void)
{
	struct bytes out;

	for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
		CK_TLS12_KEY_MAT_PARAMS p = blocks[i].p;
		CK_MECHANISM m = MECH_WITH(CKM_TLS12_KEY_AND_MAC_DERIVE, &p);

		CHECK(blocks[i].name, derive(m, master_256, 0, &out) == blocks[i].expected);
	}
}

/* --- finished messages --- */

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_TLS_MAC_PARAMS p;
	CK_RV expected;
	const char *out;
} macs[] = {
	{ "client", CKM_TLS_MAC, { CKM_SHA256, 12, 2 }, CKR_OK, "ecf374acb23f13c8dd90d771" },
	{ "server", CKM_TLS12_MAC, { CKM_SHA384, 48, 1 }, CKR_OK,
	  "bb7fe77bca5691400e0bf4c7e453684b1104b20c16ee71447d8f37e90cfd6ebb5e6fa6b343a6"
	  "c679980d2de2888b8bb0" },
	{ "old", CKM_TLS_MAC, { CKM_TLS_PRF, 12, 2 }, CKR_OK, "989258d61bbfe9c4aeff8651" },
	{ "hash", CKM_TLS_MAC, { CKM_SHA256_HMAC, 12, 2 }, BAD, NULL },
	{ "length 0", CKM_TLS_MAC, { CKM_SHA256, 0, 2 }, BAD, NULL },
	{ "length", CKM_TLS_MAC, { CKM_SHA256, 65, 2 }, BAD, NULL },
	{ "side", CKM_TLS_MAC, { CKM_SHA256, 12, 0 }, BAD, NULL },
};

static void test_macs(void)
{
	struct key *key = make_secret(CKK_GENERIC_SECRET, master_256);

	for (size_t i = 0; i < ARRAY_LEN(macs); i++) {
		CK_TLS_MAC_PARAMS p = macs[i].p;
		CK_MECHANISM m = MECH_WITH(macs[i].type, &p);
		unsigned char out[64];
		CK_ULONG len = sizeof(out);
		CK_RV rv = run(OP_SIGN, m, key, handshake, 32, out, &len);

		CHECK(macs[i].name, rv == macs[i].expected);
		if (rv != CKR_OK)
			continue;
		CHECK(macs[i].name, is_hex(out, len, macs[i].out));
		for (size_t step = 1; step < 32; step += 7) {
			CK_ULONG n = sizeof(out);

			CHECK(macs[i].name,
			      run_parts(OP_SIGN, m, key, handshake, 32, step, out, &n) == CKR_OK);
			CHECK(macs[i].name, is_hex(out, n, macs[i].out));
			CHECK(macs[i].name,
			      verify_parts(m, key, handshake, 32, step, out, n) == CKR_OK);
		}
		CHECK(macs[i].name, verify(m, key, handshake, 32, out, len) == CKR_OK);
		CHECK(macs[i].name, verify(m, key, handshake, 32, out, len - 1) ==
		      CKR_SIGNATURE_LEN_RANGE);
		CHECK(macs[i].name,
		      verify(m, key, handshake, 31, out, len) == CKR_SIGNATURE_INVALID);
	}
	key_unref(key);
}

/* --- published vectors --- */

static CK_RV derive_master(const struct master_vector *v, CK_VERSION *told, struct bytes *out)
{
	struct bytes c = unhex(v->client), s = unhex(v->server), session = unhex(v->session);
	CK_TLS12_MASTER_KEY_DERIVE_PARAMS plain = { { c.data, c.len, s.data, s.len }, told,
						    v->prf };
	CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS extended = { v->prf, session.data, session.len,
								told };
	CK_MECHANISM m = MECH_WITH(v->type, &plain);

	if (v->session != NULL)
		m = (CK_MECHANISM)MECH_WITH(v->type, &extended);
	return derive(m, v->key, 0, out);
}

static void test_master_vectors(void)
{
	for (size_t i = 0; i < ARRAY_LEN(master_vectors); i++) {
		const struct master_vector *v = &master_vectors[i];
		bool rsa = v->type == CKM_TLS12_MASTER_KEY_DERIVE ||
			   v->type == CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE;
		CK_VERSION told = { 0, 0 };
		struct bytes key = unhex(v->key), out;

		CHECK(v->out, derive_master(v, rsa ? &told : NULL, &out) == CKR_OK);
		CHECK(v->out, is_hex(out.data, out.len, v->out));
		CHECK(v->out, !rsa || (told.major == key.data[0] && told.minor == key.data[1]));
	}
}

static void test_block_vectors(void)
{
	for (size_t i = 0; i < ARRAY_LEN(block_vectors); i++) {
		const struct block_vector *v = &block_vectors[i];
		struct bytes c = unhex(v->client), s = unhex(v->server), all = unhex(v->out), out;
		CK_BYTE ivs[2][32];
		CK_SSL3_KEY_MAT_OUT got = { 9, 9, 9, 9, ivs[0], ivs[1] };
		CK_TLS12_KEY_MAT_PARAMS p = { v->mac, v->bits, v->iv, CK_FALSE,
					      { c.data, c.len, s.data, s.len }, &got, v->prf };
		CK_MECHANISM m = MECH_WITH(CKM_TLS12_KEY_AND_MAC_DERIVE, &p);
		size_t iv = v->iv / 8;

		CHECK(v->out, derive(m, v->key, 0, &out) == CKR_OK);
		CHECK(v->out, is_hex(out.data, out.len, v->out));
		CHECK(v->out, memcmp(ivs[0], all.data + all.len - 2 * iv, iv) == 0);
		CHECK(v->out, memcmp(ivs[1], all.data + all.len - iv, iv) == 0);
		/* the same without IVs, whose size is not looked at */
		m.mechanism = CKM_TLS12_KEY_SAFE_DERIVE;
		CHECK(v->out, derive(m, v->key, 0, &out) == CKR_OK && out.len == all.len - 2 * iv);
		CHECK(v->out, memcmp(out.data, all.data, out.len) == 0);
	}
}

static void test_kdf_vectors(void)
{
	for (size_t i = 0; i < ARRAY_LEN(kdf_vectors); i++) {
		const struct kdf_vector *v = &kdf_vectors[i];
		struct bytes c = unhex(v->client), s = unhex(v->server), out;
		struct bytes label = unhex(v->label), context = unhex(v->context);
		CK_TLS_KDF_PARAMS p = { v->prf, label.data, label.len,
					{ c.data, c.len, s.data, s.len },
					v->context != NULL ? context.data : NULL, context.len };
		CK_MECHANISM m = MECH_WITH(v->type, &p);

		CHECK(v->out, derive(m, v->key, strlen(v->out) / 2, &out) == CKR_OK);
		CHECK(v->out, is_hex(out.data, out.len, v->out));
	}
}

static void test_mac_vectors(void)
{
	for (size_t i = 0; i < ARRAY_LEN(mac_vectors); i++) {
		const struct mac_vector *v = &mac_vectors[i];
		struct bytes data = unhex(v->data), mac = unhex(v->out);
		CK_TLS_MAC_PARAMS p = { v->prf, v->len, v->side };
		CK_MECHANISM m = MECH_WITH(v->type, &p);
		struct key *key = make_secret(CKK_GENERIC_SECRET, v->key);

		CHECK(v->out, verify(m, key, data.data, data.len, mac.data, mac.len) == CKR_OK);
		mac.data[mac.len - 1] ^= 1;
		CHECK(v->out, verify(m, key, data.data, data.len, mac.data, mac.len) ==
		      CKR_SIGNATURE_INVALID);
		key_unref(key);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_prf),
		UNIT_TEST(test_kdf_params),
		UNIT_TEST(test_masters),
		UNIT_TEST(test_extended),
		UNIT_TEST(test_block),
		UNIT_TEST(test_block_params),
		UNIT_TEST(test_macs),
		UNIT_TEST(test_master_vectors),
		UNIT_TEST(test_block_vectors),
		UNIT_TEST(test_kdf_vectors),
		UNIT_TEST(test_mac_vectors),
	};

	set_randoms();
	return CRYPTO_RUN("tls", tests);
}

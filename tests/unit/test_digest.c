/* Digests and MACs. */
#include "config.h"

#include <string.h>

#include "crypto/ossl/ossl.h"
#include "unit/crypto_util.h"
#include "unit/ec_vectors.h"
#include "unit/unit.h"

static const size_t steps[] = { 0, 1, 7, 64 };

/* FIPS 180-4 and RFC 1321: the usual examples. */
#define ABC "616263"
#define TWO_BLOCKS \
	"6162636462636465636465666465666765666768666768696768696a68696a6b696a6b6c6a6b6c6d" \
	"6b6c6d6e6c6d6e6f6d6e6f706e6f7071"

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	const char *in;
	const char *out;
} digests[] = {
	{ "md5, empty", CKM_MD5, "",
	  "d41d8cd98f00b204e9800998ecf8427e" },
	{ "md5, abc", CKM_MD5, ABC,
	  "900150983cd24fb0d6963f7d28e17f72" },
	{ "md5, two blocks", CKM_MD5, TWO_BLOCKS,
	  "8215ef0796a20bcaaae116d3876c664a" },
	{ "sha1, empty", CKM_SHA_1, "",
	  "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
	{ "sha1, abc", CKM_SHA_1, ABC,
	  "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ "sha1, two blocks", CKM_SHA_1, TWO_BLOCKS,
	  "84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
	{ "sha224, empty", CKM_SHA224, "",
	  "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f" },
	{ "sha224, abc", CKM_SHA224, ABC,
	  "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
	{ "sha224, two blocks", CKM_SHA224, TWO_BLOCKS,
	  "75388b16512776cc5dba5da1fd890150b0c6455cb4f58b1952522525" },
	{ "sha256, empty", CKM_SHA256, "",
	  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "sha256, abc", CKM_SHA256, ABC,
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "sha256, two blocks", CKM_SHA256, TWO_BLOCKS,
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "sha384, empty", CKM_SHA384, "",
	  "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fb"
	  "d51ad2f14898b95b" },
	{ "sha384, abc", CKM_SHA384, ABC,
	  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc23"
	  "58baeca134c825a7" },
	{ "sha384, two blocks", CKM_SHA384, TWO_BLOCKS,
	  "3391fdddfc8dc7393707a65b1b4709397cf8b1d162af05abfe8f450de5f36bc6b0455a8520bc4e6f"
	  "5fe95b1fe3c8452b" },
	{ "sha512, empty", CKM_SHA512, "",
	  "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0"
	  "ff8318d2877eec2f"
	  "63b931bd47417a81a538327af927da3e" },
	{ "sha512, abc", CKM_SHA512, ABC,
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a8"
	  "36ba3c23a3feebbd"
	  "454d4423643ce80e2a9ac94fa54ca49f" },
	{ "sha512, two blocks", CKM_SHA512, TWO_BLOCKS,
	  "204a8fc6dda82f0a0ced7beb8e08a41657c16ef468b228a8279be331a703c33596fd15c13b1b07f9"
	  "aa1d3bea57789ca0"
	  "31ad85c7a71dd70354ec631238ca3445" },
};

static void test_digests(void)
{
	for (size_t i = 0; i < ARRAY_LEN(digests); i++) {
		struct bytes in = unhex(digests[i].in);
		CK_MECHANISM m = MECH(digests[i].type);
		unsigned char out[64];
		CK_ULONG n = sizeof(out);

		CHECK(digests[i].name, run(OP_DIGEST, m, NULL, in.data, in.len, out, &n) == CKR_OK);
		CHECK(digests[i].name, is_hex(out, n, digests[i].out));
		for (size_t s = 0; s < ARRAY_LEN(steps); s++) {
			n = sizeof(out);
			CHECK(digests[i].name,
			      run_parts(OP_DIGEST, m, NULL, in.data, in.len, steps[s], out, &n) ==
				      CKR_OK);
			CHECK(digests[i].name, is_hex(out, n, digests[i].out));
		}
	}
}

/* A parameter is ignored, whatever it is. */
static void test_parameter(void)
{
	CK_MECHANISM m = { CKM_SHA256, NULL, 4000 };
	struct key *k = make_secret(CKK_AES, AES_KEY);

	CU_ASSERT_EQUAL(try_begin(OP_DIGEST, m, NULL), CKR_OK);
	m.mechanism = CKM_AES_CMAC;
	CU_ASSERT_EQUAL(try_begin(OP_SIGN, m, k), CKR_OK);
	key_unref(k);
}

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_KEY_TYPE key_type;
	const char *key;
	const char *in;
	const char *out;
} macs[] = {
	{ "RFC 2202, MD5 case 1", CKM_MD5_HMAC, CKK_MD5_HMAC,
	  "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	  "4869205468657265",
	  "9294727a3638bb1c13f48ef8158bfc9d" },
	{ "RFC 2202, MD5 case 6", CKM_MD5_HMAC, CKK_MD5_HMAC,
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
	  "48617368204b6579"
	  "204669727374",
	  "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd" },
	{ "RFC 2202, SHA-1 case 1", CKM_SHA_1_HMAC, CKK_SHA_1_HMAC,
	  "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	  "4869205468657265",
	  "b617318655057264e28bc0b6fb378c8ef146be00" },
	{ "RFC 2202, SHA-1 case 3", CKM_SHA_1_HMAC, CKK_SHA_1_HMAC,
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	  "dddddddddddddddd"
	  "dddd",
	  "125d7342b9ac11cd91a39af48aa17b4f63f175d3" },
	{ "RFC 4231, sha224 case 6", CKM_SHA224_HMAC, CKK_SHA224_HMAC,
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
	  "48617368204b6579"
	  "204669727374",
	  "95e9a0db962095adaebe9b2d6f0dbce2d499f112f2d2b7273fa6870e" },
	{ "RFC 4231, sha224 case 7", CKM_SHA224_HMAC, CKK_GENERIC_SECRET,
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b"
	  "2d73697a65206b65"
	  "7920616e642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865"
	  "206b6579206e6565"
	  "647320746f20626520686173686564206265666f7265206265696e67207573656420627920746865"
	  "20484d414320616c"
	  "676f726974686d2e",
	  "3a854166ac5d9f023f54d517d0b39dbd946770db9c2b95c9f6f565d1" },
	{ "RFC 4231, sha256 case 6", CKM_SHA256_HMAC, CKK_SHA256_HMAC,
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
	  "48617368204b6579"
	  "204669727374",
	  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	{ "RFC 4231, sha256 case 7", CKM_SHA256_HMAC, CKK_GENERIC_SECRET,
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b"
	  "2d73697a65206b65"
	  "7920616e642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865"
	  "206b6579206e6565"
	  "647320746f20626520686173686564206265666f7265206265696e67207573656420627920746865"
	  "20484d414320616c"
	  "676f726974686d2e",
	  "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
	{ "RFC 4231, sha384 case 6", CKM_SHA384_HMAC, CKK_SHA384_HMAC,
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
	  "48617368204b6579"
	  "204669727374",
	  "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe82"
	  "96248df163f44952" },
	{ "RFC 4231, sha384 case 7", CKM_SHA384_HMAC, CKK_GENERIC_SECRET,
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b"
	  "2d73697a65206b65"
	  "7920616e642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865"
	  "206b6579206e6565"
	  "647320746f20626520686173686564206265666f7265206265696e67207573656420627920746865"
	  "20484d414320616c"
	  "676f726974686d2e",
	  "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d"
	  "3860e6110c46523e" },
	{ "RFC 4231, sha512 case 6", CKM_SHA512_HMAC, CKK_SHA512_HMAC,
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
	  "48617368204b6579"
	  "204669727374",
	  "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598"
	  "bd0fd2215d6a1e52"
	  "95e64f73f63f0aec8b915a985d786598" },
	{ "RFC 4231, sha512 case 7", CKM_SHA512_HMAC, CKK_GENERIC_SECRET,
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b"
	  "2d73697a65206b65"
	  "7920616e642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865"
	  "206b6579206e6565"
	  "647320746f20626520686173686564206265666f7265206265696e67207573656420627920746865"
	  "20484d414320616c"
	  "676f726974686d2e",
	  "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b1"
	  "0d5eeb55c3e4de15"
	  "134676fb6de0446065c97440fa8c6a58" },
	{ "RFC 4493, 0 bytes", CKM_AES_CMAC, CKK_AES,
	  "2b7e151628aed2a6abf7158809cf4f3c",
	  "",
	  "bb1d6929e95937287fa37d129b756746" },
	{ "RFC 4493, 16 bytes", CKM_AES_CMAC, CKK_AES,
	  "2b7e151628aed2a6abf7158809cf4f3c",
	  "6bc1bee22e409f96e93d7e117393172a",
	  "070a16b46b4d4144f79bdd9dd04a287c" },
	{ "RFC 4493, 40 bytes", CKM_AES_CMAC, CKK_AES,
	  "2b7e151628aed2a6abf7158809cf4f3c",
	  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411",
	  "dfa66747de9ae63030ca32611497c827" },
	{ "RFC 4493, 64 bytes", CKM_AES_CMAC, CKK_AES,
	  "2b7e151628aed2a6abf7158809cf4f3c",
	  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411"
	  "e5fbc1191a0a52ef"
	  "f69f2445df4f9b17ad2b417be66c3710",
	  "51f0bebf7e3b9d92fc49741779363cfe" },
	{ "SP 800-38B, AES-192, 0 bytes", CKM_AES_CMAC, CKK_AES,
	  "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
	  "",
	  "d17ddf46adaacde531cac483de7a9367" },
	{ "SP 800-38B, AES-192, 40 bytes", CKM_AES_CMAC, CKK_AES,
	  "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
	  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411",
	  "8a1de5be2eb31aad089a82e6ee908b0e" },
	{ "SP 800-38B, AES-256, 0 bytes", CKM_AES_CMAC, CKK_AES,
	  "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
	  "",
	  "028962f61b7bf89efc6b551f4667d983" },
	{ "SP 800-38B, AES-256, 64 bytes", CKM_AES_CMAC, CKK_AES,
	  "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
	  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411"
	  "e5fbc1191a0a52ef"
	  "f69f2445df4f9b17ad2b417be66c3710",
	  "e1992190549f6ed5696a2c056c315410" },
	{ "SP 800-38B, three-key TDEA, 0 bytes", CKM_DES3_CMAC, CKK_DES3,
	  "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5",
	  "",
	  "b7a688e122ffaf95" },
	{ "SP 800-38B, three-key TDEA, 8 bytes", CKM_DES3_CMAC, CKK_DES3,
	  "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5",
	  "6bc1bee22e409f96",
	  "8e8f293136283797" },
	{ "SP 800-38B, three-key TDEA, 20 bytes", CKM_DES3_CMAC, CKK_DES3,
	  "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5",
	  "6bc1bee22e409f96e93d7e117393172aae2d8a57",
	  "743ddbe0ce2dc2ed" },
	{ "SP 800-38B, three-key TDEA, 32 bytes", CKM_DES3_CMAC, CKK_DES3,
	  "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5",
	  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
	  "33e6b1092400eae5" },
	{ "SP 800-38B, two-key TDEA, 0 bytes", CKM_DES3_CMAC, CKK_DES2,
	  "4cf15134a2850dd58a3d10ba80570d38",
	  "",
	  "bd2ebf9a3ba00361" },
	{ "SP 800-38B, two-key TDEA, 8 bytes", CKM_DES3_CMAC, CKK_DES2,
	  "4cf15134a2850dd58a3d10ba80570d38",
	  "6bc1bee22e409f96",
	  "4ff2ab813c53ce83" },
	{ "SP 800-38B, two-key TDEA, 20 bytes", CKM_DES3_CMAC, CKK_DES2,
	  "4cf15134a2850dd58a3d10ba80570d38",
	  "6bc1bee22e409f96e93d7e117393172aae2d8a57",
	  "62dd1b471902bd4e" },
	{ "SP 800-38B, two-key TDEA, 32 bytes", CKM_DES3_CMAC, CKK_DES2,
	  "4cf15134a2850dd58a3d10ba80570d38",
	  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
	  "31b1e431dabc4eb8" },
};

static void test_macs(void)
{
	for (size_t i = 0; i < ARRAY_LEN(macs); i++) {
		struct bytes in = unhex(macs[i].in), right = unhex(macs[i].out);
		struct key *k = make_secret(macs[i].key_type, macs[i].key);
		CK_MECHANISM m = MECH(macs[i].type);
		unsigned char out[64];
		CK_ULONG n = sizeof(out);

		CHECK(macs[i].name, run(OP_SIGN, m, k, in.data, in.len, out, &n) == CKR_OK);
		CHECK(macs[i].name, is_hex(out, n, macs[i].out));
		for (size_t s = 0; s < ARRAY_LEN(steps); s++) {
			n = sizeof(out);
			CHECK(macs[i].name, run_parts(OP_SIGN, m, k, in.data, in.len, steps[s], out,
						      &n) == CKR_OK);
			CHECK(macs[i].name, is_hex(out, n, macs[i].out));
			CHECK(macs[i].name,
			      verify_parts(m, k, in.data, in.len, steps[s], right.data,
					   right.len) == CKR_OK);
		}
		CHECK(macs[i].name, verify(m, k, in.data, in.len, right.data, right.len) == CKR_OK);
		CHECK(macs[i].name,
		      verify(m, k, in.data, in.len, right.data, right.len - 1) ==
			      CKR_SIGNATURE_LEN_RANGE);
		right.data[right.len - 1] ^= 1;
		CHECK(macs[i].name, verify(m, k, in.data, in.len, right.data, right.len) ==
		      CKR_SIGNATURE_INVALID);
		key_unref(k);
	}
}

/* The key must be as long as the digest; the announced maximum is not enforced. */
static void test_key_sizes(void)
{
	static const struct {
		const char *name;
		CK_MECHANISM_TYPE type;
		CK_KEY_TYPE own;
		size_t min;
	} rows[] = {
		{ "MD5", CKM_MD5_HMAC, CKK_MD5_HMAC, 16 },	   { "SHA-1", CKM_SHA_1_HMAC,
				CKK_SHA_1_HMAC, 20 },
		{ "SHA-224", CKM_SHA224_HMAC, CKK_SHA224_HMAC, 28 },
			{ "SHA-256", CKM_SHA256_HMAC, CKK_SHA256_HMAC, 32 },
		{ "SHA-384", CKM_SHA384_HMAC, CKK_SHA384_HMAC, 48 },
			{ "SHA-512", CKM_SHA512_HMAC, CKK_SHA512_HMAC, 64 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const CK_KEY_TYPE types[] = { rows[i].own, CKK_GENERIC_SECRET };
		CK_MECHANISM m = MECH(rows[i].type);
		char hex[2 * 600 + 1];

		memset(hex, 'a', sizeof(hex));
		for (size_t t = 0; t < ARRAY_LEN(types); t++) {
			const struct {
				size_t len;
				CK_RV expected;
			} sizes[] = { { rows[i].min - 1, CKR_KEY_SIZE_RANGE },
				      { rows[i].min, CKR_OK }, { 600, CKR_OK } };

			for (size_t n = 0; n < ARRAY_LEN(sizes); n++) {
				struct key *k;

				hex[2 * sizes[n].len] = '\0';
				k = make_secret(types[t], hex);
				CHECK(rows[i].name, try_begin(OP_SIGN, m, k) == sizes[n].expected);
				CHECK(rows[i].name, try_begin(OP_VERIFY, m, k) ==
				      sizes[n].expected);
				hex[2 * sizes[n].len] = 'a';
				key_unref(k);
			}
		}
	}
}

static void test_wrong_keys(void)
{
	CK_MECHANISM hmac = MECH(CKM_SHA256_HMAC), cmac = MECH(CKM_AES_CMAC), digest =
		MECH(CKM_SHA256);
	struct key *aes = make_secret(CKK_AES, AES_KEY AES_KEY);
	struct key *other = make_secret(CKK_SHA512_HMAC, AES_KEY AES_KEY AES_KEY AES_KEY);

	CU_ASSERT_EQUAL(try_begin(OP_SIGN, hmac, aes), CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(try_begin(OP_SIGN, hmac, other), CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(try_begin(OP_SIGN, cmac, other), CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(try_begin(OP_SIGN, hmac, NULL), CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(try_begin(OP_ENCRYPT, cmac, aes), CKR_MECHANISM_INVALID);
	CU_ASSERT_EQUAL(try_begin(OP_SIGN, digest, aes), CKR_MECHANISM_INVALID);
	CU_ASSERT_EQUAL(try_begin(OP_DIGEST, hmac, aes), CKR_MECHANISM_INVALID);
	key_unref(aes);
	key_unref(other);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_digests),
		UNIT_TEST(test_parameter),
		UNIT_TEST(test_macs),
		UNIT_TEST(test_key_sizes),
		UNIT_TEST(test_wrong_keys),
	};

	return CRYPTO_RUN("digest", tests);
}

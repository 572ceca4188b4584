/* Digests and MACs. */
#include "config.h"

#include <string.h>

#include "crypto/ossl/ossl.h"
#include "unit/crypto_util.h"
#include "unit/ec_vectors.h"
#include "unit/unit.h"

static const size_t steps[] = { 0, 1, 7, 64 };

/* FIPS 180-4, FIPS 202, RFC 1321 and the page of RIPEMD-160: the usual examples. */
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
	{ "sha512/224, empty", CKM_SHA512_224, "",
	  "6ed0dd02806fa89e25de060c19d3ac86cabb87d6a0ddd05c333b84f4" },
	{ "sha512/224, abc", CKM_SHA512_224, ABC,
	  "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa" },
	{ "sha512/224, two blocks", CKM_SHA512_224, TWO_BLOCKS,
	  "e5302d6d54bb242275d1e7622d68df6eb02dedd13f564c13dbda2174" },
	{ "sha512/256, empty", CKM_SHA512_256, "",
	  "c672b8d1ef56ed28ab87c3622c5114069bdd3ad7b8f9737498d0c01ecef0967a" },
	{ "sha512/256, abc", CKM_SHA512_256, ABC,
	  "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23" },
	{ "sha512/256, two blocks", CKM_SHA512_256, TWO_BLOCKS,
	  "bde8e1f9f19bb9fd3406c90ec6bc47bd36d8ada9f11880dbc8a22a7078b6a461" },
	{ "sha3-224, empty", CKM_SHA3_224, "",
	  "6b4e03423667dbb73b6e15454f0eb1abd4597f9a1b078e3f5b5a6bc7" },
	{ "sha3-224, abc", CKM_SHA3_224, ABC,
	  "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf" },
	{ "sha3-224, two blocks", CKM_SHA3_224, TWO_BLOCKS,
	  "8a24108b154ada21c9fd5574494479ba5c7e7ab76ef264ead0fcce33" },
	{ "sha3-256, empty", CKM_SHA3_256, "",
	  "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a" },
	{ "sha3-256, abc", CKM_SHA3_256, ABC,
	  "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532" },
	{ "sha3-256, two blocks", CKM_SHA3_256, TWO_BLOCKS,
	  "41c0dba2a9d6240849100376a8235e2c82e1b9998a999e21db32dd97496d3376" },
	{ "sha3-384, empty", CKM_SHA3_384, "",
	  "0c63a75b845e4f7d01107d852e4c2485c51a50aaaa94fc61995e71bbee983a2ac3713831264adb47"
	  "fb6bd1e058d5f004" },
	{ "sha3-384, abc", CKM_SHA3_384, ABC,
	  "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f5"
	  "39f1edf228376d25" },
	{ "sha3-384, two blocks", CKM_SHA3_384, TWO_BLOCKS,
	  "991c665755eb3a4b6bbdfb75c78a492e8c56a22c5c4d7e429bfdbc32b9d4ad5aa04a1f076e62fea1"
	  "9eef51acd0657c22" },
	{ "sha3-512, empty", CKM_SHA3_512, "",
	  "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a615b2123af1f5f94c"
	  "11e3e9402c3ac558f500199d95b6d3e301758586281dcd26" },
	{ "sha3-512, abc", CKM_SHA3_512, ABC,
	  "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c9"
	  "1a7ec57647e3934057340b4cf408d5a56592f8274eec53f0" },
	{ "sha3-512, two blocks", CKM_SHA3_512, TWO_BLOCKS,
	  "04a371e84ecfb5b8b77cb48610fca8182dd457ce6f326a0fd3d7ec2f1e91636dee691fbe0c985302"
	  "ba1b0d8dc78c086346b533b49c030d99a27daf1139d6e75e" },
	{ "ripemd160, empty", CKM_RIPEMD160, "",
	  "9c1185a5c5e9fc54612808977ee8f548b2258d31" },
	{ "ripemd160, abc", CKM_RIPEMD160, ABC,
	  "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc" },
	{ "ripemd160, two blocks", CKM_RIPEMD160, TWO_BLOCKS,
	  "12a053384a9c0c88e405a06c27dcf49ada62eb2b" },
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

/* None of them takes a parameter, though the reference ignores whatever it is. */
static void test_parameter(void)
{
	static const struct {
		enum op_kind kind;
		CK_MECHANISM_TYPE type;
	} rows[] = {
		{ OP_DIGEST, CKM_SHA256 }, { OP_DIGEST, CKM_SHA3_256 }, { OP_SIGN, CKM_AES_CMAC },
		{ OP_SIGN, CKM_SHA256_HMAC }, { OP_SIGN, CKM_SHA3_256_HMAC },
	};
	struct key *aes = make_secret(CKK_AES, AES_KEY), *other = make_secret(CKK_GENERIC_SECRET,
			AES_KEY AES_KEY);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CK_MECHANISM m = { rows[i].type, NULL, 4000 };
		struct key *k = rows[i].type == CKM_AES_CMAC ? aes : other;

		CU_ASSERT_EQUAL(try_begin(rows[i].kind, m, rows[i].kind == OP_SIGN ? k : NULL),
				CKR_MECHANISM_PARAM_INVALID);
		m.ulParameterLen = 0;
		CU_ASSERT_EQUAL(try_begin(rows[i].kind, m, rows[i].kind == OP_SIGN ? k : NULL),
				CKR_OK);
	}
	key_unref(aes);
	key_unref(other);
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
	{ "NIST example, SHA3-224, short key", CKM_SHA3_224_HMAC, CKK_SHA3_224_HMAC,
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b",
	  "53616d706c65206d65737361676520666f72206b65796c656e3c626c6f636b6c656e",
	  "332cfd59347fdb8e576e77260be4aba2d6dc53117b3bfb52c6d18c04" },
	{ "NIST example, SHA3-256, short key", CKM_SHA3_256_HMAC, CKK_GENERIC_SECRET,
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	  "53616d706c65206d65737361676520666f72206b65796c656e3c626c6f636b6c656e",
	  "4fe8e202c4f058e8dddc23d8c34e467343e23555e24fc2f025d598f558f67205" },
	{ "NIST example, SHA3-384, short key", CKM_SHA3_384_HMAC, CKK_SHA3_384_HMAC,
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
	  "28292a2b2c2d2e2f",
	  "53616d706c65206d65737361676520666f72206b65796c656e3c626c6f636b6c656e",
	  "d588a3c51f3f2d906e8298c1199aa8ff6296218127f6b38a90b6afe2c5617725bc99987f79b22a55"
	  "7b6520db710b7f42" },
	{ "NIST example, SHA3-512, short key", CKM_SHA3_512_HMAC, CKK_SHA3_512_HMAC,
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
	  "28292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
	  "53616d706c65206d65737361676520666f72206b65796c656e3c626c6f636b6c656e",
	  "4efd629d6c71bf86162658f29943b1c308ce27cdfa6db0d9c3ce81763f9cbce5f7ebe9868031db1a"
	  "8f8eb7b6b95e5c5e3f657a8996c86a2f6527e307f0213196" },
	{ "as RFC 4231 case 6, SHA-512/224", CKM_SHA512_224_HMAC, CKK_SHA512_224_HMAC,
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaa",
	  "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
	  "48617368204b6579204669727374",
	  "29bef8ce88b54d4226c3c7718ea9e32ace2429026f089e38cea9aeda" },
	{ "as RFC 4231 case 6, SHA-512/256", CKM_SHA512_256_HMAC, CKK_SHA512_256_HMAC,
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaa",
	  "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
	  "48617368204b6579204669727374",
	  "87123c45f7c537a404f8f47cdbedda1fc9bec60eeb971982ce7ef10e774e6539" },
	{ "RFC 2286, RIPEMD-160 case 1", CKM_RIPEMD160_HMAC, CKK_RIPEMD160_HMAC,
	  "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	  "4869205468657265",
	  "24cb4bd67d20fc1a5d2ed7732dcc39377f0a5668" },
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
		struct key *k = make_secret(macs[i].key_type, macs[i].key);
		CK_MECHANISM m = MECH(macs[i].type);

		check_mac(macs[i].name, m, k, macs[i].in, macs[i].out);
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
		{ "MD5", CKM_MD5_HMAC, CKK_MD5_HMAC, 16 },
		{ "SHA-1", CKM_SHA_1_HMAC, CKK_SHA_1_HMAC, 20 },
		{ "SHA-224", CKM_SHA224_HMAC, CKK_SHA224_HMAC, 28 },
		{ "SHA-256", CKM_SHA256_HMAC, CKK_SHA256_HMAC, 32 },
		{ "SHA-384", CKM_SHA384_HMAC, CKK_SHA384_HMAC, 48 },
		{ "SHA-512", CKM_SHA512_HMAC, CKK_SHA512_HMAC, 64 },
		{ "SHA-512/224", CKM_SHA512_224_HMAC, CKK_SHA512_224_HMAC, 28 },
		{ "SHA-512/256", CKM_SHA512_256_HMAC, CKK_SHA512_256_HMAC, 32 },
		{ "SHA3-224", CKM_SHA3_224_HMAC, CKK_SHA3_224_HMAC, 28 },
		{ "SHA3-256", CKM_SHA3_256_HMAC, CKK_SHA3_256_HMAC, 32 },
		{ "SHA3-384", CKM_SHA3_384_HMAC, CKK_SHA3_384_HMAC, 48 },
		{ "SHA3-512", CKM_SHA3_512_HMAC, CKK_SHA3_512_HMAC, 64 },
		{ "RIPEMD-160", CKM_RIPEMD160_HMAC, CKK_RIPEMD160_HMAC, 20 },
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

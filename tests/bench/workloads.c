/* All workloads, a row each. */
#include "config.h"

#include "bench/crypto.h"
#include "bench/jobs.h"

#define ARG(...)	(&(const struct crypto_arg){ __VA_ARGS__ })
#define TOKEN(...)	ARG(__VA_ARGS__, false)
#define SESSION(...)	ARG(__VA_ARGS__, true)

/* One operation with one key, beside libcrypto. */
#define CRYPTO(n, what, a, ...) \
	{ .name = (n), .job = &p11_##what, .raw = &raw_##what, .arg = (a), \
	  .opened = OPEN_LOGGED_IN, __VA_ARGS__ }
/* The same in several threads or processes. */
#define PARALLEL(n, axis_, what, a) \
	CRYPTO(n, what, a, .axis = (axis_), .basis = BY_RATE, .flags = IN_DEFAULT)
/* Something done in a token with many objects. */
#define OBJECTS(n, job_, ...) \
	{ .name = (n), .job = &(job_), .axis = AXIS_OBJECTS, .fixture = WITH_OBJECTS, \
	  .opened = OPEN_LOGGED_IN, __VA_ARGS__ }
/* A figure that is no time. */
#define FIGURE(n, job_, unit_, ...) \
	{ .name = (n), .job = &(job_), .unit = (unit_), __VA_ARGS__ }

#define SIGN_P256	TOKEN(KEY_P256, CKM_ECDSA, 32)
#define GCM_1K		TOKEN(KEY_AES, CKM_AES_GCM, 1024)

static const struct workload sign_p256 = CRYPTO("", sign, SIGN_P256);
static const struct workload generate_aes = CRYPTO("", generate, SESSION(KEY_AES, 0, 0));
static const struct workload by_label = OBJECTS("", find_label);
/* Those that syscalls counts are found by name. */
static const struct workload sys_sign = { .name = "ecdsa-p256-sign" };
static const struct workload sys_find = { .name = "find-label" };
static const struct workload sys_create = { .name = "create-object" };

const struct workload workloads[] = {
	CRYPTO("rsa2048-sign", sign, TOKEN(KEY_RSA2048, CKM_SHA256_RSA_PKCS, 64),
	       .flags = IN_DEFAULT),
	CRYPTO("rsa2048-pss", sign, TOKEN(KEY_RSA2048, CKM_SHA256_RSA_PKCS_PSS, 64),
	       .flags = IN_DEFAULT),
	CRYPTO("rsa2048-oaep-decrypt", decrypt, TOKEN(KEY_RSA2048, CKM_RSA_PKCS_OAEP, 32),
	       .flags = IN_DEFAULT),
	CRYPTO("rsa2048-sign-session", sign, SESSION(KEY_RSA2048, CKM_SHA256_RSA_PKCS, 64)),
	CRYPTO("rsa4096-sign", sign, TOKEN(KEY_RSA4096, CKM_SHA256_RSA_PKCS, 64),
	       .flags = IN_DEFAULT),
	CRYPTO("rsa2048-verify", verify, TOKEN(KEY_RSA2048, CKM_SHA256_RSA_PKCS, 64),
	       .flags = IN_DEFAULT),
	CRYPTO("ecdsa-p256-sign", sign, SIGN_P256, .flags = IN_DEFAULT),
	CRYPTO("ecdsa-p256-sha256-sign", sign, TOKEN(KEY_P256, CKM_ECDSA_SHA256, 64),
	       .flags = IN_DEFAULT),
	CRYPTO("ecdsa-p256-sign-session", sign, SESSION(KEY_P256, CKM_ECDSA, 32)),
	CRYPTO("ecdsa-p256-verify", verify, SIGN_P256, .flags = IN_DEFAULT),
	CRYPTO("ed25519-sign", sign, TOKEN(KEY_ED25519, CKM_EDDSA, 64), .flags = IN_DEFAULT),
	CRYPTO("ecdh-p256-derive", derive, TOKEN(KEY_P256, CKM_ECDH1_DERIVE, 0),
	       .flags = IN_DEFAULT),
	CRYPTO("aes256-gcm-16", encrypt, TOKEN(KEY_AES, CKM_AES_GCM, 16), .flags = IN_DEFAULT),
	CRYPTO("aes256-gcm-1k", encrypt, GCM_1K, .flags = IN_DEFAULT),
	CRYPTO("aes256-gcm-16k", encrypt, TOKEN(KEY_AES, CKM_AES_GCM, 16384),
	       .flags = IN_DEFAULT),
	CRYPTO("aes256-gcm-1m", encrypt, TOKEN(KEY_AES, CKM_AES_GCM, 1048576),
	       .flags = IN_DEFAULT),
	CRYPTO("aes256-gcm-1k-session", encrypt, SESSION(KEY_AES, CKM_AES_GCM, 1024)),
	CRYPTO("aes256-cbc-pad-16k", encrypt, TOKEN(KEY_AES, CKM_AES_CBC_PAD, 16384),
	       .flags = IN_DEFAULT),
	CRYPTO("aes256-ctr-16k", encrypt, TOKEN(KEY_AES, CKM_AES_CTR, 16384),
	       .flags = IN_DEFAULT),
	CRYPTO("sha256-64", digest, TOKEN(KEY_NONE, CKM_SHA256, 64), .flags = IN_DEFAULT),
	CRYPTO("sha256-64k", digest, TOKEN(KEY_NONE, CKM_SHA256, 65536), .flags = IN_DEFAULT),
	CRYPTO("hmac-sha256-64", sign, TOKEN(KEY_HMAC, CKM_SHA256_HMAC, 64),
	       .flags = IN_DEFAULT),
	CRYPTO("hmac-sha256-16k", sign, TOKEN(KEY_HMAC, CKM_SHA256_HMAC, 16384),
	       .flags = IN_DEFAULT),
	CRYPTO("random-32", random, TOKEN(KEY_NONE, 0, 32), .flags = IN_DEFAULT),
	CRYPTO("generate-aes256-session", generate, SESSION(KEY_AES, 0, 0),
	       .flags = IN_DEFAULT),
	CRYPTO("generate-p256-session", generate, SESSION(KEY_P256, 0, 0),
	       .flags = IN_DEFAULT),
	{ .name = "generate-p256-token", .job = &p11_generate, .arg = TOKEN(KEY_P256, 0, 0),
	  .opened = OPEN_LOGGED_IN, .basis = BY_RATE, .flags = IN_DEFAULT | WRITES },
	{ .name = "logout-login", .job = &relogin, .raw = &raw_login,
	  .arg = TOKEN(KEY_NONE, 0, 0), .opened = OPEN_LOGGED_IN, .flags = IN_DEFAULT },
	{ .name = "session-open-close", .job = &reopen, .opened = OPEN_LOGGED_IN,
	  .flags = IN_DEFAULT },

	OBJECTS("find-label", find_label, .flags = IN_DEFAULT),
	OBJECTS("find-id", find_id, .flags = IN_DEFAULT),
	OBJECTS("find-miss", find_miss, .flags = IN_DEFAULT),
	OBJECTS("find-all", find_all, .flags = IN_DEFAULT),
	OBJECTS("get-3-attributes", get_three, .flags = IN_DEFAULT),
	OBJECTS("create-object", create_object, .basis = BY_RATE, .flags = IN_DEFAULT | WRITES),
	OBJECTS("destroy-object", destroy_object, .flags = IN_DEFAULT | WRITES),
	{ .name = "initialize", .job = &initialize, .axis = AXIS_OBJECTS,
	  .fixture = WITH_OBJECTS, .opened = OPEN_LOADED, .flags = IN_DEFAULT | COLD },
	{ .name = "login-first-find", .job = &first_find, .axis = AXIS_OBJECTS,
	  .fixture = WITH_OBJECTS, .opened = OPEN_LOADED, .flags = IN_DEFAULT | COLD },

	PARALLEL("threads:ecdsa-p256-sign", AXIS_THREADS, sign, SIGN_P256),
	PARALLEL("threads:aes256-gcm-1k", AXIS_THREADS, encrypt, GCM_1K),
	{ .name = "threads:find-label", .job = &find_label, .axis = AXIS_THREADS,
	  .fixture = WITH_OBJECTS, .opened = OPEN_LOGGED_IN, .basis = BY_RATE,
	  .flags = IN_DEFAULT },
	PARALLEL("processes:ecdsa-p256-sign", AXIS_PROCESSES, sign, SIGN_P256),
	{ .name = "processes:find-label", .job = &find_label, .axis = AXIS_PROCESSES,
	  .fixture = WITH_OBJECTS, .opened = OPEN_LOGGED_IN, .basis = BY_RATE,
	  .flags = IN_DEFAULT },

	FIGURE("memory", memory, "kB", .axis = AXIS_OBJECTS, .fixture = WITH_OBJECTS,
	       .opened = OPEN_LOADED, .flags = IN_DEFAULT | ONE_ROUND),
	FIGURE("growth:ecdsa-p256-sign", growth, "kB", .arg = &sign_p256,
	       .opened = OPEN_LOGGED_IN, .flags = ONE_ROUND),
	FIGURE("growth:find-label", growth, "kB", .arg = &by_label, .fixture = WITH_OBJECTS,
	       .opened = OPEN_LOGGED_IN, .flags = ONE_ROUND),
	FIGURE("growth:generate-aes256", growth, "kB", .arg = &generate_aes,
	       .opened = OPEN_LOGGED_IN, .flags = ONE_ROUND),
	FIGURE("syscalls:ecdsa-p256-sign", syscalls, "calls", .arg = &sys_sign,
	       .flags = IN_DEFAULT | ONE_ROUND),
	FIGURE("syscalls:find-label", syscalls, "calls", .arg = &sys_find,
	       .fixture = WITH_OBJECTS, .flags = IN_DEFAULT | ONE_ROUND),
	FIGURE("syscalls:create-object", syscalls, "calls", .arg = &sys_create,
	       .fixture = WITH_OBJECTS, .flags = IN_DEFAULT | ONE_ROUND),
};

const size_t workload_count = LENGTH(workloads);

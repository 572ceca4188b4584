#include "config.h"

#include "crypto/ossl/rng.h"

#include <openssl/rand.h>

#include "crypto/ossl/ossl.h"

/*
 * The generators themselves, not RAND_bytes_ex: that one first asks the process's RAND_METHOD,
 * which is the host's and may be an engine that leads back to this library.
 */
static bool draw(EVP_RAND_CTX *(*of)(OSSL_LIB_CTX *), void *out, size_t len)
{
	OSSL_LIB_CTX *ctx = ossl_random_ctx();
	EVP_RAND_CTX *generator = ctx != NULL ? of(ctx) : NULL;

	return generator != NULL && EVP_RAND_generate(generator, out, len, 0, 0, NULL, 0) == 1;
}

/*
 * A generator that could not be set up, for lack of memory for instance, says so once more when it
 * is asked again, and only then begins anew. Hence the second try.
 */
static CK_RV generate(EVP_RAND_CTX *(*of)(OSSL_LIB_CTX *), void *out, size_t len)
{
	if (len == 0 || draw(of, out, len))
		return CKR_OK;
	ossl_clear();
	return draw(of, out, len) ? CKR_OK : ossl_error("random bytes", CKR_FUNCTION_FAILED);
}

CK_RV rng_public(void *out, size_t len)
{
	return generate(RAND_get0_public, out, len);
}

CK_RV rng_secret(void *out, size_t len)
{
	return generate(RAND_get0_private, out, len);
}

CK_RV rng_seed(const void *seed, size_t len)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	const EVP_MD *md = ossl_md("SHA512");
	/*
	 * The generators of all threads are seeded from the primary one, and notice when it has
	 * been seeded anew.
	 */
	EVP_RAND_CTX *primary = RAND_get0_primary(ossl_random_ctx());

	/* A digest, because a generator takes additional input of a limited length only. */
	if (md == NULL || primary == NULL || EVP_Digest(seed, len, digest, &n, md, NULL) != 1 ||
	    EVP_RAND_reseed(primary, 0, NULL, 0, digest, n) != 1)
		return ossl_error("seeding the random generator", CKR_FUNCTION_FAILED);
	OPENSSL_cleanse(digest, sizeof(digest));
	return CKR_OK;
}

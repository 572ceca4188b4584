/*
 * An object file in a token's directory, and all that the module does with such an object: it is
 * found, its attributes are read, it is copied, and as a key it is used.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "crypto/mech/mech.h"

static const CK_ATTRIBUTE_TYPE types[] = {
#define CKA_NAME(type) type,
#include "pkcs11/names.def"
};

static void read_all(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE h)
{
	CK_BYTE value[512];
	CK_ULONG size = 0;

	(void)C_GetObjectSize(s, h, &size);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		CK_ATTRIBUTE a = { types[i], NULL, 0 };

		if (C_GetAttributeValue(s, h, &a, 1) != CKR_OK || a.ulValueLen > sizeof(value) ||
		    (types[i] & CKF_ARRAY_ATTRIBUTE) != 0)
			continue;
		a.pValue = value;
		fuzz_check(C_GetAttributeValue(s, h, &a, 1) == CKR_OK);
	}
}

static void use(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE h, CK_MECHANISM *m)
{
	CK_BYTE in[32] = { 0 }, none[64] = { 0 }, out[2048];
	CK_ULONG len = sizeof(out);
	bool made = C_SignInit(s, m, h) == CKR_OK &&
		    C_Sign(s, in, sizeof(in), out, &len) == CKR_OK;

	if (C_VerifyInit(s, m, h) == CKR_OK)
		(void)C_Verify(s, in, sizeof(in), made ? out : none, made ? len : sizeof(none));
	len = sizeof(out);
	if (C_EncryptInit(s, m, h) == CKR_OK)
		(void)C_Encrypt(s, in, sizeof(in), out, &len);
	len = sizeof(out);
	if (C_DecryptInit(s, m, h) == CKR_OK)
		(void)C_Decrypt(s, in, sizeof(in), out, &len);
}

static void use_key(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE h)
{
	static const CK_MECHANISM_TYPE mechanisms[] = {
		CKM_RSA_PKCS, CKM_ECDSA,       CKM_EDDSA,	   CKM_DSA,	   CKM_AES_ECB,
		CKM_DES3_ECB, CKM_SHA256_HMAC, CKM_GENERIC_SECRET_KEY_GEN, CKM_ML_DSA,
	};

	for (size_t i = 0; i < ARRAY_LEN(mechanisms); i++) {
		CK_MECHANISM m = { mechanisms[i], NULL, 0 };

		use(s, h, &m);
	}
}

static void visit(CK_SESSION_HANDLE s)
{
	CK_OBJECT_CLASS data = CKO_DATA;
	CK_BBOOL no = CK_FALSE;
	CK_ATTRIBUTE where[] = { { CKA_CLASS, &data, sizeof(data) } };
	CK_ATTRIBUTE session = { CKA_TOKEN, &no, sizeof(no) };
	CK_OBJECT_HANDLE all[64], copy = 0;
	CK_ULONG n = 0;

	fuzz_check(C_FindObjectsInit(s, where, 1) == CKR_OK);
	fuzz_check(C_FindObjectsFinal(s) == CKR_OK);
	where[0].type = CKA_TOKEN;
	no = CK_TRUE;
	where[0].pValue = &no;
	where[0].ulValueLen = sizeof(no);
	fuzz_check(C_FindObjectsInit(s, where, 1) == CKR_OK);
	fuzz_check(C_FindObjects(s, all, ARRAY_LEN(all), &n) == CKR_OK);
	fuzz_check(C_FindObjectsFinal(s) == CKR_OK);
	no = CK_FALSE;
	for (CK_ULONG i = 0; i < n; i++) {
		read_all(s, all[i]);
		use_key(s, all[i]);
		(void)C_CopyObject(s, all[i], &session, 1, &copy);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CK_SESSION_HANDLE s = fuzz_session();
	char path[4200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/a.object", fuzz_token_dir());
	f = fopen(path, "wb");
	fuzz_check(f != NULL && (size == 0 || fwrite(data, size, 1, f) == 1));
	fuzz_check(fclose(f) == 0);
	/* long ago: a damaged file that is young is waited for */
	fuzz_check(utimensat(AT_FDCWD, path, (struct timespec[2]){ { 0 } }, 0) == 0);
	fuzz_restart();
	s = fuzz_session();
	visit(s);
	return 0;
}

#include "config.h"

#include "p11/concurrent/work.h"

#include <string.h>

#include "p11/kinds.h"

CK_RV pair_make(CK_SESSION_HANDLE s, CK_BBOOL token, const char *label, CK_OBJECT_HANDLE *public,
		CK_OBJECT_HANDLE *private)
{
	CK_BYTE p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE common[] = {
		A_BOOL(CKA_TOKEN, token), { CKA_LABEL, text(label), strlen(label) },
		A_BYTES(CKA_EC_PARAMS, p256),
	};

	return p11->C_GenerateKeyPair(s, &m, common, 3, common, 2, public, private);
}

static CK_BYTE hash[32] = { 1 };

static CK_RV ecdsa(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE private, CK_BYTE *signature, CK_ULONG *len)
{
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_RV rv = p11->C_SignInit(s, &m, private);

	return rv == CKR_OK ? p11->C_Sign(s, hash, sizeof(hash), signature, len) : rv;
}

CK_RV pair_signs(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE private)
{
	CK_BYTE signature[64];
	CK_ULONG len = sizeof(signature);

	return ecdsa(s, private, signature, &len);
}

CK_RV pair_checks(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE public, CK_OBJECT_HANDLE private)
{
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_BYTE signature[64];
	CK_ULONG len = sizeof(signature);
	CK_RV rv = ecdsa(s, private, signature, &len);

	if (rv == CKR_OK)
		rv = p11->C_VerifyInit(s, &m, public);
	return rv == CKR_OK ? p11->C_Verify(s, hash, sizeof(hash), signature, len) : rv;
}

CK_RV pair_lives(CK_SESSION_HANDLE s, const char *label)
{
	CK_ATTRIBUTE rename = A_TEXT(CKA_LABEL, "renamed");
	CK_OBJECT_HANDLE public = 0, private = 0, o[4];
	CK_ULONG found = 0;
	CK_RV rv = pair_make(s, CK_TRUE, label, &public, &private);

	if (rv == CKR_OK)
		rv = label_find(s, label, o, LENGTH(o), &found);
	if (rv == CKR_OK)
		rv = want(found == 2);
	if (rv == CKR_OK)
		rv = pair_checks(s, public, private);
	if (rv == CKR_OK)
		rv = p11->C_SetAttributeValue(s, private, &rename, 1);
	if (rv == CKR_OK)
		rv = attr_is(s, private, &rename);
	if (rv == CKR_OK)
		rv = p11->C_DestroyObject(s, public);
	return rv == CKR_OK ? p11->C_DestroyObject(s, private) : rv;
}

static CK_RV key_is_whole(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	CK_BYTE label[64];
	CK_ULONG class = 0, type = 0, len = sizeof(label);
	CK_RV rv = attr_ulong(s, o, CKA_CLASS, &class);

	if (rv == CKR_OK)
		rv = attr_ulong(s, o, CKA_KEY_TYPE, &type);
	if (rv == CKR_OK)
		rv = attr_bytes(s, o, CKA_LABEL, label, &len);
	if (rv == CKR_OK)
		rv = want(type == CKK_EC && len > 0);
	return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_OK : rv;
}

CK_RV keys_are_whole(CK_SESSION_HANDLE s)
{
	CK_OBJECT_HANDLE o[64];
	CK_ULONG found = 0;
	CK_RV rv = object_find(s, NULL, o, LENGTH(o), &found);

	for (CK_ULONG i = 0; rv == CKR_OK && i < found; i++)
		rv = key_is_whole(s, o[i]);
	return rv;
}

CK_RV data_make(CK_SESSION_HANDLE s, const char *label, CK_OBJECT_HANDLE *out)
{
	const CK_ATTRIBUTE more[] = {
		A_BOOL(CKA_TOKEN, CK_TRUE), { CKA_LABEL, text(label), strlen(label) }, A_END,
	};

	return kind_make(s, DATA, more, out);
}

CK_RV label_find(CK_SESSION_HANDLE s, const char *label, CK_OBJECT_HANDLE *out, CK_ULONG max,
		 CK_ULONG *found)
{
	CK_ATTRIBUTE t[] = { { CKA_LABEL, text(label), strlen(label) }, A_END };

	return object_find(s, t, out, max, found);
}

/*
 * The shape that the data calls of encrypt, decrypt, digest, sign and verify share (PKCS#11 2.40
 * sections 5.8 to 5.12).
 *
 * bad: an argument is NULL that must not be. Encrypt and decrypt test it after the session and end
 * their operation, the others test it first and keep theirs, as the reference does.
 */
#ifndef API_OP_CALL_H
#define API_OP_CALL_H

#include "api/call.h"

/* A block of bytes that the caller passes in. */
struct op_input {
	const CK_BYTE *data;
	CK_ULONG len;
};

/* A buffer of the caller's; the two-call rule of section 5.2 applies. */
struct op_output {
	CK_BYTE *data;
	CK_ULONG *len;
};

/* The *Init functions. */
CK_RV op_call_init(CK_SESSION_HANDLE h, enum op_kind kind, const CK_MECHANISM *m,
		   CK_OBJECT_HANDLE key);

/* C_Encrypt, C_Decrypt, C_Digest, C_Sign. */
CK_RV op_call_single(CK_SESSION_HANDLE h, enum op_kind kind, struct op_input in,
		     struct op_output out);

/* C_EncryptUpdate, C_DecryptUpdate. */
CK_RV op_call_update(CK_SESSION_HANDLE h, enum op_kind kind, struct op_input in,
		     struct op_output out);

/* C_DigestUpdate, C_SignUpdate, C_VerifyUpdate. */
CK_RV op_call_feed(CK_SESSION_HANDLE h, enum op_kind kind, struct op_input in);

/* C_EncryptFinal, C_DecryptFinal, C_DigestFinal, C_SignFinal. */
CK_RV op_call_finish(CK_SESSION_HANDLE h, enum op_kind kind, struct op_output out);

/* C_Verify, C_VerifyFinal (in NULL). */
CK_RV op_call_verify(CK_SESSION_HANDLE h, const struct op_input *in, struct op_input signature);

#endif

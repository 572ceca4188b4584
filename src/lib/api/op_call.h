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
CK_RV op_call_init(const char *function, CK_SESSION_HANDLE h, enum op_kind kind,
		   const CK_MECHANISM *m, CK_OBJECT_HANDLE key);

/* C_Encrypt, C_Decrypt, C_Digest, C_Sign, C_SignRecover, C_VerifyRecover. */
CK_RV op_call_single(const char *function, CK_SESSION_HANDLE h, enum op_kind kind,
		     struct op_input in, struct op_output out);

/* C_EncryptUpdate, C_DecryptUpdate. */
CK_RV op_call_update(const char *function, CK_SESSION_HANDLE h, enum op_kind kind,
		     struct op_input in, struct op_output out);

/* C_DigestUpdate, C_SignUpdate, C_VerifyUpdate. */
CK_RV op_call_feed(const char *function, CK_SESSION_HANDLE h, enum op_kind kind,
		   struct op_input in);

/* C_EncryptFinal, C_DecryptFinal, C_DigestFinal, C_SignFinal. */
CK_RV op_call_finish(const char *function, CK_SESSION_HANDLE h, enum op_kind kind,
		     struct op_output out);

/* C_Verify, C_VerifyFinal (in NULL). */
CK_RV op_call_verify(const char *function, CK_SESSION_HANDLE h, const struct op_input *in,
		     struct op_input signature);

/* NULL with a length of 0 is an empty input. */
bool op_call_is_bad(struct op_input in);

/* Tells the caller the length that belongs to the answer rv: an error changes nothing there. */
void op_call_tell(CK_RV rv, CK_ULONG len, struct op_output out);

#endif

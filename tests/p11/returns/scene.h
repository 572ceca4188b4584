#ifndef TESTS_P11_RETURNS_SCENE_H
#define TESTS_P11_RETURNS_SCENE_H

/*
 * The situations of the rows: what a row's calls work with, and what brings it
 * about. Steps are strung together with ||, which ends at the first that fails.
 */

#include "p11/kinds.h"

#define NO_SLOT		0x7ffffff2UL
#define NO_HANDLE	0x7ffffff1UL
#define NO_LENGTH	((CK_ULONG)-1)

/* Made anew for each row: bytes 0, 1, 2, ... in `in`, room for all of `out`, the rest 0. */
struct scene {
	CK_OBJECT_HANDLE key;		/* the key or other object that the row is about */
	CK_OBJECT_HANDLE second;	/* another one */
	CK_OBJECT_HANDLE made[2];	/* what the call gives */
	CK_BYTE in[2048];
	CK_ULONG in_len;		/* of what was put into `in` */
	CK_BYTE out[2048];
	CK_ULONG len;			/* of `out` */
	CK_BYTE sig[512];		/* a signature that is right */
	CK_ULONG sig_len;
};

extern struct scene x;

void scene_clear(void);

/* --- arguments ---------------------------------------------------------- */

#define READY		CKR_OK
/* The first bytes of the scene. */
#define IN(n)		x.in, (n)
#define PREPARED	x.in, x.in_len
/* A buffer with room for all, for nothing, or asking for the size. */
#define OUT		x.out, length(sizeof(x.out))
#define OUT_OF(n)	x.out, length(n)
#define SIZE_ONLY	NULL, &x.len
#define MADE		&x.made[0]
/* Data, and room for the answer beginning amid it: the data has to be copied. */
#define OVERLAPPING	much, sizeof(much) / 2, much + 8, length(sizeof(much) / 2)
/* An array of attributes and their number. */
#define LIST(...)	(CK_ATTRIBUTE[]){ __VA_ARGS__ }, LENGTH(((CK_ATTRIBUTE[]){ __VA_ARGS__ }))
#define NO_LIST		NULL, 0
/* CKA_ALLOWED_MECHANISMS of one. */
#define ALLOWED(ckm) \
	{ CKA_ALLOWED_MECHANISMS, (CK_MECHANISM_TYPE[]){ (ckm) }, sizeof(CK_MECHANISM_TYPE) }
#define PRIVATE		WITH(A_BOOL(CKA_PRIVATE, CK_TRUE))
#define ON_TOKEN	A_BOOL(CKA_TOKEN, CK_TRUE)
/* An attribute that is asked for. */
#define A_ROOM(t)	{ (t), x.out, sizeof(x.out) }
/* The parts of templates that keys cannot do without. */
#define P256		A_BYTES(CKA_EC_PARAMS, p256)
#define AES_KEY		A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, CKK_AES)
/* The same for what is added to a kind's template (kinds.h). */
#define WITH(...)	((const CK_ATTRIBUTE[]){ __VA_ARGS__, A_END })
#define AS_IT_IS	NULL
#define PIN(p)		text(p), sizeof(p) - 1

extern CK_BYTE p256[10];
/* More than the module has reserved. */
extern CK_BYTE much[32 * 1024 * 1024];
/* A label for C_InitToken. */
extern CK_UTF8CHAR label_of_32[32];

/* x.len, set to n. */
CK_ULONG *length(CK_ULONG n);
/* A template of an AES key of 40 attributes, most of them the same. */
CK_ATTRIBUTE *many_labels(void);
/* A mechanism with a parameter that will do. */
CK_MECHANISM *mech(CK_MECHANISM_TYPE type);
/* A mechanism with that parameter. */
#define MECH_WITH(type, parameter) \
	&(CK_MECHANISM){ (type), &(parameter), sizeof(parameter) }
#define MECH_SIZED(type, parameter, size) &(CK_MECHANISM){ (type), (parameter), (size) }

/* --- objects ------------------------------------------------------------ */

/* A session object that is not private, unless `more` says so: x.key. */
CK_RV with(struct ctx *c, enum kind kind, const CK_ATTRIBUTE *more);
/* The same, in the token. */
CK_RV with_token(struct ctx *c, enum kind kind, const CK_ATTRIBUTE *more);
/* The half that makes, or checks, what the mechanism is for. */
CK_RV with_key_for(struct ctx *c, CK_MECHANISM_TYPE type, bool private_half,
		   const CK_ATTRIBUTE *more);
/* An RSA key of 256 bits: the least that the mechanisms take is 512. */
CK_RV with_short_rsa(struct ctx *c, enum kind half);
/* What is x.key becomes x.second, and the next one x.key. */
CK_RV as_second(struct ctx *c);

/* --- operations --------------------------------------------------------- */

/* An operation with a key for it, which is x.key. */
CK_RV encrypting(struct ctx *c, CK_MECHANISM_TYPE type);
CK_RV signing(struct ctx *c, CK_MECHANISM_TYPE type);
CK_RV digesting(struct ctx *c);
CK_RV searching(struct ctx *c);
/* The same; PREPARED has the text of n bytes of `in`, encrypted. */
CK_RV decrypting(struct ctx *c, CK_MECHANISM_TYPE type, CK_ULONG n);
/* x.sig is the signature of the first 16 bytes of `in`. */
CK_RV verifying(struct ctx *c, CK_MECHANISM_TYPE type);
/* One part, the first 16 bytes, has been done. */
CK_RV encrypting_parts(struct ctx *c, CK_MECHANISM_TYPE type);
CK_RV decrypting_parts(struct ctx *c, CK_MECHANISM_TYPE type);
CK_RV digesting_parts(struct ctx *c);
CK_RV signing_parts(struct ctx *c, CK_MECHANISM_TYPE type);
CK_RV verifying_parts(struct ctx *c, CK_MECHANISM_TYPE type);

/* The key wants the PIN again (CKA_ALWAYS_AUTHENTICATE). */
CK_RV signing_with_reauthentication(struct ctx *c, CK_MECHANISM_TYPE type);
CK_RV signing_recoverably(struct ctx *c, CK_MECHANISM_TYPE type);
CK_RV recovering(struct ctx *c, CK_MECHANISM_TYPE type);
/* Two at once. */
CK_RV digest_encrypting(struct ctx *c, CK_MECHANISM_TYPE type);
CK_RV decrypt_digesting(struct ctx *c, CK_MECHANISM_TYPE type);
CK_RV sign_encrypting(struct ctx *c, CK_MECHANISM_TYPE type);
CK_RV decrypt_verifying(struct ctx *c, CK_MECHANISM_TYPE type);

/* A counter of one bit is good for two blocks. */
CK_RV counting_to_2(struct ctx *c, CK_ATTRIBUTE_TYPE usage);
/* PREPARED has a wrong byte at its end. */
CK_RV spoiled(void);
/* All bits of `in` are set: as a number that is greater than any modulus. */
CK_RV all_ones(void);

/* --- wrapping and derivation -------------------------------------------- */

/* x.key wraps x.second, two AES keys. */
CK_RV wrapping(struct ctx *c);
/* x.key unwraps PREPARED. */
CK_RV wrapped(struct ctx *c);
/* x.key is an AES key to derive from. */
CK_RV deriving(struct ctx *c);

/* --- sessions and tokens ------------------------------------------------ */

/* The module has started with these lines in its configuration. */
CK_RV configured(const char *lines);
/* c->s is a session, read-write, of the user. */
CK_RV user_session(struct ctx *c);
/* c->slot is the free slot. */
CK_RV free_slot(struct ctx *c);
/* One try was all that was allowed, and it was wrong. c->s is a session, for the user. */
CK_RV user_locked(struct ctx *c);
CK_RV so_locked(struct ctx *c);

/* --- harm to the token, for rows in a child ----------------------------- */

/* The token's directory is gone, or the one that it is in. */
CK_RV token_gone(struct ctx *c);
CK_RV token_directory_gone(struct ctx *c);
/* All object files, or the token's own, hold something else. */
CK_RV objects_damaged(struct ctx *c);
CK_RV token_damaged(struct ctx *c);
/* The file that tells other processes of changes is a directory. */
CK_RV counter_damaged(struct ctx *c);
/* Nothing of the token can be written, or read, by this process any more. */
CK_RV token_read_only(struct ctx *c);
CK_RV token_unreadable(struct ctx *c);
/* No file of this process can grow. */
CK_RV disk_full(struct ctx *c);

/* Both are there and hold the same. */
bool same_file(const char *a, const char *b);
/* Keeps the token, whole. */
void tokens_keep(void);
/* Is it as it was kept, but for lock files? */
bool tokens_changed(void);
/* Finalizes the module and puts the kept one back. */
void tokens_mend(void);

#endif

/* Tokens, sessions and objects for trials, and what a failed call must not change. */
#include "config.h"

#include "p11/misuse/misuse.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MASTER		"misuse-master"
#define COPY		"misuse"
#define OTHER_LABEL	"p11 other"
#define LOG_LINES	"log.level = WARNING\nlog.file = "

/* --- random numbers ----------------------------------------------------- */

/* splitmix64 */
uint64_t world_random(struct world *w)
{
	uint64_t z = w->random += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

unsigned world_pick(struct world *w, size_t n)
{
	return (unsigned)(world_random(w) % n);
}

/* --- kinds of objects --------------------------------------------------- */

static CK_BYTE key_32[] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
	17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
};

#define KEY_32(type)	{ A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, type), \
			  A_BYTES(CKA_VALUE, key_32), A_END }

static const CK_ATTRIBUTE xts[] = KEY_32(CKK_AES_XTS);
static const CK_ATTRIBUTE chacha20[] = KEY_32(CKK_CHACHA20);
static const CK_ATTRIBUTE poly1305[] = KEY_32(CKK_POLY1305);

const char *world_kind_name(unsigned kind)
{
	static const char *const names[] = { "xts", "chacha20", "poly1305" };

	return kind < KINDS ? kind_names[kind] : names[kind - KINDS];
}

const CK_ATTRIBUTE *world_template(unsigned kind)
{
	static const CK_ATTRIBUTE *const templates[] = { xts, chacha20, poly1305 };

	return kind < KINDS ? kind_templates[kind] : templates[kind - KINDS];
}

/* --- files -------------------------------------------------------------- */

static CK_RV user_session(CK_SLOT_ID slot, CK_SESSION_HANDLE *out)
{
	CK_RV rv = session_open(slot, CKF_RW_SESSION, out);

	return rv == CKR_OK ? login(*out, CKU_USER, USER_PIN) : rv;
}

/* A few: all files of the token are copied, and read, hundreds of times. */
static const enum kind on_token[] = { DATA, CERTIFICATE, RSA_PUBLIC, RSA_PRIVATE, EC_PRIVATE, AES };

static CK_RV master_objects(CK_SLOT_ID slot, size_t count)
{
	CK_SESSION_HANDLE s = 0;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = user_session(slot, &s);

	for (size_t i = 0; rv == CKR_OK && i < count; i++) {
		const char *name = kind_names[on_token[i]];
		const CK_ATTRIBUTE more[] = {
			A_BOOL(CKA_TOKEN, CK_TRUE),
			{ CKA_LABEL, text(name), strlen(name) },
			A_END,
		};

		rv = kind_make(s, on_token[i], more, &o);
	}
	return rv;
}

CK_RV world_master(void)
{
	CK_SLOT_ID slot = 0, other = 0;
	CK_RV rv = CKR_OK;

	conf_use(MASTER, NULL);
	rv = module_start();
	if (rv == CKR_OK)
		rv = token_make(TOKEN_LABEL, &slot);
	if (rv == CKR_OK)
		rv = token_make(OTHER_LABEL, &other);
	if (rv == CKR_OK)
		rv = slot_find(TOKEN_LABEL, &slot);
	if (rv == CKR_OK)
		rv = master_objects(slot, LENGTH(on_token));
	if (rv == CKR_OK)
		rv = master_objects(other, 1);
	p11->C_Finalize(NULL);
	return rv;
}

CK_RV world_fresh(void)
{
	char lines[1200];

	p11->C_Finalize(NULL);
	tree_remove(work_path(COPY));
	if (!tree_copy(work_path(MASTER), work_path(COPY)))
		return ROW_BROKEN;
	snprintf(lines, sizeof(lines), LOG_LINES "%s\n", work_path("misuse.log"));
	conf_use(COPY, lines);
	return CKR_OK;
}

/* --- sessions and objects ----------------------------------------------- */

/* Where the token has none of the kind, the session's object stands for it. */
static CK_RV objects_find(struct world *w, CK_SESSION_HANDLE s)
{
	CK_ULONG found = 0;
	CK_RV rv = CKR_OK;

	memcpy(w->token_object, w->session_object, sizeof(w->token_object));
	for (size_t i = 0; rv == CKR_OK && i < LENGTH(on_token); i++) {
		const char *name = kind_names[on_token[i]];
		CK_ATTRIBUTE by_label[] = { { CKA_LABEL, text(name), strlen(name) }, A_END };

		rv = object_find(s, by_label, &w->token_object[on_token[i]], 1, &found);
	}
	return rv;
}

#define MAY(type)	A_BOOL(type, CK_TRUE)

/* A session object which may be used for anything. */
static CK_RV object_new(CK_SESSION_HANDLE s, unsigned kind, CK_OBJECT_HANDLE *out)
{
	const CK_ATTRIBUTE public[] = {
		MAY(CKA_ENCRYPT), MAY(CKA_VERIFY), MAY(CKA_VERIFY_RECOVER), MAY(CKA_WRAP), A_END,
	};
	const CK_ATTRIBUTE private[] = {
		MAY(CKA_DECRYPT), MAY(CKA_SIGN), MAY(CKA_SIGN_RECOVER), MAY(CKA_UNWRAP),
		MAY(CKA_DERIVE), MAY(CKA_EXTRACTABLE), A_BOOL(CKA_SENSITIVE, CK_FALSE), A_END,
	};
	const CK_ATTRIBUTE secret[] = {
		MAY(CKA_ENCRYPT), MAY(CKA_DECRYPT), MAY(CKA_SIGN), MAY(CKA_VERIFY), MAY(CKA_WRAP),
		MAY(CKA_UNWRAP), MAY(CKA_DERIVE), MAY(CKA_EXTRACTABLE),
		A_BOOL(CKA_SENSITIVE, CK_FALSE), A_END,
	};
	const CK_ATTRIBUTE *const more[] = {
		[CKO_PUBLIC_KEY] = public, [CKO_PRIVATE_KEY] = private, [CKO_SECRET_KEY] = secret,
		[CKO_DOMAIN_PARAMETERS] = NULL,
	};
	const CK_ATTRIBUTE *base = world_template(kind);
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_ATTRIBUTE t[TMPL_MAX];

	memcpy(&class, base->pValue, sizeof(class));
	tmpl_join(t, base, more[class]);
	return object_make(s, t, out);
}

static CK_RV objects_make(struct world *w, CK_SESSION_HANDLE s)
{
	CK_RV rv = CKR_OK;

	for (unsigned k = 0; rv == CKR_OK && k < ALL_KINDS; k++)
		rv = object_new(s, k, &w->session_object[k]);
	if (rv == CKR_OK)
		rv = kind_make(s, DATA, NULL, &w->destroyed);
	return rv == CKR_OK ? p11->C_DestroyObject(s, w->destroyed) : rv;
}

CK_RV world_renew(struct world *w, unsigned kind)
{
	CK_RV rv = p11->C_CloseSession(w->session);

	if (rv == CKR_OK)
		rv = session_open(w->slot, CKF_RW_SESSION, &w->session);
	return rv == CKR_OK ? object_new(w->session, kind, &w->session_object[kind]) : rv;
}

static CK_RV other_token(struct world *w)
{
	CK_OBJECT_HANDLE o[4];
	CK_ULONG found = 0;
	CK_RV rv = session_open(w->other_slot, CKF_RW_SESSION, &w->other);

	if (rv == CKR_OK)
		rv = object_find(w->other, NULL, o, LENGTH(o), &found);
	w->foreign = rv == CKR_OK && found ? o[0] : CK_INVALID_HANDLE;
	return rv;
}

static CK_RV closed_session(struct world *w)
{
	CK_RV rv = session_open(w->slot, CKF_RW_SESSION, &w->closed);

	return rv == CKR_OK ? p11->C_CloseSession(w->closed) : rv;
}

static CK_BYTE digested[] = "bystander";
static CK_BYTE right_digest[32];

static CK_RV digest_begin(CK_SESSION_HANDLE s)
{
	CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
	CK_RV rv = p11->C_DigestInit(s, &sha256);

	return rv == CKR_OK ? p11->C_DigestUpdate(s, digested, sizeof(digested)) : rv;
}

/* Another session that is in the middle of something. */
static CK_RV bystander_begin(struct world *w)
{
	CK_ULONG len = sizeof(right_digest);
	CK_RV rv = digest_begin(w->second);

	if (rv == CKR_OK)
		rv = p11->C_DigestFinal(w->second, right_digest, &len);
	if (rv == CKR_OK)
		rv = session_open(w->slot, CKF_RW_SESSION, &w->bystander);
	return rv == CKR_OK ? digest_begin(w->bystander) : rv;
}

bool world_bystander_well(struct world *w)
{
	CK_BYTE digest[sizeof(right_digest)];
	CK_ULONG len = sizeof(digest);
	CK_SESSION_INFO info;

	if (p11->C_GetSessionInfo(w->bystander, &info) != CKR_OK)
		return true;
	return p11->C_DigestFinal(w->bystander, digest, &len) == CKR_OK &&
	       len == sizeof(digest) && memcmp(digest, right_digest, len) == 0;
}

static CK_RV wrapped_key(struct world *w)
{
	CK_MECHANISM m = { CKM_AES_KEY_WRAP, NULL, 0 };
	CK_OBJECT_HANDLE key = w->session_object[AES];

	w->last.len = sizeof(w->last.data);
	return p11->C_WrapKey(w->session, &m, key, key, w->last.data, &w->last.len);
}

/* Logs out and in again as the state wants it. */
static CK_RV state_finish(struct world *w)
{
	bool user = w->state == RO_USER || w->state == RW_USER;
	CK_RV rv = CKR_OK;

	if (!user)
		rv = p11->C_Logout(w->session);
	if (rv == CKR_OK && w->state == RW_SO)
		rv = login(w->session, CKU_SO, SO_PIN);
	if (rv == CKR_OK && (w->state == RO_USER || w->state == RO_PUBLIC)) {
		CK_SESSION_HANDLE rw = w->session;

		rv = session_open(w->slot, 0, &w->session);
		w->second = rw;
	}
	return rv;
}

static CK_RV slots_find(struct world *w)
{
	CK_RV rv = slot_find(TOKEN_LABEL, &w->slot);

	if (rv == CKR_OK)
		rv = slot_find(OTHER_LABEL, &w->other_slot);
	return rv == CKR_OK ? slot_free(&w->free_slot) : rv;
}

CK_RV world_enter(struct world *w, enum state state)
{
	CK_RV rv = module_restart();

	w->state = state;
	if (rv == CKR_OK)
		rv = slots_find(w);
	if (rv == CKR_OK)
		rv = user_session(w->slot, &w->session);
	if (rv == CKR_OK)
		rv = session_open(w->slot, CKF_RW_SESSION, &w->second);
	if (rv == CKR_OK)
		rv = objects_make(w, w->second);
	if (rv == CKR_OK)
		rv = objects_find(w, w->session);
	if (rv == CKR_OK)
		rv = other_token(w);
	if (rv == CKR_OK)
		rv = closed_session(w);
	if (rv == CKR_OK)
		rv = wrapped_key(w);
	if (rv == CKR_OK)
		rv = bystander_begin(w);
	if (rv == CKR_OK)
		rv = state_finish(w);
	w->mechanism_count = LENGTH(w->mechanisms);
	if (rv == CKR_OK)
		rv = p11->C_GetMechanismList(w->slot, w->mechanisms, &w->mechanism_count);
	if (rv == CKR_OK && state == FINALIZED)
		rv = p11->C_Finalize(NULL);
	return rv;
}

bool world_stands(const struct world *w)
{
	static const CK_STATE wanted[] = {
		[RO_PUBLIC] = CKS_RO_PUBLIC_SESSION, [RW_PUBLIC] = CKS_RW_PUBLIC_SESSION,
		[RO_USER] = CKS_RO_USER_FUNCTIONS, [RW_USER] = CKS_RW_USER_FUNCTIONS,
		[RW_SO] = CKS_RW_SO_FUNCTIONS,
	};
	CK_INFO info;

	if (w->state == FINALIZED)
		return p11->C_GetInfo(&info) == CKR_CRYPTOKI_NOT_INITIALIZED;
	return session_state(w->session) == wanted[w->state];
}

/* The operations that the function needs, as far as the state allows them. */
void world_operations(const struct world *w, const struct function *f)
{
	CK_BYTE iv[16] = { 0 };
	CK_MECHANISM aes = { CKM_AES_CBC_PAD, iv, sizeof(iv) }, sha256 = { CKM_SHA256, NULL, 0 },
		     rsa_sha256 = { CKM_SHA256_RSA_PKCS, NULL, 0 }, rsa = { CKM_RSA_PKCS, NULL, 0 };
	CK_OBJECT_HANDLE key = w->session_object[AES], private = w->session_object[RSA_PRIVATE],
			 public = w->session_object[RSA_PUBLIC];

	if (strstr(f->name, "Init"))
		return;
	if (strstr(f->name, "FindObjects"))
		p11->C_FindObjectsInit(w->session, NULL, 0);
	if (strstr(f->name, "Encrypt"))
		p11->C_EncryptInit(w->session, &aes, key);
	if (strstr(f->name, "Decrypt"))
		p11->C_DecryptInit(w->session, &aes, key);
	if (strstr(f->name, "Digest"))
		p11->C_DigestInit(w->session, &sha256);
	if (strstr(f->name, "SignRecover"))
		p11->C_SignRecoverInit(w->session, &rsa, private);
	else if (strstr(f->name, "Sign"))
		p11->C_SignInit(w->session, &rsa_sha256, private);
	if (strstr(f->name, "VerifyRecover"))
		p11->C_VerifyRecoverInit(w->session, &rsa, public);
	else if (strstr(f->name, "Verify"))
		p11->C_VerifyInit(w->session, &rsa_sha256, public);
}

/* --- fingerprints ------------------------------------------------------- */

static uint64_t mix(uint64_t sum, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ p[i]) * 1099511628211u;
	return sum ^ (sum >> 31);
}

static uint64_t mix_number(uint64_t sum, uint64_t n)
{
	return mix(sum, &n, sizeof(n));
}

static uint64_t file_print(const char *path)
{
	uint64_t sum = mix(1, path, strlen(path));
	char buf[8192];
	size_t n = 0;
	FILE *f = fopen(path, "r");

	while (f && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		sum = mix(sum, buf, n);
	if (f)
		fclose(f);
	return sum;
}

/* A sum, so that the order of the entries does not matter. */
static uint64_t tree_print(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e = NULL;
	uint64_t sum = mix(2, path, strlen(path));
	char name[4096];

	while (d && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		sum += e->d_type == DT_DIR ? tree_print(name) : file_print(name);
	}
	if (d)
		closedir(d);
	return sum;
}

static uint64_t token_print(CK_SLOT_ID slot)
{
	CK_SLOT_INFO slot_info;
	CK_TOKEN_INFO info;
	uint64_t sum = slot;

	memset(&slot_info, 0, sizeof(slot_info));
	memset(&info, 0, sizeof(info));
	sum = mix_number(sum, p11->C_GetSlotInfo(slot, &slot_info));
	sum = mix_number(sum, p11->C_GetTokenInfo(slot, &info));
	memset(info.utcTime, 0, sizeof(info.utcTime));
	return mix(mix(sum, &slot_info, sizeof(slot_info)), &info, sizeof(info));
}

static uint64_t session_print(CK_SESSION_HANDLE s)
{
	CK_SESSION_INFO info;
	CK_RV rv = CKR_OK;

	memset(&info, 0, sizeof(info));
	rv = p11->C_GetSessionInfo(s, &info);
	return mix(rv, &info, sizeof(info));
}

#define VALUE_MAX	1024

static const CK_ATTRIBUTE_TYPE all_types[] = {
#define CKA_NAME(type) type,
#include "pkcs11/names.def"
};

/* All attributes that can be read; what cannot is a length of -1. */
static uint64_t object_print(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	static CK_BYTE values[LENGTH(all_types)][VALUE_MAX];
	CK_ATTRIBUTE t[LENGTH(all_types)];
	uint64_t sum = 3;

	for (size_t i = 0; i < LENGTH(all_types); i++) {
		/* the values of lists of attributes would be addresses */
		bool list = all_types[i] & CKF_ARRAY_ATTRIBUTE;

		t[i] = (CK_ATTRIBUTE){ all_types[i], list ? NULL : values[i], VALUE_MAX };
	}
	sum = mix_number(sum, p11->C_GetAttributeValue(s, o, t, LENGTH(t)));
	for (size_t i = 0; i < LENGTH(t); i++) {
		if (t[i].ulValueLen == CK_UNAVAILABLE_INFORMATION)
			continue;
		sum = mix_number(sum, t[i].type ^ t[i].ulValueLen);
		if (t[i].pValue)
			sum = mix(sum, t[i].pValue, t[i].ulValueLen);
	}
	return sum;
}

/* As a new session sees them, which has the login of the others. */
static uint64_t objects_print(CK_SLOT_ID slot)
{
	CK_OBJECT_HANDLE o[256];
	CK_ULONG found = 0;
	CK_SESSION_HANDLE s = 0;
	uint64_t sum = mix_number(slot, session_open(slot, CKF_RW_SESSION, &s));

	sum = mix_number(sum, object_find(s, NULL, o, LENGTH(o), &found));
	/* without the handles, which are new each time when there is no other session */
	for (CK_ULONG i = 0; i < found; i++)
		sum += object_print(s, o[i]);
	p11->C_CloseSession(s);
	return sum;
}

struct print print_take(const struct world *w)
{
	const CK_SESSION_HANDLE s[] = { w->session, w->second, w->other, w->bystander };
	CK_INFO info;
	struct print p = { .files = tree_print(work_path(COPY)) };

	if (p11->C_GetInfo(&info) != CKR_OK)
		return p;
	for (size_t i = 0; i < LENGTH(s); i++)
		p.sessions = mix_number(p.sessions, session_print(s[i]));
	p.tokens = token_print(w->slot) + token_print(w->other_slot) + token_print(w->free_slot);
	p.objects = objects_print(w->slot) + objects_print(w->other_slot);
	return p;
}

const char *print_difference(const struct print *a, const struct print *b)
{
	if (a->files != b->files)
		return "files";
	if (a->tokens != b->tokens)
		return "slot or token info";
	if (a->sessions != b->sessions)
		return "session info";
	if (a->objects != b->objects)
		return "objects";
	return NULL;
}

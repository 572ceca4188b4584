#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "harness.h"
#include "slot/slot.h"

#define NO_SLOT		0x7ffffff1UL
#define OTHER_PIN	"another pin"
#define LABEL_32	"a label of 32 bytes: 7 bytes more"

/* 256 characters; all but the last are a PIN of the greatest length. */
#define TEN		"0123456789"
#define FIFTY		TEN TEN TEN TEN TEN
#define PIN_256		FIFTY FIFTY FIFTY FIFTY FIFTY "012345"

/* --- tokens of a row's own ---------------------------------------------- */

/* An empty token directory, different at each call. */
static CK_RV fresh_start(CK_SLOT_ID *slot)
{
	static unsigned n;
	char name[32];
	CK_RV rv = CKR_OK;

	snprintf(name, sizeof(name), "fresh-%u", n++);
	conf_use(name, NULL);
	rv = module_start();
	return rv == CKR_OK ? slot_free(slot) : rv;
}

static CK_SLOT_ID free_slot(void)
{
	CK_SLOT_ID slot = NO_SLOT;

	return slot_free(&slot) == CKR_OK ? slot : NO_SLOT;
}

/* --- slot list ---------------------------------------------------------- */

/* C_GetSlotList into room for n of the two slots there are. */
static CK_RV list_into(CK_ULONG n, CK_RV expected)
{
	CK_SLOT_ID ids[64];
	CK_ULONG count = 0;
	CK_RV rv = p11->C_GetSlotList(CK_FALSE, NULL, &count);

	if (rv != CKR_OK || count != 2)
		return rv == CKR_OK ? ROW_WRONG : rv;
	count = n;
	rv = p11->C_GetSlotList(CK_FALSE, ids, &count);
	return want(rv == expected && count == 2);
}

static CK_RV list_token_present(void)
{
	CK_SLOT_ID all[8], present[8];
	CK_ULONG n = LENGTH(all), m = LENGTH(present);
	CK_RV rv = slot_list(all, &n);

	if (rv == CKR_OK)
		rv = p11->C_GetSlotList(CK_TRUE, present, &m);
	return rv == CKR_OK ? want(n == m && memcmp(all, present, n * sizeof(*all)) == 0) : rv;
}

/* The free slot is last, has the number of tokens as its id, the others ascend. */
static CK_RV list_in_order(CK_ULONG tokens)
{
	CK_SLOT_ID ids[64];
	CK_ULONG count = LENGTH(ids);
	CK_RV rv = slot_list(ids, &count);

	if (rv != CKR_OK)
		return rv;
	for (CK_ULONG i = 1; i < tokens; i++)
		if (ids[i - 1] >= ids[i])
			return ROW_WRONG;
	return want(count == tokens + 1 && ids[tokens] == tokens && free_slot() == tokens);
}

static CK_RV list_in(const char *directory, CK_ULONG tokens)
{
	CK_RV rv = CKR_OK;

	conf_use(directory, NULL);
	rv = module_start();
	return rv == CKR_OK ? list_in_order(tokens) : rv;
}

static CK_RV list_of_three(void)
{
	CK_SLOT_ID slot = 0;
	CK_RV rv = fresh_start(&slot);

	if (rv == CKR_OK)
		rv = token_make("one", &slot);
	if (rv == CKR_OK)
		rv = token_make("two", &slot);
	if (rv == CKR_OK)
		rv = token_make("three", &slot);
	return rv == CKR_OK ? list_in_order(3) : rv;
}

/* The call with a list finds the slots of the last call without one. */
static CK_RV list_grows(void)
{
	CK_SLOT_ID ids[8];
	CK_ULONG before = LENGTH(ids), after = LENGTH(ids);
	CK_RV rv = fresh_start(&ids[0]);

	if (rv == CKR_OK)
		rv = token_init(ids[0], SO_PIN, "grows");
	if (rv == CKR_OK)
		rv = p11->C_GetSlotList(CK_FALSE, ids, &before);
	if (rv == CKR_OK)
		rv = slot_list(ids, &after);
	return rv == CKR_OK ? want(before == 1 && after == 2 && ids[1] == 1) : rv;
}

static CK_RV list_with_junk(void)
{
	CK_SLOT_ID slot = 0;
	CK_RV rv = CKR_OK;

	conf_use("junk", NULL);
	rv = module_start();
	if (rv == CKR_OK)
		rv = token_make("good", &slot);
	mkdir(work_path("junk/empty"), 0700);
	mkdir(work_path("junk/damaged"), 0700);
	file_write(work_path("junk/damaged/token.object"), "this is no token");
	file_write(work_path("junk/file"), "nor is this");
	if (rv == CKR_OK)
		rv = module_restart();
	return rv == CKR_OK ? list_in_order(1) : rv;
}

/* The last 8 digits of the serial number without the highest bit. */
static CK_RV id_from_serial(CK_SLOT_ID slot)
{
	CK_TOKEN_INFO info;
	char tail[9] = { 0 };
	CK_RV rv = p11->C_GetTokenInfo(slot, &info);

	memcpy(tail, info.serialNumber + 8, 8);
	return rv == CKR_OK ? want(slot == (strtoul(tail, NULL, 16) & 0x7fffffff)) : rv;
}

/* --- slot and token info ------------------------------------------------ */

static bool version_is_library(const CK_VERSION *v)
{
	CK_INFO info;

	return p11->C_GetInfo(&info) == CKR_OK && v->major == info.libraryVersion.major &&
	       v->minor == info.libraryVersion.minor;
}

static CK_RV slot_info_is(CK_SLOT_ID slot, CK_FLAGS flags)
{
	CK_SLOT_INFO info;
	char description[65];
	CK_RV rv = p11->C_GetSlotInfo(slot, &info);

	if (rv != CKR_OK)
		return rv;
	snprintf(description, sizeof(description), "SoftHSM slot ID 0x%lx", slot);
	return want(padded_is(info.slotDescription, sizeof(info.slotDescription), description) &&
		    padded_is(info.manufacturerID, sizeof(info.manufacturerID),
			      "SoftHSM project") &&
		    info.flags == flags && version_is_library(&info.hardwareVersion) &&
		    version_is_library(&info.firmwareVersion));
}

static CK_RV removable(const char *value, bool expected)
{
	CK_SLOT_ID slot = 0;
	char line[64];
	CK_RV rv = CKR_OK;

	snprintf(line, sizeof(line), "slots.removable = %s\n", value);
	conf_use("tokens", line);
	rv = module_start();
	if (rv == CKR_OK)
		rv = slot_find(TOKEN_LABEL, &slot);
	return rv == CKR_OK ? slot_info_is(slot, CKF_TOKEN_PRESENT |
						 (expected ? CKF_REMOVABLE_DEVICE : 0)) :
			      rv;
}

static CK_FLAGS token_flags(CK_SLOT_ID slot)
{
	CK_TOKEN_INFO info;

	return p11->C_GetTokenInfo(slot, &info) == CKR_OK ? info.flags : 0;
}

static bool no_limits_known(const CK_TOKEN_INFO *info)
{
	return info->ulMaxSessionCount == CK_EFFECTIVELY_INFINITE &&
	       info->ulMaxRwSessionCount == CK_EFFECTIVELY_INFINITE &&
	       info->ulSessionCount == CK_UNAVAILABLE_INFORMATION &&
	       info->ulRwSessionCount == CK_UNAVAILABLE_INFORMATION &&
	       info->ulTotalPublicMemory == CK_UNAVAILABLE_INFORMATION &&
	       info->ulFreePublicMemory == CK_UNAVAILABLE_INFORMATION &&
	       info->ulTotalPrivateMemory == CK_UNAVAILABLE_INFORMATION &&
	       info->ulFreePrivateMemory == CK_UNAVAILABLE_INFORMATION;
}

static CK_RV token_info_is(CK_SLOT_ID slot, CK_FLAGS flags, const char *label)
{
	CK_TOKEN_INFO info;
	CK_RV rv = p11->C_GetTokenInfo(slot, &info);

	if (rv != CKR_OK)
		return rv;
	return want(padded_is(info.label, sizeof(info.label), label) &&
		    padded_is(info.manufacturerID, sizeof(info.manufacturerID),
			      "SoftHSM project") &&
		    padded_is(info.model, sizeof(info.model), "SoftHSM v2") &&
		    (*label || padded_is(info.serialNumber, sizeof(info.serialNumber), "")) &&
		    info.flags == flags && info.ulMinPinLen == 4 && info.ulMaxPinLen == 255 &&
		    no_limits_known(&info) && version_is_library(&info.hardwareVersion) &&
		    version_is_library(&info.firmwareVersion));
}

static CK_RV serial_is_hex(CK_SLOT_ID slot)
{
	CK_TOKEN_INFO info;
	CK_RV rv = p11->C_GetTokenInfo(slot, &info);

	for (size_t i = 0; rv == CKR_OK && i < sizeof(info.serialNumber); i++)
		rv = want(strchr("0123456789abcdef", info.serialNumber[i]) != NULL);
	return rv;
}

/* YYYYMMDDhhmmss and two zeros, in UTC. */
static CK_RV utc_time_is_now(CK_SLOT_ID slot)
{
	time_t before = time(NULL), after = 0;
	char earliest[17], latest[17];
	CK_TOKEN_INFO info;
	struct tm tm;
	CK_RV rv = p11->C_GetTokenInfo(slot, &info);

	after = time(NULL);
	strftime(earliest, sizeof(earliest), "%Y%m%d%H%M%S00", gmtime_r(&before, &tm));
	strftime(latest, sizeof(latest), "%Y%m%d%H%M%S00", gmtime_r(&after, &tm));
	return rv == CKR_OK ? want(memcmp(info.utcTime, earliest, 16) >= 0 &&
				   memcmp(info.utcTime, latest, 16) <= 0) :
			      rv;
}

/* --- C_InitToken -------------------------------------------------------- */

static CK_RV init_token_failed(void)
{
	CK_ULONG before = 0, after = 0;
	CK_RV rv = p11->C_GetSlotList(CK_FALSE, NULL, &before);

	token_init(free_slot(), "abc", "x");
	if (rv == CKR_OK)
		rv = module_restart();
	if (rv == CKR_OK)
		rv = p11->C_GetSlotList(CK_FALSE, NULL, &after);
	return rv == CKR_OK ? want(before == after) : rv;
}

/* A token with that SO PIN and label; both are there after a restart. */
static CK_RV fresh_token(const char *pin, CK_ULONG len, const char *label)
{
	CK_UTF8CHAR padded[32];
	CK_SESSION_HANDLE s = 0;
	CK_SLOT_ID slot = 0;
	CK_RV rv = fresh_start(&slot);

	memset(padded, ' ', sizeof(padded));
	memcpy(padded, label, strnlen(label, sizeof(padded)));
	if (rv == CKR_OK)
		rv = p11->C_InitToken(slot, text(pin), len, padded);
	if (rv == CKR_OK)
		rv = module_restart();
	if (rv == CKR_OK)
		rv = slot_find(label, &slot);
	if (rv == CKR_OK)
		rv = session_open(slot, CKF_RW_SESSION, &s);
	return rv == CKR_OK ? p11->C_Login(s, CKU_SO, text(pin), len) : rv;
}

static CK_RV fresh_token_flags(void)
{
	CK_SLOT_ID slot = 0;
	CK_RV rv = fresh_start(&slot);

	if (rv == CKR_OK)
		rv = token_init(slot, SO_PIN, "flags");
	return rv == CKR_OK ? want(token_flags(slot) == 0x425) : rv;
}

/* The slot keeps its small id until the next C_Initialize. */
static CK_RV fresh_token_slot_id(void)
{
	CK_SLOT_ID slot = 0, same = NO_SLOT, later = 0;
	CK_RV rv = fresh_start(&slot);

	if (rv == CKR_OK)
		rv = token_init(slot, SO_PIN, "slot id");
	if (rv == CKR_OK)
		rv = slot_find("slot id", &same);
	if (rv == CKR_OK)
		rv = module_restart();
	if (rv == CKR_OK)
		rv = slot_find("slot id", &later);
	if (rv == CKR_OK)
		rv = id_from_serial(later);
	return rv == CKR_OK ? want(slot == 0 && same == slot) : rv;
}

/* One directory for the token, with nothing in it that others can read. */
static CK_RV fresh_token_files(void)
{
	CK_SLOT_ID slot = 0;
	struct stat st;
	CK_RV rv = CKR_OK;

	conf_use("files", NULL);
	rv = module_start();
	if (rv == CKR_OK)
		rv = slot_free(&slot);
	if (rv == CKR_OK)
		rv = want(dir_count(work_path("files")) == 0);
	if (rv == CKR_OK)
		rv = token_init(slot, SO_PIN, "files");
	if (rv == CKR_OK)
		rv = want(dir_count(work_path("files")) == 1);
	return rv == CKR_OK ? want(stat(work_path("files"), &st) == 0) : rv;
}

static CK_RV reinit_flags(CK_SLOT_ID slot)
{
	CK_FLAGS wrong = 0;
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = CKR_OK;

	token_init(slot, "wrong pin", "x");
	wrong = token_flags(slot);
	rv = session_open(slot, CKF_RW_SESSION, &s);
	if (rv == CKR_OK)
		rv = login(s, CKU_SO, SO_PIN);
	return rv == CKR_OK ? want((wrong & CKF_SO_PIN_COUNT_LOW) &&
				   !(token_flags(slot) & CKF_SO_PIN_COUNT_LOW)) :
			      rv;
}

/* A token with one public and one private object. */
static CK_RV token_with_objects(CK_SLOT_ID *slot)
{
	CK_ATTRIBUTE object[] = {
		A_ULONG(CKA_CLASS, CKO_DATA), A_BOOL(CKA_TOKEN, CK_TRUE),
		A_BOOL(CKA_PRIVATE, CK_FALSE), A_TEXT(CKA_VALUE, "value"), A_END,
	};
	CK_SESSION_HANDLE s = 0;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = fresh_start(slot);

	if (rv == CKR_OK)
		rv = token_make("old label", slot);
	if (rv == CKR_OK)
		rv = session_open(*slot, CKF_RW_SESSION, &s);
	if (rv == CKR_OK)
		rv = login(s, CKU_USER, USER_PIN);
	if (rv == CKR_OK)
		rv = object_make(s, object, &o);
	object[2].pValue = &(CK_BBOOL){ CK_TRUE };
	if (rv == CKR_OK)
		rv = object_make(s, object, &o);
	p11->C_CloseAllSessions(*slot);
	return rv;
}

static CK_RV reinit_serial(void)
{
	CK_TOKEN_INFO before = { 0 }, after = { 0 };
	CK_SLOT_ID slot = 0;
	CK_RV rv = token_with_objects(&slot);

	if (rv == CKR_OK)
		rv = p11->C_GetTokenInfo(slot, &before);
	if (rv == CKR_OK)
		rv = token_init(slot, SO_PIN, "new label");
	if (rv == CKR_OK)
		rv = module_restart();
	if (rv == CKR_OK)
		rv = p11->C_GetTokenInfo(slot, &after);
	return rv == CKR_OK ? want(memcmp(before.serialNumber, after.serialNumber,
					  sizeof(before.serialNumber)) == 0) :
			      rv;
}

static CK_RV reinit_then(CK_RV (*check)(CK_SLOT_ID slot))
{
	CK_SLOT_ID slot = 0;
	CK_RV rv = token_with_objects(&slot);

	if (rv == CKR_OK)
		rv = token_init(slot, SO_PIN, "new label");
	return rv == CKR_OK ? check(slot) : rv;
}

static CK_RV logs_in(CK_SLOT_ID slot, CK_USER_TYPE user, const char *pin)
{
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = session_open(slot, CKF_RW_SESSION, &s);

	return rv == CKR_OK ? login(s, user, pin) : rv;
}

static CK_RV so_logs_in(CK_SLOT_ID slot)
{
	return logs_in(slot, CKU_SO, SO_PIN);
}

static CK_RV user_logs_in(CK_SLOT_ID slot)
{
	return logs_in(slot, CKU_USER, USER_PIN);
}

static CK_RV init_pin(CK_SESSION_HANDLE s, const char *pin)
{
	return p11->C_InitPIN(s, text(pin), strlen(pin));
}

/* The user PIN is set anew, so that private objects would be seen. */
static CK_RV nothing_found(CK_SLOT_ID slot)
{
	CK_SESSION_HANDLE s = 0;
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG found = 0;
	CK_RV rv = session_open(slot, CKF_RW_SESSION, &s);

	if (rv == CKR_OK)
		rv = login(s, CKU_SO, SO_PIN);
	if (rv == CKR_OK)
		rv = init_pin(s, USER_PIN);
	if (rv == CKR_OK)
		rv = p11->C_Logout(s);
	if (rv == CKR_OK)
		rv = login(s, CKU_USER, USER_PIN);
	if (rv == CKR_OK)
		rv = object_find(s, NULL, &o, 1, &found);
	return rv == CKR_OK ? want(found == 0) : rv;
}

static CK_RV nothing_found_after_restart(CK_SLOT_ID slot)
{
	CK_RV rv = module_restart();

	return rv == CKR_OK ? nothing_found(slot) : rv;
}

static CK_RV label_changed(CK_SLOT_ID slot)
{
	CK_SLOT_ID found = NO_SLOT;
	CK_RV rv = slot_find("new label", &found);

	return rv == CKR_OK ? want(found == slot) : rv;
}

static CK_RV flags_without_user_pin(CK_SLOT_ID slot)
{
	return want(token_flags(slot) == 0x425);
}

/* --- C_InitPIN, C_SetPIN ------------------------------------------------ */

static CK_RV set_pin(CK_SESSION_HANDLE s, const char *old, const char *new)
{
	return p11->C_SetPIN(s, text(old), strlen(old), text(new), strlen(new));
}

static CK_RV init_pin_again(struct ctx *c)
{
	CK_RV old = CKR_OK, rv = init_pin(c->s, OTHER_PIN);

	if (rv == CKR_OK)
		rv = p11->C_Logout(c->s);
	old = login(c->s, CKU_USER, USER_PIN);
	if (rv == CKR_OK)
		rv = login(c->s, CKU_USER, OTHER_PIN);
	if (rv == CKR_OK)
		rv = set_pin(c->s, OTHER_PIN, USER_PIN);
	return rv == CKR_OK ? want(old == CKR_PIN_INCORRECT) : rv;
}

/* The SO's new PIN for the user opens what was made under the old one. */
static CK_RV init_pin_keeps_objects(struct ctx *c)
{
	CK_ATTRIBUTE value = A_TEXT(CKA_VALUE, "still readable");
	CK_ATTRIBUTE object[] = {
		A_ULONG(CKA_CLASS, CKO_DATA), A_BOOL(CKA_TOKEN, CK_TRUE), value, A_END,
	};
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG found = 0;
	CK_RV rv = object_make(c->s, object, &o);

	p11->C_Logout(c->s);
	if (rv == CKR_OK)
		rv = login(c->s, CKU_SO, SO_PIN);
	if (rv == CKR_OK)
		rv = init_pin(c->s, OTHER_PIN);
	p11->C_Logout(c->s);
	if (rv == CKR_OK)
		rv = login(c->s, CKU_USER, OTHER_PIN);
	if (rv == CKR_OK)
		rv = object_find(c->s, object, &o, 1, &found);
	if (rv == CKR_OK)
		rv = attr_is(c->s, o, &value);
	if (rv == CKR_OK)
		rv = p11->C_DestroyObject(c->s, o);
	if (rv == CKR_OK)
		rv = set_pin(c->s, OTHER_PIN, USER_PIN);
	return rv;
}

/* Changes the PIN, tries the old and the new one, and changes it back. */
static CK_RV set_pin_changes(struct ctx *c, const char *pin, CK_USER_TYPE user)
{
	CK_RV old = CKR_OK, rv = set_pin(c->s, pin, OTHER_PIN);

	p11->C_CloseAllSessions(c->slot);
	if (rv == CKR_OK)
		rv = module_restart();
	if (rv == CKR_OK)
		rv = session_open(c->slot, CKF_RW_SESSION, &c->s);
	old = login(c->s, user, pin);
	if (rv == CKR_OK)
		rv = login(c->s, user, OTHER_PIN);
	if (rv == CKR_OK)
		rv = set_pin(c->s, OTHER_PIN, pin);
	return rv == CKR_OK ? want(old == CKR_PIN_INCORRECT) : rv;
}

/* A wrong old PIN sets the flag of the one whose PIN it is, the right one clears it. */
static CK_RV set_pin_flag(struct ctx *c, CK_FLAGS flag)
{
	const char *pin = flag == CKF_SO_PIN_COUNT_LOW ? SO_PIN : USER_PIN;
	CK_FLAGS wrong = 0;
	CK_RV rv = CKR_OK;

	set_pin(c->s, "wrong pin", OTHER_PIN);
	wrong = token_flags(c->slot);
	rv = set_pin(c->s, pin, pin);
	return rv == CKR_OK ? want((wrong & flag) && !(token_flags(c->slot) & flag)) : rv;
}

static CK_RV set_pin_keeps_state(struct ctx *c)
{
	CK_RV rv = set_pin(c->s, USER_PIN, USER_PIN);

	return rv == CKR_OK ? want(session_state(c->s) == CKS_RW_USER_FUNCTIONS) : rv;
}

static CK_RV set_pin_without_user_pin(void)
{
	CK_SESSION_HANDLE s = 0;
	CK_SLOT_ID slot = 0;
	CK_RV rv = fresh_start(&slot);

	if (rv == CKR_OK)
		rv = token_init(slot, SO_PIN, "no user pin");
	if (rv == CKR_OK)
		rv = session_open(slot, CKF_RW_SESSION, &s);
	if (rv == CKR_OK)
		rv = set_pin(s, USER_PIN, OTHER_PIN);
	return want(rv == CKR_PIN_INCORRECT || rv == CKR_USER_PIN_NOT_INITIALIZED);
}

static CK_RV wrong_pin_flag(struct ctx *c, CK_USER_TYPE user, CK_FLAGS flag)
{
	CK_FLAGS before = token_flags(c->slot), wrong = 0;
	CK_RV bad = login(c->s, user, "wrong pin"), rv = CKR_OK;

	wrong = token_flags(c->slot);
	rv = login(c->s, user, user == CKU_SO ? SO_PIN : USER_PIN);
	return rv == CKR_OK ? want(bad == CKR_PIN_INCORRECT && wrong == (before | flag) &&
				   token_flags(c->slot) == before) :
			      rv;
}

static CK_RV wrong_pin_flag_stored(struct ctx *c)
{
	CK_FLAGS wrong = 0;
	CK_RV rv = CKR_OK;

	login(c->s, CKU_USER, "wrong pin");
	rv = module_restart();
	wrong = token_flags(c->slot);
	if (rv == CKR_OK)
		rv = session_open(c->slot, CKF_RW_SESSION, &c->s);
	if (rv == CKR_OK)
		rv = login(c->s, CKU_USER, USER_PIN);
	return rv == CKR_OK ? want((wrong & CKF_USER_PIN_COUNT_LOW) &&
				   !(token_flags(c->slot) & CKF_USER_PIN_COUNT_LOW)) :
			      rv;
}

static CK_RV wrong_pin_many(struct ctx *c, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		if (login(c->s, CKU_USER, "wrong pin") != CKR_PIN_INCORRECT)
			return ROW_WRONG;
	return login(c->s, CKU_USER, USER_PIN);
}

/* --- mechanisms --------------------------------------------------------- */

CK_RV mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type)
{
	CK_MECHANISM_INFO info;

	return p11->C_GetMechanismInfo(slot, type, &info);
}

CK_RV mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *out, CK_ULONG *count)
{
	CK_ULONG room = *count;
	CK_RV rv = p11->C_GetMechanismList(slot, NULL, count);

	if (rv == CKR_OK && (*count == 0 || *count > room))
		rv = ROW_WRONG;
	return rv == CKR_OK ? p11->C_GetMechanismList(slot, out, count) : rv;
}

static CK_RV mechanisms_too_short(CK_SLOT_ID slot)
{
	CK_MECHANISM_TYPE list[MAX_MECHANISMS];
	CK_ULONG all = LENGTH(list), count = 0;
	CK_RV rv = mechanism_list(slot, list, &all);

	count = all - 1;
	if (rv != CKR_OK)
		return rv;
	rv = p11->C_GetMechanismList(slot, list, &count);
	return want(rv == CKR_BUFFER_TOO_SMALL && count == all);
}

static CK_RV mechanisms_same(CK_SLOT_ID a, CK_SLOT_ID b)
{
	CK_MECHANISM_TYPE list[2][MAX_MECHANISMS];
	CK_ULONG count[2] = { MAX_MECHANISMS, MAX_MECHANISMS };
	CK_RV rv = mechanism_list(a, list[0], &count[0]);

	if (rv == CKR_OK)
		rv = mechanism_list(b, list[1], &count[1]);
	return rv == CKR_OK ? want(count[0] == count[1] &&
				   memcmp(list[0], list[1], count[0] * sizeof(**list)) == 0) :
			      rv;
}

static CK_RV mechanisms_have_info(CK_SLOT_ID slot)
{
	CK_MECHANISM_TYPE list[MAX_MECHANISMS];
	CK_ULONG count = LENGTH(list);
	CK_RV rv = mechanism_list(slot, list, &count);

	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++)
		rv = mechanism_info(slot, list[i]);
	return rv;
}

static CK_RV mechanisms_once_each(CK_SLOT_ID slot)
{
	CK_MECHANISM_TYPE list[MAX_MECHANISMS];
	CK_ULONG count = LENGTH(list);
	CK_RV rv = mechanism_list(slot, list, &count);

	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++)
		for (CK_ULONG j = 0; j < i; j++)
			if (list[i] == list[j])
				return ROW_WRONG;
	return rv;
}

/* --- two tokens of one slot id ------------------------------------------ */

#define TWINS	2

/* A token and its copy, in a directory of their own, and the slots they come to. */
static CK_RV colliding(CK_RV (*check)(const CK_SLOT_ID *twins))
{
	static unsigned n;
	char name[32], token[256];
	CK_SLOT_ID ids[8];
	CK_ULONG count = LENGTH(ids);
	CK_RV rv = CKR_OK;

	snprintf(name, sizeof(name), "collision-%u", n++);
	conf_use(name, NULL);
	rv = module_start();
	if (rv == CKR_OK)
		rv = token_make("twin", &ids[0]);
	p11->C_Finalize(NULL);
	snprintf(token, sizeof(token), "%s", dir_entry(work_path("%s", name)));
	if (rv != CKR_OK || !tree_copy(work_path("%s/%s", name, token), work_path("%s/x", name)))
		return ROW_BROKEN;
	rv = module_start();
	if (rv == CKR_OK)
		rv = slot_list(ids, &count);
	if (rv == CKR_OK)
		rv = want(count == TWINS + 1);
	return rv == CKR_OK ? check(ids) : rv;
}

static CK_RV twins_listed(const CK_SLOT_ID *twins)
{
	CK_RV rv = token_info_is(twins[0], 0x42d, "twin");

	return rv == CKR_OK ? token_info_is(twins[1], 0x42d, "twin") : rv;
}

/* Each has its own login and objects. */
static CK_RV twins_usable(const CK_SLOT_ID *twins)
{
	CK_ATTRIBUTE object[] = {
		A_ULONG(CKA_CLASS, CKO_DATA), A_BOOL(CKA_TOKEN, CK_TRUE), A_END,
	};
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG found[TWINS] = { 0 };
	CK_RV rv = CKR_OK;

	for (CK_ULONG i = 0; rv == CKR_OK && i < TWINS; i++) {
		CK_SESSION_HANDLE s = 0;

		rv = session_open(twins[i], CKF_RW_SESSION, &s);
		if (rv == CKR_OK)
			rv = login(s, CKU_USER, USER_PIN);
		if (rv == CKR_OK && i == 0)
			rv = object_make(s, object, &o);
		if (rv == CKR_OK)
			rv = object_find(s, object, &o, 1, &found[i]);
	}
	return rv == CKR_OK ? want(found[0] == 1 && found[1] == 0) : rv;
}

/* The free slot is none of them. */
static CK_RV twins_and_free_slot(const CK_SLOT_ID *twins)
{
	CK_SLOT_ID free = free_slot();

	return want(free != NO_SLOT && free != twins[0] && free != twins[1] &&
		    twins[0] != twins[1]);
}

/* --- program ------------------------------------------------------------ */

#define ROWS_FILE "slot.def"
#define ROWS_TABLE rows
#include "rows.h"

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "rows", .rows = rows, .count = LENGTH(rows) },
		{ "mechanisms", .run = test_mechanisms },
		{ "policy", .run = test_policy },
		{ "tries", .run = test_tries },
		{ "rescan", .run = test_rescan },
		{ "events", .run = test_events },
	};
	static const struct child children[] = {
		{ "tries_twice", child_tries_twice },
		{ "is_refused", child_is_refused },
		{ "tries_and_dies", child_tries_and_dies },
		{ "tries_together", child_tries_together },
		{ "makes_token", child_makes_token },
		{ "makes_anew", child_makes_anew },
	};
	static const struct program program = {
		.name = "slot",
		.tests = tests, .ntests = LENGTH(tests),
		.children = children, .nchildren = LENGTH(children),
	};

	return harness_main(argc, argv, &program);
}

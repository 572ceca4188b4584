#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bin/common/json.h"
#include "bin/common/message.h"
#include "bin/util/options.h"
#include "bin/util/other_kind.h"
#include "common/str.h"

/*
 * The field's text with its padding, up to a NUL if there is one; it cannot command the terminal.
 */
static void print_text(const char *name, const CK_UTF8CHAR *field, size_t size)
{
	char text[65] = "";

	memcpy(text, field, size < sizeof(text) ? size : sizeof(text) - 1);
	str_printable(text);
	printf("        %-17s %s\n", name, text);
}

static void print_versions(CK_VERSION hardware, CK_VERSION firmware)
{
	printf("        Hardware version: %d.%d\n", hardware.major, hardware.minor);
	printf("        Firmware version: %d.%d\n", firmware.major, firmware.minor);
}

static void print_flag(const char *name, bool set)
{
	printf("        %-17s %s\n", name, set ? "yes" : "no");
}

static bool show_token(struct p11 *p, CK_SLOT_ID slot)
{
	CK_TOKEN_INFO t;
	CK_RV rv = p->f->C_GetTokenInfo(slot, &t);

	if (rv != CKR_OK) {
		message_error_rv(rv, "Could not get info about the token in slot %lu.", slot);
		return false;
	}
	puts("    Token info:");
	print_text("Manufacturer ID:", t.manufacturerID, sizeof(t.manufacturerID));
	print_text("Model:", t.model, sizeof(t.model));
	print_versions(t.hardwareVersion, t.firmwareVersion);
	print_text("Serial number:", t.serialNumber, sizeof(t.serialNumber));
	print_flag("Initialized:", (t.flags & CKF_TOKEN_INITIALIZED) != 0);
	print_flag("User PIN init.:", (t.flags & CKF_USER_PIN_INITIALIZED) != 0);
	print_text("Label:", t.label, sizeof(t.label));
	return true;
}

static bool show_slot(struct p11 *p, CK_SLOT_ID slot)
{
	CK_SLOT_INFO s;
	CK_RV rv = p->f->C_GetSlotInfo(slot, &s);
	bool present;

	if (rv != CKR_OK) {
		message_error_rv(rv, "Could not get info about slot %lu.", slot);
		return false;
	}
	present = (s.flags & CKF_TOKEN_PRESENT) != 0;
	printf("Slot %lu\n    Slot info:\n", slot);
	print_text("Description:", s.slotDescription, sizeof(s.slotDescription));
	print_text("Manufacturer ID:", s.manufacturerID, sizeof(s.manufacturerID));
	print_versions(s.hardwareVersion, s.firmwareVersion);
	print_flag("Token present:", present);
	return !present || show_token(p, slot);
}

static bool token_json(struct p11 *p, CK_SLOT_ID slot, struct json *j)
{
	CK_TOKEN_INFO t;
	CK_RV rv = p->f->C_GetTokenInfo(slot, &t);

	if (rv != CKR_OK) {
		json_string(j, "token", NULL);
		message_error_rv(rv, "Could not get info about the token in slot %lu.", slot);
		return false;
	}
	json_open(j, "token", '{');
	json_field(j, "label", t.label, sizeof(t.label));
	json_field(j, "serial", t.serialNumber, sizeof(t.serialNumber));
	json_field(j, "manufacturer", t.manufacturerID, sizeof(t.manufacturerID));
	json_field(j, "model", t.model, sizeof(t.model));
	json_flag(j, "initialized", (t.flags & CKF_TOKEN_INITIALIZED) != 0);
	json_flag(j, "user_pin_initialized", (t.flags & CKF_USER_PIN_INITIALIZED) != 0);
	json_flag(j, "user_pin_locked", (t.flags & CKF_USER_PIN_LOCKED) != 0);
	json_flag(j, "so_pin_locked", (t.flags & CKF_SO_PIN_LOCKED) != 0);
	json_close(j, '}');
	return true;
}

static bool slot_json(struct p11 *p, CK_SLOT_ID slot, struct json *j)
{
	CK_SLOT_INFO s;
	CK_RV rv = p->f->C_GetSlotInfo(slot, &s);
	bool ok = rv == CKR_OK;

	if (!ok) {
		message_error_rv(rv, "Could not get info about slot %lu.", slot);
		return false;
	}
	json_open(j, NULL, '{');
	json_number(j, "slot", slot);
	json_field(j, "description", s.slotDescription, sizeof(s.slotDescription));
	json_field(j, "manufacturer", s.manufacturerID, sizeof(s.manufacturerID));
	if ((s.flags & CKF_TOKEN_PRESENT) != 0)
		ok = token_json(p, slot, j);
	else
		json_string(j, "token", NULL);
	json_close(j, '}');
	return ok;
}

static bool show_slots(const struct options *o, struct p11 *p)
{
	CK_SLOT_ID *ids = NULL;
	struct json j = { 0 };
	CK_ULONG count = 0;
	bool ok = p11_slots(p, CK_FALSE, &ids, &count);

	if (ok && o->json)
		json_open(&j, NULL, '[');
	else if (ok)
		puts("Available slots:");
	for (CK_ULONG i = 0; i < count; i++)
		ok = (o->json ? slot_json(p, ids[i], &j) : show_slot(p, ids[i])) && ok;
	if (j.depth > 0)
		json_close(&j, ']');
	if (p->handle == NULL)
		other_kind_look();
	free(ids);
	return ok;
}

const struct action action_show_slots = { show_slots, true };

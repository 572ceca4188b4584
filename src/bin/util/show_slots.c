#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bin/common/message.h"
#include "bin/util/options.h"
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

static bool show_slots(const struct options *o, struct p11 *p)
{
	CK_SLOT_ID *ids = NULL;
	CK_ULONG count = 0;
	bool ok = p11_slots(p, CK_FALSE, &ids, &count);

	(void)o;
	if (ok)
		puts("Available slots:");
	for (CK_ULONG i = 0; i < count; i++)
		ok = show_slot(p, ids[i]) && ok;
	free(ids);
	return ok;
}

const struct action action_show_slots = { show_slots, true };

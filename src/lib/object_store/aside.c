#include "config.h"

#include "object_store/aside.h"

#include <stdio.h>

#include "common/log.h"

#define DAMAGED ".damaged"
#define NUMBERS 1000
#define NAME_CUT ((int)(NAME_MAX - 32))	/* leaves room for the ending and the number */

CK_RV aside_name(const struct file_dir *d, const char *name, struct file_name *out)
{
	for (unsigned i = 0; i < NUMBERS; i++) {
		char number[16] = "";

		if (i > 0)
			(void)snprintf(number, sizeof(number), "-%u", i);
		(void)snprintf(out->s, sizeof(out->s), "%.*s" DAMAGED "%s", NAME_CUT, name, number);
		if (file_is_missing(d, out->s))
			return CKR_OK;
	}
	log_error("%s: too many names like %s", d->path, out->s);
	return CKR_DEVICE_ERROR;
}

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "bin/common/message.h"
#include "bin/util/options.h"

static bool show_config(const struct options *o, struct p11 *p)
{
	(void)p;
	if (strcmp(o->show_config, "default-pkcs11-lib") != 0) {
		message_error("Invalid configuration key '%s'", o->show_config);
		return false;
	}
	puts(DEFAULT_PKCS11_LIB);
	return true;
}

const struct action action_show_config = { show_config, false };

#include "config.h"

#include "common/reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 256

static _Thread_local char text[TEXT_MAX];

CK_RV reason(CK_RV rv, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return rv;
}

CK_RV reason_within(CK_RV rv, const char *where)
{
	char inner[TEXT_MAX];

	memcpy(inner, text, sizeof(inner));
	return inner[0] != '\0' ? reason(rv, "%s: %.200s", where, inner) : reason(rv, "%s", where);
}

void reason_clear(void)
{
	text[0] = '\0';
}

const char *reason_text(void)
{
	return text[0] != '\0' ? text : NULL;
}

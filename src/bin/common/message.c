#include "config.h"

#include "bin/common/message.h"

#include <stdarg.h>
#include <stdio.h>

#include "pkcs11/names.h"

/* What was said before comes before, also where both streams go to one file. */
static void PRINTF_LIKE(2, 0) print_line(const char *prefix, const char *fmt, va_list ap)
{
	fflush(stdout);
	fputs(prefix, stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void message_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line("ERROR: ", fmt, ap);
	va_end(ap);
}

void message_plain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line("", fmt, ap);
	va_end(ap);
}

void message_error_rv(CK_RV rv, const char *fmt, ...)
{
	const char *name = ckr_name(rv);
	va_list ap;

	va_start(ap, fmt);
	print_line("ERROR: ", fmt, ap);
	va_end(ap);
	if (name != NULL)
		fprintf(stderr, "The answer was %s. ", name);
	else
		fprintf(stderr, "The answer was 0x%08lX. ", rv);
	message_see_log("");
}

void message_hint(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line("Hint: ", fmt, ap);
	va_end(ap);
}

void message_see_log(const char *prefix)
{
	fprintf(stderr, "%sPlease check log files for additional information.\n", prefix);
}

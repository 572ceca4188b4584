#include "config.h"

#include "bin/common/json.h"

#include <stdio.h>
#include <string.h>

static void begin(struct json *j, const char *name)
{
	if (!j->first && j->depth > 0)
		putchar(',');
	if (j->depth > 0)
		printf("\n%*s", (int)(2 * j->depth), "");
	j->first = false;
	if (name != NULL)
		printf("\"%s\": ", name);
}

void json_open(struct json *j, const char *name, char bracket)
{
	begin(j, name);
	putchar(bracket);
	j->depth++;
	j->first = true;
}

void json_close(struct json *j, char bracket)
{
	j->depth--;
	if (!j->first)
		printf("\n%*s", (int)(2 * j->depth), "");
	putchar(bracket);
	j->first = false;
	if (j->depth == 0)
		putchar('\n');
}

/* The bytes of the UTF-8 sequence at p, shortest form and no surrogate; 0 when there is none. */
static size_t sequence(const unsigned char *p, size_t left)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t c;

	if (len <= 1 || len > left || p[0] > 0xf7)
		return len == 1 ? 1 : 0;
	c = p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return len;
}

static void put(const unsigned char *p, size_t len)
{
	if (len == 0)
		fputs("\\ufffd", stdout);
	else if (*p == '"' || *p == '\\')
		printf("\\%c", *p);
	else if (*p < ' ' || *p == 0x7f)
		printf("\\u%04x", *p);
	else
		fwrite(p, 1, len, stdout);
}

void json_text(struct json *j, const char *name, const void *text, size_t len)
{
	const unsigned char *p = text;
	size_t n;

	begin(j, name);
	putchar('"');
	for (size_t i = 0; i < len; i += n == 0 ? 1 : n) {
		n = sequence(p + i, len - i);
		put(p + i, n);
	}
	putchar('"');
}

void json_string(struct json *j, const char *name, const char *text)
{
	if (text != NULL) {
		json_text(j, name, text, strlen(text));
		return;
	}
	begin(j, name);
	fputs("null", stdout);
}

void json_number(struct json *j, const char *name, unsigned long number)
{
	begin(j, name);
	printf("%lu", number);
}

void json_flag(struct json *j, const char *name, bool flag)
{
	begin(j, name);
	fputs(flag ? "true" : "false", stdout);
}

void json_hex(struct json *j, const char *name, const unsigned char *data, size_t len)
{
	begin(j, name);
	putchar('"');
	for (size_t i = 0; i < len; i++)
		printf("%02x", data[i]);
	putchar('"');
}

void json_field(struct json *j, const char *name, const CK_UTF8CHAR *field, size_t size)
{
	size_t len = strnlen((const char *)field, size);

	while (len > 0 && field[len - 1] == ' ')
		len--;
	json_text(j, name, field, len);
}

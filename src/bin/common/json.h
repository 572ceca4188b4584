/*
 * JSON on standard output, indented by two blanks a level. The caller opens and closes what it
 * writes into; commas and line ends come by themselves. Text may be any bytes: what is no UTF-8
 * becomes U+FFFD.
 */
#ifndef BIN_COMMON_JSON_H
#define BIN_COMMON_JSON_H

#include "common/base.h"

struct json {
	unsigned depth;
	bool first; /* nothing was written at this level yet */
};

/* Each begins a member; name is NULL within an array, and for the outermost value. */
void json_open(struct json *j, const char *name, char bracket); /* '{' or '[' */
void json_close(struct json *j, char bracket);			/* '}' or ']' */
void json_text(struct json *j, const char *name, const void *text, size_t len);
void json_string(struct json *j, const char *name, const char *text); /* NULL: null */
void json_number(struct json *j, const char *name, unsigned long number);
void json_flag(struct json *j, const char *name, bool flag);
void json_hex(struct json *j, const char *name, const unsigned char *data, size_t len);

/* A field of PKCS#11: without the blanks that pad it, and up to a NUL if there is one. */
void json_field(struct json *j, const char *name, const CK_UTF8CHAR *field, size_t size);

#endif

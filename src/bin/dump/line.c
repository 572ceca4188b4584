#include "config.h"

#include "bin/dump/line.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/attrset.h"
#include "pkcs11/names.h"
#include "slot/token_attrs.h"

/* Bytes to a line. */
#define WIDTH 8
/* PKCS#11's numbers have 32 bits wherever CK_ULONG does. */
#define NUMBER_MAX UINT32_MAX
#define VENDOR UINT64_C(0x80000000)

static const char *token_attribute(CK_ATTRIBUTE_TYPE type)
{
	switch (type) {
	case CKA_OS_TOKENLABEL:
		return "CKA_OS_TOKENLABEL";
	case CKA_OS_TOKENSERIAL:
		return "CKA_OS_TOKENSERIAL";
	case CKA_OS_TOKENFLAGS:
		return "CKA_OS_TOKENFLAGS";
	case CKA_OS_SOPIN:
		return "CKA_OS_SOPIN";
	case CKA_OS_USERPIN:
		return "CKA_OS_USERPIN";
	case CKA_OS_SOTRIES:
		return "CKA_OS_SOTRIES";
	case CKA_OS_USERTRIES:
		return "CKA_OS_USERTRIES";
	default:
		return NULL;
	}
}

static const char *attribute_name(CK_ULONG v)
{
	const char *name = token_attribute(v);

	return name != NULL ? name : cka_name(v);
}

static const char *feature_name(CK_ULONG v)
{
	static const char *const names[] = {
		[CKH_MONOTONIC_COUNTER] = "CKH_MONOTONIC_COUNTER",
		[CKH_CLOCK] = "CKH_CLOCK",
		[CKH_USER_INTERFACE] = "CKH_USER_INTERFACE",
	};

	return v < ARRAY_LEN(names) ? names[v] : NULL;
}

/* The kinds of constants. */
struct constants {
	const char *prefix;
	const char *what;
	const char *(*name)(CK_ULONG v);
};

static const struct constants attributes = { "CKA", "attribute type", attribute_name };
static const struct constants mechanisms = { "CKM", "mechanism type", ckm_name };

/* Attributes whose number is a constant. */
static const struct {
	CK_ATTRIBUTE_TYPE type;
	struct constants of;
} coded[] = {
	{ CKA_CLASS, { "CKO", "object class", cko_name } },
	{ CKA_CERTIFICATE_TYPE, { "CKC", "certificate type", ckc_name } },
	{ CKA_KEY_TYPE, { "CKK", "key type", ckk_name } },
	{ CKA_HW_FEATURE_TYPE, { "CKH", "hw feature type", feature_name } },
	{ CKA_KEY_GEN_MECHANISM, { "CKM", "mechanism type", ckm_name } },
	{ CKA_MECHANISM_TYPE, { "CKM", "mechanism type", ckm_name } },
};

static void print_bytes(const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		printf("%s%02x", i > 0 ? " " : "", p[i]);
}

static void print_number(uint64_t v)
{
	unsigned char bytes[WIDTH];

	for (size_t i = 0; i < WIDTH; i++)
		bytes[i] = (unsigned char)(v >> (8 * (WIDTH - 1 - i)));
	print_bytes(bytes, WIDTH);
}

static void begin(uint64_t v, bool indent)
{
	print_number(v);
	fputs(indent ? "  " : " ", stdout);
}

static void print_constant(const struct constants *c, uint64_t v)
{
	const char *name = v <= NUMBER_MAX ? c->name((CK_ULONG)v) : NULL;

	if (name != NULL)
		puts(name);
	else if (v > NUMBER_MAX)
		printf("overflow %s\n", c->what);
	else if (v >= VENDOR)
		printf("%s_VENDOR_DEFINED | 0x%" PRIx64 "\n", c->prefix, v - VENDOR);
	else
		printf("unknown 0x%" PRIx64 "\n", v);
}

void line_rest(const struct reader *r, const char *note)
{
	print_bytes(r->p, r->left < WIDTH ? r->left : WIDTH);
	puts(note);
}

void line_generation(uint64_t v)
{
	begin(v, false);
	printf("generation %" PRIu64 "\n", v);
}

void line_type(uint64_t v, bool indent)
{
	begin(v, indent);
	print_constant(&attributes, v);
}

void line_mechanism(uint64_t v, bool indent)
{
	begin(v, indent);
	print_constant(&mechanisms, v);
}

void line_kind(uint64_t v, bool indent)
{
	static const char *const names[] = {
		[ATTR_BOOL] = "boolean attribute",   [ATTR_ULONG] = "unsigned long attribute",
		[ATTR_BYTES] = "byte string attribute", [ATTR_MAP] = "attribute map attribute",
		[ATTR_MECHS] = "mechanism set attribute",
	};

	begin(v, indent);
	puts(v > 0 && v < ARRAY_LEN(names) ? names[v] : "unknown attribute format");
}

void line_length(uint64_t v, bool indent)
{
	begin(v, indent);
	printf("(length %" PRIu64 ")\n", v);
}

void line_number(uint64_t type, uint64_t v, bool indent)
{
	begin(v, indent);
	if (v == UNAVAILABLE) {
		puts("CK_UNAVAILABLE_INFORMATION");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(coded); i++) {
		if (coded[i].type == type) {
			print_constant(&coded[i].of, v);
			return;
		}
	}
	printf("CK_ULONG %" PRIu64 "(0x%" PRIx64 ")\n", v, v);
}

void line_flag(unsigned char v, bool indent)
{
	const char *meaning = v == 0 ? "FALSE" : v == 0xff ? "TRUE" : "(invalid) TRUE";

	printf("%02x%*s%s\n", v, indent ? 23 : 22, "", meaning);
}

static void print_line(const unsigned char *p, size_t len, bool indent)
{
	print_bytes(p, len);
	printf("%*s<", (int)(3 * (WIDTH - len) + (indent ? 2 : 1)), "");
	for (size_t i = 0; i < WIDTH; i++)
		putchar(i >= len ? ' ' : p[i] > ' ' && p[i] < 0x7f ? p[i] : '.');
	puts(">");
}

void line_bytes(const unsigned char *data, size_t len, bool indent)
{
	for (size_t i = 0; i < len; i += WIDTH)
		print_line(data + i, len - i < WIDTH ? len - i : WIDTH, indent);
}

void line_overflow(uint64_t v, const char *what)
{
	print_number(v);
	printf(" overflow %s...\n", what);
}

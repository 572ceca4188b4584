/*
 * The lines of a dump: up to 8 bytes in hexadecimal, and what they mean. indent puts one blank
 * more between the two, for what is within a template.
 */
#ifndef BIN_DUMP_LINE_H
#define BIN_DUMP_LINE_H

#include "common/buf.h"

/* The next bytes alone, and a note behind them: "..." for what is no longer understood. */
void line_rest(const struct reader *r, const char *note);

/* A number with its meaning. */
void line_generation(uint64_t v);
void line_type(uint64_t v, bool indent);
void line_kind(uint64_t v, bool indent);
void line_length(uint64_t v, bool indent);
void line_mechanism(uint64_t v, bool indent);

/* The value of an attribute. */
void line_number(uint64_t type, uint64_t v, bool indent);
void line_flag(unsigned char v, bool indent);

/* As many lines as it takes. */
void line_bytes(const unsigned char *data, size_t len, bool indent);

/* A number that cannot be what it should. */
void line_overflow(uint64_t v, const char *what);

#endif

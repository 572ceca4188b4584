/*
 * The blobs of the database store: numbers of 8 bytes, and kinds of 4, in the order of the machine
 * (docs/STORAGE.md).
 */
#ifndef BIN_DUMP_NATIVE_H
#define BIN_DUMP_NATIVE_H

#include "common/base.h"

/* Prints the entries of a template, as far as they can be understood; false when not all can. */
bool native_template(const unsigned char *data, size_t len) MUST_CHECK;

/* The same for a set of mechanisms. */
bool native_mechanisms(const unsigned char *data, size_t len, bool nested) MUST_CHECK;

#endif

/* The dump of an object file, in the order of the file. */
#ifndef BIN_DUMP_DUMP_FILE_H
#define BIN_DUMP_DUMP_FILE_H

#include "common/base.h"

/*
 * Prints len hostile bytes, as far as they can be understood; what follows the first fault is left
 * out. false when there is one: *offset is where it begins.
 */
bool dump_file(const unsigned char *data, size_t len, size_t *offset) MUST_CHECK;

#endif

/* Names for what is damaged and set aside: no backend takes them for its own. */
#ifndef OBJECT_STORE_ASIDE_H
#define OBJECT_STORE_ASIDE_H

#include "object_store/file/file_io.h"

/*
 * "NAME.damaged", or with a number behind it, whichever is free in the open directory.
 * CKR_DEVICE_ERROR: none is.
 */
CK_RV aside_name(const struct file_dir *d, const char *name, struct file_name *out) MUST_CHECK;

#endif

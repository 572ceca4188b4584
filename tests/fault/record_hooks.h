/* What the shim tells the recorder, after each call that succeeded. */
#ifndef TESTS_FAULT_RECORD_HOOKS_H
#define TESTS_FAULT_RECORD_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

bool record_on(void);
/* Before a call that may make the name: is it there already? */
bool record_exists(int dir, const char *name);
void record_opened(int fd, int dir, const char *name, int flags, bool existed);
void record_written(int fd, const void *data, size_t len, off_t offset);
void record_truncated(int fd, off_t size);
void record_synced(int fd);
void record_linked(int dir, const char *name);
void record_renamed(int dir, const char *name, int to_dir, const char *to_name);
void record_unlinked(int dir, const char *name);

#endif

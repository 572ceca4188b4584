/*
 * The configuration, seen before any work begins, so that its faults are told where the user looks.
 */
#ifndef BIN_UTIL_STARTUP_H
#define BIN_UTIL_STARTUP_H

#include <dirent.h>

#include "common/conf.h"
#include "object_store/store.h"

/*
 * Loads the configuration and finds its object store. false, reported with all that was noticed in
 * the file, when one of them is not usable. The caller owns *conf (conf_free).
 */
bool startup_conf(struct conf **conf, const struct store_backend **backend);

/*
 * Reports that tokendir cannot be listed: the line that scripts know, then the cause (errno) and
 * where it was set.
 */
void startup_bad_tokendir(const struct conf *c, const char *prefix);

/* All that C_Initialize will need from the configuration. false, reported. */
bool startup_check(void);

#endif

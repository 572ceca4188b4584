/* What the command line says, and the actions that it can name. */
#ifndef BIN_UTIL_OPTIONS_H
#define BIN_UTIL_OPTIONS_H

#include "bin/util/p11.h"
#include "common/secmem.h"

struct options;

struct action {
	/*
	 * true on success; failures have been reported. p is started, or NULL for an action that
	 * uses no module.
	 */
	bool (*run)(const struct options *o, struct p11 *p);
	bool uses_module;
};

/* The texts borrow from argv; NULL where an option was not given. */
struct options {
	const struct action *action;
	char *import_path;
	char *import_type;
	char *generate;
	char *export;
	char *export_type;
	char *show_config; /* NULL: all */
	char *slot;
	char *token;
	char *serial;
	char *label;
	char *id;
	char *module;
	char *to;
	char *backup_path;
	char *restore_path;
	struct secbuf *pin;
	struct secbuf *so_pin;
	struct secbuf *file_pin;
	bool free;
	bool aes;
	bool force;
	bool no_public_key;
	bool extractable;
	bool json;
	bool repair;
};

/*
 * Reads the command line. PINs are copied and wiped from argv, so that a list of processes does not
 * show them for long. -1: go on with o->action. Otherwise the exit status: help or the version was
 * wanted, or there is nothing to run.
 */
int options_read(struct options *o, int argc, char **argv);

void options_wipe(struct options *o);

extern const struct action action_show_slots;
extern const struct action action_init_token;
extern const struct action action_import;
extern const struct action action_delete_token;
extern const struct action action_list_objects;
extern const struct action action_generate;
extern const struct action action_export;
extern const struct action action_show_config;
extern const struct action action_convert;
extern const struct action action_backup;
extern const struct action action_restore;
extern const struct action action_check;

#endif

/* The command line of a tool as a table: a row an option, which also is its line of the help. */
#ifndef BIN_COMMON_OPTION_TABLE_H
#define BIN_COMMON_OPTION_TABLE_H

#include "common/base.h"

enum option_kind {
	ACTION,      /* an action without argument */
	ACTION_TEXT, /* an action with one */
	ACTION_MAYBE_TEXT, /* an action with one that may be left out */
	TEXT,
	SECRET, /* see secret.h; a struct secbuf *, which the caller frees */
	FLAG,
	HELP,
	VERSION_WANTED
};

struct option_row {
	const char *name;
	const char *argument; /* its name in the help, or NULL */
	enum option_kind kind;
	size_t member; /* offset in the struct of values; texts are borrowed from argv */
	const void *action;
	int letter;       /* the short form, or 0 */
	const char *help; /* lines are broken at \n */
};

struct option_table {
	const struct option_row *rows;
	size_t count; /* at most OPTION_ROWS_MAX */
	const char *head; /* of the help, a line or more */
};

#define OPTION_ROWS_MAX 64

struct option_taken {
	const void *action; /* the last one named */
	unsigned actions;
};

/*
 * Reads the command line into values, a struct in which each row's member lies, zeroed before. -1:
 * go on. Otherwise the exit status: help or the version was wanted, or a secret could not be read.
 */
int option_table_read(const struct option_table *t, int argc, char **argv, void *values,
		      struct option_taken *taken);

void option_table_help(const struct option_table *t);

#endif

#include "config.h"

#include "bin/common/option_table.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bin/common/message.h"
#include "bin/common/secret.h"
#include "common/str.h"

/* A name is shown as meant when so few edits make it one that is known. */
#define DISTANCE_MAX 3

/* What getopt_long answers for row i. */
#define ROW_VALUE(i) (0x100 + (int)(i))

static bool names_action(const struct option_row *r)
{
	return r->kind == ACTION || r->kind == ACTION_TEXT || r->kind == ACTION_MAYBE_TEXT;
}

static bool has_actions(const struct option_table *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (names_action(&t->rows[i]))
			return true;
	return false;
}

static void print_option(const struct option_row *r)
{
	const char *open = r->kind == ACTION_MAYBE_TEXT ? "[" : "<";
	const char *close = r->kind == ACTION_MAYBE_TEXT ? "]" : ">";
	bool with = r->argument != NULL;
	char option[40];

	snprintf(option, sizeof(option), "--%s%s%s%s%s", r->name, with ? " " : "",
		 with ? open : "", with ? r->argument : "", with ? close : "");
	if (r->letter != 0)
		printf("  -%c, %-19s", r->letter, option);
	else
		printf("  %-23s", option);
}

static void print_row(const struct option_row *r)
{
	const char *line = r->help;

	print_option(r);
	while (*line != '\0') {
		int len = (int)strcspn(line, "\n");

		printf(" %.*s\n", len, line);
		line += len;
		if (*line == '\n') {
			line++;
			printf("%25s", "");
		}
	}
}

static void print_rows(const struct option_table *t, bool actions)
{
	for (size_t i = 0; i < t->count; i++)
		if ((names_action(&t->rows[i]) || t->rows[i].letter != 0) == actions)
			print_row(&t->rows[i]);
}

void option_table_help(const struct option_table *t)
{
	puts(t->head);
	if (has_actions(t))
		puts("Actions, of which there must be one:");
	else
		puts("Options:");
	print_rows(t, true);
	if (has_actions(t))
		puts("Options:");
	print_rows(t, false);
}

/* Moves the secret into secure memory. */
static int take_secret(struct secbuf **field, char *text)
{
	struct secbuf *secret = secret_take(text);

	if (secret == NULL)
		return EXIT_FAILURE;
	secbuf_free(*field);
	*field = secret;
	return -1;
}

static int take(const struct option_table *t, const struct option_row *r, char *text, void *values,
		struct option_taken *taken)
{
	char *member = (char *)values + r->member;

	switch (r->kind) {
	case HELP:
		option_table_help(t);
		return EXIT_SUCCESS;
	case VERSION_WANTED:
		puts(PACKAGE_VERSION);
		return EXIT_SUCCESS;
	case SECRET:
		return take_secret((struct secbuf **)(void *)member, text);
	case FLAG:
		*(bool *)member = true;
		return -1;
	case ACTION:
	case ACTION_TEXT:
	case ACTION_MAYBE_TEXT:
		taken->action = r->action;
		taken->actions++;
		break;
	case TEXT:
		break;
	}
	if (text != NULL)
		*(char **)(void *)member = text;
	return -1;
}

/* NULL for an option that is not in the table. */
static const struct option_row *find_row(const struct option_table *t, int value)
{
	for (size_t i = 0; i < t->count; i++)
		if (value == ROW_VALUE(i) || value == t->rows[i].letter)
			return &t->rows[i];
	return NULL;
}

/* getopt wants an optional argument within the same word; we take the next one as well. */
static char *argument_of(const struct option_row *r, int argc, char **argv)
{
	if (r->kind == ACTION_MAYBE_TEXT && optarg == NULL && optind < argc &&
	    argv[optind][0] != '-')
		return argv[optind++];
	return optarg;
}

/* The option that resembles most what begins with --, if one does. */
static void hint_at(const struct option_table *t, const char *wrong)
{
	size_t least = DISTANCE_MAX + 1;
	const char *best = NULL;
	char name[32];

	if (wrong == NULL || strncmp(wrong, "--", 2) != 0)
		return;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(wrong + 2, "="), wrong + 2);
	for (size_t i = 0; i < t->count; i++) {
		size_t d = str_distance(name, t->rows[i].name);

		/* One that it is an abbreviation of was not clear, or lacks its argument. */
		if (strncmp(name, t->rows[i].name, strlen(name)) == 0)
			return;
		if (d < least && d <= strlen(t->rows[i].name) / 2) {
			least = d;
			best = t->rows[i].name;
		}
	}
	if (best != NULL)
		message_hint("did you mean --%s?", best);
}

static void fill(const struct option_table *t, struct option *longs)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct option_row *r = &t->rows[i];

		longs[i].name = r->name;
		longs[i].has_arg = r->kind == ACTION_MAYBE_TEXT ? optional_argument
				   : r->argument != NULL        ? required_argument
								: no_argument;
		longs[i].val = ROW_VALUE(i);
	}
}

int option_table_read(const struct option_table *t, int argc, char **argv, void *values,
		      struct option_taken *taken)
{
	struct option longs[OPTION_ROWS_MAX + 1] = { { 0 } };
	int status = -1;
	int value;

	memset(taken, 0, sizeof(*taken));
	fill(t, longs);
	while (status < 0 && (value = getopt_long(argc, argv, "hv", longs, NULL)) != -1) {
		const struct option_row *r = find_row(t, value);

		if (r != NULL) {
			status = take(t, r, argument_of(r, argc, argv), values, taken);
		} else {
			option_table_help(t); /* scripts count on 0 here, as in SoftHSM 2 */
			fflush(stdout);
			hint_at(t, argv[optind - 1]);
			status = EXIT_SUCCESS;
		}
	}
	return status;
}

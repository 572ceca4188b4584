#include "config.h"

#include "bin/util/options.h"

#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bin/common/message.h"

enum kind {
	ACTION,      /* an action without argument */
	ACTION_TEXT, /* an action with one */
	TEXT,
	SECRET,
	FLAG,
	HELP,
	VERSION_WANTED
};

struct row {
	const char *name;
	const char *argument; /* its name in the help, or NULL */
	enum kind kind;
	size_t member; /* offset in struct options */
	const struct action *action;
	int letter;       /* the short form, or 0 */
	const char *help; /* lines are broken at \n */
};

#define MEMBER(m) offsetof(struct options, m)

/* clang-format off: an entry is its names and its help */
static const struct row rows[] = {
	{ "show-slots", NULL, ACTION, 0, &action_show_slots, 0,
	  "Lists the slots and their tokens." },
	{ "init-token", NULL, ACTION, 0, &action_init_token, 0,
	  "Makes a token, or erases one and makes it anew.\n"
	  "Needs --slot, --token, --serial or --free; --label;\n"
	  "asks for what --so-pin and --pin do not give." },
	{ "import", "path", ACTION_TEXT, MEMBER(import_path), &action_import, 0,
	  "Stores the key pair of a PKCS#8 file (PEM or DER).\n"
	  "Needs --slot, --token or --serial; --label; --id.\n"
	  "See also --pin, --file-pin, --no-public-key, --import-type." },
	{ "delete-token", NULL, ACTION, 0, &action_delete_token, 0,
	  "Deletes a token and all that it holds, without a PIN.\n"
	  "Needs --token, --serial or both." },
	{ "show-config", "key", ACTION_TEXT, MEMBER(show_config), &action_show_config, 0,
	  "Prints a value. The key: default-pkcs11-lib." },
	{ "help", NULL, HELP, 0, NULL, 'h', "Prints this text." },
	{ "version", NULL, VERSION_WANTED, 0, NULL, 'v', "Prints the version." },
	{ "slot", "number", TEXT, MEMBER(slot), NULL, 0,
	  "The slot: decimal, or hexadecimal after 0x." },
	{ "token", "label", TEXT, MEMBER(token), NULL, 0, "The token with that label." },
	{ "serial", "serial", TEXT, MEMBER(serial), NULL, 0, "The token with that serial number." },
	{ "free", NULL, FLAG, MEMBER(free), NULL, 0,
	  "The first slot whose token is not initialised." },
	{ "label", "text", TEXT, MEMBER(label), NULL, 0, "The label of the new token or object." },
	{ "id", "hex", TEXT, MEMBER(id), NULL, 0, "The id of the new object, in hexadecimal." },
	{ "pin", "PIN", SECRET, MEMBER(pin), NULL, 0, "The user's PIN." },
	{ "so-pin", "PIN", SECRET, MEMBER(so_pin), NULL, 0, "The security officer's PIN." },
	{ "file-pin", "PIN", SECRET, MEMBER(file_pin), NULL, 0,
	  "The password of the file to import." },
	{ "import-type", "type", TEXT, MEMBER(import_type), NULL, 0,
	  "What the file holds: keypair (default), aes or cert." },
	{ "aes", NULL, FLAG, MEMBER(aes), NULL, 0, "The same as --import-type aes." },
	{ "no-public-key", NULL, FLAG, MEMBER(no_public_key), NULL, 0,
	  "Stores the private key of the pair alone." },
	{ "force", NULL, FLAG, MEMBER(force), NULL, 0,
	  "Imports although another object has the id." },
	{ "module", "path", TEXT, MEMBER(module), NULL, 0, "Uses another PKCS#11 module." },
};
/* clang-format on */

/* What getopt_long answers for row i. */
#define ROW_VALUE(i) (0x100 + (int)(i))

static bool is_action(const struct row *r)
{
	return r->kind == ACTION || r->kind == ACTION_TEXT || r->letter != 0;
}

static void print_row(const struct row *r)
{
	char option[32];
	const char *line = r->help;

	snprintf(option, sizeof(option), "--%s%s%s%s", r->name, r->argument != NULL ? " <" : "",
	         r->argument != NULL ? r->argument : "", r->argument != NULL ? ">" : "");
	if (r->letter != 0)
		printf("  -%c, %-19s", r->letter, option);
	else
		printf("  %-23s", option);
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

static void print_rows(bool actions)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (is_action(&rows[i]) == actions)
			print_row(&rows[i]);
}

static void print_help(void)
{
	puts("Makes and deletes tokens, lists them, and puts keys into them.");
	puts("Usage: softhsm2-util ACTION [OPTION]...");
	puts("Actions, of which there must be one:");
	print_rows(true);
	puts("Options:");
	print_rows(false);
}

/* Moves the text into secure memory. */
static bool take_secret(struct secbuf **field, char *text)
{
	secbuf_free(*field);
	*field = secbuf_from(text, strlen(text));
	OPENSSL_cleanse(text, strlen(text));
	if (*field == NULL)
		message_error("Out of memory.");
	return *field != NULL;
}

static int take(struct options *o, const struct row *r, char *text)
{
	char *member = (char *)o + r->member;

	switch (r->kind) {
	case HELP:
		print_help();
		return EXIT_SUCCESS;
	case VERSION_WANTED:
		puts(PACKAGE_VERSION);
		return EXIT_SUCCESS;
	case SECRET:
		return take_secret((struct secbuf **)(void *)member, text) ? -1 : EXIT_FAILURE;
	case FLAG:
		*(bool *)member = true;
		return -1;
	case ACTION:
	case ACTION_TEXT:
		o->action = r->action;
		o->action_count++;
		break;
	case TEXT:
		break;
	}
	if (text != NULL)
		*(char **)(void *)member = text;
	return -1;
}

/* NULL for an option that is not in the table. */
static const struct row *find_row(int value)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (value == ROW_VALUE(i) || value == rows[i].letter)
			return &rows[i];
	return NULL;
}

int options_read(struct options *o, int argc, char **argv)
{
	struct option longs[ARRAY_LEN(rows) + 1] = { { 0 } };
	int status = -1;
	int value;

	memset(o, 0, sizeof(*o));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		longs[i].name = rows[i].name;
		longs[i].has_arg = rows[i].argument != NULL ? required_argument : no_argument;
		longs[i].val = ROW_VALUE(i);
	}
	while (status < 0 && (value = getopt_long(argc, argv, "hv", longs, NULL)) != -1) {
		const struct row *r = find_row(value);

		if (r != NULL) {
			status = take(o, r, optarg);
		} else {
			print_help(); /* scripts count on 0 here, as in SoftHSM 2 */
			status = EXIT_SUCCESS;
		}
	}
	if (status < 0 && o->action_count != 1) {
		print_help();
		status = EXIT_FAILURE;
	}
	return status;
}

void options_wipe(struct options *o)
{
	secbuf_free(o->pin);
	secbuf_free(o->so_pin);
	secbuf_free(o->file_pin);
}

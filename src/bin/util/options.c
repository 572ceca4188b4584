#include "config.h"

#include "bin/util/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bin/common/message.h"
#include "bin/common/option_table.h"

#define MEMBER(m) offsetof(struct options, m)

/* clang-format off: an entry is its names and its help */
static const struct option_row rows[] = {
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
	{ "list-objects", NULL, ACTION, 0, &action_list_objects, 0,
	  "Lists what a token holds; without --pin what is public.\n"
	  "Needs --slot, --token or --serial." },
	{ "generate", "type", ACTION_TEXT, MEMBER(generate), &action_generate, 0,
	  "Makes a key: rsa:2048, ec:P-256, ed25519, ed448, x25519,\n"
	  "x448, aes:256 or generic:256 (all sizes in bits).\n"
	  "Needs --slot, --token or --serial; --label; --id." },
	{ "export", "path", ACTION_TEXT, MEMBER(export), &action_export, 0,
	  "Writes an object to a file, - is standard output: see\n"
	  "--export-type. Needs --slot, --token or --serial; --label,\n"
	  "--id or both." },
	{ "convert", NULL, ACTION, 0, &action_convert, 0,
	  "Turns a token into one of another backend: --to; needs\n"
	  "--slot, --token or --serial." },
	{ "backup", "file", ACTION_TEXT, MEMBER(backup_path), &action_backup, 0,
	  "Writes a token into an archive; - is standard output.\n"
	  "Needs --slot, --token or --serial." },
	{ "restore", "file", ACTION_TEXT, MEMBER(restore_path), &action_restore, 0,
	  "Makes a token from an archive; - is standard input." },
	{ "check", NULL, ACTION, 0, &action_check, 0,
	  "Reads every token and object and lists what is damaged.\n"
	  "See also --repair; --pin with --slot, --token or --serial." },
	{ "show-config", "key", ACTION_MAYBE_TEXT, MEMBER(show_config), &action_show_config, 0,
	  "Prints a value of the configuration, or\n"
	  "default-pkcs11-lib; without a key all of it." },
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
	{ "pin", "PIN", SECRET, MEMBER(pin), NULL, 0,
	  "The user's PIN: itself, env:NAME, file:PATH, or -\n"
	  "for a line of standard input." },
	{ "so-pin", "PIN", SECRET, MEMBER(so_pin), NULL, 0, "The security officer's PIN." },
	{ "file-pin", "PIN", SECRET, MEMBER(file_pin), NULL, 0,
	  "The password of the file to import or export." },
	{ "import-type", "type", TEXT, MEMBER(import_type), NULL, 0,
	  "What the file holds: keypair (default), pubkey, aes,\n"
	  "cert, chain (certificates) or p12 (PKCS#12)." },
	{ "export-type", "type", TEXT, MEMBER(export_type), NULL, 0,
	  "What is exported: pubkey (default), cert, or keypair:\n"
	  "an extractable private key, encrypted with --file-pin." },
	{ "aes", NULL, FLAG, MEMBER(aes), NULL, 0, "The same as --import-type aes." },
	{ "no-public-key", NULL, FLAG, MEMBER(no_public_key), NULL, 0,
	  "Stores the private key of the pair alone." },
	{ "extractable", NULL, FLAG, MEMBER(extractable), NULL, 0,
	  "Lets the new private or secret key be exported." },
	{ "json", NULL, FLAG, MEMBER(json), NULL, 0,
	  "Lists in JSON: slots, objects, the configuration,\n"
	  "what --check finds." },
	{ "force", NULL, FLAG, MEMBER(force), NULL, 0,
	  "Goes on where something is in the way: an object with\n"
	  "the id to import, a file or a token to replace, damage." },
	{ "to", "backend", TEXT, MEMBER(to), NULL, 0, "The backend to convert to: file or db." },
	{ "repair", NULL, FLAG, MEMBER(repair), NULL, 0,
	  "Sets damaged objects aside, so that they are not read." },
	{ "module", "path", TEXT, MEMBER(module), NULL, 0, "Uses another PKCS#11 module." },
};
/* clang-format on */

_Static_assert(ARRAY_LEN(rows) <= OPTION_ROWS_MAX, "the table has room for the rows");

static const struct option_table table = {
	rows, ARRAY_LEN(rows),
	"Makes and deletes tokens, lists them, and puts keys into them.\n"
	"Usage: softhsm2-util ACTION [OPTION]..."
};

int options_read(struct options *o, int argc, char **argv)
{
	struct option_taken taken;
	int status;

	memset(o, 0, sizeof(*o));
	status = option_table_read(&table, argc, argv, o, &taken);
	o->action = taken.action;
	/* Where it means nothing else it is --token, shortened, as it always was. */
	if (o->action != &action_convert && o->token == NULL)
		o->token = o->to;
	if (status < 0 && taken.actions != 1) {
		option_table_help(&table);
		fflush(stdout);
		if (taken.actions > 1)
			message_hint("these are %u actions; there must be one", taken.actions);
		else if (argc > 1)
			message_hint("there is no action among the options");
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

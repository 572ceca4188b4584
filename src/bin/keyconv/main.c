/* softhsm2-keyconv: BIND's private keys to PKCS#8 and back. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bin/common/key_file.h"
#include "bin/common/message.h"
#include "bin/common/option_table.h"
#include "bin/common/out_file.h"
#include "bin/keyconv/bind.h"
#include "crypto/key/keytype.h"
#include "crypto/ossl/ossl.h"

struct keyconv {
	char *in;
	char *out;
	char *algorithm;
	struct secbuf *pin;
};

#define MEMBER(m) offsetof(struct keyconv, m)

/* clang-format off: an entry is its names and its help */
static const struct option_row rows[] = {
	{ "help", NULL, HELP, 0, NULL, 'h', "Prints this text." },
	{ "version", NULL, VERSION_WANTED, 0, NULL, 'v', "Prints the version." },
	{ "in", "path", TEXT, MEMBER(in), NULL, 0,
	  "The file to read: BIND's .private format, or a\n"
	  "private key in PKCS#8 (PEM or DER)." },
	{ "out", "path", TEXT, MEMBER(out), NULL, 0,
	  "The file to write, in the other of the two formats;\n"
	  "- is standard output." },
	{ "pin", "PIN", SECRET, MEMBER(pin), NULL, 0,
	  "The password of the PKCS#8 file: itself, env:NAME,\n"
	  "file:PATH, or - for a line of standard input." },
	{ "algorithm", "name", TEXT, MEMBER(algorithm), NULL, 0,
	  "To BIND's format: the DNSSEC algorithm, by number or\n"
	  "name, e.g. 8 or RSASHA256. Only RSA and DSA keys need it." },
};
/* clang-format on */

static const struct option_table table = {
	rows, ARRAY_LEN(rows),
	"Converts private keys from BIND's format to PKCS#8 and back.\n"
	"Usage: softhsm2-keyconv --in <path> --out <path> [OPTION]..."
};

static bool write_out(const struct keyconv *k, const struct secbuf *data)
{
	if (data == NULL)
		return false;
	if (!out_file_write(k->out, data->data, data->len, true)) {
		message_error("Could not open the output file: %s (errno %d)", k->out, errno);
		return false;
	}
	if (strcmp(k->out, "-") != 0)
		printf("The key has been written to %s\n", k->out);
	return true;
}

static bool from_bind(const struct keyconv *k, const struct secbuf *file)
{
	const struct bind_algorithm *algorithm = NULL;
	struct attrset *parts = NULL;
	struct secbuf *der = NULL;
	struct secbuf *pem = NULL;
	bool ok;

	if (bind_read((const char *)file->data, file->len, &algorithm, &parts))
		der = bind_to_pkcs8(algorithm, parts);
	if (der != NULL)
		pem = out_file_pkcs8(der, k->pin);
	ok = write_out(k, pem);
	secbuf_free(pem);
	secbuf_free(der);
	attrset_free(parts);
	return ok;
}

/* NULL, reported, when the key has none, or not the one asked for. */
static const struct bind_algorithm *choose(const struct keyconv *k, CK_KEY_TYPE type,
					   const struct attrset *parts)
{
	const struct bind_algorithm *a = k->algorithm != NULL
						 ? bind_algorithm_named(k->algorithm)
						 : bind_algorithm_of(type, parts);

	if (a == NULL && k->algorithm != NULL)
		message_error("The algorithm %s is not supported.", k->algorithm);
	else if (a == NULL && (type == CKK_RSA || type == CKK_DSA))
		message_error("The algorithm must be supplied. Use --algorithm <name>, e.g. %s",
			      type == CKK_RSA ? "RSASHA256" : "DSA");
	else if (a == NULL)
		message_error("DNSSEC has no algorithm for such a key.");
	else if (!bind_fits(a, type, parts))
		message_error("The key is not one of algorithm %d (%s).", a->number, a->name);
	else
		return a;
	return NULL;
}

/* The text for a key taken apart; the public value of DSA is added to the private part. */
static struct secbuf *text_of(const struct keyconv *k, EVP_PKEY *key)
{
	struct attrset *pub = attrset_new(false);
	struct attrset *priv = attrset_new(true);
	const struct bind_algorithm *a = NULL;
	struct secbuf *text = NULL;
	const unsigned char *y;
	CK_KEY_TYPE type = 0;
	CK_RV rv = CKR_HOST_MEMORY;
	size_t len;

	if (pub != NULL && priv != NULL)
		rv = keytype_from_pkey(key, &type, pub, priv);
	if (rv == CKR_OK && type == CKK_DSA && attrset_bytes(pub, CKA_VALUE, &y, &len))
		rv = attrset_set_bytes(priv, BIND_DSA_PUBLIC, y, len);
	if (rv != CKR_OK)
		message_error("Cannot handle this algorithm.");
	else
		a = choose(k, type, priv);
	if (a != NULL)
		text = bind_write(a, priv);
	attrset_free(pub);
	attrset_free(priv);
	return text;
}

static bool to_bind(const struct keyconv *k, const struct secbuf *file)
{
	EVP_PKEY *key = key_file_decode(file, k->pin, "--pin");
	struct secbuf *text = key != NULL ? text_of(k, key) : NULL;
	bool ok = write_out(k, text);

	secbuf_free(text);
	EVP_PKEY_free(key);
	return ok;
}

/* PEM, or a SEQUENCE in DER that is the whole file or has a long length? */
static bool is_pkcs8(const struct secbuf *file)
{
	static const char begin[] = "-----BEGIN ";

	if (file->len >= 2 && file->data[0] == 0x30)
		return file->data[1] >= 0x80 || file->data[1] + (size_t)2 == file->len;
	for (size_t i = 0; i + strlen(begin) <= file->len; i++)
		if ((i == 0 || file->data[i - 1] == '\n') &&
		    memcmp(file->data + i, begin, strlen(begin)) == 0)
			return true;
	return false;
}

static bool run(const struct keyconv *k)
{
	struct secbuf *file = NULL;
	enum file_state state;
	bool ok;

	if (k->in == NULL || k->out == NULL) {
		if (k->in == NULL)
			message_error("A path to the input file must be supplied. Use --in <path>");
		else
			message_error("A path to the output file must be supplied. "
				      "Use --out <path>");
		return false;
	}
	state = key_file_read(k->in, &file);
	if (state != FILE_READ) {
		message_error("Could not open input file %s for reading.", k->in);
		if (state == FILE_NOT_OPEN)
			key_file_hint(k->in);
		return false;
	}
	ok = is_pkcs8(file) ? to_bind(k, file) : from_bind(k, file);
	secbuf_free(file);
	return ok;
}

int main(int argc, char **argv)
{
	struct keyconv k = { 0 };
	struct option_taken taken;
	int status = option_table_read(&table, argc, argv, &k, &taken);

	if (status < 0 && argc == 1) {
		option_table_help(&table);
		status = EXIT_SUCCESS;
	}
	if (status < 0) {
		status = EXIT_FAILURE;
		if (ossl_open() != CKR_OK)
			message_error("Could not start OpenSSL.");
		else if (run(&k))
			status = EXIT_SUCCESS;
		ossl_close();
	}
	secbuf_free(k.pin);
	if (fflush(stdout) != 0) {
		message_error("Could not write to standard output.");
		status = EXIT_FAILURE;
	}
	return status;
}

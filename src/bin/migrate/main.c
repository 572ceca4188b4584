/* softhsm2-migrate: takes the keys of a SoftHSM 1 database over into a token. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bin/common/attr_list.h"
#include "bin/common/message.h"
#include "bin/common/option_table.h"
#include "bin/migrate/v1.h"
#include "bin/util/login.h"
#include "bin/util/select.h"
#include "bin/util/startup.h"

struct migration {
	struct options o; /* of softhsm2-util, whose ways to name a token these are */
	char *db;
};

#define MEMBER(m) offsetof(struct migration, m)

/* clang-format off: an entry is its names and its help */
static const struct option_row rows[] = {
	{ "help", NULL, HELP, 0, NULL, 'h', "Prints this text." },
	{ "version", NULL, VERSION_WANTED, 0, NULL, 'v', "Prints the version." },
	{ "db", "path", TEXT, MEMBER(db), NULL, 0, "The database of SoftHSM 1." },
	{ "slot", "number", TEXT, MEMBER(o.slot), NULL, 0, "The slot of the token." },
	{ "token", "label", TEXT, MEMBER(o.token), NULL, 0, "The token with that label." },
	{ "serial", "serial", TEXT, MEMBER(o.serial), NULL, 0,
	  "The token with that serial number." },
	{ "pin", "PIN", SECRET, MEMBER(o.pin), NULL, 0,
	  "The user's PIN of the token: itself, env:NAME,\n"
	  "file:PATH, or - for a line of standard input." },
	{ "no-public-key", NULL, FLAG, MEMBER(o.no_public_key), NULL, 0,
	  "Leaves the public keys behind." },
	{ "module", "path", TEXT, MEMBER(o.module), NULL, 0, "Uses another PKCS#11 module." },
};
/* clang-format on */

static const struct option_table table = {
	rows, ARRAY_LEN(rows),
	"Takes the keys of a SoftHSM 1 database over into a token.\n"
	"Usage: softhsm2-migrate --db <path> [OPTION]..."
};

static const CK_ATTRIBUTE_TYPE shared_flags[] = { CKA_PRIVATE, CKA_MODIFIABLE, CKA_DERIVE };
static const CK_ATTRIBUTE_TYPE public_flags[] = { CKA_ENCRYPT, CKA_VERIFY, CKA_VERIFY_RECOVER,
						  CKA_WRAP };
static const CK_ATTRIBUTE_TYPE private_flags[] = {
	CKA_SENSITIVE,	 CKA_DECRYPT,		CKA_SIGN,
	CKA_SIGN_RECOVER, CKA_UNWRAP,		CKA_EXTRACTABLE,
	CKA_WRAP_WITH_TRUSTED, CKA_ALWAYS_AUTHENTICATE,
};
static const CK_ATTRIBUTE_TYPE texts[] = { CKA_LABEL, CKA_ID, CKA_SUBJECT, CKA_START_DATE,
					   CKA_END_DATE };

static void add_flags(struct attr_list *t, const struct attrset *from,
		      const CK_ATTRIBUTE_TYPE *types, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (attrset_get(from, types[i]) != NULL)
			attr_list_add_bool(t, types[i], attrset_flag(from, types[i], false));
}

static void add_texts(struct attr_list *t, const struct attrset *from)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct attr *a = attrset_get(from, texts[i]);

		if (a != NULL && a->u.bytes.len > 0)
			attr_list_add(t, a->type, a->u.bytes.data, a->u.bytes.len);
	}
}

static bool store(struct p11 *p, CK_SESSION_HANDLE session, const struct attrset *from,
		  CK_OBJECT_CLASS class)
{
	CK_KEY_TYPE type = CKK_RSA;
	CK_OBJECT_HANDLE object;
	struct attr_list t = { .count = 0 };
	CK_RV rv;

	attr_list_add(&t, CKA_CLASS, &class, sizeof(class));
	attr_list_add(&t, CKA_KEY_TYPE, &type, sizeof(type));
	attr_list_add_bool(&t, CKA_TOKEN, true);
	add_flags(&t, from, shared_flags, ARRAY_LEN(shared_flags));
	if (class == CKO_PUBLIC_KEY)
		add_flags(&t, from, public_flags, ARRAY_LEN(public_flags));
	else
		add_flags(&t, from, private_flags, ARRAY_LEN(private_flags));
	add_texts(&t, from);
	attr_list_add_parts(&t, class, type, from);
	rv = p->f->C_CreateObject(session, t.list, t.count, &object);
	if (rv != CKR_OK)
		message_error_rv(rv, "Could not save the object in the token.");
	return rv == CKR_OK;
}

/* What is no RSA key, or lives in a session only, cannot be taken over. */
static bool migrate_object(const struct migration *m, struct p11 *p, CK_SESSION_HANDLE session,
			   const struct attrset *from, int64_t number)
{
	CK_OBJECT_CLASS class = attrset_number(from, CKA_CLASS, UNAVAILABLE);

	if (class == CKO_PUBLIC_KEY && m->o.no_public_key)
		return true;
	if ((class != CKO_PUBLIC_KEY && class != CKO_PRIVATE_KEY) ||
	    attrset_number(from, CKA_KEY_TYPE, UNAVAILABLE) != CKK_RSA) {
		message_error("Object %" PRId64 " is no RSA key.", number);
		return false;
	}
	if (!store(p, session, from, class))
		return false;
	printf("Object %" PRId64 " has been migrated\n", number);
	return true;
}

static bool migrate_objects(const struct migration *m, sqlite3 *db, struct p11 *p,
			    CK_SESSION_HANDLE session)
{
	sqlite3_stmt *query = database_query(db, "select objectID from Objects order by objectID");
	bool readable = query != NULL;
	bool ok = true;

	while (readable && database_step(db, query, &readable)) {
		int64_t number = sqlite3_column_int64(query, 0);
		struct attrset *from = v1_object(db, number);

		ok = from != NULL && migrate_object(m, p, session, from, number) && ok;
		attrset_free(from);
	}
	sqlite3_finalize(query);
	if (ok && readable)
		puts("The database has been migrated to the new HSM");
	else
		message_error("Unable to migrate all of the objects.");
	return ok && readable;
}

static bool with_token(const struct migration *m, sqlite3 *db, struct p11 *p)
{
	CK_SESSION_HANDLE session;
	CK_SLOT_ID slot;

	return slot_select(p, &m->o, false, &slot) && login_slot(p, slot, m->o.pin, &session) &&
	       migrate_objects(m, db, p, session);
}

static bool run(const struct migration *m)
{
	struct p11 p = { 0 };
	sqlite3 *db;
	bool ok;

	if (m->db == NULL) {
		message_error("A path to the database must be supplied. Use --db <path>");
		return false;
	}
	db = v1_open(m->db);
	ok = db != NULL && startup_check() && p11_load(&p, m->o.module) && p11_start(&p) &&
	     with_token(m, db, &p);
	p11_unload(&p);
	database_close(db);
	return ok;
}

int main(int argc, char **argv)
{
	struct migration m = { .db = NULL };
	struct option_taken taken;
	int status = option_table_read(&table, argc, argv, &m, &taken);

	if (status < 0 && argc == 1) {
		option_table_help(&table);
		status = EXIT_SUCCESS;
	}
	if (status < 0)
		status = run(&m) ? EXIT_SUCCESS : EXIT_FAILURE;
	secbuf_free(m.o.pin);
	if (fflush(stdout) != 0) {
		message_error("Could not write to standard output.");
		status = EXIT_FAILURE;
	}
	return status;
}

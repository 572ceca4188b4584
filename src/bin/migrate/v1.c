#include "config.h"

#include "bin/migrate/v1.h"

#include <inttypes.h>
#include <string.h>

#include "bin/common/message.h"

/* Values of keys are shorter. */
#define VALUE_MAX 65536

/* What is taken over, and how it is stored. */
static const struct {
	CK_ATTRIBUTE_TYPE type;
	enum attr_kind kind;
} known[] = {
	{ CKA_CLASS, ATTR_ULONG },	     { CKA_KEY_TYPE, ATTR_ULONG },
	{ CKA_TOKEN, ATTR_BOOL },	     { CKA_PRIVATE, ATTR_BOOL },
	{ CKA_MODIFIABLE, ATTR_BOOL },	     { CKA_LABEL, ATTR_BYTES },
	{ CKA_ID, ATTR_BYTES },		     { CKA_SUBJECT, ATTR_BYTES },
	{ CKA_START_DATE, ATTR_BYTES },	     { CKA_END_DATE, ATTR_BYTES },
	{ CKA_DERIVE, ATTR_BOOL },	     { CKA_ENCRYPT, ATTR_BOOL },
	{ CKA_VERIFY, ATTR_BOOL },	     { CKA_VERIFY_RECOVER, ATTR_BOOL },
	{ CKA_WRAP, ATTR_BOOL },	     { CKA_SENSITIVE, ATTR_BOOL },
	{ CKA_DECRYPT, ATTR_BOOL },	     { CKA_SIGN, ATTR_BOOL },
	{ CKA_SIGN_RECOVER, ATTR_BOOL },     { CKA_UNWRAP, ATTR_BOOL },
	{ CKA_EXTRACTABLE, ATTR_BOOL },	     { CKA_WRAP_WITH_TRUSTED, ATTR_BOOL },
	{ CKA_ALWAYS_AUTHENTICATE, ATTR_BOOL }, { CKA_MODULUS, ATTR_BYTES },
	{ CKA_PUBLIC_EXPONENT, ATTR_BYTES }, { CKA_PRIVATE_EXPONENT, ATTR_BYTES },
	{ CKA_PRIME_1, ATTR_BYTES },	     { CKA_PRIME_2, ATTR_BYTES },
	{ CKA_EXPONENT_1, ATTR_BYTES },	     { CKA_EXPONENT_2, ATTR_BYTES },
	{ CKA_COEFFICIENT, ATTR_BYTES },
};

sqlite3 *v1_open(const char *path)
{
	sqlite3 *db = database_open(path);
	int64_t version = 0;

	if (db == NULL)
		return NULL;
	if (database_number(db, "pragma user_version", &version) && version == V1_SCHEMA)
		return db;
	message_error("Wrong database schema version: %s", path);
	database_close(db);
	return NULL;
}

/* A CK_ULONG of this machine, or of one with fewer bits. */
static bool number_of(const unsigned char *data, size_t len, uint64_t *out)
{
	uint32_t narrow;

	if (len == sizeof(*out))
		memcpy(out, data, len);
	else if (len == sizeof(narrow)) {
		memcpy(&narrow, data, len);
		*out = narrow;
	}
	return len == sizeof(*out) || len == sizeof(narrow);
}

static CK_RV set(struct attrset *s, CK_ATTRIBUTE_TYPE type, enum attr_kind kind,
		 const unsigned char *data, size_t len)
{
	uint64_t number;

	switch (kind) {
	case ATTR_BOOL:
		if (len != 1)
			return CKR_DATA_INVALID;
		return attrset_set_flag(s, type, *data != 0);
	case ATTR_ULONG:
		if (!number_of(data, len, &number))
			return CKR_DATA_INVALID;
		return attrset_set_number(s, type, number);
	default:
		return attrset_set_bytes(s, type, data, len);
	}
}

static CK_RV take_row(struct attrset *s, sqlite3_stmt *row)
{
	uint64_t type = (uint64_t)sqlite3_column_int64(row, 0);
	const unsigned char *data = sqlite3_column_blob(row, 1);
	int64_t len = data != NULL ? sqlite3_column_int64(row, 2) : 0;

	if (len < 0 || len > VALUE_MAX || len > sqlite3_column_bytes(row, 1))
		return CKR_DATA_INVALID;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].type == type)
			return set(s, type, known[i].kind, data, (size_t)len);
	return CKR_OK;
}

struct attrset *v1_object(sqlite3 *db, int64_t object)
{
	sqlite3_stmt *query = database_query(db, "select type, value, length from Attributes "
						 "where objectID = ?1 order by attributeID");
	struct attrset *s = attrset_new(true);
	bool ok = query != NULL && s != NULL &&
		  sqlite3_bind_int64(query, 1, object) == SQLITE_OK;

	while (ok && database_step(db, query, &ok)) {
		ok = take_row(s, query) == CKR_OK;
		if (!ok)
			message_error("A value of object %" PRId64 " is damaged.", object);
	}
	sqlite3_finalize(query);
	if (ok)
		return s;
	attrset_free(s);
	return NULL;
}

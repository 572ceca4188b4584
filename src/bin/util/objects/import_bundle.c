/* --import --import-type p12: the key, its certificate and those of its issuers. */
#include "config.h"

#include "bin/common/key_file.h"
#include "bin/common/message.h"
#include "bin/util/objects/import.h"

static bool ids_are_free(struct import *im, const struct key_bundle *b)
{
	return (b->key == NULL || import_id_is_free(im, CKO_PRIVATE_KEY)) &&
	       (b->certificate == NULL || import_id_is_free(im, CKO_CERTIFICATE));
}

bool import_bundle(struct import *im)
{
	struct key_bundle b;
	bool ok = key_file_bundle(im->o->import_path, im->o->file_pin, &b);

	if (ok && b.key == NULL && b.certificate == NULL) {
		message_error("There is no key in the PKCS#12 file: %s", im->o->import_path);
		ok = false;
	}
	ok = ok && ids_are_free(im, &b) && (b.key == NULL || import_pkey(im, b.key)) &&
	     (b.certificate == NULL || import_x509(im, b.certificate)) &&
	     (b.others == NULL || import_issuers(im, b.others, 0));
	key_bundle_free(&b);
	return ok;
}

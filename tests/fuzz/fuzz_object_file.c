/* The bytes of an object file: what is read must be written and read again as the same. */
#include "config.h"

#include "fuzz/fuzz.h"

#include "object_store/file/file_format.h"

static void write_and_read(const struct attrset *s, uint64_t generation)
{
	struct buf bytes = BUF_INIT;
	struct attrset *again = NULL;
	uint64_t read = 0;

	fuzz_check(file_encode(s, generation, &bytes) == CKR_OK);
	fuzz_check(file_decode(bytes.data, bytes.len, &read, &again) == CKR_OK);
	fuzz_check(read == generation && again->count == s->count);
	for (size_t i = 0; i < s->count; i++)
		fuzz_check(attr_equal(&s->items[i], &again->items[i]));
	attrset_free(again);
	buf_free(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct attrset *s = NULL;
	uint64_t generation = 0;

	if (file_decode(data, size, &generation, &s) == CKR_OK)
		write_and_read(s, generation);
	attrset_free(s);
	return 0;
}

#ifndef TESTS_KAT_MAKE_H
#define TESTS_KAT_MAKE_H

#include <stdio.h>

#include "record.h"

/*
 * Records out of jobs. A job is a record without its result: [X encrypt], [X sign], [X digest],
 * [X derive] and [X wrap] want the result as `out` or `signature`; of [X decrypt] and [X unwrap],
 * whose `in` is then the text or is missing, and of [X verify], the random result becomes the
 * input.
 */

/* What the module makes of a job. False when it refuses; the job may be for others only. */
bool job_run(struct record *job, CK_SESSION_HANDLE s, struct bytes *made);

/* The job with its result, as a record in the form of the data files. */
void job_write(FILE *f, const struct record *job, struct bytes made);

/* The job becomes a record with that result; its fields are copied. */
void record_add_result(struct record *job, struct bytes made);

/* Is the result random, so that another side cannot make the same? */
bool job_random(const struct record *job);

#endif

#ifndef TESTS_BENCH_REPORT_H
#define TESTS_BENCH_REPORT_H

#include <stdio.h>

#include "bench/results.h"

/* The table for people: its head, then a line for each backend of a cell that is complete. */
void report_head(FILE *f);
void report_cell(FILE *f, const struct results *r, const struct cell *c);
/* What only several cells together tell: growth exponents, memory an object. */
void report_growth(FILE *f, const struct results *r);
void report_json(FILE *f, const struct results *r);
/* The targets, and what the first backend and the base have reached, as Markdown. */
void report_targets(FILE *f, const struct results *r);

/* A number with three digits that count. */
const char *digits(double value, char out[32]);

#endif

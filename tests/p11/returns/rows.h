/*
 * Turns a file of rows into the functions that make the calls and the table
 * that names them. Define ROWS_FILE and ROWS_TABLE before the inclusion; there
 * is no include guard on purpose. A row is
 *
 *	ROW(function, name, expected code, state, what comes before, arguments)
 *
 * and CHILD_ROW is the same for a row that needs a process of its own, or does
 * harm to the token; MEMORY_ROW runs out of memory in its call. ROW_IF has one
 * more at its beginning: a function that says whether the row can be run. The
 * last two see `c`, the row's struct ctx, and `x`, its
 * scene (scene.h).
 */
#include "fault/shim.h"
#include "returns.h"

#define ROW(fn, nm, want, st, first, args) \
	static CK_RV before_##fn##_##nm(struct ctx *c) \
	{ \
		(void)c; \
		return (first); \
	} \
	static CK_RV call_##fn##_##nm(struct ctx *c) \
	{ \
		(void)c; \
		return p11->fn args; \
	}
#define CHILD_ROW ROW
#define MEMORY_ROW ROW
#define ROW_IF(can, fn, nm, want, st, first, args) ROW(fn, nm, want, st, first, args)
#include ROWS_FILE
#undef ROW
#undef ROW_IF
#undef MEMORY_ROW
#undef CHILD_ROW

#define ANY_ROW(fn, nm, want, st, ...) \
	{ .function = #fn, .name = #nm, .expected = (want), .state = (st), __VA_ARGS__, \
	  .before = before_##fn##_##nm, .call = call_##fn##_##nm, \
	  .file = __FILE__, .line = __LINE__ },
#define ROW(fn, nm, want, st, first, args) ANY_ROW(fn, nm, want, st, .forks = false)
#define CHILD_ROW(fn, nm, want, st, first, args) ANY_ROW(fn, nm, want, st, .forks = true)
#define MEMORY_ROW(fn, nm, want, st, first, args) \
	ANY_ROW(fn, nm, want, st, .forks = true, .run = out_of_memory, \
		.possible = fault_memory_works)
#define ROW_IF(can, fn, nm, want, st, first, args) ANY_ROW(fn, nm, want, st, .possible = (can))
static const struct rrow rows[] = {
#include ROWS_FILE
};
#undef ROW
#undef CHILD_ROW
#undef MEMORY_ROW
#undef ROW_IF
#undef ANY_ROW
#undef ROWS_FILE

const struct rrow_table ROWS_TABLE = { .rows = rows, .count = LENGTH(rows) };
#undef ROWS_TABLE

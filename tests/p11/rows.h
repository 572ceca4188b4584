/*
 * Turns a file of rows into the functions that make the calls and the table
 * that names them. Define ROWS_FILE and ROWS_TABLE before each inclusion; there
 * is no include guard on purpose. A row is
 *
 *	ROW(state, name, expected answer, expression of the call)
 *
 * The expression sees `c`, the row's struct ctx.
 */
#define ROW(st, nm, want, expression) \
	static CK_RV row_##nm(struct ctx *c) \
	{ \
		(void)c; \
		return (expression); \
	}
#include ROWS_FILE
#undef ROW

#define ROW(st, nm, want, expression) \
	{ .name = #nm, .state = (st), .expected = (want), .call = row_##nm, \
	  .file = __FILE__, .line = __LINE__ },
static const struct row ROWS_TABLE[] = {
#include ROWS_FILE
};
#undef ROW
#undef ROWS_FILE
#undef ROWS_TABLE

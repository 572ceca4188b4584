#include "config.h"

#include "table.h"

#include "p11/harness.h"
#include "run.h"

const struct offer *offers(CK_SLOT_ID slot, CK_ULONG *count)
{
	CK_MECHANISM_TYPE *types = NULL;
	struct offer *list = NULL;

	if (p11->C_GetMechanismList(slot, NULL, count) != CKR_OK)
		return NULL;
	types = pool_alloc(*count * sizeof(*types));
	list = pool_alloc(*count * sizeof(*list));
	if (p11->C_GetMechanismList(slot, types, count) != CKR_OK)
		return NULL;
	for (CK_ULONG i = 0; i < *count; i++) {
		list[i].type = types[i];
		list[i].mechanism = mechanism_of(types[i]);
		if (p11->C_GetMechanismInfo(slot, types[i], &list[i].info) != CKR_OK)
			return NULL;
	}
	return list;
}

/* One cell: "12", "12/60" for single and several parts, "-" where nothing is offered. */
static void cell(FILE *f, const struct offer *o, enum operation op)
{
	char text[32] = "-";
	unsigned single = covered(o->type, op, SINGLE);

	if (!(o->info.flags & operation_flag(op)))
		single = 0;
	else if (o->mechanism && o->mechanism->parts[op])
		snprintf(text, sizeof(text), "%u/%u", single, covered(o->type, op, PARTS));
	else
		snprintf(text, sizeof(text), "%u", single);
	fprintf(f, " %7s", text);
}

void table_print(FILE *f, CK_SLOT_ID slot)
{
	static const char *const heads[OPERATIONS] = {
		"encr", "decr", "sign", "verify", "s-rec", "v-rec", "digest", "wrap", "unwrap",
		"gen", "genpair", "derive",
	};
	CK_ULONG count = 0;
	const struct offer *list = offers(slot, &count);

	fprintf(f, "Vectors, as single-part/multi-part; - is not offered\n%-36s", "mechanism");
	for (enum operation op = 0; op < OPERATIONS; op++)
		fprintf(f, " %7s", heads[op]);
	fprintf(f, "\n");
	for (CK_ULONG i = 0; list && i < count; i++) {
		fprintf(f, "%-36s", list[i].mechanism ? list[i].mechanism->name : "?");
		for (enum operation op = 0; op < OPERATIONS; op++)
			cell(f, &list[i], op);
		fprintf(f, "\n");
	}
}

bool table_complete(const struct offer *o)
{
	bool ok = o->mechanism;

	if (!ok)
		fprintf(stderr, "the standard knows no mechanism 0x%lx\n", o->type);
	for (enum operation op = 0; o->mechanism && op < OPERATIONS; op++) {
		if (!(o->info.flags & operation_flag(op)))
			continue;
		if (!o->mechanism->allowed[op]) {
			fprintf(stderr, "%s: the standard knows no %s\n", o->mechanism->name,
				operation_name(op));
			ok = false;
		}
		for (enum form form = SINGLE; form < FORMS; form++) {
			if (covered(o->type, op, form) ||
			    (form == PARTS && !o->mechanism->parts[op]))
				continue;
			fprintf(stderr, "%s: no vector for %s in %s\n", o->mechanism->name,
				operation_name(op), form == PARTS ? "several parts" : "one part");
			ok = false;
		}
	}
	return ok;
}

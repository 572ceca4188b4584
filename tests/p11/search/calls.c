/* How many system calls a quiet token costs, whatever the number of its objects. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "search.h"

#define OBJECTS 200
#define ROUNDS 50

/* Between two of these the calls are counted; nobody else asks for it. */
static void mark(void)
{
	(void)getppid();
}

struct measure {
	CK_RV (*once)(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key);
	long most;		/* system calls */
};

static CK_RV find_id(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_ATTRIBUTE id[] = { A_TEXT(CKA_ID, "the one"), A_END };
	CK_OBJECT_HANDLE found = 0;
	CK_ULONG count = 0;
	CK_RV rv = object_find(s, id, &found, 1, &count);

	return rv == CKR_OK ? want(count == 1 && found == key) : rv;
}

static CK_RV find_nothing(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_ATTRIBUTE label[] = { A_TEXT(CKA_LABEL, "no such label"), A_END };
	CK_OBJECT_HANDLE found = 0;
	CK_ULONG count = 0;
	CK_RV rv = object_find(s, label, &found, 1, &count);

	(void)key;
	return rv == CKR_OK ? want(count == 0) : rv;
}

static CK_RV get_label(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	const CK_ATTRIBUTE label = A_TEXT(CKA_LABEL, "object");

	return attr_is(s, key, &label);
}

static CK_RV sign(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM mac = { CKM_SHA256_HMAC, NULL, 0 };
	CK_BYTE data[20] = { 0 }, out[32];
	CK_ULONG len = sizeof(out);
	CK_RV rv = p11->C_SignInit(s, &mac, key);

	return rv == CKR_OK ? p11->C_Sign(s, data, sizeof(data), out, &len) : rv;
}

static const struct {
	const char *name;
	struct measure m;
} measures[] = {
	{ "find_by_id", { find_id, 4 } },
	{ "find_nothing", { find_nothing, 4 } },
	{ "get_attribute", { get_label, 4 } },
	{ "sign", { sign, 2 } },
};

static CK_RV make_keys(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *key)
{
	CK_BYTE value[32] = { 1 };
	CK_RV rv = CKR_OK;

	for (int i = 0; rv == CKR_OK && i < OBJECTS; i++) {
		CK_ATTRIBUTE t[] = {
			A_ULONG(CKA_CLASS, CKO_SECRET_KEY),
			A_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), A_BOOL(CKA_TOKEN, CK_TRUE),
			A_BOOL(CKA_SIGN, CK_TRUE), A_TEXT(CKA_LABEL, "object"),
			A_BYTES(CKA_VALUE, value), { CKA_ID, text("the one"), i == 0 ? 7 : 3 },
			A_END,
		};
		CK_OBJECT_HANDLE made = 0;

		rv = object_make(s, t, &made);
		if (i == 0)
			*key = made;
	}
	return rv;
}

/* The traced child. */
static void body(const struct measure *m, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_RV rv = CKR_OK;

	for (int i = 0; rv == CKR_OK && i < 3; i++)
		rv = m->once(s, key);
	mark();
	for (int i = 0; rv == CKR_OK && i < ROUNDS; i++)
		rv = m->once(s, key);
	mark();
	_exit(rv == CKR_OK ? 0 : 1);
}

/* One stop at the entry of each call and one at its end. -1: the child is gone. */
static long next_entry(pid_t child, int *status)
{
	for (int stop = 0; stop < 2; stop++) {
		struct __ptrace_syscall_info info;

		if (ptrace(PTRACE_SYSCALL, child, 0, 0) || waitpid(child, status, 0) != child ||
		    !WIFSTOPPED(*status))
			return -1;
		if (WSTOPSIG(*status) != (SIGTRAP | 0x80))
			continue;
		if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info) > 0 &&
		    info.op == PTRACE_SYSCALL_INFO_ENTRY)
			return (long)info.entry.nr;
		stop = 0;
	}
	return -1;
}

static long count_calls(pid_t child, long marker, int *status)
{
	long calls = -1, nr;

	while ((nr = next_entry(child, status)) >= 0) {
		if (nr == marker && calls >= 0)
			break;
		if (nr == marker)
			calls = 0;
		else if (calls >= 0)
			calls++;
	}
	ptrace(PTRACE_CONT, child, 0, 0);
	return waitpid(child, status, 0) == child ? calls : -1;
}

static CK_RV few_calls(struct ctx *c)
{
	const struct measure *m = c->arg;
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = make_keys(c->s, &key);
	int status = 0;
	long calls;
	pid_t child;

	if (rv == CKR_OK)
		rv = m->once(c->s, key);
	if (rv != CKR_OK)
		return rv;
	child = fork();
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0))
			_exit(2);
		raise(SIGSTOP);
		body(m, c->s, key);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return ROW_BROKEN;
	if (!WIFSTOPPED(status)) {
		puts("no system calls are counted: this process may not trace its child");
		return WIFEXITED(status) && WEXITSTATUS(status) == 2 ? CKR_OK : ROW_BROKEN;
	}
	ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	calls = count_calls(child, SYS_getppid, &status);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || calls < 0)
		return ROW_BROKEN;
	if (calls > m->most * ROUNDS)
		printf("%ld system calls in %d rounds\n", calls, ROUNDS);
	return want(calls <= m->most * ROUNDS);
}

void test_calls(void)
{
	for (size_t i = 0; i < LENGTH(measures); i++)
		row_runf(RW_USER, few_calls, &measures[i].m, CKR_OK, "few_calls_%s",
			 measures[i].name);
}

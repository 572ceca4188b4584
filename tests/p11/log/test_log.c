/* What the log says: nothing at ERROR of what is usual, and what is refused with its place. */
#include "config.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "p11/harness.h"
#include "p11/kinds.h"

#define WRONG	"wrong-pin-of-the-test"
#define LABEL	"log"

static char log_text[1 << 16];
static CK_BYTE p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };

/* A child, started anew, is told where it is. */
#define LOG_ENV	"TEST_LOG"

static const char *log_path(void)
{
	const char *told = getenv(LOG_ENV);

	return told ? told : work_path("test.log");
}

static bool log_read(void)
{
	int fd = open(log_path(), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, log_text, sizeof(log_text) - 1) : -1;

	if (fd >= 0)
		close(fd);
	log_text[n > 0 ? n : 0] = '\0';
	return n >= 0;
}

/* A token directory of the row's own, and the log in a new file. */
static CK_RV begin(struct ctx *c, const char *lines)
{
	static unsigned n;
	char tokens[32], all[1024];
	CK_RV rv = CKR_OK;

	unlink(log_path());
	snprintf(all, sizeof(all), "log.file = %s\n%s", log_path(), lines);
	snprintf(tokens, sizeof(tokens), "log-%u", n++);
	conf_use(tokens, all);
	rv = module_start();
	if (rv == CKR_OK)
		rv = token_make(LABEL, &c->slot);
	return rv == CKR_OK ? session_open(c->slot, CKF_RW_SESSION, &c->s) : rv;
}

/* --- what is usual --------------------------------------------------------- */

static CK_RV make_keys(struct ctx *c, CK_OBJECT_HANDLE key[3])
{
	CK_MECHANISM ec = { CKM_EC_KEY_PAIR_GEN, NULL, 0 }, aes = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE public[] = { A_BOOL(CKA_TOKEN, CK_TRUE), A_BYTES(CKA_EC_PARAMS, p256) };
	CK_ATTRIBUTE private[] = { A_BOOL(CKA_TOKEN, CK_TRUE), A_BOOL(CKA_SIGN, CK_TRUE) };
	CK_ATTRIBUTE secret[] = { A_BOOL(CKA_TOKEN, CK_TRUE), A_ULONG(CKA_VALUE_LEN, 16),
				  A_BOOL(CKA_ENCRYPT, CK_TRUE) };
	CK_RV rv = p11->C_GenerateKeyPair(c->s, &ec, public, LENGTH(public), private,
					  LENGTH(private), &key[0], &key[1]);

	return rv == CKR_OK ? p11->C_GenerateKey(c->s, &aes, secret, LENGTH(secret), &key[2]) : rv;
}

static CK_RV use_keys(struct ctx *c, const CK_OBJECT_HANDLE key[3])
{
	CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 }, ecb = { CKM_AES_ECB, NULL, 0 };
	CK_BYTE in[32] = { 1 }, out[128];
	CK_ULONG len = sizeof(out);
	CK_RV rv = p11->C_SignInit(c->s, &ecdsa, key[1]);

	if (rv == CKR_OK)
		rv = p11->C_Sign(c->s, in, sizeof(in), out, &len);
	if (rv == CKR_OK)
		rv = p11->C_VerifyInit(c->s, &ecdsa, key[0]);
	if (rv == CKR_OK)
		rv = p11->C_Verify(c->s, in, sizeof(in), out, len);
	if (rv == CKR_OK)
		rv = p11->C_EncryptInit(c->s, &ecb, key[2]);
	len = sizeof(out);
	return rv == CKR_OK ? p11->C_Encrypt(c->s, in, sizeof(in), out, &len) : rv;
}

/* All private, all public objects, and none. */
static CK_RV search(struct ctx *c, CK_ULONG count)
{
	CK_ATTRIBUTE none[] = { A_TEXT(CKA_LABEL, "none"), A_END };
	CK_OBJECT_HANDLE found[8];
	CK_ULONG n = 0;
	CK_RV rv = object_find(c->s, NULL, found, LENGTH(found), &n);

	if (rv == CKR_OK)
		rv = want(n == count);
	if (rv == CKR_OK)
		rv = object_find(c->s, none, found, LENGTH(found), &n);
	return rv == CKR_OK ? want(n == 0) : rv;
}

static CK_RV set_pin(struct ctx *c, const char *old)
{
	return p11->C_SetPIN(c->s, text(old), strlen(old), text(USER_PIN), strlen(USER_PIN));
}

static CK_RV log_in(struct ctx *c)
{
	CK_RV rv = want(login(c->s, CKU_USER, WRONG) == CKR_PIN_INCORRECT);

	if (rv == CKR_OK)
		rv = want(set_pin(c, WRONG) == CKR_PIN_INCORRECT);
	if (rv == CKR_OK)
		rv = set_pin(c, USER_PIN);
	return rv == CKR_OK ? login(c->s, CKU_USER, USER_PIN) : rv;
}

/* The life of a token with some keys, in two runs of the module, and the mistakes of every day. */
static CK_RV live(struct ctx *c)
{
	CK_OBJECT_HANDLE key[3] = { 0 };
	CK_RV rv = log_in(c);

	if (rv == CKR_OK)
		rv = make_keys(c, key);
	if (rv == CKR_OK)
		rv = use_keys(c, key);
	if (rv == CKR_OK)
		rv = search(c, 3);
	if (rv == CKR_OK)
		rv = p11->C_Logout(c->s);
	if (rv == CKR_OK)
		rv = want(use_keys(c, key) != CKR_OK);
	if (rv == CKR_OK)
		rv = module_restart();
	if (rv == CKR_OK)
		rv = session_open(c->slot, CKF_RW_SESSION, &c->s);
	if (rv == CKR_OK)
		rv = search(c, 1);
	if (rv == CKR_OK)
		rv = login(c->s, CKU_USER, USER_PIN);
	if (rv == CKR_OK)
		rv = search(c, 3);
	for (unsigned i = 0; rv == CKR_OK && i < 3; i++) {
		CK_ULONG n = 0;

		rv = object_find(c->s, NULL, &key[0], 1, &n);
		if (rv == CKR_OK)
			rv = p11->C_DestroyObject(c->s, key[0]);
	}
	if (rv == CKR_OK)
		rv = p11->C_CloseAllSessions(c->slot);
	return rv == CKR_OK ? token_init(c->slot, SO_PIN, "again") : rv;
}

static CK_RV quiet(struct ctx *c)
{
	CK_RV rv = begin(c, "log.level = ERROR\n");

	if (rv == CKR_OK)
		rv = live(c);
	if (rv == CKR_OK)
		rv = p11->C_Finalize(NULL);
	if (rv != CKR_OK)
		return rv;
	if (log_read() && log_text[0] == '\0')
		return CKR_OK;
	fprintf(stderr, "the log says:\n%s", log_text);
	return ROW_WRONG;
}

/* --- the form --------------------------------------------------------------- */

/* "DATE TIME [PID] LEVEL: FILE(LINE): slot N: FUNCTION: TEXT" */
static bool has_form(const char *line)
{
	char function[64] = "", slot[32] = "", level[16] = "";
	int pid = 0, n = -1;

	if (sscanf(line, "%*10[0-9-] %*12[0-9:.] [%d] %15[A-Z]: %*[a-z_.](%*d): "
		   "slot %31[0-9-]: %63[A-Za-z_]: %n", &pid, level, slot, function, &n) != 4)
		return false;
	return pid == getpid() && n > 0 && line[n] != '\0';
}

static bool lines_have_form(void)
{
	static char copy[sizeof(log_text)];
	unsigned lines = 0;
	char *rest = NULL;

	memcpy(copy, log_text, sizeof(copy));
	for (char *at = strtok_r(copy, "\n", &rest); at; at = strtok_r(NULL, "\n", &rest)) {
		lines++;
		if (!has_form(at)) {
			fprintf(stderr, "no line of the log: %s\n", at);
			return false;
		}
	}
	return lines > 0;
}

static CK_RV formed(struct ctx *c)
{
	CK_RV rv = begin(c, "log.level = DEBUG\nlog.levle = DEBUG\n");

	if (rv == CKR_OK)
		rv = live(c);
	if (rv == CKR_OK)
		rv = p11->C_Finalize(NULL);
	if (rv != CKR_OK)
		return rv;
	return want(log_read() && lines_have_form() && !strstr(log_text, USER_PIN) &&
		    !strstr(log_text, SO_PIN) && !strstr(log_text, WRONG) &&
		    strstr(log_text, "slot -: C_Initialize: ") &&
		    strstr(log_text, ": log.levle: unknown name"));
}

/* --- what is refused -------------------------------------------------------- */

struct refusal {
	const char *name;
	CK_RV (*call)(struct ctx *c);
	CK_RV expected;
	const char *says;
	bool slotless;
};

static CK_RV wrong_user(struct ctx *c)
{
	return login(c->s, CKU_USER, WRONG);
}

static CK_RV wrong_so(struct ctx *c)
{
	return login(c->s, CKU_SO, WRONG);
}

static CK_RV no_session(struct ctx *c)
{
	CK_SESSION_INFO info;

	return p11->C_GetSessionInfo(c->s + 1000, &info);
}

static CK_RV no_slot(struct ctx *c)
{
	CK_SLOT_INFO info;

	return p11->C_GetSlotInfo(c->slot + 1, &info);
}

static CK_RV no_pin(struct ctx *c)
{
	return p11->C_InitToken(c->slot, NULL, 0, NULL);
}

/* A short call, of which the log is told only when it is refused. */
static CK_RV no_operation(struct ctx *c)
{
	CK_BYTE in[1] = { 0 }, out[64];
	CK_ULONG len = sizeof(out);

	return p11->C_Sign(c->s, in, sizeof(in), out, &len);
}

static CK_RV no_key(struct ctx *c)
{
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };

	return p11->C_SignInit(c->s, &m, 12345);
}

static CK_RV no_class(struct ctx *c)
{
	CK_ATTRIBUTE t[] = { A_TEXT(CKA_LABEL, "x") };
	CK_OBJECT_HANDLE o = 0;

	return p11->C_CreateObject(c->s, t, 1, &o);
}

static const struct refusal refusals[] = {
	{ "user_pin", wrong_user, CKR_PIN_INCORRECT,
	  "C_Login: CKR_PIN_INCORRECT: it is not the PIN of the user\n", false },
	{ "so_pin", wrong_so, CKR_PIN_INCORRECT,
	  "C_Login: CKR_PIN_INCORRECT: it is not the PIN of the SO\n", false },
	{ "session", no_session, CKR_SESSION_HANDLE_INVALID,
	  "C_GetSessionInfo: CKR_SESSION_HANDLE_INVALID: no session has the handle ", true },
	{ "slot", no_slot, CKR_SLOT_ID_INVALID,
	  "C_GetSlotInfo: CKR_SLOT_ID_INVALID: there is no slot ", true },
	{ "pin", no_pin, CKR_SESSION_EXISTS, "C_InitToken: CKR_SESSION_EXISTS\n", false },
	{ "operation", no_operation, CKR_OPERATION_NOT_INITIALIZED,
	  "C_Sign: CKR_OPERATION_NOT_INITIALIZED", false },
	{ "key", no_key, CKR_KEY_HANDLE_INVALID, "C_SignInit: CKR_KEY_HANDLE_INVALID", false },
	{ "class", no_class, CKR_TEMPLATE_INCOMPLETE,
	  "C_CreateObject: CKR_TEMPLATE_INCOMPLETE: CKA_CLASS", false },
};

/* One line, the last one, with slot and function. */
static CK_RV refused(struct ctx *c)
{
	const struct refusal *r = c->arg;
	char wanted[256];
	size_t before;
	CK_RV rv = begin(c, "log.level = DEBUG\n");
	const char *found;

	if (rv != CKR_OK || !log_read())
		return ROW_BROKEN;
	before = strlen(log_text);
	rv = r->call(c);
	if (rv != r->expected || !log_read())
		return rv;
	if (r->slotless)
		snprintf(wanted, sizeof(wanted), "): slot -: %s", r->says);
	else
		snprintf(wanted, sizeof(wanted), "): slot %lu: %s", c->slot, r->says);
	found = strstr(log_text + before, wanted);
	if (found && strchr(log_text + before, '\n') == strrchr(found, '\n'))
		return rv;
	fprintf(stderr, "no \"%s\" in: %s", wanted, log_text + before);
	return ROW_WRONG;
}

/* Nothing of a call stays for the lines that come after it. */
static CK_RV forgotten(struct ctx *c)
{
	CK_RV rv = begin(c, "log.level = DEBUG\n");

	if (rv == CKR_OK)
		rv = want(login(c->s, CKU_USER, WRONG) == CKR_PIN_INCORRECT);
	if (rv == CKR_OK)
		rv = want(no_session(c) == CKR_SESSION_HANDLE_INVALID);
	return rv == CKR_OK ? want(log_read() && strstr(log_text, "slot -: C_GetSessionInfo: ")) :
			      rv;
}

/* --- configuration ---------------------------------------------------------- */

/* The line names file, line, key, value and cause. */
static CK_RV bad_tokendir(struct ctx *c)
{
	char conf[1024], wanted[1024];
	CK_RV rv;

	(void)c;
	unlink(log_path());
	snprintf(conf, sizeof(conf), "log.file = %s\ndirectories.tokendir = %s\n", log_path(),
		 work_path("nowhere"));
	conf_write(conf);
	rv = p11->C_Initialize(NULL);
	snprintf(wanted, sizeof(wanted),
		 ".conf:2: directories.tokendir: %s: No such file or directory\n",
		 work_path("nowhere"));
	if (rv == CKR_GENERAL_ERROR && log_read() && strstr(log_text, wanted) &&
	    strstr(log_text, "slot -: C_Initialize: "))
		return rv;
	fprintf(stderr, "no \"%s\" in: %s", wanted, log_text);
	return ROW_WRONG;
}

/* log.file = stderr, in a process whose standard error is a file. */
static int child_stderr(void)
{
	int fd = open(log_path(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char dir[1024];
	CK_SESSION_HANDLE s = 0;
	CK_SLOT_ID slot = 0;

	if (fd < 0 || dup2(fd, STDERR_FILENO) != STDERR_FILENO || !module_load())
		return 1;
	snprintf(dir, sizeof(dir), "%s", log_path());
	if (chdir(dirname(dir)) != 0 || module_start() != CKR_OK ||
	    slot_find(TOKEN_LABEL, &slot) != CKR_OK ||
	    session_open(slot, CKF_RW_SESSION, &s) != CKR_OK)
		return 2;
	if (login(s, CKU_USER, WRONG) != CKR_PIN_INCORRECT || p11->C_Finalize(NULL) != CKR_OK)
		return 3;
	if (!log_read() || !strstr(log_text, ": C_Login: CKR_PIN_INCORRECT: "))
		return 4;
	return access("stderr", F_OK) == 0 ? 5 : 0;
}

static CK_RV to_stderr(struct ctx *c)
{
	char path[1024];
	CK_RV rv;

	(void)c;
	snprintf(path, sizeof(path), "%s", log_path());
	conf_use("tokens", "log.level = WARNING\nlog.file = stderr\n");
	setenv(LOG_ENV, path, 1);
	rv = child_run("stderr");
	unsetenv(LOG_ENV);
	return rv;
}

static void test_lines(void)
{
	row_runf(FINALIZED, quiet, NULL, CKR_OK, "quiet");
	row_runf(FINALIZED, formed, NULL, CKR_OK, "formed");
	for (size_t i = 0; i < LENGTH(refusals); i++)
		row_runf(FINALIZED, refused, &refusals[i], refusals[i].expected, "refused_%s",
			 refusals[i].name);
	row_runf(FINALIZED, forgotten, NULL, CKR_OK, "forgotten");
	row_runf(FINALIZED, bad_tokendir, NULL, CKR_GENERAL_ERROR, "bad_tokendir");
	row_runf(FINALIZED, to_stderr, NULL, CKR_OK, "to_stderr");
}

int main(int argc, char **argv)
{
	static const struct test tests[] = { { "lines", .run = test_lines } };
	static const struct child children[] = { { "stderr", child_stderr } };
	static const struct program program = {
		.name = "log",
		.tests = tests,
		.ntests = LENGTH(tests),
		.children = children,
		.nchildren = LENGTH(children),
		.not_on_reference = "its lines have another form",
	};

	return harness_main(argc, argv, &program);
}

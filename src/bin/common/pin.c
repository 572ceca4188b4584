#include "config.h"

#include "bin/common/pin.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <unistd.h>

#include "bin/common/message.h"
#include "bin/common/prompt.h"

struct pin_texts {
	const char *title;
	const char *name;
	const char *option;
};

static const struct pin_texts texts[] = {
	[PIN_SO] = { "SO PIN", "SO PIN", "--so-pin" },
	[PIN_USER] = { "User PIN", "user PIN", "--pin" },
};

static bool length_is_right(const struct secbuf *pin)
{
	return pin->len >= PIN_MIN && pin->len <= PIN_MAX;
}

static struct secbuf *ask(const char *verb, const char *name)
{
	char prompt[64];

	snprintf(prompt, sizeof(prompt), "Please %s %s: ", verb, name);
	return prompt_secret(prompt, PIN_MAX);
}

/*
 * One round. NULL in *out when the two differ or the length is wrong; false when nothing can be
 * read.
 */
static bool ask_twice(const struct pin_texts *t, struct secbuf **out)
{
	struct secbuf *first = NULL;
	struct secbuf *second = NULL;
	bool readable = false;

	*out = NULL;
	printf("=== %s (%d-%d characters) ===\n", t->title, PIN_MIN, PIN_MAX);
	first = ask("enter", t->name);
	if (first == NULL)
		goto out;
	readable = true;
	if (!length_is_right(first)) {
		message_error("The length of the PIN is out of range.");
		goto out;
	}
	second = ask("reenter", t->name);
	readable = second != NULL;
	if (!readable)
		goto out;
	if (first->len == second->len &&
	    CRYPTO_memcmp(first->data, second->data, first->len) == 0) {
		*out = first;
		first = NULL;
	} else {
		message_error("The entered PINs are not equal.");
	}
out:
	secbuf_free(first);
	secbuf_free(second);
	return readable;
}

/* What is given is not mended by typing where there is no terminal. */
static void tell_missing(const struct pin_texts *t, const struct secbuf *given)
{
	message_error("Could not get %s", t->name);
	if (given != NULL)
		message_hint("a PIN has %d to %d characters; what %s gives has not", PIN_MIN,
			     PIN_MAX, t->option);
	else if (isatty(STDIN_FILENO) != 1)
		message_hint("there is no terminal to ask at: use %s <PIN>, env:NAME or file:PATH",
			     t->option);
}

struct secbuf *pin_get(enum pin_role role, const struct secbuf *given)
{
	const struct pin_texts *t = &texts[role];
	struct secbuf *pin = NULL;

	if (given != NULL && length_is_right(given))
		pin = secbuf_from(given->data, given->len);
	else
		while (pin == NULL && ask_twice(t, &pin))
			continue;
	if (pin == NULL)
		tell_missing(t, given);
	return pin;
}

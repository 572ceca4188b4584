/* How far a long piece of work is, for who watches it. */
#ifndef MAINTAIN_PROGRESS_H
#define MAINTAIN_PROGRESS_H

#include "common/base.h"

struct progress {
	/* done of total objects; what is a word for a human: "reading", "writing" */
	void (*tell)(void *arg, const char *what, size_t done, size_t total);
	void *arg;
};

/* p may be NULL: nobody watches. */
static inline void progress_tell(const struct progress *p, const char *what, size_t done,
				 size_t total)
{
	if (p != NULL)
		p->tell(p->arg, what, done, total);
}

#endif

#include "config.h"

#include "stress/memory.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stress/stress.h"

#define WINDOW		16
#define CHUNK		65536

/* The search of one thread at a time. */
static struct {
	enum where where;
	const struct masked *list;
	size_t n;
	const char *when;
	unsigned found;
	/* A chunk, after the last bytes of the one before. Not looked into itself. */
	CK_BYTE buffer[WINDOW + CHUNK];
	bool starts[65536];	/* the first two bytes of a window, masked alike */
} search;

static CK_BYTE mask_of(size_t i)
{
	return (CK_BYTE)(0xa5 + 37 * i + (i >> 4));
}

void mask(struct masked *m, const char *name, const CK_BYTE *bytes, size_t len)
{
	snprintf(m->name, sizeof(m->name), "%s", name);
	m->len = len < SECRET_MAX ? len : SECRET_MAX;
	for (size_t i = 0; i < m->len; i++)
		m->bytes[i] = bytes[i] ^ mask_of(i);
}

void unmask(const struct masked *m, CK_BYTE *out)
{
	for (size_t i = 0; i < m->len; i++)
		out[i] = m->bytes[i] ^ mask_of(i);
}

/* --- windows ------------------------------------------------------------ */

/* The byte of the secret, or of the secret backwards. */
static CK_BYTE secret_byte(const struct masked *m, size_t i, bool backwards)
{
	if (backwards)
		i = m->len - 1 - i;
	return m->bytes[i] ^ mask_of(i);
}

static unsigned first_two(CK_BYTE a, CK_BYTE b)
{
	return ((unsigned)a << 8 | b) ^ 0x5a3c;
}

static bool window_is(const struct masked *m, size_t at, bool backwards, const CK_BYTE *p)
{
	for (size_t i = 0; i < WINDOW; i++)
		if (secret_byte(m, at + i, backwards) != p[i])
			return false;
	return true;
}

static void windows_note(const struct masked *m, bool backwards)
{
	for (size_t at = 0; at + WINDOW <= m->len; at += WINDOW)
		search.starts[first_two(secret_byte(m, at, backwards),
					secret_byte(m, at + 1, backwards))] = true;
}

static void search_begin(const struct masked *list, size_t n)
{
	search.list = list;
	search.n = n;
	search.found = 0;
	memset(search.starts, 0, sizeof(search.starts));
	for (size_t i = 0; i < n; i++) {
		windows_note(&list[i], false);
		windows_note(&list[i], true);
	}
}

static void tell(const struct masked *m, size_t at, bool backwards, const char *place,
		 uintptr_t address)
{
	if (search.found++ < 20)
		report("%s: byte %zu of %s%s in %s at %" PRIxPTR, search.when, at, m->name,
		       backwards ? " backwards" : "", place, address);
}

static void look_at(const CK_BYTE *p, const char *place, uintptr_t address)
{
	for (size_t i = 0; i < search.n; i++) {
		const struct masked *m = &search.list[i];

		for (size_t at = 0; at + WINDOW <= m->len; at += WINDOW)
			for (int back = 0; back < 2; back++)
				if (window_is(m, at, back, p))
					tell(m, at, back, place, address);
	}
}

/*
 * Looks through n bytes at search.buffer + WINDOW, which follow the bytes of the chunk before;
 * `kept` of them, at most WINDOW - 1, are in front.
 */
static void look_through(size_t kept, size_t n, const char *place, uintptr_t address)
{
	const CK_BYTE *p = search.buffer + WINDOW - kept;
	const CK_BYTE *end = search.buffer + WINDOW + n;

	for (; p + WINDOW <= end; p++)
		if (search.starts[first_two(p[0], p[1])])
			look_at(p, place,
				address + (uintptr_t)(p - search.buffer) - WINDOW);
}

/* From `at` to `end` of the file; pages that cannot be read are left out. */
static void look_into(int fd, uintptr_t at, uintptr_t end, const char *place)
{
	size_t kept = 0;

	while (at < end) {
		size_t n = end - at < CHUNK ? end - at : CHUNK;
		ssize_t got = pread(fd, search.buffer + WINDOW, n, (off_t)at);

		if (got <= 0) {
			at += n;
			kept = 0;
			continue;
		}
		look_through(kept, (size_t)got, place, at);
		kept = WINDOW - 1 < (size_t)got ? WINDOW - 1 : (size_t)got;
		memcpy(search.buffer + WINDOW - kept, search.buffer + WINDOW + got - kept, kept);
		at += (uintptr_t)got;
	}
}

/* --- memory ------------------------------------------------------------ */

struct map {
	uintptr_t from, to;
	char rights[8];
	char name[256];
	bool locked, undumped;
};

static void map_search(int fd, const struct map *m)
{
	uintptr_t own = (uintptr_t)&search, own_end = own + sizeof(search);
	const char *name = *m->name ? m->name : "anonymous memory";

	if (m->rights[0] != 'r' || m->rights[1] != 'w' ||
	    (search.where == UNPROTECTED_MEMORY && m->locked && m->undumped))
		return;
	if (own >= m->to || own_end <= m->from) {
		look_into(fd, m->from, m->to, name);
	} else {
		look_into(fd, m->from, own, name);
		look_into(fd, own_end, m->to, name);
	}
}

/* The flags are the last line of a map's. */
static bool map_line(struct map *m, char *line)
{
	struct map next = { 0 };

	if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s %*s %*s %*s %255[^\n]", &next.from,
		   &next.to, next.rights, next.name) >= 3)
		*m = next;
	if (strncmp(line, "VmFlags:", 8) != 0)
		return false;
	m->locked = strstr(line, " lo") != NULL;
	m->undumped = strstr(line, " dd") != NULL;
	return true;
}

static void *memory_main(void *arg)
{
	char line[1024];
	struct map m = { 0 };
	FILE *maps = fopen("/proc/self/smaps", "r");
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);

	(void)arg;
	if (!maps || fd < 0)
		search.found = 1;
	while (maps && fd >= 0 && fgets(line, sizeof(line), maps))
		if (map_line(&m, line))
			map_search(fd, &m);
	if (maps)
		fclose(maps);
	if (fd >= 0)
		close(fd);
	return NULL;
}

unsigned memory_find(enum where where, const struct masked *list, size_t n, const char *when)
{
	pthread_t t;

	search.where = where;
	search.when = when;
	search_begin(list, n);
	if (pthread_create(&t, NULL, memory_main, NULL))
		return 1;
	pthread_join(t, NULL);
	return search.found;
}

unsigned long memory_locked(void)
{
	char line[256];
	unsigned long kb = 0;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmLck: %lu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

/* --- files ------------------------------------------------------------ */

static int file_search(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	int fd = kind == FTW_F ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	(void)ftw;
	if (fd >= 0) {
		look_into(fd, 0, (uintptr_t)st->st_size, path);
		close(fd);
	}
	return 0;
}

unsigned files_find(const char *path, const struct masked *list, size_t n)
{
	search.when = "on disk";
	search_begin(list, n);
	if (nftw(path, file_search, 16, FTW_PHYS))
		return 1;
	return search.found;
}

#include "config.h"

#include "bin/common/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bin/common/message.h"

#define ENV_PREFIX "env:"
#define FILE_PREFIX "file:"

static struct secbuf *copy(const void *data, size_t len)
{
	struct secbuf *b = secbuf_from(data, len);

	if (b == NULL)
		message_error("Out of memory.");
	return b;
}

static struct secbuf *from_environment(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL) {
		message_error("There is no environment variable %s to take a PIN from.", name);
		return NULL;
	}
	return copy(value, strlen(value));
}

/*
 * A line without its end, byte by byte: what follows is for others. false with errno, which is 0
 * when there is no line, or one that is too long.
 */
static bool read_line(int fd, struct secbuf *line)
{
	size_t len = 0;
	unsigned char c = 0;
	ssize_t n;

	errno = 0;
	while ((n = read(fd, &c, 1)) != 0 && c != '\n') {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || len == line->len)
			return false;
		line->data[len++] = c;
	}
	OPENSSL_cleanse(&c, sizeof(c));
	if (n == 0 && len == 0)
		return false;
	if (len > 0 && line->data[len - 1] == '\r')
		len--;
	line->len = len;
	return true;
}

static struct secbuf *from_line(int fd, const char *where)
{
	struct secbuf *line = secbuf_new(SECRET_MAX);

	if (line != NULL && read_line(fd, line))
		return line;
	if (line == NULL)
		message_error("Out of memory.");
	else
		message_error("Could not read a PIN from %s: %s", where,
			      errno != 0 ? strerror(errno) : "there is no line that could be one");
	secbuf_free(line);
	return NULL;
}

static struct secbuf *from_file(const char *path)
{
	struct secbuf *line = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		message_error("Could not read a PIN from %s: %s", path, strerror(errno));
		return NULL;
	}
	line = from_line(fd, path);
	close(fd);
	return line;
}

struct secbuf *secret_take(char *text)
{
	struct secbuf *secret = NULL;

	if (strcmp(text, "-") == 0)
		secret = from_line(STDIN_FILENO, "standard input");
	else if (strncmp(text, ENV_PREFIX, strlen(ENV_PREFIX)) == 0)
		secret = from_environment(text + strlen(ENV_PREFIX));
	else if (strncmp(text, FILE_PREFIX, strlen(FILE_PREFIX)) == 0)
		secret = from_file(text + strlen(FILE_PREFIX));
	else
		secret = copy(text, strlen(text));
	OPENSSL_cleanse(text, strlen(text));
	return secret;
}

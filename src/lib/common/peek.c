#include "config.h"

#include "common/peek.h"

#include <sys/uio.h>
#include <unistd.h>

bool peek(uintptr_t from, void *out, size_t len)
{
#ifdef __linux__
	const struct iovec local = { out, len }, remote = { (void *)from, len };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)len;
#else
	(void)from;
	(void)out;
	(void)len;
	return false;
#endif
}

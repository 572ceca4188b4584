/* softhsm2-util: makes, lists and deletes tokens, and imports keys into them. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "bin/util/options.h"
#include "bin/util/startup.h"
#include "bin/common/message.h"

static bool run_with_module(const struct options *o)
{
	struct p11 p;
	bool ok;

	if (!startup_check())
		return false;
	ok = p11_load(&p, o->module) && p11_start(&p) && o->action->run(o, &p);
	p11_unload(&p);
	return ok;
}

/* Output that did not get out is a failure too. */
static bool flush_output(void)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return true;
	message_error("Could not write to standard output.");
	return false;
}

int main(int argc, char **argv)
{
	struct options o;
	int status = options_read(&o, argc, argv);
	bool ok;

	if (status < 0) {
		ok = o.action->uses_module ? run_with_module(&o) : o.action->run(&o, NULL);
		status = ok ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	options_wipe(&o);
	if (!flush_output())
		status = EXIT_FAILURE;
	return status;
}

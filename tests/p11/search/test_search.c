#include "config.h"

#include "search.h"

int main(int argc, char **argv)
{
	static const struct child children[] = { { "other", child_other } };
	static const struct test tests[] = {
		{ "model", .run = test_model },
		{ "calls", .run = test_calls },
		{ "others", .run = test_others },
	};
	static const struct program program = {
		.name = "search",
		.tests = tests, .ntests = LENGTH(tests),
		.children = children, .nchildren = LENGTH(children),
	};

	return harness_main(argc, argv, &program);
}

#!/bin/sh
# shellcheck disable=SC2034,SC2086 # for lib.sh; $pins is a list of words
# What the tool says when the configuration or the module is not usable.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
unset TEST_BACKEND	# the configurations are its own

# each NAME: the actions that look at the configuration.
each()
{
	check "$1-show" --show-slots
	check "$1-init" --init-token
	check "$1-import" --import x
	check "$1-delete" --delete-token --token x
	check "$1-delete-nothing" --delete-token
}

play()
{
	world
	SOFTHSM2_CONF=$world/none
	each missing
	check missing-version --version
	check missing-help --help
	check missing-nothing
	check missing-long-serial --delete-token --serial 12345678901234567
	SOFTHSM2_CONF=
	check empty-name --show-slots

	world
	set_conf 'log.level = LOUD'
	each log-level
	world
	set_conf 'objectstore.backend = paper'
	each backend
	world
	set_conf "directories.tokendir = $world/none"
	each tokendir
	world
	set_conf 'log.level = LOUD' 'objectstore.backend = paper'
	check level-before-backend --show-slots
	world
	set_conf 'objectstore.backend = paper' "directories.tokendir = $world/none"
	check backend-before-tokendir --show-slots

	world
	set_conf 'log.levle = ERROR' 'no sense' 'slots.removable = perhaps'
	check warnings-are-no-failure --show-slots
	check warnings-delete --delete-token --token x
	world
	set_conf 'log.levle = ERROR' 'log.level = LOUD'
	check warnings-with-failure --show-slots

	world
	check module-missing --show-slots --module /nonexistent.so
	check module-not-elf --show-slots --module "$data/junk.txt"
	check module-init-missing --init-token --module /nonexistent.so
	check module-other --show-slots --module "$module"
	SOFTHSM2_CONF=$world/none
	check module-no-conf --show-slots --module "$module"
}
compare

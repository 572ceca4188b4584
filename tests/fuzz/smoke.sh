#!/bin/sh
# Runs libFuzzer targets in turn, $FUZZ_SECONDS each, beginning with the corpora in
# $TEST_DATA/fuzz; fails on a finding, whose input stays in the current directory. With
# FUZZ_CORPUS=DIR the inputs that reach new code are kept there, to go on with.
# usage: smoke.sh PROGRAM...   (make fuzz-smoke, after configure --enable-fuzzing)
set -u

seconds=${FUZZ_SECONDS:-60}
export TMPDIR
[ ! -w /dev/shm ] || TMPDIR=/dev/shm	# no disk has to keep what the targets write
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
TMPDIR=$work
status=0

for program in "$@"; do
	name=${program##*/fuzz_}
	corpus=${FUZZ_CORPUS:-$work/corpus}/$name
	mkdir -p "$corpus" || exit 1
	if ! "./$program" -help=1 2>&1 | grep -q max_total_time; then
		echo "$program is no fuzzer: use a build with configure --enable-fuzzing" >&2
		exit 1
	fi
	"./$program" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=2048 -max_len=8192 \
		-print_final_stats=1 -close_fd_mask=3 -artifact_prefix="finding-$name-" \
		"$corpus" "$TEST_DATA/fuzz/$name" >"$work/log" 2>&1
	code=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
	reached=$(sed -n 's/.*\(cov: [0-9]* ft: [0-9]*\).*/\1/p' "$work/log" | tail -n 1)
	if [ $code -eq 0 ] && [ "${runs:-0}" -gt 0 ]; then
		echo "$name: $runs runs, $reached"
	else
		status=1
		echo "$name: FAILED"
		tail -n 80 "$work/log"
	fi
done
exit $status

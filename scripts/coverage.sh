#!/bin/sh
# Prints line and branch coverage of src/lib by folder, from what gcov counted
# in a build made with "configure --enable-coverage". Fails below the wanted
# percentages. "make coverage" runs the tests first.
set -u
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

usage="usage: scripts/coverage.sh [--files] [BUILD-DIRECTORY]
--files gives a line to each file, too.
COVERAGE_LINES and COVERAGE_BRANCHES are the wanted percentages (90 and 75);
GCOV is the program that fits the compiler (gcov)."
files=0
build=.
for argument in "$@"; do
	case $argument in
	-h | --help) say "$usage"; exit 0 ;;
	--files) files=1 ;;
	*) build=$argument ;;
	esac
done

# A file that no test reached has notes but no counts; gcov says 0 % of it.
notes=$(find "$build/src/lib" -name '*.gcno' 2>/dev/null | sort)
[ -n "$notes" ] ||
	die "no *.gcno in $build/src/lib: build with configure --enable-coverage"

# Four lines a source file: File 'NAME', then figures like "98.53% of 136".
# gcov says "No branches" where there are none.
report()
{
	# shellcheck disable=SC2086 # a list of words without blanks
	${GCOV:-gcov} -n -b $notes 2>/dev/null |
	awk -v files="$files" -v lines="${COVERAGE_LINES:-90}" \
		-v branches="${COVERAGE_BRANCHES:-75}" '
	function percent(part, all) { return all ? 100 * part / all : 100 }
	function row(name, l, ll, b, bb) {
		return sprintf("%-36s %6d %7.2f%% %8d %7.2f%%", name, ll,
			percent(l, ll), bb, percent(b, bb))
	}
	function figures(line) {
		sub(/^[^:]*:/, "", line)
		split(line, figure, "% of ")
		return figure[1] * figure[2] / 100
	}
	function below(what, part, all, want) {
		if (percent(part, all) >= want)
			return 0
		printf "%s: %.2f %% covered, wanted %s %%\n", what,
			percent(part, all), want
		return 1
	}
	/^File / {
		file = $0
		sub(/^File ./, "", file)
		sub(/.$/, "", file)
		if (!sub(/^.*src\/lib\//, "", file))
			file = ""	# a header of the system
	}
	file == "" { next }
	/^Lines executed:/ {
		if (file in ll) {
			file = ""	# the sum of all, at the end
			next
		}
		l[file] = figures($0)
		ll[file] = figure[2]
	}
	/^Taken at least once:/ {
		b[file] = figures($0)
		bb[file] = figure[2]
	}
	END {
		printf "%-36s %6s %8s %8s %8s\n", "src/lib", "lines", "covered",
			"branches", "covered"
		fflush()
		for (file in ll) {
			folder = file
			sub(/[^\/]*$/, "", folder)
			fl[folder] += l[file]; fll[folder] += ll[file]
			fb[folder] += b[file]; fbb[folder] += bb[file]
			L += l[file]; LL += ll[file]; B += b[file]; BB += bb[file]
			if (files)
				print row(file, l[file], ll[file], b[file], bb[file]) | "sort"
		}
		for (folder in fll)
			print row(folder, fl[folder], fll[folder], fb[folder],
				fbb[folder]) | "sort"
		close("sort")
		print row("all", L, LL, B, BB)
		bad = below("lines", L, LL, lines)
		bad += below("branches", B, BB, branches)
		exit (bad > 0)
	}'
}

report

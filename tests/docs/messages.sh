#!/bin/sh
# Each message in TROUBLESHOOTING.md is one that the source can print. In the first column of its
# tables messages stand between backquotes, and <words> in them for what differs.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 99
top=$(cd "$here/../.." && pwd) || exit 99
dir=$(mktemp -d "${TMPDIR:-/tmp}/messages.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM
document=$top/docs/TROUBLESHOOTING.md

# All strings of the source, those that are continued in one piece.
find "$top/src" -name '*.[ch]' -exec cat {} + | tr '\n\t' '  ' |
	sed -e 's/" *"//g' -e 's/\\"/"/g' >"$dir/source"

# A line "number: text" for each part that does not differ.
awk '/^## Without a message/ { exit }
/^\| `/ {
	cell = $0
	sub(/^\| /, "", cell)
	sub(/ \| .*/, "", cell)
	n = split(cell, texts, "`")
	for (i = 2; i <= n; i += 2) {
		text = texts[i]
		gsub(/\(--file-pin <PIN>\)/, "", text)
		sub(/^ERROR: /, "", text)
		m = split(text, parts, /<[^>]*>/)
		for (j = 1; j <= m; j++) {
			gsub(/^ +| +$/, "", parts[j])
			if (length(parts[j]) > 2)
				print FNR ": " parts[j]
		}
	}
}' "$document" >"$dir/messages"

failures=0
while IFS= read -r message; do
	grep -qFe "${message#*: }" "$dir/source" && continue
	echo "FAIL: docs/TROUBLESHOOTING.md:$message: nothing prints that"
	failures=$((failures + 1))
done <"$dir/messages"
count=$(grep -c . "$dir/messages")
echo "messages: $count looked for, $failures not found"
[ "$count" -gt 100 ] && [ $failures -eq 0 ]

#!/bin/sh
# Links between the documents lead to files that are there, and to headings that they have.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 99
top=$(cd "$here/../.." && pwd) || exit 99
failures=0
count=0

# anchors FILE: of its headings, as they are made of them where Markdown is shown.
anchors()
{
	awk '/^```/ { block = !block } !block && /^#+ / {
		sub(/^#+ /, "")
		gsub(/[^A-Za-z0-9 _-]/, "")
		gsub(/ /, "-")
		print tolower($0)
	}' "$1"
}

# targets FILE: of its links, but those to other hosts.
targets()
{
	grep -o '](\([^)]*\))' "$1" | sed -e 's/^](//' -e 's/)$//' | grep -v '^[a-z]*:'
}

for document in "$top"/*.md "$top"/docs/*.md; do
	for target in $(targets "$document"); do
		count=$((count + 1))
		file=$document
		[ -z "${target%%#*}" ] || file=$(dirname "$document")/${target%%#*}
		if [ ! -f "$file" ]; then
			echo "FAIL: ${document#"$top/"}: $target: there is no such file"
			failures=$((failures + 1))
		elif [ "$target" != "${target#*#}" ] &&
			! anchors "$file" | grep -qxFe "${target#*#}"; then
			echo "FAIL: ${document#"$top/"}: $target: there is no such heading"
			failures=$((failures + 1))
		fi
	done
done
echo "links: $count followed, $failures failed"
[ $count -gt 20 ] && [ $failures -eq 0 ]

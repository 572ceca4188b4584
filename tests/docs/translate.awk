# Makes a shell script of a document: its lines have the numbers that they have there. Told by -v:
# where, a directory for what belongs to the blocks, and for /srv; module, what the installed
# module's path stands for. documents.sh says what the marks of a block mean.

function die(why)
{
	print FILENAME ":" FNR ": " why >"/dev/stderr"
	failed = 1
	exit 1
}

# The value of a mark "name=value", "" without one.
function mark(name, i, n, words)
{
	n = split(info, words, " ")
	for (i = 2; i <= n; i++)
		if (index(words[i], name "=") == 1)
			return substr(words[i], length(name) + 2)
	return ""
}

# The text with new in the place of each old.
function exchanged(text, old, new, at, done)
{
	while ((at = index(text, old)) > 0) {
		done = done substr(text, 1, at - 1) new
		text = substr(text, at + length(old))
	}
	return done text
}

function replaced(text)
{
	text = exchanged(text, "/usr/lib/softhsm/libsofthsm2.so", module)
	return exchanged(text, "/srv/", where "/srv/")
}

# What is owed from the line before, and the line's own text.
function put(text)
{
	print owed text
	owed = ""
}

function begin(needs)
{
	info = substr($0, 4)
	kind = info
	sub(/ .*/, "", kind)
	if (kind == "")
		die("a block without a kind")
	start = FNR
	shown = 0
	by = mark("by")
	file = mark("file")
	if (kind == "text" || by != "") {
		put("")
		return
	}
	if (kind != "sh" && kind != "console" && file == "")
		die("a block that is neither run nor written to a file")
	put("if ready " FNR " '" mark("needs") "'; then " (kind == "console" ? ":" : \
		file == "" ? "set -x" : "cat >" file " <<'END OF THE BLOCK'"))
}

# The end of a command whose output is shown.
function command_end(wanted)
{
	if (!shown)
		return ""
	close(expected)
	wanted = shown (info ~ / fails/ ? " fails" : "")
	return "} >\"$said\" 2>\"$said.err\"; then judge 0 " wanted \
		"; else judge $? " wanted "; fi; "
}

function finish()
{
	if (by != "") {
		put("elsewhere " start " '" by "'")
	} else if (file != "") {
		put("END OF THE BLOCK")
		owed = "fi; "
	} else if (kind == "console") {
		put(command_end() "fi")
	} else if (kind == "sh") {
		put("{ set +x; } 2>/dev/null; fi")
	} else {
		put("")
	}
	kind = ""
}

function console_line()
{
	if ($0 ~ /^\$ /) {
		put(command_end() "if { " replaced(substr($0, 3)))
		shown = FNR
		expected = where "/expected." FNR
		printf "" >expected
		goes_on = $0 ~ /\\$/
	} else if (goes_on) {
		put(replaced($0))
		goes_on = $0 ~ /\\$/
	} else if (shown) {
		put("")
		print replaced($0) >expected
	} else {
		die("a console block begins with \"$ \"")
	}
}

kind == "" && /^```/ { begin(); next }
kind == "" && /^(    |\t)/ { die("an indented line: commands belong into fenced blocks") }
kind == "" { put(""); next }
/^```$/ { finish(); next }
by != "" { put(""); print >(where "/lines." start); next }
kind == "text" { put(""); next }
kind == "console" { console_line(); next }
{ put(replaced($0)) }
END {
	if (failed)
		exit 1
	if (kind != "")
		die("a block without an end")
	print owed
}

# shellcheck shell=bash
# completion.bash SCRIPT LINE: prints what bash would offer at the end of the line, a line each;
# "default" stands for readline's own completion of files. Lines are broken as readline does it.

compopt()
{
	[ "$*" = "-o default" ] && echo default
}

break_line()
{
	local rest=$1 token
	local first=$'^[[:space:]]*("[^"]*"?|\'[^\']*\'?|([^][:space:]=:"\'\\\\]|\\\\.)+|[=:]+)'

	COMP_WORDS=()
	while [[ $rest =~ $first ]]; do
		token=${BASH_REMATCH[1]}
		rest=${rest#"${BASH_REMATCH[0]}"}
		COMP_WORDS+=("$token")
	done
	[[ $1 != *' ' || $1 == *'\ ' ]] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
}

COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
# shellcheck source=contrib/bash-completion/softhsm2-util
. "$1"
COMPREPLY=()
break_line "$2"
_softhsm2 "${COMP_WORDS[0]}"
[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}"

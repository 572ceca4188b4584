#!/bin/sh
# "make install" and "make uninstall" below a DESTDIR: which files, and what they say.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/../interop/lib.sh"
need make pkg-config bash mandoc
build=$(dirname "$SOFTHSM2_UTIL")
root=$dir/root
# The make that runs this test must not share its flags with those below.
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR

# of VARIABLE: its value in the Makefile. What make says when that is made anew comes before.
of()
{
	# shellcheck disable=SC2016 # make expands it
	(cd "$build" && printf 'include Makefile\nshow: ; @echo $(%s)\n' "$1" |
		make -s -f - show | tail -n 1)
}

run_make()
{
	(cd "$build" && make DESTDIR="$root" "$1")
}

programs=$(of bin_PROGRAMS)
bindir=$(of bindir)
man=$(of mandir)
sysconfdir=$(of sysconfdir)
module=$(of moduledir)/libsofthsm2.so
tokens=$(of tokendir)
pkgconfig=$(of pkgconfigdir)
completions=$(of completiondir)
p11kit=$(of p11kitdir)
tmpfiles=$(of tmpfilesdir)/softhsm2.conf
sysusers=$(of sysusersdir)/softhsm2.conf
conf=$sysconfdir/softhsm2.conf

# expected: every file of an installation.
expected()
{
	for program in $programs; do
		echo "$bindir/$program"
		echo "$man/man1/$program.1"
		[ -z "$completions" ] || echo "$completions/$program"
	done
	[ -z "$p11kit" ] || echo "$p11kit/softhsm2.module"
	printf '%s\n' "$conf" "$conf.sample" "$man/man5/softhsm2.conf.5" "$module" \
		"$pkgconfig/softhsm2.pc" "$tmpfiles" "$sysusers"
}

# files_are FILE...: these and no others are below the root.
files_are()
{
	if [ $# -eq 0 ]; then : >"$dir/wanted"; else printf '%s\n' "$@" | sort >"$dir/wanted"; fi
	(cd "$root" && find . ! -type d | sed 's/^\.//' | sort) >"$dir/found"
	diff "$dir/wanted" "$dir/found"
}

# is WANTED COMMAND...: prints exactly that.
is()
{
	is_wanted=$1
	shift
	is_got=$("$@") || return 1
	[ "$is_got" = "$is_wanted" ] || { echo "$is_got"; return 1; }
}

pc()
{
	PKG_CONFIG_LIBDIR=$root$pkgconfig pkg-config "$@" softhsm2
}

util()
{
	"$root$bindir/softhsm2-util" "$@"
}

# configured KEY: its value in the installed configuration.
configured()
{
	SOFTHSM2_CONF=$root$conf util --show-config "$1"
}

# The configuration that is installed says nothing that the library complains about.
no_complaint()
{
	sed -e "s|^directories.tokendir.*|directories.tokendir = $root$tokens|" \
		-e 's|^log.level.*|log.level = WARNING|' "$root$conf" >"$dir/try.conf"
	echo "log.file = $dir/try.log" >>"$dir/try.conf"
	SOFTHSM2_CONF=$dir/try.conf util --module "$root$module" --show-slots || return 1
	[ ! -s "$dir/try.log" ] || { cat "$dir/try.log"; return 1; }
}

completes()
{
	bash -n "$root$completions/$1" && bash --norc -c \
		". '$root$completions/$1' && complete -p $1"
}

# explained TOOL: its page names every option of its help.
explained()
{
	mandoc -T ascii "$root$man/man1/$1.1" | sed "s/.$(printf '\b')//g" >"$dir/page"
	"$root$bindir/$1" --help 2>"$dir/help" |
		sed -n 's/^  \(-[a-z], \)\{0,1\}\(--[a-z0-9-]*\).*/\2/p' >"$dir/options"
	[ -s "$dir/options" ] || return 1
	while read -r option; do
		grep -qwe "$option" "$dir/page" || { echo "$option is missing"; return 1; }
	done <"$dir/options"
}

# systemd: its programs make the group and the directory below a root of their own.
systemd()
{
	mkdir -p "$dir/os/etc" || return 1
	: >"$dir/os/etc/group"
	echo 'root:x:0:0::/:/bin/sh' >"$dir/os/etc/passwd"
	systemd-sysusers --root="$dir/os" "$root$sysusers" &&
		systemd-tmpfiles --root="$dir/os" --create "$root$tmpfiles" || return 1
	systemd_gid=$(sed -n 's/^softhsm:[^:]*:\([0-9]*\):.*/\1/p' "$dir/os/etc/group")
	[ -n "$systemd_gid" ] && is "2770 0 $systemd_gid" stat -c '%a %u %g' "$dir/os$tokens"
}

check "install" run_make install
# shellcheck disable=SC2046 # a list of words
check "these files" files_are $(expected)
check "the token directory" is 1777 stat -c %a "$root$tokens"
check "the module" test -s "$root$module"
check "pkg-config accepts it" pc --validate
check "pkg-config: the module" is "$module" pc --variable=p11_module_path
check "pkg-config: the tokens" is "$tokens" pc --variable=tokendir
check "pkg-config: the version" is "$(util --version)" pc --modversion
check "pkg-config: nothing to link" is "" pc --libs --cflags
[ -z "$p11kit" ] || check "the module of p11-kit" is "module: $module" \
	grep '^module:' "$root$p11kit/softhsm2.module"
check "the sample is the configuration" cmp "$root$conf" "$root$conf.sample"
check "the token directory is configured" is "$tokens/" configured directories.tokendir
check "the configuration is in order" no_complaint
check "the compiled-in module" is "$module" configured default-pkcs11-lib
for program in $programs; do
	check "the page of $program" mandoc -T lint -W style "$root$man/man1/$program.1"
	case $program in
	*-dump-*) ;; # they have no options
	*) check "what the page of $program says" explained "$program" ;;
	esac
	[ -z "$completions" ] || check "the completion of $program" completes "$program"
done
check "the page of softhsm2.conf" mandoc -T lint -W style "$root$man/man5/softhsm2.conf.5"
# Only root makes groups; outside of CI there may be no systemd.
if [ "$(id -u)" -eq 0 ] && { [ "${CI-}" = true ] || command -v systemd-sysusers >/dev/null; }; then
	check "the shared directory" systemd
fi

check "uninstall" run_make uninstall
check "nothing is left" files_are
for own in "$(dirname "$module")" "$tokens" "$(of docdir)"; do
	check "no $own" test ! -e "$root$own"
done

check "install again" run_make install
echo "# mine" >>"$root$conf"
mkdir "$root$tokens/token"
: >"$root$tokens/token/token.object"
check "install over it" run_make install
check "the configuration is kept" grep '^# mine$' "$root$conf"
check "uninstall once more" run_make uninstall
check "what was mine is left" files_are "$conf" "$tokens/token/token.object"
finish

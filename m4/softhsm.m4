# Macros of this project's configure.ac.

# SOFTHSM_TRY_CFLAGS(VARIABLE, FLAGS): append each flag the compiler takes.
AC_DEFUN([SOFTHSM_TRY_CFLAGS], [
for flag in m4_normalize([$2]); do
	AS_VAR_PUSHDEF([cache], [softhsm_cv_cflag_$flag])
	AC_CACHE_CHECK([whether $CC accepts $flag], [cache], [
		softhsm_saved_cflags=$CFLAGS
		CFLAGS="$CFLAGS -Werror $flag"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
			[AS_VAR_SET([cache], [yes])], [AS_VAR_SET([cache], [no])])
		CFLAGS=$softhsm_saved_cflags
	])
	AS_VAR_IF([cache], [yes], [$1="$$1 $flag"])
	AS_VAR_POPDEF([cache])
done
])

# SOFTHSM_TRY_LDFLAGS(VARIABLE, FLAGS): append each flag the linker takes.
AC_DEFUN([SOFTHSM_TRY_LDFLAGS], [
for flag in m4_normalize([$2]); do
	AS_VAR_PUSHDEF([cache], [softhsm_cv_ldflag_$flag])
	AC_CACHE_CHECK([whether the linker accepts $flag], [cache], [
		softhsm_saved_ldflags=$LDFLAGS
		LDFLAGS="$LDFLAGS $flag"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
			[AS_VAR_SET([cache], [yes])], [AS_VAR_SET([cache], [no])])
		LDFLAGS=$softhsm_saved_ldflags
	])
	AS_VAR_IF([cache], [yes], [$1="$$1 $flag"])
	AS_VAR_POPDEF([cache])
done
])

# SOFTHSM_PREFIX_FLAGS(VARIABLE, PATH, LIBRARIES): flags for a library which
# is installed below PATH, found at run time as well.
AC_DEFUN([SOFTHSM_PREFIX_FLAGS], [
	AS_IF([test ! -d "$2/include"], [AC_MSG_ERROR([$2/include does not exist])])
	$1_CFLAGS="-I$2/include"
	$1_LIBS=
	for dir in "$2/lib64" "$2/lib"; do
		AS_IF([test -d "$dir"], [$1_LIBS="$$1_LIBS -L$dir -Wl,-rpath,$dir"])
	done
	$1_LIBS="$$1_LIBS $3"
	AC_SUBST([$1_CFLAGS])
	AC_SUBST([$1_LIBS])
])

# SOFTHSM_DIR_OPTION(VARIABLE, OPTION, VALUE, DIR-FOR-YES, DIR-FOR-NO): the
# directory that an option names.
AC_DEFUN([SOFTHSM_DIR_OPTION], [
AS_CASE([$3],
	[yes], [$1=$4],
	[no], [$1=$5],
	[/*], [$1=$3],
	[AC_MSG_ERROR([$2 needs an absolute directory, not "$3"])])
AC_SUBST([$1])
])

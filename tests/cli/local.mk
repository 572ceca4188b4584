# The tool's texts, streams and exit status, compared with SoftHSM 2.6.1.

cli_tests += \
	%D%/beyond.sh \
	%D%/convert_keys.sh \
	%D%/delete_token.sh \
	%D%/dump_db.sh \
	%D%/dump_file.sh \
	%D%/import.sh \
	%D%/init_token.sh \
	%D%/keyconv.sh \
	%D%/migrate.sh \
	%D%/mistakes.sh \
	%D%/objects.sh \
	%D%/move.sh \
	%D%/move_load.sh \
	%D%/options.sh \
	%D%/parallel.sh \
	%D%/prompts.sh \
	%D%/secrets.sh \
	%D%/show_slots.sh \
	%D%/startup.sh

test_helpers += tests/cli/churn tests/cli/pty tests/cli/objects
tests_cli_churn_SOURCES = %D%/churn.c
tests_cli_churn_LDADD = libcore.la $(OPENSSL_LIBS) $(DL_LIBS)
tests_cli_pty_SOURCES = %D%/pty.c
tests_cli_objects_SOURCES = %D%/objects.c
tests_cli_objects_LDADD = libcore.la $(OPENSSL_LIBS) $(DL_LIBS)

EXTRA_DIST += %D%/lib.sh %D%/differences %D%/data %D%/expected

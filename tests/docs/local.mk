# The documents for users: their commands are run.

cli_tests += %D%/documents.sh %D%/links.sh %D%/messages.sh

EXTRA_DIST += %D%/translate.awk

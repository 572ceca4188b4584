# What is installed beside the programs, and whether it does what it says.

cli_tests += \
	%D%/completion.sh \
	%D%/install.sh \
	%D%/recipes.sh \
	%D%/shared.sh

EXTRA_DIST += %D%/completion.bash %D%/recipes.py

# Tools: a folder each.

include src/bin/util/local.mk

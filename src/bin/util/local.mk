# bin_PROGRAMS += softhsm2-util; softhsm2_util_LDADD = libcore.la

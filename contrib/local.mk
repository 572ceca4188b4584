# What other programs read about SoftHSM.

# One file completes all tools; bash looks for it under the name of each.
if WITH_COMPLETION
completion_DATA = %D%/bash-completion/softhsm2-util
link_completions = \
	for program in $(bin_PROGRAMS); do \
		test $$program = softhsm2-util || \
		$(LN_S) -f softhsm2-util "$(DESTDIR)$(completiondir)/$$program" || exit 1; \
	done
unlink_completions = \
	for program in $(bin_PROGRAMS); do \
		rm -f "$(DESTDIR)$(completiondir)/$$program"; \
	done
else
link_completions = :
unlink_completions = :
endif

# Both are called softhsm2.conf where systemd looks for them.
%D%/systemd/tmpfiles.d/softhsm2.conf: $(srcdir)/%D%/systemd/tmpfiles.conf.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
		$(substitute) $(srcdir)/%D%/systemd/tmpfiles.conf.in >$@.tmp && mv $@.tmp $@

%D%/systemd/sysusers.d/softhsm2.conf: $(srcdir)/%D%/systemd/sysusers.conf.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
		$(substitute) $(srcdir)/%D%/systemd/sysusers.conf.in >$@.tmp && mv $@.tmp $@

tmpfiles_DATA = %D%/systemd/tmpfiles.d/softhsm2.conf
sysusers_DATA = %D%/systemd/sysusers.d/softhsm2.conf
CLEANFILES += $(tmpfiles_DATA) $(sysusers_DATA)

EXTRA_DIST += \
	%D%/bash-completion/softhsm2-util \
	%D%/container/Containerfile \
	%D%/container/softhsm2.conf \
	%D%/kubernetes/softhsm2.yaml \
	%D%/systemd/tmpfiles.conf.in \
	%D%/systemd/sysusers.conf.in

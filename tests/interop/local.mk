interop_tests += \
	%D%/exchange.sh \
	%D%/keytool.sh \
	%D%/openssl_engine.sh \
	%D%/p11_kit.sh \
	%D%/p11tool.sh \
	%D%/pin_tries.sh \
	%D%/pkcs11_tool.sh

EXTRA_DIST += %D%/lib.sh

interop_tests += \
	%D%/exchange.sh \
	%D%/forwarded_socket.sh \
	%D%/gnupg.sh \
	%D%/gnutls_serv.sh \
	%D%/jarsigner.sh \
	%D%/keytool.sh \
	%D%/knot.sh \
	%D%/node.sh \
	%D%/nss.sh \
	%D%/opendnssec.sh \
	%D%/openssh.sh \
	%D%/openssl_engine.sh \
	%D%/openssl_engine_tls.sh \
	%D%/openssl_provider.sh \
	%D%/openvpn.sh \
	%D%/p11_kit.sh \
	%D%/p11_kit_server.sh \
	%D%/p11tool.sh \
	%D%/pin_tries.sh \
	%D%/pkcs11_register.sh \
	%D%/pkcs11_tool.sh \
	%D%/pykcs11.sh \
	%D%/signtool.sh \
	%D%/strongswan_pki.sh \
	%D%/stunnel.sh

EXTRA_DIST += \
	%D%/lib.sh \
	%D%/node_client.js \
	%D%/node_modules.sh \
	%D%/provider.sh \
	%D%/remote.sh \
	%D%/sshd.sh \
	%D%/tls.sh

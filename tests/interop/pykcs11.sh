#!/bin/sh
# PyKCS11: a Python program that generates, finds, signs, encrypts; openssl verifies.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
python=
for program in python3 /usr/bin/python3; do
	"$program" -c 'import PyKCS11' 2>/dev/null && python=$program
done
[ -n "$python" ] || missing "PyKCS11 (package python3-pykcs11)"
need openssl

new_token "$label"
cat >"$dir/client.py" <<'END'
import sys
from PyKCS11 import *

module, label, pin, where = sys.argv[1:]
lib = PyKCS11Lib()
lib.load(module)
slot = [s for s in lib.getSlotList(tokenPresent=True)
        if lib.getTokenInfo(s).label.strip() == label][0]
session = lib.openSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION)
session.login(pin)
session.generateKeyPair(
    [(CKA_TOKEN, CK_TRUE), (CKA_MODULUS_BITS, 2048), (CKA_PUBLIC_EXPONENT, (1, 0, 1)),
     (CKA_ID, (1,)), (CKA_VERIFY, CK_TRUE), (CKA_ENCRYPT, CK_TRUE)],
    [(CKA_TOKEN, CK_TRUE), (CKA_ID, (1,)), (CKA_SIGN, CK_TRUE), (CKA_DECRYPT, CK_TRUE)])
public = session.findObjects([(CKA_CLASS, CKO_PUBLIC_KEY), (CKA_ID, (1,))])[0]
private = session.findObjects([(CKA_CLASS, CKO_PRIVATE_KEY), (CKA_ID, (1,))])[0]
info = session.getAttributeValue(public, [CKA_PUBLIC_KEY_INFO])[0]
open(where + '/pub.der', 'wb').write(bytes(info))
text = open(sys.argv[0], 'rb').read()
signature = session.sign(private, text, Mechanism(CKM_SHA256_RSA_PKCS))
open(where + '/sig', 'wb').write(bytes(signature))
secret = session.encrypt(public, b'secret', Mechanism(CKM_RSA_PKCS))
assert bytes(session.decrypt(private, secret, Mechanism(CKM_RSA_PKCS))) == b'secret'
assert bytes(session.digest(text)) and len(session.generateRandom(16)) == 16
try:
    session.login('0000')
    sys.exit('a second login was not refused')
except PyKCS11Error as error:
    assert error.value == CKR_USER_ALREADY_LOGGED_IN
session.logout()
session.closeSession()
END
check "the program" "$python" "$dir/client.py" "$MODULE" "$label" "$user_pin" "$dir"
check "openssl reads the key" openssl pkey -pubin -inform DER -in "$dir/pub.der" \
	-out "$dir/pub.pem"
check "openssl verifies the signature" openssl dgst -sha256 -verify "$dir/pub.pem" \
	-signature "$dir/sig" "$dir/client.py"
finish

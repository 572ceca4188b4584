// For node.sh: node_client.js MODULE LABEL PIN DIRECTORY. pkcs11js is called in both of its ways,
// in Node's own thread and in others; graphene-pk11 stands on top of it.
'use strict';
const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const pkcs11js = require('pkcs11js');
const graphene = require('graphene-pk11');

const [module_path, label, pin, where] = process.argv.slice(2);
const CKA_PUBLIC_KEY_INFO = 0x129;	// newer than pkcs11js
const text = fs.readFileSync(__filename);

function save(name, data) {
	fs.writeFileSync(`${where}/${name}`, data);
}

function p256() {
	return Buffer.from('06082a8648ce3d030107', 'hex');
}

function generate(p11, session) {
	const token = { type: pkcs11js.CKA_TOKEN, value: true };
	const id = { type: pkcs11js.CKA_ID, value: Buffer.from([1]) };

	return p11.C_GenerateKeyPair(session, { mechanism: pkcs11js.CKM_EC_KEY_PAIR_GEN },
		[token, id, { type: pkcs11js.CKA_EC_PARAMS, value: p256() }],
		[token, id, { type: pkcs11js.CKA_SIGN, value: true }]);
}

// DER of a raw ECDSA signature: openssl wants it so.
function der(raw) {
	const half = raw.length / 2;
	const numbers = [raw.subarray(0, half), raw.subarray(half)].map((n) => {
		while (n.length > 1 && n[0] === 0 && n[1] < 0x80)
			n = n.subarray(1);
		if (n[0] >= 0x80)
			n = Buffer.concat([Buffer.from([0]), n]);
		return Buffer.concat([Buffer.from([2, n.length]), n]);
	});
	const body = Buffer.concat(numbers);

	return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

async function with_pkcs11js() {
	const p11 = new pkcs11js.PKCS11();

	p11.load(module_path);
	p11.C_Initialize();
	const slot = p11.C_GetSlotList(true)
		.find((s) => p11.C_GetTokenInfo(s).label.trim() === label);
	const session = p11.C_OpenSession(slot,
		pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);

	assert.throws(() => p11.C_Login(session, pkcs11js.CKU_USER, '0000'), /CKR_PIN_INCORRECT/);
	p11.C_Login(session, pkcs11js.CKU_USER, pin);
	const keys = generate(p11, session);

	save('ec.der', p11.C_GetAttributeValue(session, keys.publicKey,
		[{ type: CKA_PUBLIC_KEY_INFO }])[0].value);
	p11.C_SignInit(session, { mechanism: pkcs11js.CKM_ECDSA_SHA256 }, keys.privateKey);
	save('ec.sig', der(p11.C_Sign(session, text, Buffer.alloc(64))));

	// Sessions of one token at work in Node's threads at the same time.
	await Promise.all(Array.from({ length: 16 }, async () => {
		const mine = p11.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION);
		p11.C_SignInit(mine, { mechanism: pkcs11js.CKM_ECDSA_SHA256 }, keys.privateKey);
		const signature = await p11.C_SignAsync(mine, text, Buffer.alloc(64));

		p11.C_VerifyInit(mine, { mechanism: pkcs11js.CKM_ECDSA_SHA256 }, keys.publicKey);
		assert(await p11.C_VerifyAsync(mine, text, signature));
		p11.C_CloseSession(mine);
	}));
	p11.C_Logout(session);
	p11.C_CloseSession(session);
	p11.C_Finalize();
	p11.close();
}

function rsa_der(numbers) {
	const key = { kty: 'RSA', n: numbers.modulus.toString('base64url'),
		e: numbers.publicExponent.toString('base64url') };

	return crypto.createPublicKey({ key, format: 'jwk' })
		.export({ type: 'spki', format: 'der' });
}

function with_graphene() {
	const lib = graphene.Module.load(module_path, 'SoftHSM');

	lib.initialize();
	const slots = Array.from({ length: lib.getSlots(true).length },
		(_, i) => lib.getSlots(i, true));
	const session = slots.find((s) => s.getToken().label.trim() === label)
		.open(graphene.SessionFlag.SERIAL_SESSION | graphene.SessionFlag.RW_SESSION);

	session.login(pin);
	const keys = session.generateKeyPair(graphene.KeyGenMechanism.RSA,
		{ token: true, id: Buffer.from([2]), modulusBits: 2048, verify: true,
			publicExponent: Buffer.from([1, 0, 1]), encrypt: true },
		{ token: true, id: Buffer.from([2]), sign: true, decrypt: true });

	assert.strictEqual(session.find({ class: graphene.ObjectClass.PRIVATE_KEY }).length, 2);
	save('rsa.der', rsa_der(keys.publicKey.getAttribute(
		{ modulus: null, publicExponent: null })));
	save('rsa.sig', session.createSign('SHA256_RSA_PKCS', keys.privateKey).once(text));

	const aes = session.generateKey(graphene.KeyGenMechanism.AES,
		{ token: false, valueLen: 32, encrypt: true, decrypt: true });
	const cbc = { name: 'AES_CBC_PAD', params: Buffer.alloc(16) };
	const cipher = session.createCipher(cbc, aes).once(text, Buffer.alloc(text.length + 16));
	const again = session.createDecipher(cbc, aes).once(cipher, Buffer.alloc(cipher.length));

	assert(again.equals(text));
	session.logout();
	session.close();
	lib.finalize();
	lib.close();
}

with_pkcs11js().then(with_graphene).catch((error) => {
	console.error(error);
	process.exit(1);
});

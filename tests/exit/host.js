// A Node program that ends in one of many ways: host.js MODULE PIN ENDING. The exit status is 7
// when all went as meant.
'use strict';
const pkcs11js = require('pkcs11js');

const AS_MEANT = 7;
const [path, pin, ending] = process.argv.slice(2);
const mechanism = { mechanism: pkcs11js.CKM_SHA256 };
const p11 = new pkcs11js.PKCS11();

process.exitCode = AS_MEANT;

function start() {
	p11.load(path);
	p11.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK });
	const slot = p11.C_GetSlotList(true)[0];
	const session = p11.C_OpenSession(slot,
		pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);

	p11.C_Login(session, pkcs11js.CKU_USER, pin);
	p11.C_DigestInit(session, mechanism);
	return slot;
}

// One that is to be done by a thread of Node's pool.
function digest(slot) {
	const session = p11.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION);

	p11.C_DigestInit(session, mechanism);
	return p11.C_DigestAsync(session, Buffer.alloc(1 << 22), Buffer.alloc(32));
}

function work_in_pool(slot) {
	return Array.from({ length: 16 }, () => digest(slot));
}

const endings = {
	left() {},
	finalised() { p11.C_Finalize(); },
	unloaded() { p11.C_Finalize(); p11.close(); },
	unloaded_left() { p11.close(); },
	finalised_at_exit() { process.on('exit', () => p11.C_Finalize()); },
	in_callback(slot) { digest(slot).then(() => process.exit(AS_MEANT)); },
	under_workers(slot) { work_in_pool(slot); process.exit(AS_MEANT); },
	under_workers_in_callback(slot) {
		Promise.any(work_in_pool(slot)).then(() => process.exit(AS_MEANT));
	},
	raised() { throw new Error('meant to be'); },
	terminated(slot) { work_in_pool(slot); process.kill(process.pid, 'SIGTERM'); },
};

endings[ending](start());

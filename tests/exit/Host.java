import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import sun.security.pkcs11.wrapper.CK_C_INITIALIZE_ARGS;
import sun.security.pkcs11.wrapper.CK_MECHANISM;
import sun.security.pkcs11.wrapper.PKCS11;
import sun.security.pkcs11.wrapper.PKCS11Exception;

/**
 * A virtual machine that ends in one of many ways: Host MODULE PIN ENDING. The exit status is 7
 * when all went as meant.
 */
public class Host {
	static final int AS_MEANT = 7;
	static final int FAILED = 2;
	static final int THREADS = 4;
	static final long SHA256 = 0x250;

	static PKCS11 p11;
	static long slot;
	static long session;

	static void start(String module, String pin) throws Exception {
		CK_C_INITIALIZE_ARGS args = new CK_C_INITIALIZE_ARGS();

		args.flags = 2;		// locks of the operating system
		p11 = PKCS11.getInstance(module, "C_GetFunctionList", args, false);
		slot = p11.C_GetSlotList(true)[0];
		session = p11.C_OpenSession(slot, 6, null, null);
		p11.C_Login(session, 1, pin.toCharArray());
		digest(session);
		p11.C_DigestInit(session, new CK_MECHANISM(SHA256));	// active at the end
	}

	static void digest(long session) throws PKCS11Exception {
		byte[] text = { 1, 2, 3 }, hash = new byte[32], again = new byte[32];

		for (byte[] out : new byte[][] { hash, again })
			p11.C_DigestSingle(session, new CK_MECHANISM(SHA256), text, 0, text.length,
				out, 0, out.length);
		if (!Arrays.equals(hash, again) || Arrays.equals(hash, new byte[32]))
			throw new IllegalStateException("a wrong digest");
	}

	/** Goes on asking when it is refused, as happens once the process ends. */
	static void work(CountDownLatch all) {
		byte[] random = new byte[64];
		boolean counted = false;

		for (;;) {
			try {
				p11.C_GenerateRandom(session, random);
			} catch (PKCS11Exception e) {
				continue;
			}
			if (!counted)
				all.countDown();
			counted = true;
		}
	}

	static void workersStart() throws InterruptedException {
		CountDownLatch all = new CountDownLatch(THREADS);

		for (int i = 0; i < THREADS; i++) {
			Thread t = new Thread(() -> work(all));
			t.setDaemon(true);
			t.start();
		}
		all.await();
	}

	static void finalise() {
		try {
			p11.C_Finalize(null);
		} catch (PKCS11Exception e) {
			Runtime.getRuntime().halt(FAILED);
		}
	}

	static void exitElsewhere() throws InterruptedException {
		Thread t = new Thread(() -> {
			try {
				digest(p11.C_OpenSession(slot, 4, null, null));
			} catch (PKCS11Exception e) {
				System.exit(FAILED);
			}
			System.exit(AS_MEANT);
		});

		t.start();
		t.join();
	}

	static void end(String ending) throws Exception {
		switch (ending) {
		case "left":
			break;
		case "finalised":
			finalise();
			break;
		case "finalised_at_exit":
			Runtime.getRuntime().addShutdownHook(new Thread(Host::finalise));
			break;
		case "under_workers":
			workersStart();
			break;
		case "under_workers_finalised":
			workersStart();
			finalise();
			break;
		case "in_worker":
			workersStart();
			exitElsewhere();
			break;
		case "halted":
			workersStart();
			Runtime.getRuntime().halt(AS_MEANT);
			break;
		case "raised":
			throw new IllegalStateException("meant to be");
		default:
			System.exit(FAILED);
		}
	}

	public static void main(String[] args) throws Exception {
		start(args[0], args[1]);
		end(args[2]);
		System.exit(AS_MEANT);
	}
}

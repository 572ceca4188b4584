"""A host of the module that ends in one of many ways: client.py MODULE PIN ENDING.

The exit status is 7 when all went as meant.
"""
import atexit
import ctypes
import ctypes.util
import os
import signal
import sys
import threading
from ctypes import byref, c_ubyte, c_ulong, c_void_p

path, pin, ending = sys.argv[1:]
AS_MEANT = 7
if ending.startswith('ssl_'):
    import ssl      # OpenSSL is the interpreter's before it is the module's
    ssl.create_default_context()
if ending.endswith('finalised_at_exit'):
    atexit.register(lambda: lib.C_Finalize(None) == 0 or os._exit(1))

lib = ctypes.CDLL(path)


class Mechanism(ctypes.Structure):
    _fields_ = [('type', c_ulong), ('parameter', c_void_p), ('length', c_ulong)]


def need(name, rv):
    if rv != 0:
        print(name, hex(rv), file=sys.stderr)
        os._exit(1)


def call(name, *arguments):
    need(name, getattr(lib, name)(*arguments) & 0xffffffff)


def open_session():
    session = c_ulong()
    call('C_OpenSession', slot, c_ulong(6), None, None, byref(session))
    return session


def digest(session):
    out, length = (c_ubyte * 32)(), c_ulong(32)
    call('C_DigestInit', session, byref(Mechanism(0x250, None, 0)))
    call('C_Digest', session, b'text', c_ulong(4), out, byref(length))


def start():
    global slot, session
    slots, count = (c_ulong * 2)(), c_ulong(2)
    call('C_Initialize', byref((c_void_p * 6)(0, 0, 0, 0, 2, 0)))
    call('C_GetSlotList', c_ubyte(1), slots, byref(count))
    slot = c_ulong(slots[0])
    session = open_session()
    call('C_Login', session, c_ulong(1), pin.encode(), c_ulong(len(pin)))
    digest(session)


def work():
    mine = open_session()
    while True:
        # refused once the process ends
        lib.C_GenerateRandom(mine, (c_ubyte * 64)(), c_ulong(64))


def work_in_threads():
    for _ in range(4):
        threading.Thread(target=work, daemon=True).start()


def fork_and_digest():
    pid = os.fork()
    if pid == 0:
        digest(session)
        call('C_Finalize', None)
        sys.exit(AS_MEANT)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != AS_MEANT:
        os._exit(1)


start()
if ending.endswith('finalised'):
    call('C_Finalize', None)
elif ending == 'unloaded':
    ctypes.CDLL(None).dlclose(c_void_p(lib._handle))
elif ending == 'under_workers':
    work_in_threads()
elif ending == 'forked':
    fork_and_digest()
elif ending == 'forked_under_workers':
    work_in_threads()
    for _ in range(20):
        fork_and_digest()
elif ending == 'raised':
    sys.excepthook = lambda *_: None
    raise RuntimeError
elif ending == 'at_once':
    os._exit(AS_MEANT)
elif ending == 'terminated':
    os.kill(os.getpid(), signal.SIGTERM)
sys.exit(AS_MEANT)

"""A filter for what leaves a NIC which drops, as the queue fq does, whatever is to depart more than ten seconds from
now. Not every kernel has fq; each has the filters of tc."""

import ctypes
import os
import struct
import subprocess

BPF = {"x86_64": 321, "aarch64": 280}  # the call's number, by machine
LOAD, PIN = 5, 6
SCHED_CLS = 3
TSTAMP = 152  # in struct __sk_buff, include/uapi/linux/bpf.h
KTIME_GET_NS = 5
HORIZON_NS = 10 * 10**9
OK, SHOT = 0, 2


def instruction(code: int, to: int = 0, source: int = 0, offset: int = 0, value: int = 0) -> bytes:
    return struct.pack("=BBhI", code, source << 4 | to, offset, value)


PROGRAM = b"".join(
    (
        instruction(0x79, 7, 1, TSTAMP),  # r7 = skb->tstamp
        instruction(0x15, 7, 0, 5),  # none: OK
        instruction(0x85, value=KTIME_GET_NS),
        instruction(0x18, 1, value=HORIZON_NS & 0xFFFFFFFF),
        instruction(0, value=HORIZON_NS >> 32),
        instruction(0x0F, 0, 1),
        instruction(0x2D, 7, 0, 2),  # r7 > now + horizon
        instruction(0xB7, 0, value=OK),
        instruction(0x95),
        instruction(0xB7, 0, value=SHOT),
        instruction(0x95),
    )
)


def bpf(libc, command: int, attributes: bytes) -> int:
    found = libc.syscall(BPF[os.uname().machine], command, attributes.ljust(128, b"\0"), 128)
    if found < 0:
        raise OSError(ctypes.get_errno(), "bpf: %s" % os.strerror(ctypes.get_errno()))
    return found


def drops_what_departs_late(test, host, device: str) -> None:
    """Until the test ends."""
    folder = host.folder.name + "/bpf"
    os.mkdir(folder)
    subprocess.check_call(("mount", "-t", "bpf", "bpf", folder))
    test.addCleanup(subprocess.check_call, ("umount", folder))
    libc = ctypes.CDLL(None, use_errno=True)
    code, license_of_it = ctypes.create_string_buffer(PROGRAM), ctypes.create_string_buffer(b"GPL")
    where = ctypes.addressof(code), ctypes.addressof(license_of_it)
    program = bpf(libc, LOAD, struct.pack("=IIQQ", SCHED_CLS, len(PROGRAM) // 8, *where))
    path = ctypes.create_string_buffer((folder + "/late").encode())
    try:
        bpf(libc, PIN, struct.pack("=QI", ctypes.addressof(path), program))
    finally:
        os.close(program)
    host.run("tc", "qdisc", "add", "dev", device, "clsact")
    host.run("tc", "filter", "add", "dev", device, "egress", "bpf", "da", "pinned", folder + "/late")

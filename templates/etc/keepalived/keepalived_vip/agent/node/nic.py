"""The second NIC: whether the VIP is on it, the kernel's word when that changes, putting back what was removed."""

import os
import socket
import struct
import threading
import time

# linux/rtnetlink.h: groups of links, IPv4 addresses, routes and rules; RTM_GETADDR; linux/if_addr.h.
GROUPS = 0x1 | 0x10 | 0x40 | 0x80
NEW_ADDRESS, GET_ADDRESS, ERROR, DONE = 20, 22, 2, 3
DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
# NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE, and NLM_F_EXCL or NLM_F_REPLACE
ADD, CHANGE = 0x605, 0x505
IFA_ADDRESS, IFA_LOCAL, IFA_CACHEINFO = 1, 2, 6
IFA_F_PERMANENT = 0x80
ENDLESS_S = 0xFFFFFFFF
VRRP = 112  # IP protocol number, RFC 5798
SO_BINDTODEVICE = 25  # not named by the socket module of Python 3.6

ARP, ARP_REPLY, ARP_WAIT_S = 0x0806, b"\0\2", 0.07

# The processes of keepalived.service, in control groups of version 2 and 1.
UNIT = ["/sys/fs/cgroup%s/system.slice/keepalived.service/cgroup.procs" % place for place in ("", "/systemd")]

ABSENT, LEASED, PRESENT = 0, 1, 2  # LEASED: with a lifetime, as a planned switch sets it before keepalived does


def subscribe():
    """A socket that becomes readable when addresses, routes, rules or links change."""
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
    kernel.bind((0, GROUPS))
    return kernel


def drain(kernel) -> None:
    """Reads what has come; only that something changed matters, what is true is read afterwards."""
    while True:
        try:
            if not kernel.recv(65536):
                return
        except BlockingIOError:
            return
        except OSError:
            pass  # ENOBUFS: messages were lost, which says the same; the next read empties the rest


def look(interface: str, address: str) -> int:
    """Whether the interface holds the IPv4 address now: ABSENT, LEASED or PRESENT. Asks the kernel, no process."""
    lifetime_s = lifetime(interface, address)
    return ABSENT if lifetime_s == 0 else PRESENT if lifetime_s == ENDLESS_S else LEASED


def lifetime(interface: str, address: str) -> int:
    """Seconds for which the interface will still hold the address: 0 = it doesn't, ENDLESS_S. Raises OSError when the
    kernel does not tell: that is no word of the address, which a MASTER may well have."""
    try:
        index = socket.if_nametoindex(interface)
    except OSError:
        return 0
    wanted = socket.inet_aton(address)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(1)
        request = struct.pack("=BBBBI", socket.AF_INET, 0, 0, 0, 0)
        kernel.send(struct.pack("=IHHII", 16 + len(request), GET_ADDRESS, DUMP, 1, 0) + request)
        while True:
            data = kernel.recv(65536)
            at = 0
            while at + 16 <= len(data):
                size, kind = struct.unpack_from("=IH", data, at)
                if kind == DONE:
                    return 0
                if kind == ERROR:
                    refused(data, at)
                if kind == NEW_ADDRESS:
                    _, _, flags, _, found_index = struct.unpack_from("=BBBBI", data, at + 16)
                    if found_index == index and attribute(data, at + 24, at + size, IFA_LOCAL) == wanted:
                        if flags & IFA_F_PERMANENT:
                            return ENDLESS_S
                        # In its last second the kernel says 0.
                        return max(1, struct.unpack_from("=II", attribute(data, at + 24, at + size, IFA_CACHEINFO))[1])
                at += (size + 3) & ~3


def refused(data: bytes, at: int) -> None:
    """Raises the OSError of an NLMSG_ERROR; 0 is an acknowledgement."""
    code = struct.unpack_from("=i", data, at + 16)[0]
    if code:
        raise OSError(-code, os.strerror(-code))


def set_lifetime(interface: str, address: str, seconds: int, add: bool = False) -> None:
    """Puts the address on the interface, or changes the one that is there: the kernel takes it away after so long. add:
    FileExistsError when there is one, which may have become keepalived's, without end, since it was looked for."""
    index = socket.if_nametoindex(interface)
    packed = socket.inet_aton(address)
    request = struct.pack("=BBBBI", socket.AF_INET, 32, 0, 0, index)
    for kind in (IFA_LOCAL, IFA_ADDRESS):
        request += struct.pack("=HH", 8, kind) + packed
    # Not preferred before it is endless: nobody should speak from it yet.
    preferred = seconds if seconds == ENDLESS_S else 0
    request += struct.pack("=HHIIII", 20, IFA_CACHEINFO, preferred, seconds, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(1)
        kernel.send(struct.pack("=IHHII", 16 + len(request), NEW_ADDRESS, ADD if add else CHANGE, 1, 0) + request)
        refused(kernel.recv(4096), 0)


def hear(interface: str):
    """A socket that gets every advert that arrives there; `heard` asks it."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, VRRP)
    listener.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, interface.encode() + b"\0")
    return listener


def heard(listener, conf) -> bool:
    """Whether the peer has said that it is MASTER: only a MASTER sends adverts, and one of priority 0 is a farewell."""
    while True:
        try:
            packet, (source, _) = listener.recvfrom(256)
        except OSError:
            return False
        advert = packet[(packet[0] & 15) * 4 :]
        if source == conf.peer_address and of_pair(advert, conf) and advert[2:3] > b"\0":
            return True


def of_pair(advert: bytes, conf) -> bool:
    """Whether it has the pair's router id, its second byte: the user may run VRRP between the two nodes as well."""
    return conf.router_id is None or advert[1:2] == bytes([conf.router_id])


def attribute(data: bytes, at: int, end: int, wanted: int):
    while at + 4 <= end:
        size, kind = struct.unpack_from("=HH", data, at)
        if size < 4:
            return None
        if kind == wanted:
            return data[at + 4 : at + size]
        at += (size + 3) & ~3
    return None


class Wire:
    """Whether an address on an interface's own wire answers to ARP. For use by several threads.

    The socket is kept: the kernel takes 20 ms to close one.
    """

    def __init__(self, interface: str, address: str, target: str) -> None:
        self.interface = interface
        self.address = socket.inet_aton(address)
        self.target = socket.inet_aton(target)
        self.sock = None
        self.lock = threading.Lock()

    def answers(self) -> bool:
        with self.lock:
            for _ in range(3):
                try:
                    if self.answer():
                        return True
                except OSError:
                    pass
                if self.sock is not None:  # of an interface that was taken out, perhaps
                    self.sock.close()
                    self.sock = None
        return False

    def answer(self) -> bool:
        if self.sock is None:
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
            self.sock.bind((self.interface, ARP))
        self.sock.setblocking(False)
        try:
            while self.sock.recv(64):
                pass
        except BlockingIOError:
            pass
        ask(self.sock, self.interface, self.address, self.target)
        deadline = time.monotonic() + ARP_WAIT_S
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.sock.settimeout(left)
            if answers(self.sock.recv(64), self.target):
                return True


def ask(sock, interface: str, address: bytes, target: bytes) -> None:
    """An ARP request, by a socket that is bound to the interface. Raises OSError."""
    head = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + sock.getsockname()[4]
    sock.sendto(head + address + bytes(6) + target, (interface, ARP, 0, 0, b"\xff" * 6))


def answers(data: bytes, target: bytes) -> bool:
    """Whether it is an ARP reply of that address."""
    return data[6:8] == ARP_REPLY and data[14:18] == target


def heartbeat(path: str):
    """(when keepalived's check last renewed this file, how many seconds ago that is by the clock of today); (None, 0.0)
    without the file."""
    try:
        renewed = os.stat(path).st_mtime
    except OSError:
        return None, 0.0
    return renewed, time.time() - renewed


def keepalived_runs(pid_files, unit=UNIT):
    """Whether it does; None when it left a pid file without a process: killed, with the VIP still on the NIC. A file
    that is gone, or has another's number, proves nothing while it runs: its unit has the processes."""
    left = False
    for path in (*pid_files, *unit):
        try:
            with open(path) as file:
                pids = [int(line) for line in file]
        except (OSError, ValueError):
            continue
        left = left or (bool(pids) and path in pid_files)
        if any(map(is_keepalived, pids)):
            return True
    return None if left else False


def is_keepalived(pid: int) -> bool:
    try:
        with open("/proc/%d/comm" % pid) as file:
            return file.read().startswith("keepalived")
    except OSError:
        return False


def keepalived_is_dead(pid_files) -> bool:
    return keepalived_runs(pid_files) is None


def is_master(conf) -> bool:
    """Without the service's word: only keepalived puts the VIP there for good, and a dead one has left it behind."""
    return look(conf.interface, conf.vip) == PRESENT and not keepalived_is_dead(conf.pid_files)


def open_fifo(path: str) -> int:
    """keepalived's events. Read and write, so that neither side ever blocks or sees an end."""
    try:
        os.mkfifo(path, 0o600)
    except FileExistsError:
        pass
    return os.open(path, os.O_RDWR | os.O_NONBLOCK)


def words(text: str):
    """`INSTANCE "VI_1" MASTER 250` -> ("INSTANCE", "MASTER"), for each line; other lines are skipped."""
    for line in text.splitlines():
        parts = line.split()
        if len(parts) >= 3 and parts[0] in ("INSTANCE", "NOTIFY") and parts[1] == '"VI_1"':
            yield parts[0], parts[2]

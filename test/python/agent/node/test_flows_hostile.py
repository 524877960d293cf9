"""What users without rights on a node, and other hosts of the network, do to the rules of connections.sh: nothing."""

import errno
import socket
import struct
import unittest

import nobody
import two_nodes
from keepalived_vip.agent.node import flows, nic
from support import VIP, never, until
from two_nodes import ADDRESSES, PORT

NOT_THERE_S = 0.5  # what must not come can only be waited for


def inner(source: str, target: str) -> bytes:
    """A frame for A's end of the tunnel as its rules let it out: the question of an ARP, from its other end."""
    ethernet = bytes.fromhex("027669700001") + bytes.fromhex("027669700002") + struct.pack("!H", nic.ARP)
    head = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + bytes.fromhex("027669700002")
    return ethernet + head + socket.inet_aton(source) + bytes(6) + socket.inet_aton(target)


FRAME = bytes((8, 0, 0, 0, 0, 0, 112, 0)) + inner("169.254.112.2", "169.254.112.1")  # of vxlan, with the tunnel's id


def send(targets, bound=("", 0), *options):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        mouth.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for option in options:
            mouth.setsockopt(*option)
        mouth.bind(bound)
        for target in targets:
            try:
                mouth.sendto(FRAME, (target, flows.PORT))
            except OSError as error:
                if error.errno != errno.ENETUNREACH:  # the kernel of who sends refuses it
                    raise


def connects(target: str, port: int, *options) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        for option in options:
            sock.setsockopt(*option)
        sock.settimeout(NOT_THERE_S)
        try:
            sock.connect((target, port))
        except OSError:
            return False
        return True


def by(device: str) -> tuple:
    return socket.SOL_SOCKET, nic.SO_BINDTODEVICE, device.encode() + b"\0"


class Strangers(two_nodes.Network):
    def setUp(self):
        super().setUp()
        self.all_of_a = [ADDRESSES["a"], VIP]

    def arrived(self) -> int:
        """How many packets have come out of the tunnel at A, before any rule of it."""
        return int(self.a.run("cat", "/sys/class/net/%s/statistics/rx_packets" % flows.LINK))

    def nothing_arrives(self):
        never(self.arrived, NOT_THERE_S)
        # And what may, does: nothing here is deaf.
        asks = self.b.do(nic.Wire, flows.LINK, *flows.ends("b")).answers
        until(lambda: self.b.do(asks))
        self.assertGreater(self.arrived(), 0)

    def test_another_host_opens_no_way_by_the_tunnels_port_from_whatever_port(self):
        for port in (0, flows.PORT):
            self.c.do(send, self.all_of_a, (ADDRESSES["c"], port))
        self.nothing_arrives()

    def test_nor_on_the_same_wire_by_what_is_for_all(self):
        for port in (0, flows.PORT):
            self.router.do(send, ["255.255.255.255", "224.0.0.1"], ("10.0.1.1", port), by("ra"))
        self.nothing_arrives()

    def test_nor_does_a_user_of_the_peer(self):
        nobody.run(lambda: send(self.all_of_a, (ADDRESSES["b"], 0)), self.b.namespace)
        self.nothing_arrives()

    def test_nor_a_user_of_the_node_itself(self):
        nobody.run(lambda: send([*self.all_of_a, "127.0.0.1", "169.254.112.1"]), self.a.namespace)
        # ip_nonlocal_bind is set on a node: he may speak from any address.
        self.a.run("sysctl", "-qw", "net.ipv4.ip_nonlocal_bind=1")
        nobody.run(lambda: send(self.all_of_a, (ADDRESSES["b"], 0)), self.a.namespace)
        self.nothing_arrives()

    def test_the_port_is_nobodys_else_even_where_any_user_may_have_low_ones(self):
        for node in (self.a, self.b):
            node.run("sysctl", "-qw", "net.ipv4.ip_unprivileged_port_start=0")

            def fails(node=node):
                try:
                    send([ADDRESSES["a"]], (ADDRESSES[node.name], flows.PORT))
                except OSError as error:
                    return error.errno

            self.assertEqual(nobody.run(fails, node.namespace), str(errno.EADDRINUSE))

    def test_a_user_of_the_peer_reaches_nothing_of_the_node_by_the_tunnel(self):
        self.b.ip("addr", "del", VIP + "/32", "dev", "eth1")  # else it would be his own node's
        for target in (VIP, "169.254.112.1"):
            found = nobody.run(lambda to=target: connects(to, PORT, by(flows.LINK)), self.b.namespace)
            self.assertEqual(found, "False", target)

    def test_nobody_opens_a_connection_of_the_old_node_by_way_of_the_new_one(self):
        self.addCleanup(self.a.serve(9, self.a.says))
        self.assertTrue(self.c.do(connects, VIP, 9))
        self.moves_to(self.b)
        self.assertFalse(self.c.do(connects, VIP, 9), "the new holder has no such service")


if __name__ == "__main__":
    unittest.main()

"""The rules of connections.sh for the kinds of connections: short, idle, half closed, reset, and a flood of them."""

import os
import socket
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

import support
import two_nodes
from keepalived_vip.agent.node import flows
from support import VIP, until
from two_nodes import ECHO, KEEP_S, PORT, taken


def many(count: int) -> list:
    """Connections that live, as flows.connections gives them."""
    return [("10.9.%d.9" % (one >> 16), one & 0xFFFF, PORT, True) for one in range(count)]


class Room(unittest.TestCase):
    def test_more_than_there_is_room_for_are_known_as_far_as_there_is(self):
        (line,) = flows.known([("10.8.8.8", 1, PORT, False)] + many(300_000))
        self.assertEqual(line.count(" . ") // 2, flows.ROOM)
        self.assertNotIn("timeout", line, "those that live come first")


class Kinds(two_nodes.Network):
    def test_a_thousand_short_ones_are_served_and_forgotten(self):
        self.moves_to(self.b)

        def short(_):
            with socket.create_connection((VIP, PORT), support.PATIENCE_S) as sock:
                return self.says(sock)

        with ThreadPoolExecutor(20, initializer=support.enter_namespace, initargs=(self.c.namespace,)) as pool:
            self.assertEqual(set(pool.map(short, range(1000))), {"b"})
        until(lambda: not self.b.set_of("known"), lambda: self.b.set_of("known"))
        left = self.b.set_of("ended")
        self.assertEqual((len(left), max(left.values()) <= 120), (1000, True))

    def test_an_idle_one_is_known_for_longer_than_the_peer_may_keep_any(self):
        self.moves_to(self.b)
        sock = self.open()
        self.assertEqual(self.says(sock), "b")
        (expires,) = self.b.set_of("known").values()
        self.assertGreater(expires, KEEP_S + 30)

    def test_one_of_before_is_known_for_so_long_too(self):
        sock = self.open()
        self.assertEqual(self.says(sock), "a")
        self.moves_to(self.b)
        self.moves_to(self.a)
        (expires,) = self.a.set_of("known").values()
        self.assertGreater(expires, KEEP_S + 30)
        self.assertEqual(self.says(sock), "a")

    def test_one_that_has_ended_by_then_is_known_for_two_minutes(self):
        self.addCleanup(self.a.serve(9, lambda one: None))
        lasts, ends = self.open(), self.open(9)
        self.assertEqual((self.says(lasts), ends.recv(1)), ("a", b""))
        keys = [(sock.getsockname()[1], port) for sock, port in ((lasts, PORT), (ends, 9))]
        ends.close()
        until(lambda: [one[1:3] for one in self.a.own() if not one[3]] == keys[1:])
        self.a.forwards()
        known = self.a.set_of("known")
        self.assertEqual([known[key] > 120 for key in keys], [True, False])

    def test_what_is_told_of_some_that_nft_refuses_is_no_list_of_them(self):
        with self.assertRaises(OSError) as refused:
            self.c.do(flows.load, flows.known(many(1000)))  # which has no such set
        self.assertLess(len(str(refused.exception)), 3 * flows.SAID_LENGTH)

    def test_a_flood_of_questions_without_more_leaves_room_within_a_minute(self):
        self.moves_to(self.b)
        self.load(self.c, two_nodes.MUTE)
        for _ in range(20):
            self.open()
        until(lambda: len(self.b.set_of("known")) == 20)
        self.assertLessEqual(max(self.b.set_of("known").values()), 60)

    def test_a_half_closed_one_of_the_peers_gets_its_large_answer(self):
        sock = self.open(ECHO)
        self.moves_to(self.b)
        record = os.urandom(1 << 20)
        threading.Thread(target=lambda: (sock.sendall(record), sock.shutdown(socket.SHUT_WR)), daemon=True).start()
        self.assertEqual(taken(sock, 2 << 20), record, "and its end, not a reset")

    def test_one_that_its_client_closes_half_is_known_as_before_until_the_node_closes_it(self):
        self.moves_to(self.b)
        sock = self.open()
        sock.sendall(b"later")
        sock.shutdown(socket.SHUT_WR)
        client = sock.getsockname()[1]
        until(lambda: (client, PORT) in self.b.set_of("asked_all"))
        self.assertGreater(self.b.set_of("known")[(client, PORT)], KEEP_S + 30)
        self.assertNotIn((client, PORT), self.b.set_of("ended"))
        self.b.go.set()
        self.assertEqual(taken(sock, 2), b"b", "and not reset")
        until(lambda: (client, PORT) in self.b.set_of("ended"))
        self.assertLessEqual(self.b.set_of("known").get((client, PORT), 0), 1)

    def test_one_that_the_node_closes_half_goes_on_for_its_client(self):
        heard = []

        def says_no_more(one):
            one.shutdown(socket.SHUT_WR)
            heard.append(taken(one, 1 << 20))

        self.addCleanup(self.b.serve(9, says_no_more))
        self.moves_to(self.b)
        sock = self.open(9)
        self.assertEqual(sock.recv(1), b"")
        client = sock.getsockname()[1]
        until(lambda: (client, 9) in self.b.set_of("answered_all"))
        record = os.urandom(1 << 20)
        sock.sendall(record)
        until(lambda: heard)
        self.assertEqual(heard, [record])
        self.assertGreater(self.b.set_of("known")[(client, 9)], KEEP_S + 30)
        sock.close()
        until(lambda: (client, 9) in self.b.set_of("ended"))
        self.assertLessEqual(self.b.set_of("known").get((client, 9), 0), 1)

    def test_one_that_is_reset_is_forgotten_soon_and_its_port_may_come_again(self):
        self.moves_to(self.b)
        sock = self.open()
        self.assertEqual(self.says(sock), "b")
        client = sock.getsockname()[1]
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()
        until(lambda: (client, PORT) in self.b.set_of("ended"))
        self.assertLessEqual(self.b.set_of("known").get((client, PORT), 0), 1)
        again = self.c.do(socket.create_connection, (VIP, PORT), support.PATIENCE_S, ("", client))
        self.addCleanup(again.close)
        self.assertEqual(self.says(again), "b")
        self.assertEqual((list(self.b.set_of("known")), self.b.set_of("ended")), ([(client, PORT)], {}))

    def test_one_that_the_node_resets_is_forgotten_soon(self):
        def resets(one):
            one.recv(1)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        self.addCleanup(self.b.serve(9, resets))
        self.moves_to(self.b)
        sock = self.open(9)
        sock.sendall(b".")
        with self.assertRaises(ConnectionResetError):
            sock.recv(1)
        until(lambda: (sock.getsockname()[1], 9) in self.b.set_of("ended"))
        self.assertLessEqual(max(self.b.set_of("known").values(), default=0), 1)

    def test_a_service_that_is_started_anew_forgets_none_of_its_own(self):
        self.moves_to(self.b)
        sock = self.open()
        self.assertEqual(self.says(sock), "b")
        self.assertEqual(self.b.do(flows.begins), [], "it sends the peer's there, and its own would go as well")
        self.b.sets(forward=0)
        forgotten = [line.split()[-1] for line in self.b.do(flows.begins)]
        self.assertEqual(forgotten[0], "alone", "what is not known is not reset while nothing is")
        self.assertEqual(sorted(forgotten[1:]), sorted(flows.SETS))


if __name__ == "__main__":
    unittest.main()

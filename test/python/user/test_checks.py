"""Every kind of check, on real processes and sockets."""

import glob
import http.server
import os
import signal
import socket
import subprocess
import threading
import time
import unittest
from unittest import mock

import nobody
from keepalived_vip import http1
from keepalived_vip.user import checks
from keepalived_vip.user.checks import DIED, ENDED, FAILED
from support import until

from user.checked import Place


def readable(pattern: str) -> str:
    """What this user can read of such files."""
    found = ""
    for path in glob.glob(pattern):
        try:
            with open(path, errors="replace") as file:
                found += file.read().replace("\0", " ") + "\n"
        except OSError:
            pass
    return found


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/slow/"):
            time.sleep(0.3)
        self.send_response(int(self.path.partition("?")[0].rpartition("/")[2]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


class Looks(Place):
    def outcome(self, kind: str, target, **changes):
        """Of the first look."""
        prober = checks.Prober(self.conf(), self.check(kind, target, **changes), time.monotonic())
        return until(lambda: prober.turn(time.monotonic()))

    def test_tcp(self):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        self.assertEqual(self.outcome("tcp", port), (FAILED, "tcp %d: Connection refused" % port))
        listener.listen()
        self.assertEqual(self.outcome("tcp", port), (ENDED, ""))
        listener.close()

    def test_http(self):
        server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        base = "http://localhost:%d/" % server.server_port
        for status in (200, 204, 301):
            self.assertEqual(self.outcome("http", base + str(status)), (ENDED, ""))
        for status in (404, 503):
            kind, why = self.outcome("http", base + str(status))
            self.assertEqual((kind, why), (FAILED, "http %s%d: HTTP %d" % (base, status, status)))
            self.assertEqual(self.outcome("http", "%s%d?token=s3cret" % (base, status)), (kind, why))
            self.assertEqual(self.outcome("http", base + str(status), secret=True), (kind, "http: HTTP %d" % status))
        with mock.patch.object(http1, "ANSWER_S", 0.1):  # of the calls to the cloud; the check has a limit of its own
            self.assertEqual(self.outcome("http", base + "slow/200"), (ENDED, ""))
        server.shutdown()
        server.server_close()
        self.assertIn("refused", self.outcome("http", base)[1])

    def test_command(self):
        self.assertEqual(self.outcome("command", "true | grep -q x || test $(id -u) = 0"), (ENDED, ""))
        kind, why = self.outcome("command", "echo s3cret; password=s3cret; exit 7")
        self.assertEqual((kind, why), (FAILED, "command: exit 7"))
        self.assertEqual(self.outcome("command", "head -c 1000000 /dev/zero"), (ENDED, ""))

    def test_no_other_user_sees_the_command_line(self):
        mark = "1000.%d" % os.getpid()
        text = "token=s3cret-%s; sleep %s; echo $token" % (mark, mark)
        prober = checks.Prober(self.conf(), self.check("command", text), time.monotonic())
        prober.turn(time.monotonic())
        self.addCleanup(os.killpg, prober.look.pid, signal.SIGKILL)
        until(lambda: subprocess.call(["pgrep", "-f", "^sleep " + mark], stdout=subprocess.DEVNULL) == 0)
        seen = nobody.run(lambda: readable("/proc/[0-9]*/cmdline") + readable("/proc/[0-9]*/environ"))
        self.assertIn("sleep", seen)
        self.assertNotIn("s3cret-" + mark, seen)

    def test_a_command_line_reads_nothing_and_may_be_as_long_as_it_may(self):
        self.assertEqual(self.outcome("command", "! read line && [ 'é' = \"$(printf '\\303\\251')\" ]"), (ENDED, ""))
        self.assertEqual(self.outcome("command", "exit 7 #" + "\U0001f600" * 990), (FAILED, "command: exit 7"))

    def test_a_check_that_hangs_is_ended_with_all_that_it_started(self):
        mark = "1000.%d" % os.getpid()
        kind, why = self.outcome("command", "sleep %s & sleep %s" % (mark, mark), timeoutS=0.2)
        self.assertEqual((kind, why.partition(":")[2]), (FAILED, " no answer within 0 s"))
        until(lambda: subprocess.call(["pgrep", "-f", "^sleep " + mark], stdout=subprocess.DEVNULL) == 1)

    def test_a_unit_by_its_name(self):
        shown = self.path("shown")
        self.path("systemctl", '#!/bin/sh\n[ "$6" = web.service ] && cat %s\n' % shown, 0o755)
        before = os.environ["PATH"]
        os.environ["PATH"] = self.folder + ":" + before
        self.addCleanup(os.environ.update, PATH=before)
        own = self.process().pid
        for text, wanted in (
            ("MainPID=%d\nActiveState=active" % own, (ENDED, "")),
            ("MainPID=0\nActiveState=active", (ENDED, "")),
            ("MainPID=0\nActiveState=inactive", (FAILED, "process web.service: the unit is inactive")),
            ("MainPID=%d\nActiveState=activating" % own, (FAILED, "process web.service: the unit is activating")),
        ):
            self.path("shown", text)
            self.assertEqual(self.outcome("process", "web.service"), wanted)

    def test_a_pid_file(self):
        path = self.path("pid")
        self.assertEqual(self.outcome("process", path), (FAILED, "process %s: No such file or directory" % path))
        self.path("pid", "")
        self.assertEqual(self.outcome("process", path)[1], "process %s: no number in it" % path)
        child = self.process()
        self.path("pid", "%d\n" % child.pid)
        self.assertEqual(self.outcome("process", path), (ENDED, ""))
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        self.assertEqual(self.outcome("process", path)[0], FAILED, "a process that nobody has waited for has ended")

    def test_the_end_of_a_process_is_an_event(self):
        child = self.process()
        check = self.check("process", self.path("pid", child.pid), intervalS=1000)
        prober = checks.Prober(self.conf(), check, time.monotonic())
        until(lambda: prober.turn(time.monotonic()))
        self.assertEqual(len(prober.descriptors()), 1)
        child.kill()
        died = (DIED, "process %s: process %d has ended" % (check["target"], child.pid))
        until(lambda: prober.turn(time.monotonic()) == died)
        self.assertEqual(prober.descriptors(), [])

    def test_without_a_descriptor_it_is_looked_for_all_the_time(self):
        child = self.process()
        check = self.check("process", self.path("pid", child.pid), intervalS=1000)
        with mock.patch.object(os, "pidfd_open", side_effect=OSError, create=True):
            prober = checks.Prober(self.conf(), check, time.monotonic())
            until(lambda: prober.turn(time.monotonic()))
        self.assertEqual(prober.descriptors(), [])
        self.assertLess(prober.next_turn(), time.monotonic() + 1)


if __name__ == "__main__":
    unittest.main()

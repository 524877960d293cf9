"""Every test of this folder, several at a time: python3 -B test/python [NAME…], NAME as unittest takes it.

Nearly all of their time the tests wait for what a service does in its own time, so a core carries many of them. Each
runs in a process of its own: the namespaces of a node are named after it. Prints a line for each file, all that a test
printed that failed, and at the end `N passed, N failed`.
"""

import faulthandler
import io
import os
import sys
import tempfile
import time
import unittest
from collections import Counter

import support

WORKERS = 6 * (os.cpu_count() or 1)
HANGS_S = 600  # no test takes that long, on whatever machine: it is ended, and where it hung is told


def tests(suite) -> list:
    """Each test of a suite, alone."""
    return [one for part in suite for one in (tests(part) if isinstance(part, unittest.TestSuite) else [part])]


def file_of(test) -> str:
    return type(test).__module__


def run(test, output) -> None:
    """Never returns: this process ends with the test."""
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    faulthandler.dump_traceback_later(HANGS_S, exit=True)
    text = io.StringIO()
    result = unittest.TextTestRunner(stream=text).run(unittest.TestSuite([test]))
    good = result.wasSuccessful() and result.testsRun == 1 and not result.skipped
    if not good:
        print(text.getvalue(), flush=True)
    os._exit(0 if good else 1)


class Running:
    def __init__(self, test) -> None:
        self.test, self.started = test, time.monotonic()
        self.output = tempfile.TemporaryFile()
        self.pid = os.fork()
        if self.pid == 0:
            run(test, self.output)

    def printed(self) -> str:
        self.output.seek(0)
        return self.output.read().decode(errors="replace")


def main(names) -> int:
    os.chdir(support.HERE)
    load = unittest.defaultTestLoader
    waiting = tests(load.loadTestsFromNames(names) if names else load.discover(".", top_level_dir="."))
    ran, failed, seconds, total = Counter(), Counter(), Counter(), Counter(map(file_of, waiting))
    running = {}
    while waiting or running:
        while waiting and len(running) < WORKERS:
            one = Running(waiting.pop(0))
            running[one.pid] = one
        pid, status = os.wait()
        one = running.pop(pid)
        name = file_of(one.test)
        ran[name] += 1
        seconds[name] += time.monotonic() - one.started
        if status:
            failed[name] += 1
            print("✖ %s\n%s" % (one.test.id(), one.printed()), flush=True)
        one.output.close()
        if ran[name] == total[name]:
            passed = ran[name] - failed[name]
            mark = "✖" if failed[name] else "✔"
            print("%s %s: %d of %d, %.0f s in all" % (mark, name, passed, ran[name], seconds[name]), flush=True)
    bad = sum(failed.values())
    print("%d passed, %d failed" % (sum(ran.values()) - bad, bad))
    return 1 if bad or not ran else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

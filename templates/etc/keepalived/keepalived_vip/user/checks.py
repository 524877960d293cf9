"""The checks of the user's service. Each look is a child process: it may hang, and what it started ends with it."""

import os
import signal
import socket
import time

from keepalived_vip import http1

ENDED, FAILED, DIED = "ended", "failed", "died"  # a look that found all well, one that did not, a process seen to end
POLL_S = 0.1  # between two looks at a process, where the kernel gives no descriptor of it


class Look:
    """A child process that ends with 0 when all is well, and may print why not."""

    def __init__(self, act, timeout_s: float, now: float) -> None:
        self.timeout_s = timeout_s
        self.deadline = now + timeout_s
        self.killed = False
        self.reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                signal.set_wakeup_fd(-1)
                null = os.open(os.devnull, os.O_RDWR)
                for stream, target in ((0, null), (1, writer), (2, null)):
                    os.dup2(target, stream)
                with open("/proc/self/oom_score_adj", "w") as file:
                    file.write("0")  # ours is for us alone
                problem = act()
                os.write(1, (problem or "").encode())
                os._exit(1 if problem else 0)
            finally:
                os._exit(127)
        os.close(writer)

    def result(self, now: float):
        """(exit code, what it printed), code None when it had to be killed; None while it runs."""
        done, status = os.waitpid(self.pid, os.WNOHANG)
        if not done:
            if now >= self.deadline and not self.killed:
                self.killed = True
                try:
                    os.killpg(self.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass  # it ended this moment, or has not begun yet
                os.kill(self.pid, signal.SIGKILL)
            return None
        os.set_blocking(self.reader, False)  # what it started in the background may have the other end
        try:
            text = os.read(self.reader, 4096).decode(errors="replace").strip()
        except BlockingIOError:
            text = ""
        os.close(self.reader)
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
        return (None if self.killed else code), text


class Process:
    """A running process whose end is noticed: by the kernel's descriptor, else by looking."""

    def __init__(self, pid: int) -> None:
        """Raises OSError when there is none."""
        self.pid = pid
        self.began = began(pid)
        self.descriptor = None
        try:
            self.descriptor = os.pidfd_open(pid)  # Python 3.9, Linux 5.3
        except ProcessLookupError:
            raise
        except (AttributeError, OSError):
            pass
        if self.began is None or began(pid) != self.began:
            self.close()
            raise ProcessLookupError(pid)

    def ended(self) -> bool:
        return began(self.pid) != self.began

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


def began(pid: int):
    """When a process began, by the kernel's ticks; None when it has ended, also if nobody has asked for its end yet."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            # The name in parentheses may hold anything.
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


class Prober:
    """Looks whenever a look is due. `turn` gives what came of it: ENDED, FAILED or DIED with the reason, else None."""

    def __init__(self, conf, check: dict, now: float) -> None:
        self.conf = conf
        self.kind, self.target = check["kind"], check["target"]
        # A command line and a query may carry what is nobody's business; of a secret check all may.
        told = str(self.target).partition("?")[0]
        self.name = self.kind if check["secret"] or self.kind == "command" else "%s %s" % (self.kind, told)
        self.interval_s, self.timeout_s = check["intervalS"], check["timeoutS"]
        self.look = None
        self.process = None
        self.next_look = now

    def descriptors(self) -> list:
        return [self.process.descriptor] if self.process and self.process.descriptor is not None else []

    def next_turn(self) -> float:
        """When `turn` has to be called at the latest; children and descriptors wake sooner."""
        due = self.next_look if self.look is None else self.look.deadline
        unseen = (self.process and self.process.descriptor is None) or (self.look and self.look.killed)
        return time.monotonic() + POLL_S if unseen else due

    def turn(self, now: float):
        if self.process and self.process.ended():
            pid = self.process.pid
            self.process.close()
            self.process = None
            self.next_look = now + self.interval_s
            return DIED, self.problem("process %d has ended" % pid)
        if self.look is not None:
            result = self.look.result(now)
            if result is None:
                if self.look.killed and now >= self.look.deadline + self.interval_s:
                    self.look.deadline = now  # it cannot even be killed: each interval counts
                    return FAILED, self.late()
                return None
            self.look = None
            return self.judge(*result)
        if now < self.next_look:
            return None
        self.next_look = now + self.interval_s
        if self.process:
            return ENDED, ""
        self.look = Look(self.act(), self.timeout_s, now)
        return None

    def problem(self, text: str) -> str:
        return "%s: %s" % (self.name, text)

    def late(self) -> str:
        return self.problem("no answer within %d s" % self.timeout_s)

    def act(self):
        target = self.target
        if self.kind == "tcp":
            return lambda: tcp_problem(["127.0.0.1", self.conf.address], target)
        if self.kind == "http":
            return lambda: http_problem(target)
        if self.kind == "command":
            return lambda: shell(target)
        if target.startswith("/"):
            return lambda: show_pid_file(target)
        return lambda: run("systemctl", "show", "-p", "ActiveState", "-p", "MainPID", target)

    def judge(self, code, text: str):
        if code is None:
            return FAILED, self.late()
        if code != 0:
            return FAILED, self.problem(text or "exit %d" % code)
        if self.kind != "process":
            return ENDED, ""
        found = dict(line.partition("=")[::2] for line in text.splitlines())
        state, pid = found.get("ActiveState", "unknown"), found.get("MainPID", "0")
        if state not in ("active", "reloading"):
            return FAILED, self.problem("the unit is %s" % state)
        if pid != "0":  # else a unit that is active without a process of its own
            try:
                self.process = Process(int(pid))
            except (OSError, ValueError):
                return FAILED, self.problem("there is no process %s" % pid)
        return ENDED, ""


# -- in the child -----------------------------------------------------------------------------------------------------


def run(*argv):
    os.execvp(argv[0], argv)


def shell(command: str):
    """Everybody may read the arguments of a process, and a command line may hold a secret: the shell reads it from a
    pipe, which holds far more than the longest one. Its standard input stays empty."""
    os.dup2(0, 1)  # nobody reads: a talkative command would wait for ever
    reader, writer = os.pipe()
    os.write(writer, os.fsencode(command) + b"\n")
    os.close(writer)
    os.set_inheritable(reader, True)
    run("/bin/sh", "/dev/fd/%d" % reader)


def tcp_problem(addresses: list, port: int):
    """None when any of the node's own addresses takes a connection."""
    problem = None
    for address in addresses:
        try:
            socket.create_connection((address, port)).close()
            return None
        except OSError as error:
            problem = problem or error.strerror or str(error)
    return problem


def http_problem(url: str):
    """None when the answer is a 2xx or 3xx."""
    http1.CONNECT_S = http1.ANSWER_S = 3600.0  # here the check's own limit counts
    try:
        with_tls, host, port, path = http1.split_url(url)
        context = None
        if with_tls:
            # The certificate is for the name that clients use.
            import ssl

            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        address = "127.0.0.1" if host == "localhost" else host
        headers = {"Host": http1.host_header(with_tls, host, port), "Connection": "close"}
        answer = http1.Connection(host, address, port, context).exchange("GET", path, headers)
    except (OSError, ValueError) as error:
        return str(error) or type(error).__name__
    return None if 200 <= answer.status < 400 else "HTTP %d" % answer.status


def show_pid_file(path: str):
    """As `systemctl show` does it for a unit."""
    try:
        with open(path) as file:
            os.write(1, b"ActiveState=active\nMainPID=%d" % int(file.read()))
    except OSError as error:
        return error.strerror
    except ValueError:
        return "no number in it"
    return None

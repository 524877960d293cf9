"""A process that is started and not waited for."""

import os
import signal


class Child:
    """A program of ours, with nothing to read from and nowhere to write to."""

    def __init__(self, argv, now: float) -> None:
        """Raises OSError when no process can be started."""
        self.since = now
        self.pid = os.fork()
        if self.pid == 0:
            try:
                null = os.open(os.devnull, os.O_RDWR)
                for stream in (0, 1, 2):
                    os.dup2(null, stream)
                os.execvp(argv[0], argv)
            finally:
                os._exit(127)

    def result(self, now: float, limit_s: float):
        """Its exit code, None while it runs; it is killed at its limit."""
        done, status = os.waitpid(self.pid, os.WNOHANG)
        if not done:
            if now - self.since > limit_s:
                os.kill(self.pid, signal.SIGKILL)
            return None
        return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128

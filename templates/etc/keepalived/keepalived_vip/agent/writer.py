"""A thread that writes: a disk that stalls, or a journal that takes nothing, keeps nobody from deciding."""

import queue
import threading
import time

MOST = 1000  # what waits; then the newest is lost, as on a full disk


class Writer:
    def __init__(self) -> None:
        self.waiting = queue.Queue(MOST)
        self.failure = None  # of a kind that nobody thought of

    def start(self) -> None:
        threading.Thread(target=self.work, daemon=True).start()

    def put(self, write, *args) -> None:
        """Has it done soon, in the order in which it was put. Never waits. An OSError of it is nobody's business."""
        try:
            self.waiting.put_nowait((write, args))
        except queue.Full:
            pass

    def work(self) -> None:
        while True:
            write, args = self.waiting.get()
            try:
                write(*args)
            except OSError:
                pass  # a full disk: status and metrics are written again soon
            except Exception as error:
                self.failure = error
            self.waiting.task_done()

    def check(self) -> None:
        """Raises what has failed since."""
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure

    def flush(self, limit_s: float) -> None:
        """Waits until all is written, at most so long. Takes no lock: a signal's handler may call it anywhere."""
        deadline = time.monotonic() + limit_s
        while self.waiting.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.005)

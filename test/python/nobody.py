"""A user without any right on the node: does what a test says as `nobody`, in a child."""

import os
import pwd
import signal
import traceback

import support


def run(act, namespace=None) -> str:
    """What `act` returns, a text."""
    child, text = begin(act, namespace)
    end(child)
    return text


def stay(case, act) -> None:
    """`act`; what it returns stays open until the end of the test."""
    child, _ = begin(act)
    case.addCleanup(end, child)


def begin(act, namespace=None):
    """The child, which stays, and what `act` has returned there, as a text. AssertionError with its traceback where it
    raises. Without root there would be no other user to become; the service is root's as well."""
    assert os.geteuid() == 0, "needs root, to become another user"
    user = pwd.getpwnam("nobody")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            if namespace:
                support.enter_namespace(namespace)
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            done = act()
            os.write(writer, b"+%s" % str(done).encode())
        except BaseException:
            os.write(writer, b"-%s" % traceback.format_exc().encode())
        os.close(writer)
        while True:
            signal.pause()
    os.close(writer)
    with os.fdopen(reader) as file:
        text = file.read()
    if text[:1] != "+":
        end(child)
        raise AssertionError(text)
    return child, text[1:]


def end(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def all_of(folder: str) -> list:
    """Whatever is in it, and itself, as far as whoever asks can see."""
    inside = [os.path.join(place, name) for place, folders, files in os.walk(folder) for name in folders + files]
    return [folder] + inside

"""HTTP/1.1 over a connection that is kept and opened ahead, with an end to each answer's time and size."""

import email.utils
import errno
import http.client
import io
import json
import select
import socket
import ssl
import time

from keepalived_vip import settings
from keepalived_vip.log import plain

CONNECT_S = 2.0
ANSWER_S = 5.0
ANSWER_LIMIT = 4 * 1024 * 1024  # bytes


class Stale(OSError):
    """A kept connection that the other side had closed: nothing of this request was answered."""


class Answer:
    def __init__(self, status: int, headers: dict, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body


class Connection:
    """One TCP connection, with TLS when a context is given. Raises OSError; every wait has a limit."""

    def __init__(self, host: str, address: str, port: int, context=None) -> None:
        self.host = host
        self.sock = socket.create_connection((address, port), CONNECT_S)
        try:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A connection that died unseen (a firewall forgot it, the network was cut) must not cost a move seconds.
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(CONNECT_S * 1000))
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 2)):
                self.sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
            if context is not None:
                self.sock = context.wrap_socket(self.sock, server_hostname=host)
        except BaseException as error:
            self.sock.close()
            if isinstance(error, ValueError):  # until Python 3.6 a certificate for another name
                raise OSError(str(error)) from error
            raise
        self.reusable = True

    def close(self) -> None:
        self.sock.close()

    def alive(self) -> bool:
        """Whether the other side still has it open. TLS session tickets may wait: readable is not dead."""
        if not self.reusable or not select.select([self.sock], [], [], 0)[0]:
            return self.reusable
        self.sock.setblocking(False)
        try:
            self.sock.recv(1)
            return False  # an end, or an answer that nobody asked for
        except (ssl.SSLWantReadError, BlockingIOError):
            return True
        except OSError:
            return False
        finally:
            self.sock.setblocking(True)

    def exchange(self, method: str, path: str, headers: dict, body: bytes = b"") -> Answer:
        lines = ["%s %s HTTP/1.1" % (method, path)]
        lines += ["%s: %s" % item for item in headers.items()]
        lines += ["Content-Length: %d" % len(body), "", ""]
        incoming = Incoming(self.sock)
        self.reusable = False  # until the whole answer is read
        response = http.client.HTTPResponse(incoming, method=method)
        try:
            self.sock.settimeout(ANSWER_S)
            self.sock.sendall("\r\n".join(lines).encode() + body)
            response.begin()
            content = response.read()
        except OSError as error:
            # Slow is not stale; ETIMEDOUT is the kernel's word that nothing of it was acknowledged.
            slow = isinstance(error, socket.timeout) and error.errno != errno.ETIMEDOUT
            if incoming.size or slow:
                raise
            raise Stale(str(error)) from error
        except (http.client.HTTPException, ValueError) as error:
            raise OSError("not an HTTP answer: %s" % (plain(str(error)) or type(error).__name__)) from error
        finally:
            response.close()
        self.reusable = not response.will_close
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)


class Incoming(io.RawIOBase):
    """What an answer is read from: at most so much, and all of it within one time, however slowly it trickles in."""

    def __init__(self, sock) -> None:
        self.sock = sock
        self.deadline = time.monotonic() + ANSWER_S
        self.size = 0

    def makefile(self, mode: str):
        """As http.client asks a socket for it."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise socket.timeout("no answer within %d s" % ANSWER_S)
        self.sock.settimeout(left)
        size = self.sock.recv_into(buffer)
        self.size += size
        if self.size > ANSWER_LIMIT:
            raise OSError("the answer is longer than %d bytes" % ANSWER_LIMIT)
        return size


class Addresses:
    """Names to IPv4 addresses. The last good answer is kept, also over a restart: a failover can do without DNS."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.known = settings.read_json(path) or {}

    def of(self, host: str) -> list:
        """At once when the name was ever resolved."""
        return self.known.get(host) or self.resolve(host)

    def resolve(self, host: str) -> list:
        """Asks DNS, for as long as the resolver likes; OSError when it does not know. Not in the way of a move."""
        found = []
        for entry in socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM):
            if entry[4][0] not in found:
                found.append(entry[4][0])
        if sorted(found) != sorted(self.known.get(host, [])):
            self.known[host] = found
            try:
                settings.write_atomically(self.path, json.dumps(self.known))
            except OSError:
                pass
        return found


def split_port(endpoint: str, default: int):
    """("host", port) of `host` or `host:port`."""
    host, _, port = endpoint.partition(":")
    return host, int(port) if port else default


def split_url(url: str):
    """(with TLS?, host, port, path with query) of an http:// or https:// URL."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    host, port = split_port(authority, 443 if scheme == "https" else 80)
    return scheme == "https", host, port, slash + path or "/"


def host_header(with_tls: bool, host: str, port: int) -> str:
    return host if port == (443 if with_tls else 80) else "%s:%d" % (host, port)


def unix_time(date):
    """Seconds since 1970 of an HTTP date such as `Sun, 06 Nov 1994 08:49:37 GMT`; None when it is none."""
    parts = email.utils.parsedate_tz(date) if date else None
    return None if parts is None else email.utils.mktime_tz(parts)

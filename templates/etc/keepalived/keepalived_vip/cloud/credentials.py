"""The CAM role's short-lived credentials, from the metadata service; kept in tmpfs: a failover can do without it.

A machine without a role has a key of its own instead, in /etc/keepalived/credentials.json: {"TmpSecretId": …,
"TmpSecretKey": …}, mode 0600. It lasts until the program puts another one in its place and starts the service again.
"""

import json
import threading
import time

from keepalived_vip import http1, settings

PATH = "/latest/meta-data/cam/security-credentials/"
# Tencent's own SDKs renew 300 s ahead; the cloud rotates them without a documented period.
RENEW_BEFORE_S = 300


class Unavailable(Exception):
    """No usable credentials, and why."""


class Credentials:
    """Id, key and token, fresh enough to sign with. For use by several threads."""

    def __init__(self, conf, addresses) -> None:
        self.conf = conf
        self.addresses = addresses
        self.lock = threading.Lock()
        self.values = settings.read_json(conf.static_credentials)
        self.static = self.values is not None
        if not self.static:
            self.values = settings.read_json(conf.credentials_file)

    def left_s(self) -> float:
        """Seconds that they are good for. By the metadata service's clock: the machine's own may be wrong by hours."""
        if self.static:
            return float("inf")
        return self.values.get("goodUntil", 0.0) - time.monotonic() if self.values else -1.0

    def due(self) -> bool:
        return self.left_s() < RENEW_BEFORE_S

    def current(self) -> dict:
        """At once when there are any, also expired ones: the cloud decides. Without any, metadata is asked."""
        if self.values is None:
            self.renew(None)
        return self.values

    def renew(self, used) -> None:
        """Fetches new ones, unless others than `used` are there by now. Raises Unavailable and keeps the old ones."""
        with self.lock:
            if self.static or (used is not None and self.values is not used):
                return
            listing, _ = self.ask(PATH)
            role = listing.split("\n")[0].strip()
            text, now = self.ask(PATH + role)
            try:
                values = json.loads(text)
                left_s = values["ExpiredTime"] - now
                complete = values.get("Code") == "Success" and values["TmpSecretId"] and values["TmpSecretKey"]
            except (ValueError, KeyError, TypeError, RecursionError):
                complete = False
            if not complete:
                raise Unavailable("metadata gave no credentials for the role %s" % role)
            values["goodUntil"] = time.monotonic() + left_s
            self.values = values
            try:
                settings.write_atomically(self.conf.credentials_file, json.dumps(values), 0o600)
            except OSError:
                pass

    def ask(self, path: str):
        """(text, Unix time at the metadata service)."""
        host, port = http1.split_port(self.conf.metadata, 80)
        try:
            connection = http1.Connection(host, self.addresses.of(host)[0], port)
            try:
                answer = connection.exchange("GET", path, {"Host": self.conf.metadata, "Connection": "close"})
            finally:
                connection.close()
        except (OSError, ValueError) as error:
            raise Unavailable("metadata: %s" % (error or type(error).__name__)) from error
        if answer.status == 404:
            raise Unavailable("metadata knows no role: has this machine lost its CAM role?")
        if answer.status != 200:
            raise Unavailable("metadata answered %d" % answer.status)
        try:
            text = answer.body.decode()
        except ValueError as error:
            raise Unavailable("metadata answered with what is no text") from error
        return text, http1.unix_time(answer.headers.get("date")) or time.time()

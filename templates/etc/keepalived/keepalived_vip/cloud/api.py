"""Tencent Cloud API 3.0 as far as a move needs it: signing, a connection kept open, errors as codes."""

import hashlib
import hmac
import json
import ssl
import threading
import time

from keepalived_vip import http1
from keepalived_vip.cloud import errors

VERSION = "2017-03-12"
ALGORITHM = "TC3-HMAC-SHA256"


class ApiError(Exception):
    """The cloud said no, or nothing (code `Network`)."""

    def __init__(self, code: str, message: str, request_id=None) -> None:
        super().__init__("%s: %s" % (code, message))
        self.code = code
        self.request_id = request_id  # what the cloud's support asks for


def sign(secret_id: str, secret_key: str, headers: dict, body: bytes, now: int, service: str = "vpc") -> str:
    """The Authorization header of a POST of `body`; all of `headers` are signed.

    https://www.tencentcloud.com/document/api/1227/61798; X-TC-Token is not among the signed ones.
    """
    day = time.strftime("%Y-%m-%d", time.gmtime(now))
    pairs = sorted((name.lower(), value.strip().lower()) for name, value in headers.items())
    names = ";".join(name for name, _ in pairs)
    listed = "".join("%s:%s\n" % pair for pair in pairs)
    request = "POST\n/\n\n%s\n%s\n%s" % (listed, names, hashlib.sha256(body).hexdigest())
    scope = "%s/%s/tc3_request" % (day, service)
    to_sign = "%s\n%d\n%s\n%s" % (ALGORITHM, now, scope, hashlib.sha256(request.encode()).hexdigest())
    key = ("TC3" + secret_key).encode()
    for part in (day, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return "%s Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (ALGORITHM, secret_id, scope, names, signature)


class Api:
    """Calls by one thread; another may keep the connection ready meanwhile."""

    def __init__(self, conf, credentials, addresses) -> None:
        self.conf = conf
        self.credentials = credentials
        self.addresses = addresses
        self.endpoints = list(conf.endpoints)
        self.clock_offset_s = 0
        self.requests = {}  # action: {"ok" or error code: how often}
        # Asked just before a request is sent: names, keys and connections may have taken long.
        self.wanted = lambda: True
        self.lock = threading.Lock()
        self.calling = False
        self.kept = None
        self.context = ssl.create_default_context() if conf.scheme == "https" else None

    def keep_ready(self) -> None:
        """Opens the connection ahead, so that a failover pays neither for DNS nor for TLS. Raises OSError."""
        with self.lock:
            if self.calling or (self.kept is not None and self.kept.alive()):
                return
            self.drop()
            endpoint = self.endpoints[0]
        try:
            fresh = self.open(endpoint)
        except OSError:
            self.next_endpoint(endpoint)
            raise
        with self.lock:
            if self.calling or self.kept is not None:
                fresh.close()
            else:
                self.kept = fresh

    def open(self, endpoint: str):
        host, port = http1.split_port(endpoint, 443 if self.context else 80)
        error = None
        for address in self.addresses.of(host)[:2]:
            try:
                connection = http1.Connection(host, address, port, self.context)
                connection.endpoint = endpoint
                return connection
            except OSError as failure:
                error = failure
        raise error or OSError("%s has no address" % host)

    def drop(self) -> None:
        if self.kept is not None:
            self.kept.close()
            self.kept = None

    def next_endpoint(self, failed: str) -> None:
        if self.endpoints[0] == failed:
            self.endpoints = self.endpoints[1:] + [failed]  # as a whole: another thread may read it meanwhile

    def call(self, action: str, request: dict) -> dict:
        """The content of `Response`, or ApiError. One repetition with new credentials or a mended clock."""
        for last in (False, True):
            used = self.credentials.current()
            code = "ok"
            try:
                return self.once(action, request, used)
            except ApiError as error:
                code = error.code
                reaction = errors.reaction(code)
                if last or reaction not in (errors.RENEW, errors.CLOCK):
                    raise
                if reaction == errors.RENEW:
                    self.credentials.renew(used)
            finally:
                results = dict(self.requests.get(action, {}))
                results[code] = results.get(code, 0) + 1
                self.requests[action] = results  # as a whole: another thread tells them meanwhile
        raise AssertionError("not reached")

    def once(self, action: str, request: dict, credentials: dict) -> dict:
        body = json.dumps(request).encode()
        with self.lock:
            self.calling = True
            connection, self.kept = self.kept, None
        try:
            answer, connection = self.exchange(connection, action, body, credentials)
        finally:
            with self.lock:
                self.calling = False
        with self.lock:
            if connection.reusable:
                self.kept = connection
            else:
                connection.close()
        try:
            response = json.loads(answer.body.decode())["Response"]
            refusal = response.get("Error")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ApiError("Network", "HTTP %d without an API answer" % answer.status) from None
        if refusal:
            code = refusal.get("Code", "Unknown")
            if errors.reaction(code) == errors.CLOCK:
                self.set_clock(answer.headers.get("date"))
            raise ApiError(code, refusal.get("Message", ""), response.get("RequestId"))
        return response

    def set_clock(self, date) -> None:
        now = http1.unix_time(date)
        if now is not None:
            self.clock_offset_s = now - int(time.time())

    def exchange(self, connection, action: str, body: bytes, credentials: dict):
        """Sends on the kept connection; one that the other side had closed is replaced once."""
        tries = len(self.endpoints)
        kept = connection is not None
        while True:
            endpoint = self.endpoints[0]
            try:
                if connection is None:
                    connection = self.open(endpoint)
            except OSError as error:
                # Nothing was sent: the next endpoint at once.
                self.next_endpoint(endpoint)
                tries -= 1
                if tries == 0:
                    raise ApiError("Network", "%s: %s" % (endpoint, error or type(error).__name__)) from error
                continue
            if not self.wanted():
                connection.close()
                raise ApiError("NotMaster", "%s is no longer wanted" % action)
            endpoint = connection.endpoint
            headers = self.headers(endpoint, action, body, credentials)
            try:
                return connection.exchange("POST", "/", headers, body), connection
            except (OSError, ValueError) as error:
                connection.close()
                connection = None
                if kept and isinstance(error, http1.Stale):
                    kept = False
                    continue
                self.next_endpoint(endpoint)
                raise ApiError("Network", "%s: %s" % (endpoint, error or type(error).__name__)) from error

    def headers(self, endpoint: str, action: str, body: bytes, credentials: dict) -> dict:
        now = int(time.time()) + self.clock_offset_s
        signed = {"Content-Type": "application/json", "Host": endpoint}
        headers = dict(signed)
        headers["Authorization"] = sign(credentials["TmpSecretId"], credentials["TmpSecretKey"], signed, body, now)
        headers["X-TC-Action"] = action
        headers["X-TC-Version"] = VERSION
        headers["X-TC-Region"] = self.conf.region
        headers["X-TC-Timestamp"] = str(now)
        if credentials.get("Token"):
            headers["X-TC-Token"] = credentials["Token"]
        return headers

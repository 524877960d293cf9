"""What `vip.py self-test` asks the cloud, by connections of its own."""

import socket
import time

from keepalived_vip import cloud, http1
from keepalived_vip.agent.vip import calls
from keepalived_vip.cloud import errors
from keepalived_vip.cloud.credentials import PATH, Credentials, Unavailable
from keepalived_vip.operator.selftest.prerequisites import NotAsked, Problem, at_once, words
from keepalived_vip.operator.status import HOLDERS, span

NAME_S, REACH_S = 5.0, 6.0
CLOCK_S = 300  # what the API forgives
REFUSED = ("UnauthorizedOperation", "AuthFailure.UnauthorizedOperation")


class CloudChecks:
    """Each gives what it found or raises a Problem. The later ones build upon the earlier ones."""

    def __init__(self, conf) -> None:
        self.conf = conf
        self.addresses = http1.Addresses(conf.addresses_file)
        self.kept = Credentials(conf, self.addresses)
        self.api = cloud.Api(conf, self.kept, self.addresses)
        self.ahead = None  # the API's time minus ours, in seconds
        self.reached = self.trusted = self.looked = False

    def dns(self) -> str:
        names = [http1.split_port(name, 0)[0] for name in self.conf.endpoints + [self.conf.metadata]]

        def resolve(name: str) -> str:
            try:
                socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
            except OSError as error:
                return "%s: %s" % (name, words(error))
            return ""

        said = at_once([lambda name=name: resolve(name) for name in names], NAME_S)
        wrong = ["%s: no answer" % name if text is None else text for name, text in zip(names, said) if text != ""]
        if wrong:
            raise Problem("; ".join(wrong))
        return "%s: known" % ", ".join(names)

    def reach(self, endpoint: str):
        """(what went wrong or "", the API's time minus ours or None)."""
        host, port = http1.split_port(endpoint, 443 if self.api.context else 80)
        stage = "name"
        try:
            address = self.addresses.of(host)[0]
            stage = "TCP to %s port %d" % (address, port)
            connection = http1.Connection(host, address, port)
            try:
                if self.api.context:
                    stage = "TLS with %s" % address
                    connection.sock = self.api.context.wrap_socket(connection.sock, server_hostname=host)
                stage = "HTTP with %s" % address
                answer = connection.exchange("GET", "/", {"Host": endpoint, "Connection": "close"})
            finally:
                connection.close()
        except OSError as error:
            return "%s: %s: %s" % (endpoint, stage, words(error)), None
        except ValueError:
            return "%s: %s: no HTTP" % (endpoint, stage), None
        date = http1.unix_time(answer.headers.get("date"))
        return "", None if date is None else date - time.time()

    def endpoints(self) -> str:
        names = self.conf.endpoints
        said = at_once([lambda name=name: self.reach(name) for name in names], REACH_S)
        said = [one or ("%s: no answer" % name, None) for name, one in zip(names, said)]
        good = [name for name, (problem, _) in zip(names, said) if not problem]
        bad = [problem for problem, _ in said if problem]
        if not good:
            raise Problem("; ".join(bad))
        self.reached = True
        self.ahead = next((ahead for problem, ahead in said if not problem), None)
        layers = "name, TCP, TLS, HTTP" if self.api.context else "name, TCP, HTTP"
        return "%s: %s%s" % (", ".join(good), layers, "; not needed meanwhile: " + "; ".join(bad) if bad else "")

    def clock(self) -> str:
        if self.ahead is None:
            raise NotAsked("not asked: see api")
        said = "%s %s the API's" % (span(abs(self.ahead)), "behind" if self.ahead > 0 else "ahead of")
        if abs(self.ahead) > CLOCK_S:
            raise Problem(said)
        return said

    def credentials(self) -> str:
        if self.kept.static:
            self.trusted = True
            return "the key in %s, good until it is replaced" % self.conf.static_credentials
        try:
            role = self.kept.ask(PATH)[0].split("\n")[0].strip()
            if self.kept.due():
                self.kept.renew(None)
        except Unavailable as error:
            self.trusted = self.kept.left_s() > 0
            raise Problem("%s; those at hand last for %s" % (error, span(self.kept.left_s()))) from error
        self.trusted = True
        return "of role %s, good for %s" % (role, span(self.kept.left_s()))

    def ask(self, call):
        """Makes it if it can be made; ApiError as usual."""
        for there, where in ((self.reached, "api"), (self.trusted, "credentials")):
            if not there:
                raise NotAsked("not asked: see %s" % where)
        try:
            return call()
        except Unavailable as error:
            raise NotAsked("not asked: see credentials: %s" % error) from error

    def look(self) -> str:
        try:
            holder, available, _ = self.ask(lambda: calls.describe(self.api, self.conf))
        except cloud.ApiError as error:
            raise Problem(str(error), cure_of(error.code)) from error
        self.looked = True
        names = {self.conf.eni: "self", self.conf.peer_eni: "peer", "": "none"}
        state = "" if available or not holder else ", not AVAILABLE"
        return "the VIP is on %s%s" % (HOLDERS[names.get(holder, "other")], state)

    def permission(self) -> str:
        """Asks for a move that cannot happen: of this node's own address, from the peer's ENI to this node's.

        An address is on one ENI only, so it is not on the peer's; it is a primary one, and those never move; and on
        this node's ENI it would be where it is. CAM is asked for both ENIs, as for the move of a failover. Its refusal
        is the bare UnauthorizedOperation; a refusal for what was asked means that asking was allowed. Not documented:
        that CAM is asked first.
        """
        if self.reached and self.trusted and not self.looked:
            raise NotAsked("not asked: see look")
        request = {
            "SourceNetworkInterfaceId": self.conf.peer_eni,
            "DestinationNetworkInterfaceId": self.conf.eni,
            "PrivateIpAddress": self.conf.address,
        }
        try:
            self.ask(lambda: self.api.call("MigratePrivateIpAddress", request))
        except cloud.ApiError as error:
            if error.code in REFUSED:
                raise Problem(str(error)) from error
            if error.code.startswith(("UnauthorizedOperation.", "UnsupportedOperation", "ResourceNotFound")):
                return "a move that cannot happen was refused as that: %s" % error.code
            raise NotAsked(str(error), cure_of(error.code)) from error
        finally:
            self.api.drop()
        return "a move that changes nothing was accepted"


def cure_of(code: str):
    """None: the usual one."""
    if code in REFUSED:
        return None
    if errors.reaction(code) in (errors.RETRY, errors.LATER):
        return "the network or the cloud is in trouble; the service tries again by itself"
    return "docs/errors.md tells what %s means" % code

"""The service's part in a planned switch: takes the request, gives up MASTER, hears the peer take over, and tells.

Asked on this node, the request is a file and a word on keepalived's pipe (YIELD), and the answer is a file as well:
whoever asked may die. The peer asks by a datagram, as often as it likes, and is told each time how it stands.
"""

import binascii
import json
import os
import time

from keepalived_vip import settings
from keepalived_vip.agent.node import drain, nic, peer
from keepalived_vip.agent.policy import knowledge, switch

REASON = "switch"
# After `switch.take_s` and KEEP_S, so that it ends this way only if the service itself is gone.
HOLD_S = 10
KEEP_S = 3.0  # the disk has so long for a reason that outlives the switch
PEER_KEEPS_S = 3600  # in maintenance, when the preferred node has yielded because its peer asked
POLL_S = 0.02
FRESH_S = 5.0
AGAIN_S = 0.2  # until the peer says whether it is ready: a datagram may be lost
ASKING_S = 1.0  # between two new requests of the peer's: each may be logged and written down


class Handover:
    def __init__(self, conf, known, log, put) -> None:
        """put: has a function called with what it is given, by a thread that may wait for the disk."""
        self.conf = conf
        self.known = known
        self.log = log
        self.put = put
        self.keeping = None  # what became of writing down that this node stays away: nothing yet, None or the error
        self.keep_until = 0.0
        self.offer = {}  # what the peer is told beside the question whether it is ready
        self.request = None  # who asked, and what is to keep this node from being MASTER afterwards
        self.listener = None
        self.heard = False
        self.next_prepare = 0.0  # when the peer is to be asked again whether it is ready
        self.asked_at = 0.0  # by which its answer is known
        self.next_asking = 0.0  # when the peer may ask anew
        self.on_told = None  # called with what is told of each switch
        self.told = settings.read_json(conf.switch_answer)
        if self.told and self.told.get("phase") not in switch.ENDS:
            self.tell(self.told["id"], switch.ABANDONED, self.told["phase"], "the service was started anew")
            drain.release(conf, REASON)

    def ask(self, now: float) -> None:
        request = settings.read_json(self.conf.switch_request)
        if isinstance(request, dict) and now - request.get("at", 0.0) <= FRESH_S:  # older: who asked has given up
            self.begin(request, now)

    def asked_by_peer(self, ear, now: float) -> list:
        """Takes what the peer has said; gives what of it asks for nothing, each with its `sender`."""
        news = []
        for message, sender in peer.said(ear, self.conf.peer_address):
            if message["id"] in peer.NEWS:
                news.append(dict(message, sender=sender))
                continue
            if not self.knows(message["id"]):
                if now < self.next_asking:
                    continue  # who asks asks again
                self.next_asking = now + ASKING_S
            # A preferred node would take the VIP back at once. An update that asks replaces its machine as soon as that
            # keeps no connections any more.
            stays = self.conf.mode == "standing-master" and self.conf.preferred
            keep_s = PEER_KEEPS_S + (self.conf.keep_s or 0) if stays else None
            asked = {"why": message.get("why", "asked by the peer"), "by": message.get("by", self.conf.peer_address)}
            self.begin(dict(asked, id=message["id"], keepS=keep_s), now)
            told = self.told if self.told and self.told["id"] == message["id"] else None
            peer.say(ear, told or {"id": message["id"], "phase": switch.ASKED}, sender)
        return news

    def knows(self, request_id) -> bool:
        return request_id in [found["id"] for found in (self.told, self.request) if found]

    def begin(self, request: dict, now: float) -> None:
        if self.knows(request.get("id")):
            return
        # A service that wants it itself names nobody.
        asked = {"by": request.get("by"), "why": request["why"]}
        self.log.say("asked", what="switch", **asked)
        refusal = switch.ask(self.known, now, asked)
        if refusal:
            self.tell(request["id"], switch.REFUSED, switch.ASKED, refusal)
        else:
            self.request, self.heard, self.keeping = request, False, None
            self.asked_at = self.next_prepare = now

    def hand_over(self, why: str, now: float) -> bool:
        """Has the peer take over if it can, as this service itself wants it; gives whether a switch is under way."""
        if not switch.active(self.known):
            self.begin({"id": binascii.hexlify(os.urandom(6)).decode(), "why": why, "keepS": None}, now)
        return switch.active(self.known)

    def prepare_peer(self, ear, now: float) -> list:
        """Asks the peer's service whether it could take over; gives the time of the next word."""
        if not switch.asking(self.known) or ear is None:
            return []
        if now >= self.next_prepare:
            self.next_prepare = now + AGAIN_S
            peer.say(ear, dict(self.offer, id=peer.PREPARE, of=self.asked_at), (self.conf.peer_address, peer.PORT))
        return [self.next_prepare]

    def peer_is(self, message: dict, now: float) -> None:
        if message.get("of") == self.asked_at:
            why_not = None if message["id"] == peer.READY else message.get("why") or "it does not say why"
            switch.peer_is(self.known, now, why_not)

    def local(self, step, now: float) -> None:
        """Carries out a step that is no call."""
        if step == knowledge.ABANDON:
            switch.abandon(self.known, now)
            return
        try:
            self.listener = nic.hear(self.conf.interface)
            drain.hold(self.conf, REASON, HOLD_S, self.request["why"])
            switch.gave_up(self.known, now, self.conf.advert_s)
        except OSError as error:
            switch.abandon(self.known, now, "cannot give up: %s" % error)

    def listen(self, now: float) -> list:
        """The time of the next look, if the peer is waited for."""
        if self.listener is None:
            return []
        # It may be heard before keepalived's word that this node has given up.
        self.heard = self.heard or nic.heard(self.listener, self.conf)
        if self.heard:
            switch.heard_peer(self.known)
        return [now + POLL_S]

    def progress(self) -> None:
        """Tells what has changed; at the end this node takes part again, unless it was asked not to."""
        if self.request is None:
            return
        current, request = self.known.switch, self.request
        if self.told and (self.told["id"], self.told["phase"]) == (request["id"], current.phase):
            return
        phase, why = current.phase, current.why
        try:
            if phase == switch.DONE and request["keepS"] is not None and not self.kept(request):
                return
            if phase in switch.ENDS:
                self.close()
        except OSError as error:
            phase, why = switch.ABANDONED, "this node cannot stay away: %s" % error
            self.close()
        self.tell(request["id"], phase, current.reached, why)

    def kept(self, request: dict) -> bool:
        """Whether the reason by which this node stays away is on the disk yet. Raises OSError."""
        if self.keeping is None:
            self.keeping, self.keep_until = [], time.monotonic() + KEEP_S
            self.put(self.keep, request, self.keeping)
        if not self.keeping and time.monotonic() > self.keep_until:
            raise OSError("the disk has taken nothing for %d s" % KEEP_S)
        if self.keeping and self.keeping[0] is not None:
            raise self.keeping[0]
        return bool(self.keeping)

    def keep(self, request: dict, done: list) -> None:
        """By the other thread. Not for a request that was given up meanwhile, whose sender was told so."""
        try:
            if self.request is request:
                drain.hold(self.conf, drain.LASTING, request["keepS"], request["why"])
                if self.request is not request:
                    drain.release(self.conf, drain.LASTING)
        except OSError as error:
            done.append(error)
        else:
            done.append(None)

    def close(self) -> None:
        self.request = None
        if self.listener is None:
            return
        self.listener.close()
        self.listener = None
        try:
            drain.release(self.conf, REASON)
        except OSError:
            pass  # it ends by itself

    def tell(self, request_id: str, phase: str, reached: str, why) -> None:
        self.told = {"id": request_id, "phase": phase, "reached": reached, "why": why, "at": round(time.time(), 3)}
        self.log.say("switch", **self.told)
        try:
            settings.write_atomically(self.conf.switch_answer, json.dumps(self.told))
        except OSError:
            pass  # a full disk: who asked finds out by its own deadline
        if self.on_told is not None:
            self.on_told(self.told)

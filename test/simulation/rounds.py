"""The service on a node: the rounds of its loop, and the calls that its worker makes."""

from bounds import SOON_S
from keepalived import MASTER, NEVER
from runtime import Pending

ROUND_S = 1e-6  # a round of the service takes time: it would wait for ever for what is due by a rounding error later


class Call:
    """One step of the service, which may take two requests."""

    __slots__ = ("answers", "eip_shown_at", "held", "service", "started", "step")

    def __init__(self, service, step, started: float) -> None:
        self.service, self.step, self.started, self.answers = service, step, started, []
        self.eip_shown_at = 0.0
        self.held = False  # an answer waited for the end of a stall


class Rounds:
    __slots__ = ()

    def wake(self, at: float) -> None:
        if self.service is not None and at < NEVER and (self.wake_at is None or at < self.wake_at):
            self.wake_at = at
            self.world.at(at, self.serve, at)

    def serve(self, at: float) -> None:
        """One round of the service's loop, as `watch.Service.serve` has it."""
        if at != self.wake_at:
            return
        self.wake_at = None
        if self.stalled or self.hung:
            return
        service, lower, fell, again, stale = self.service, False, False, False, False
        if self.words or self.touched:
            self.touched = False
            service.role.look()
        if self.words:
            words, self.words = self.words, []
            for kind, word in words:
                lower = lower or word == "MASTER_RX_LOWER_PRI"
                again = again or fell and word == "MASTER"
                fell = fell or word == "BACKUP"
                service.word(kind, word)
        if self.answers:
            answers, self.answers, call, self.call = self.answers, [], self.call, None
            for taken in answers:
                task = service.known.seen.task
                service.mover.take(*taken)
                if taken[0][0] == "describe" and task is not None and service.known.seen.task is None:
                    self.record.unknown_at = at  # a look for another reason came before it was told how its task ended
                stale = self.stale(call, taken[1])
            service.tell_peer()
        if self.inbox:
            left = service.vip.left
            service.hear_peer()
            if service.vip.left != left:
                lower, self.record.left_at = True, at
        if service.next_tick <= at:
            # `tick_after` asks for the next; a silence is seen by what does not come.
            service.next_tick = at + self.world.runtime.watch.TICK_S if self.hung_by else NEVER
            service.role.look()
            service.apply_drain()
            service.tend(at)
        self.wake(at + service.turn() + ROUND_S)
        self.world.rules.round(self, lower, again, stale)

    def stale(self, call: Call, result) -> bool:
        """Whether that is a look's answer from before a stall, by which the VIP is here. Twice in a row it is believed:
        a slow cloud looks the same."""
        if call.step[0] != "describe" or not isinstance(result, tuple):
            return False
        before, self.record.late = self.record.late, self.world.now - call.started > SOON_S
        return call.held and self.record.late and not before and result[:2] == (self.eni, True)

    def master(self) -> bool:
        """Whether the service knows that it is MASTER, by what it last heard and saw itself."""
        service = self.service
        known = service is not None and service.role.state["state"] == MASTER and service.vip.on_nic == self.PRESENT
        return known and not service.role.dead

    # -- calls --------------------------------------------------------------------------------------------------------

    def begin(self, step) -> None:
        self.world.rules.begin(self, step)
        self.call = Call(self.service, step, self.world.now)
        self.go_on(self.call)

    def go_on(self, call: Call) -> None:
        """Makes the call as far as the answers go."""
        mover = call.service.mover
        mover.api.answers = iter(call.answers)
        try:
            result, _, ended = mover.make(call.step)
        except Pending as pending:
            self.world.rules.request(self, call, pending)
            self.world.send(self, call, pending)
            return
        self.world.rules.result(self, call, result)
        if self.world.trace is not None:
            self.world.tell(self.name, "%s -> %s" % (" ".join(call.step), result))
        self.answers.append((call.step, result, call.started, ended))
        self.wake(ended)

    def arrive(self, call: Call, answer) -> None:
        """An answer, or the error in its place, has come to the worker."""
        if call.service is not self.service:
            return
        if self.stalled:
            call.held = True
            self.held.append((call, answer))
        else:
            call.answers.append(answer)
            self.go_on(call)

"""The cloud as far as a move meets it: one address, one EIP, tasks that take time, and what is not documented drawn
from the seed (where an address shows while it moves, which code a wrong source gets, how stale a look may be)."""

from runtime import EIP, ENIS, VIP, VPC

NOBODY, THIRD = "", "eni-third000"
AVAILABLE, MIGRATING, PENDING = "AVAILABLE", "MIGRATING", "PENDING"
EIP_TASK_S = 0.4
ASSIGN_S = 0.5
STUCK_LOCK_S = 20.0  # so long the lock of a move that got stuck is held
YOUNG_S = 0.2  # a task may be unknown so long after it was accepted
PRIMARY = {"PrivateIpAddress": "10.0.1.16", "Primary": True, "State": AVAILABLE, "AddressId": ""}
MUTEX = "UnsupportedOperation.MutexOperationTaskRunning"


class Cloud:
    __slots__ = (
        "world", "plan", "refusal", "holder", "held_since", "listed", "state", "eip", "eip_since", "eip_busy_until",
        "locked", "lock_began", "lock_ended", "tasks", "calls", "views", "failing", "slow", "forgetful", "sticky",
        "leaving", "shown",
    )  # fmt: skip

    def __init__(self, world, plan, refusal, holder: str) -> None:
        self.world, self.plan, self.refusal = world, plan, refusal
        self.holder = self.listed = holder  # who gets the packets; where the address shows
        self.state = AVAILABLE
        self.held_since = 0.0
        self.eip = holder if plan.eip else None  # the ENI it is bound on, with the VIP
        self.eip_since = 0.0
        self.eip_busy_until = 0.0
        self.locked = False  # a task runs
        self.lock_began = self.lock_ended = -1.0
        self.tasks = {}
        self.calls = 0
        self.shown = None  # where the last look found it in its place
        self.views = [(0.0, holder, AVAILABLE, self.eip)]
        # Faults, each counted by those in force.
        self.failing = self.slow = self.forgetful = self.sticky = 0
        self.leaving = []

    # -- the scenario -------------------------------------------------------------------------------------------------

    def take_away(self, to: str) -> bool:
        """By hand: the VIP is unassigned (its EIP with it), or moved to a third ENI."""
        if self.locked or self.state != AVAILABLE or self.holder == to:
            return False
        if self.eip == self.holder:
            self.bind(to or None)
        self.place(to, to, AVAILABLE)
        return True

    def place(self, holder: str, listed: str, state: str) -> None:
        if holder != self.holder:
            self.held_since = self.world.now
            self.world.moved(self.holder, holder)
        self.holder, self.listed, self.state = holder, listed, state
        self.show()
        self.world.rules.whole()

    def bind(self, eni) -> None:
        self.eip, self.eip_since = eni, self.world.now
        self.show()

    def show(self) -> None:
        self.views.append((self.world.now, self.listed, self.state, self.eip))
        if len(self.views) > 8:
            del self.views[0]

    def view(self):
        """(listed on, state, ENI of the EIP), as a look shows it now: it may be a moment old."""
        seen_at = self.world.now - self.plan.lag_s
        for at, listed, state, eip in reversed(self.views):
            if at <= seen_at:
                return listed, state, eip
        return self.views[0][1:]

    def right(self, eni: str) -> bool:
        """Whether the VIP, and its EIP, are there and nothing is under way."""
        if self.locked or self.holder != eni:
            return False
        # One that got stuck on its way from there is delivered there, and no call makes it AVAILABLE again.
        bound = not self.plan.eip or (self.eip == eni and self.world.now >= self.eip_busy_until)
        return self.state == MIGRATING or (self.state == AVAILABLE and bound)

    # -- the API ------------------------------------------------------------------------------------------------------

    def answer(self, node, action: str, request: dict) -> dict:
        self.calls += 1
        return getattr(self, action)(node, request)

    def DescribeNetworkInterfaces(self, node, request):
        listed, state, eip = self.view()
        one = request["Filters"][0]
        found = []
        self.shown = listed if state == AVAILABLE else None
        for eni in one["Values"] if one["Name"] == "network-interface-id" else ENIS + (THIRD,):
            addresses = [PRIMARY]
            if eni == listed:
                bound = EIP if eip == eni else ""
                addresses.append({"PrivateIpAddress": VIP, "State": state, "AddressId": bound})
            found.append({"NetworkInterfaceId": eni, "VpcId": VPC, "PrivateIpAddressSet": addresses})
        return {"NetworkInterfaceSet": found}

    def MigratePrivateIpAddress(self, node, request):
        source, target = request["SourceNetworkInterfaceId"], request["DestinationNetworkInterfaceId"]
        if self.locked:
            raise self.refusal(MUTEX)
        if source != self.holder or source == target:
            self.world.count("wrong source")
            raise self.refusal(self.plan.wrong_source_code)
        world, rng = self.world, self.world.rng
        takes = self.plan.move_s * (0.7 + 0.6 * rng.random())
        if self.slow:
            world.count("slow task")
            takes += 5 + 15 * rng.random()
        task = self.begin(node)
        style = self.plan.listing
        self.listed, self.state = target if style == "target" else source, MIGRATING
        self.show()
        if self.sticky:
            # The task is gone and the address stays on its way, until somebody asks once more.
            world.count("stuck on its way")
            self.listed = source
            self.show()
            del self.tasks[task]
            world.at(world.now + STUCK_LOCK_S, self.unlock, None)
            return {"RequestId": task}
        if style == "gap":
            world.at(world.now + max(0.0, takes - self.plan.gap_s), self.hide, task)
        fails = bool(self.failing)
        if fails:
            world.count("failed task")
        world.at(world.now + takes, self.end_move, (task, node, world.now, source, target, fails))
        return {"RequestId": task}

    def begin(self, node) -> str:
        self.locked, self.lock_began = True, self.world.now
        task = "task-%d" % self.calls
        self.tasks[task] = "RUNNING", self.world.now
        node.record.accepted_at = self.world.now
        return task

    def unlock(self, _) -> None:
        self.locked = False
        self.lock_ended = self.world.now

    def hide(self, task) -> None:
        self.listed = NOBODY
        self.show()

    def end_move(self, move) -> None:
        task, node, begun, source, target, fails = move
        self.unlock(None)
        self.tasks[task] = "FAILED" if fails else "SUCCESS", 0.0
        if fails:
            self.place(source, source, AVAILABLE)
            self.world.rules.prompt.task_failed(node)
            return
        self.world.rules.moved(node, target, begun)
        self.place(target, target, AVAILABLE)
        if self.eip == source:
            how = self.leaving[-1] if self.leaving else "late" if self.plan.eip_late_s else "follows"
            if how in ("behind", "unbound"):
                self.world.count("EIP left behind")
            if how == "late":
                self.world.at(self.world.now + self.plan.eip_late_s, self.follow, (source, target))
            elif how != "behind":
                self.bind(None if how == "unbound" else target)

    def follow(self, way) -> None:
        if self.eip == way[0] and self.holder == way[1]:
            self.bind(way[1])

    def AssignPrivateIpAddresses(self, node, request):
        if self.locked:
            raise self.refusal(MUTEX)
        if self.holder != NOBODY:
            raise self.refusal("ResourceInUse")
        task = self.begin(node)
        eni = request["NetworkInterfaceId"]
        self.place(NOBODY, eni, PENDING)
        self.world.at(self.world.now + ASSIGN_S, self.end_assign, (task, node, bool(self.failing)))
        return {"RequestId": task}

    def end_assign(self, what) -> None:
        task, node, fails = what
        self.unlock(None)
        self.tasks[task] = "FAILED" if fails else "SUCCESS", 0.0
        to = NOBODY if fails else node.eni
        self.place(to, to, AVAILABLE)
        if fails:
            self.world.rules.prompt.task_failed(node)

    def DescribeVpcTaskResult(self, node, request):
        status, since = self.tasks.get(request["TaskId"], (None, 0.0))
        young = self.plan.young_tasks and self.world.now - since < YOUNG_S
        if status is None or young or self.forgetful:
            self.world.count("task not known")
            node.record.unknown_at = self.world.now
            raise self.refusal("ResourceNotFound")
        return {"Status": status}

    def DescribeAddresses(self, node, request):
        busy = self.world.now < self.eip_busy_until
        status = ("BINDING" if busy else "UNBIND") if self.eip is None else "UNBINDING" if busy else "BIND_ENI"
        entry = {"AddressId": EIP, "AddressStatus": status, "NetworkInterfaceId": self.eip or ""}
        entry["PrivateAddressIp"] = VIP if self.eip else ""
        return {"AddressSet": [entry]}

    def DisassociateAddress(self, node, request):
        if self.world.now < self.eip_busy_until:
            raise self.refusal("OperationDenied.MutexTaskRunning")
        if self.eip is None:
            raise self.refusal("UnsupportedOperation.AddressStatusNotPermit")
        self.eip_busy_until = self.world.now + EIP_TASK_S
        self.world.at(self.eip_busy_until, self.bind, None)
        return {}

    def AssociateAddress(self, node, request):
        if self.world.now < self.eip_busy_until:
            raise self.refusal("OperationDenied.MutexTaskRunning")
        if self.eip is not None:
            raise self.refusal("UnsupportedOperation.AddressStatusNotPermit")
        eni = request["NetworkInterfaceId"]
        if self.holder != eni or self.locked:
            raise self.refusal("InvalidParameterValue.PrivateIpAddressNotMatch")
        self.eip_busy_until = self.world.now + EIP_TASK_S
        self.world.at(self.eip_busy_until, self.bound, eni)
        return {}

    def bound(self, eni: str) -> None:
        self.bind(eni if self.holder == eni else None)

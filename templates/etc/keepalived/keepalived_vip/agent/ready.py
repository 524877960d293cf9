"""Whether this node could take the VIP over now, by what its service knows. No I/O."""

from keepalived_vip.agent.node import drain


def why_not(service, reasons: dict, promised):
    """Why it could not, None if it could. reasons: drain's; promised: what `promise` has. In maintenance it can where a
    person has prepared it so, who will end that in time."""
    if service.role.runs is not True:
        return "keepalived does not run"
    if service.known.hung:
        return "keepalived hangs"
    word = service.role.state["state"]
    if list(reasons) == [drain.LASTING] and promised and promised["inMaintenance"]:
        word = "BACKUP"
    elif reasons:
        return "it is kept from being MASTER by: %s" % ", ".join(sorted(reasons))
    if word != "BACKUP":
        return "keepalived is %s, not BACKUP" % word
    for what in ("nic", "path"):
        if what in service.mover.troubles:
            return service.mover.troubles[what]
    return None

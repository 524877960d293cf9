"""What a service that is started anew has to know of the connections that the one before it kept, should that have been
killed. No I/O and no clock.
"""

from keepalived_vip.agent.policy import connections


def lasts(keeping: connections.Keeping) -> dict:
    """What the service after this one has to know, should this one be killed."""
    began = connections.gave_at(keeping) if keeping.until is None else max(keeping.began_at, keeping.shown_at)
    until = began + keeping.keep_s if keeping.until is None else keeping.until
    times = {"began": began, "until": until} if connections.keeps(keeping) else {"began": None, "until": None}
    roles = {"master": keeping.master, "has": keeping.peer_has, "would": keeping.peer_would}
    times.update(pending=keeping.pending_until or None, spent=keeping.spent_at, took=keeping.took_at)
    return dict(roles, why=keeping.why_ended, **times)


def resume(keeping: connections.Keeping, before: dict, now: float) -> None:
    """This service was started anew; before: what lasts of the one before it, which may have kept connections, or was
    about to. What that one has asked of the cloud, or heard that the peer asks, may still be on its way."""
    would = before.get("would")
    keeping.peer_would, keeping.master = would if isinstance(would, bool) else None, before.get("master") is True
    keeping.resumed = keeping.master
    until, pending, spent, took = (before.get(name) for name in ("until", "pending", "spent", "took"))
    # Over before, or while no service was there to see it: it would begin anew with the next word of the peer's.
    why = before.get("why")
    if isinstance(until, float) and until <= now:
        spent = until
        why = connections.TIME_OVER
    keeping.why_ended = why if isinstance(why, str) else None
    if isinstance(spent, float) and spent <= now:
        keeping.spent_at = spent
    if isinstance(took, float) and took <= now:
        keeping.took_at = took
    if isinstance(pending, float) and now < pending <= now + connections.PENDING_S:
        keeping.pending_until = pending
    if isinstance(until, float) and now < until:
        until = min(until, now + keeping.keep_s)  # the setting may be a shorter time than it was
        # What the peer's words have added to the time they add once, not once more for each service.
        began, latest = before.get("began"), until - keeping.keep_s
        keeping.began_at = began if isinstance(began, float) and began < latest else latest
        keeping.until, keeping.peer_can = until, True
        keeping.peer_has = before.get("has") is not False
        keeping.took_at = now

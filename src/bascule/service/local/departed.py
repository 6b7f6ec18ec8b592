"""Whose sessions end since a new configuration has their host no more."""

from collections.abc import Sequence

from bascule.config.model import OnRemove
from bascule.plan.model import Plan, RelayPlan


def departed(before: Plan, after: Plan) -> Sequence[int]:
    """Return the marks of hosts that were taken out and whose sessions shall be reset.

    What the new text says of the relay counts; where the relay went too, what the old one said. The sessions of the
    others drain: their marks stay allocated, and the kernel goes on translating them.
    """
    staying = {host.mark for relay in after.relays for host in relay.pool.hosts}
    now = {relay.name: relay for relay in after.relays}
    return [
        host.mark
        for relay in before.relays
        for host in relay.pool.hosts
        if host.mark and host.mark not in staying and _fate(relay, now.get(relay.name)) is OnRemove.RESET
    ]


def _fate(before: RelayPlan, after: RelayPlan | None) -> OnRemove:
    return before.on_remove if after is None else after.on_remove

"""Counting the sessions of relays with `least-states`, once a second, for their next deal of slots."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bascule.config.model import Mode
from bascule.health.states import HostStates
from bascule.plan.least import Load, share_after
from bascule.plan.model import FIRST_MARK, OUR_MARKS, HostState, Plan
from bascule.system.conntrack import Conntrack

PERIOD: Final = 1.0
"""Seconds between two deals."""

CALM: Final = 20
"""A count that costs much is made less often: the pause is so many times as long, so that it takes 5 % of a processor.

Its own processor time counts, not the clock's: a machine that is busy with other things needs the next deal as much.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """The sessions of every mark of ours at one moment."""

    living: Mapping[int, int]
    begun: Mapping[int, int]
    """Those that have begun since the count before, be they living or not."""
    newest: int
    """When the last one of all began: nanoseconds since 1970 by the kernel's clock, 0 where there was none."""
    cost: float
    """Seconds of a processor that counting took."""


NOTHING_COUNTED: Final = Count(living={}, begun={}, newest=0, cost=0.0)


async def count_sessions(conntrack: Conntrack, before: Count) -> Count:
    """Count anew. Raises MachineError."""
    return await asyncio.to_thread(_count, conntrack, before)


def _count(conntrack: Conntrack, before: Count) -> Count:
    began = time.thread_time()
    living, begun, newest = Counter[int](), Counter[int](), before.newest
    for session in conntrack.sessions(FIRST_MARK, OUR_MARKS):
        living[session.mark] += session.living
        begun[session.mark] += session.started > before.newest
        newest = max(newest, session.started)
    return Count(living=living, begun=begun, newest=newest, cost=time.thread_time() - began)


def carried_marks(conntrack: Conntrack) -> frozenset[int]:
    """Return the marks of ours that any session carries, be it only the memory of one. Raises MachineError."""
    return frozenset(session.mark for session in conntrack.sessions(FIRST_MARK, OUR_MARKS))


def levels(plan: Plan) -> bool:
    """Return whether a plan has a relay that is dealt by load."""
    return any(relay.pool.mode is Mode.LEAST_STATES for relay in plan.relays)


def load_of(plan: Plan, count: Count, hosts: HostStates, now: float) -> Load:
    """Return what the next deal goes by; in a slow start a host has a part of its share."""
    shares = {}
    for relay in plan.relays:
        for host in relay.pool.hosts if relay.slow_start else ():
            record = None if host.target is None else hosts.records.get(host.target)
            if record is not None and record.state is HostState.UP:
                shares[host.mark] = share_after(now - record.since, relay.slow_start)
    return Load(sessions=count.living, begun=count.begun, shares=shares)

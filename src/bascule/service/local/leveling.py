"""Counting sessions once a second for the next deal of slots: by `least-states`, and past hosts that are full."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bascule.config.model import EngineName, Mode
from bascule.engines.proxy.counts import ProxyCounts
from bascule.engines.proxy.desired import place_of
from bascule.health.states import HostStates
from bascule.plan.fullness import Member
from bascule.plan.least import Load, share_after
from bascule.plan.model import FIRST_MARK, OUR_MARKS, HostState, Plan
from bascule.system.accounts import Accounts
from bascule.system.census import Census

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


async def count_sessions(accounts: Accounts, before: Count) -> Count:
    """Count anew. Raises MachineError."""
    return await asyncio.to_thread(_count, accounts, before)


def _count(accounts: Accounts, before: Count) -> Count:
    began = time.thread_time()
    census = accounts.census(FIRST_MARK, OUR_MARKS, since=before.newest)
    begun = {mark: tally.begun for mark, tally in census.marks.items()}
    newest = census.newest or before.newest
    return Count(living=census.living, begun=begun, newest=newest, cost=time.thread_time() - began)


async def take_census(accounts: Accounts) -> Census:
    """Return what all sessions of ours come to now. Raises MachineError."""
    return await asyncio.to_thread(accounts.census, FIRST_MARK, OUR_MARKS)


def carried_marks(accounts: Accounts) -> frozenset[int]:
    """Return the marks of ours that any session carries, be it only the memory of one. Raises MachineError."""
    return frozenset(accounts.census(FIRST_MARK, OUR_MARKS).marks)


def carried(plan: Plan, counts: ProxyCounts) -> Counter[Member]:
    """Return the sessions of every member of a table that the proxy carries."""
    members = {
        (relay.name, place_of(host.endpoint)): Member.of(host)
        for relay in plan.of(EngineName.PROXY)
        for host in relay.pool.hosts
    }
    found: Counter[Member] = Counter()
    for relay in counts.relays:
        for host in relay.hosts:
            member = members.get((relay.name, host.place))
            if member is not None:
                found[member] += host.sessions
    return found


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

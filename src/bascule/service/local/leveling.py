"""Counting the sessions of relays with `least-states`, once a second, for their next deal of slots."""

import asyncio
from collections.abc import Mapping
from typing import Final

from bascule.config.model import Mode
from bascule.health.states import HostStates
from bascule.plan.least import Load, share_after
from bascule.plan.model import FIRST_MARK, OUR_MARKS, HostState, Plan
from bascule.system.accounts import Accounts
from bascule.system.census import Census

PERIOD: Final = 1.0
"""Seconds between two deals."""

CALM: Final = 20
"""A count that takes long is made less often: the pause is so many times as long, so that it costs 5 % of a processor."""


async def take_census(accounts: Accounts) -> Census:
    """Return what all sessions of ours come to now. Raises MachineError."""
    return await asyncio.to_thread(accounts.census, FIRST_MARK, OUR_MARKS)


def carried_marks(accounts: Accounts) -> frozenset[int]:
    """Return the marks of ours that any session carries, be it only the memory of one. Raises MachineError."""
    return frozenset(accounts.census(FIRST_MARK, OUR_MARKS).marks)


def levels(plan: Plan) -> bool:
    """Return whether a plan has a relay that is dealt by load."""
    return any(relay.pool.mode is Mode.LEAST_STATES for relay in plan.relays)


def load_of(plan: Plan, sessions: Mapping[int, int], hosts: HostStates, now: float) -> Load:
    """Return what the next deal goes by; in a slow start a host has a part of its share."""
    shares = {}
    for relay in plan.relays:
        for host in relay.pool.hosts if relay.slow_start else ():
            record = None if host.target is None else hosts.records.get(host.target)
            if record is not None and record.state is HostState.UP:
                shares[host.mark] = share_after(now - record.since, relay.slow_start)
    return Load(sessions=sessions, shares=shares)

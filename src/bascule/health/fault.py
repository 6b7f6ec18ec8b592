"""Whose fault it is when everything fails: the rule that keeps a broken balancer from taking every host out."""

from collections.abc import Collection, Mapping

from bascule.health.states import HostStates
from bascule.plan.model import ProbeTarget

_TABLES = 2
_ADDRESSES = 2


def all_failed_at_once(
    tables: Mapping[str, Collection[ProbeTarget]], states: HostStates, *, strained: bool = False
) -> tuple[str, ...]:
    """Return the tables of which every host fails since the same interval, where that points at a fault of our own.

    `tables` names the checked targets of each table. It takes two tables or more, and two servers or more that began to
    fail within one interval and timeout of each other: a single server behind many tables may well have died. Empty means
    that the results may be believed; else the caller should keep the states as they were and say so.

    `strained` says that this machine is known to be short of something: then one table is enough, for what would be a
    coincidence elsewhere is what to expect here.

    A host counts from its first failure on, so ask whenever a state would change; with `fall 1` the first host to
    fail is believed before the others could.
    """
    failing = {
        target: record.failing_since for target, record in states.records.items() if record.failing_since is not None
    }
    if not failing:
        return ()
    window = max(target.timing.interval + target.timing.timeout for target in failing)
    newest = max(failing.values())
    fresh = {target for target, since in failing.items() if newest - since <= window}
    failed = {
        name: fresh.intersection(targets)
        for name, targets in tables.items()
        if targets and all(target in failing for target in targets) and fresh.intersection(targets)
    }
    addresses = {target.endpoint.address for targets in failed.values() for target in targets}
    enough = len(failed) >= (1 if strained else _TABLES) and len(addresses) >= _ADDRESSES
    return tuple(failed) if enough else ()

"""What each host has carried, and how its checks went, since that was told last. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from bascule.plan.model import PoolHost
from bascule.service.local.counters.totals import NOTHING, Key, Look
from bascule.service.local.running import Running
from bascule.store.grids import rounded
from bascule.store.measured import Measured

_TENTHS: Final = 10_000
"""Tenths of a millisecond in a second."""


class Grown(NamedTuple):
    """What has come to a host so far."""

    opened: int = 0
    from_client: int = 0
    from_host: int = 0
    checks: int = 0
    ups: int = 0
    took: int = 0
    """Tenths of a millisecond that checks took."""


def growth(look: Look, running: Running, told: Mapping[Key, Grown]) -> tuple[Sequence[Measured], Mapping[Key, Grown]]:
    """Return what came to each host since it was told last, and what is told then.

    Counts are rounded as they are kept; what that leaves out, or tells too early, is made up for the next time.
    """
    hosts = {Key(relay.name, host.endpoint): host for relay in running.plan.relays for host in relay.pool.hosts}
    found: list[Measured] = []
    told_now: dict[Key, Grown] = {}
    for key in dict.fromkeys((*look.hosts, *look.totals)):
        host = hosts.get(key)
        so_far = _so_far(key, host, look, running)
        before = _before(told.get(key, Grown()), so_far)
        more = Grown(*(rounded(max(0, its - mine)) for its, mine in zip(so_far, before, strict=True)))
        told_now[key] = Grown(*(mine + its for mine, its in zip(before, more, strict=True)))
        found.append(
            Measured(
                relay=key.relay,
                place=str(key.host),
                address=str(key.host.address),
                host=str(key.host) if host is None else host.label,
                sessions=look.sessions.get(key, 0),
                **more._asdict(),
            )
        )
    return found, told_now


def _so_far(key: Key, host: PoolHost | None, look: Look, running: Running) -> Grown:
    totals = look.totals.get(key, NOTHING)
    record = None if host is None or host.target is None else running.hosts.records.get(host.target)
    checked = (0, 0, 0) if record is None else (record.checks, record.ups, int(record.took * _TENTHS))
    return Grown(totals.opened, totals.from_client, totals.from_host, *checked)


def _before(told: Grown, so_far: Grown) -> Grown:
    """Return what was told; of checks nothing, where they are counted from the start again."""
    return told._replace(checks=0, ups=0, took=0) if so_far.checks < told.checks else told

"""The counters of all workers, added up."""

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from bascule.engines.proxy.wire import HostCounts, Place, RelayCounts, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyCounts:
    """What the proxy has carried since its workers started."""

    workers: int = 0
    """Workers that answered."""
    sessions: int = 0
    """Sessions now, those of relays that are no longer in the plan included."""
    relays: tuple[RelayCounts, ...] = ()
    """One for each relay name."""


def merged(statuses: Iterable[Status]) -> ProxyCounts:
    """Return the sums over workers, and over the parts of a relay that carry the same name."""
    answers = tuple(statuses)
    relays: dict[str, RelayCounts] = {}
    for status in answers:
        for counts in status.relays:
            relays[counts.name] = _together(relays.get(counts.name, RelayCounts(name=counts.name)), counts)
    return ProxyCounts(
        workers=len(answers), sessions=sum(status.sessions for status in answers), relays=tuple(relays.values())
    )


def _together(one: RelayCounts, other: RelayCounts) -> RelayCounts:
    hosts: dict[Place, HostCounts] = {}
    for host in (*one.hosts, *other.hosts):
        known = hosts.get(host.place)
        hosts[host.place] = host if known is None else _sum(known, host)
    return RelayCounts(
        name=one.name,
        accepted=one.accepted + other.accepted,
        refused=one.refused + other.refused,
        limited=one.limited + other.limited,
        hosts=tuple(hosts.values()),
    )


def _sum(one: HostCounts, other: HostCounts) -> HostCounts:
    return replace(
        one,
        sessions=one.sessions + other.sessions,
        opened=one.opened + other.opened,
        failed=one.failed + other.failed,
        from_client=one.from_client + other.from_client,
        from_host=one.from_host + other.from_host,
    )

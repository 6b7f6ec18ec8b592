"""The counters of all workers, added up."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from bascule.engines.proxy.wire import HostCounts, Place, RelayCounts, Status

_GONE: Final = 64
"""Workers that are gone whose counters are kept apart, since one that was only late may answer again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyCounts:
    """What the proxy has carried since its workers started."""

    workers: int = 0
    """Workers that answered."""
    sessions: int = 0
    """Sessions now, those of relays that are no longer in the plan included."""
    relays: tuple[RelayCounts, ...] = ()
    """One for each relay name."""


class Lasting:
    """Keeps what workers had counted that answer no more."""

    def __init__(self) -> None:
        self._last: dict[int, Status] = {}

    def merged(self, statuses: Iterable[Status]) -> ProxyCounts:
        """Return the sums over workers, those included that are gone."""
        answers = {status.pid: status for status in statuses}
        self._last |= answers
        gone = [_without_sessions(status) for pid, status in self._last.items() if pid not in answers]
        if len(gone) > _GONE:
            together = merged(gone)
            self._last = {**answers, 0: Status(pid=0, sessions=0, relays=together.relays)}
        return dataclasses.replace(merged([*answers.values(), *gone]), workers=len(answers))


def _without_sessions(status: Status) -> Status:
    relays = [replace(relay, hosts=tuple(replace(host, sessions=0) for host in relay.hosts)) for relay in status.relays]
    return Status(pid=status.pid, sessions=0, relays=tuple(relays))


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

"""Whether the hosts of redirects answer their clients through this machine: counted from the kernel's sessions. Pure.

Where a host's answers take another way, the client meets an address that it never called and refuses it. So all that is
ever seen here is the client's SYN, and a state in which nothing was replied; its repetitions are not counted, and do not
keep it longer (Linux since 5.12, nf_conntrack_proto_tcp.c).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from socket import IPPROTO_TCP
from typing import Final, NamedTuple

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.model import Address, EngineName, Kind, Transport
from bascule.health.states import HostStates
from bascule.plan.model import HostState, Plan, PoolHost, RelayPlan
from bascule.service.local.ended import Ended
from bascule.service.local.naming import Names
from bascule.system.ctnetlink import Session, TcpState

LOOKED_BACK: Final = 300.0
"""Seconds for which connections count."""

_DUE: Final = 3.0
"""Seconds within which an answer is due: a client has repeated its SYN by then (RFC 6298, 2.1: after a second)."""

_UNANSWERED: Final = frozenset((TcpState.NONE, TcpState.SYN_SENT))

_NANO: Final = 1_000_000_000


class Place(NamedTuple):
    """A host as one redirect sees it."""

    redirect: str
    host: Address


class Meeting(NamedTuple):
    """Clients of one side, and the host that they were sent to."""

    place: Place
    beside: bool
    """The clients are of the host's own network: it needs no gateway to answer them."""


@dataclass(slots=True)
class Count:
    """How many connections were answered, and how many were not though it was due."""

    answered: int = 0
    unanswered: int = 0


class Trust(NamedTuple):
    """When a host was surely up, by its check. Seconds since 1970."""

    since: float
    """A connection that began before may have met a host that was down."""
    until: float
    """One that began later may have."""


def trusted(plan: Plan, hosts: HostStates, *, monotonic: float, now: float) -> Mapping[Place, Trust]:
    """Return when the hosts of redirects over TCP were up, of those that are; the times are those of the two clocks."""
    found = {}
    for relay, host in _hosts(plan):
        record = None if host.target is None else hosts.records.get(host.target)
        if record is None or record.state is not HostState.UP or record.failing_since is not None or record.checked is None:
            continue
        since = max(now - (monotonic - record.since), now - LOOKED_BACK)
        found[Place(relay.name, host.endpoint.address)] = Trust(since, now - (monotonic - record.checked) - _DUE)
    return found


class Counting:
    """Counts how connections to the hosts of one plan went, while its hosts can be trusted."""

    def __init__(self, names: Names, ownership: Ownership, trust: Mapping[Place, Trust]) -> None:
        self._names = names
        self._ownership = ownership
        self._trust = trust
        self._beside: dict[tuple[bytes, Address], bool] = {}
        self._counts: defaultdict[Meeting, Count] = defaultdict(Count)

    @property
    def since(self) -> float:
        """Return the beginning of the first connection that could count, in seconds since 1970."""
        return min((trust.since for trust in self._trust.values()), default=float("inf"))

    def living(self, sessions: Iterable[Session]) -> None:
        """Count what the kernel's table holds, ended or not."""
        for session in sessions:
            owner = self._names.owner(session.mark)
            if owner is not None and session.protocol == IPPROTO_TCP:
                began = session.started / _NANO
                answered = session.state not in _UNANSWERED or session.from_host > 0
                self._count(Place(owner.relay, owner.endpoint.address), session.client, began, answered=answered)

    def ended(self, sessions: Iterable[Ended]) -> None:
        """Count what the kernel has forgotten since."""
        for session in sessions:
            host, _, _ = session.parties.address.rpartition(":")
            place = Place(session.parties.relay, ip_address(host.strip("[]")))
            if session.parties.protocol == "tcp" and (session.from_host or session.at - session.since >= _DUE):
                self._count(place, session.client, session.since, answered=session.from_host > 0)

    def counts(self) -> Mapping[Meeting, Count]:
        """Return what was counted."""
        return dict(self._counts)

    def _count(self, place: Place, client: bytes, began: float, *, answered: bool) -> None:
        trust = self._trust.get(place)
        if trust is None or began < trust.since:
            return
        count = self._counts[Meeting(place, self._is_beside(client, place.host))]
        if answered:
            count.answered += 1
        elif began <= trust.until:
            count.unanswered += 1

    def _is_beside(self, client: bytes, host: Address) -> bool:
        known = self._beside.get((client, host))
        if known is None:
            network = self._ownership.attached(host)
            known = network is not None and self._ownership.attached(ip_address(client)) == network
            self._beside[client, host] = known
        return known


def _hosts(plan: Plan) -> Iterator[tuple[RelayPlan, PoolHost]]:
    for relay in plan.of(EngineName.KERNEL):
        if relay.kind is Kind.REDIRECT and relay.transport is Transport.TCP:
            for host in relay.pool.hosts:
                yield relay, host

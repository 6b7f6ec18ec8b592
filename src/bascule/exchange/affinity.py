"""Whether each client has one server: by the plan, now and when a host fails, and by the sessions that live.

What must agree is a *bond*: the services of one affinity group, or one service that goes by the client's address. Services
that deal clients out in turn promise nothing, and are no part of it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from bascule.config.model import Address, Mode
from bascule.plan.explain import States, explain, suppose
from bascule.plan.grounds import Grounds
from bascule.plan.model import NO_HOST, Plan, RelayPlan
from bascule.plan.question import Question
from bascule.plan.slots import Rankings

MOST_SUPPOSED: Final = 32
"""Hosts that are supposed to fail, one by one, for one client."""

CROWDED: Final = 50
"""Sessions of one address from which on it may be more than one client; one Outlook has about a dozen."""

_TURNED_AWAY: Final = frozenset({"block", "reject"})

TIMES_MEDIAN: Final = 10
"""By how much such an address exceeds the others."""


@dataclass(frozen=True, slots=True)
class Encounter:
    """A client's sessions with a host in one service."""

    client: Address
    relay: str
    host: str
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """Which host a client has in one service."""

    relay: str
    group: str
    """The affinity group; empty is none."""
    to: str
    port: int
    host: str | None
    """None is nobody, or anybody."""
    served: bool
    """Whether any host takes the client."""
    reason: str
    failing: Mapping[str, str | None]
    """For each host: who has the client when that one fails; None is nobody, or anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostShare:
    """What one host has of a bond."""

    host: str
    sessions: int
    clients: int
    due: float
    """The part of all that it should have by the slots, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A client that one bond has with several hosts."""

    client: Address
    hosts: tuple[str, ...]
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """An address with so many sessions that many clients may stand behind it."""

    client: Address
    sessions: int
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """Services on which one client has one host, and how that goes."""

    name: str
    relays: tuple[str, ...]
    clients: int
    sessions: int
    shares: tuple[HostShare, ...]
    split: tuple[Split, ...]
    """Must be none."""

    @property
    def unevenness(self) -> float:
        """Return how many times its due the fullest host has; 1 is even, 0 where nobody is there."""
        shares = [each.sessions / (self.sessions * each.due) for each in self.shares if each.due and self.sessions]
        return max(shares, default=0.0)


def fates(plan: Plan, states: States, client: Address, known: Grounds | None = None) -> Iterator[Fate]:
    """Yield the host that a client gets at each place where a service listens, now and when each host fails.

    `known` is what the plan's firewall judges by; None where it has none.
    """
    rankings = Rankings()
    relays = [relay for relay in plan.relays if relay.version == client.version]
    names = dict.fromkeys(host.label for relay in relays for host in relay.pool.hosts)
    without = {name: suppose(plan, down=(name,), states=states, rankings=rankings) for name in list(names)[:MOST_SUPPOSED]}
    for relay in relays:
        for listen in relay.listens:
            asked = Question(client=client, port=listen.port, to=listen.address, protocol=listen.transport)
            now = explain(plan, asked, states=states, rankings=rankings, grounds=known)
            yield Fate(
                relay=relay.name,
                group=relay.affinity,
                to=str(listen.address),
                port=listen.port,
                host=now.host,
                served=now.verdict not in _TURNED_AWAY and any(index != NO_HOST for index in relay.pool.slots),
                reason=now.reason,
                failing={
                    host.label: explain(without[host.label], asked, states=states, rankings=rankings, grounds=known).host
                    for host in relay.pool.hosts
                    if host.label in without
                },
            )


def bonds(plan: Plan, encounters: Iterable[Encounter]) -> Iterator[Bond]:
    """Yield each bond of a plan with the sessions that live in it."""
    members: dict[str, list[RelayPlan]] = defaultdict(list)
    for relay in plan.relays:
        name = _bond(relay)
        if name:
            members[name].append(relay)
    of_relay = {relay.name: name for name, relays in members.items() for relay in relays}
    met: dict[str, list[Encounter]] = defaultdict(list)
    for encounter in encounters:
        if encounter.relay in of_relay:
            met[of_relay[encounter.relay]].append(encounter)
    for name, relays in members.items():
        yield _counted(name, relays, met[name])


def crowds(encounters: Iterable[Encounter], most: int) -> Sequence[Crowd]:
    """Return the addresses with far more sessions than the others, the largest first."""
    sessions: Counter[Address] = Counter()
    hosts: dict[Address, set[str]] = defaultdict(set)
    for each in encounters:
        sessions[each.client] += each.sessions
        hosts[each.client].add(each.host)
    if not sessions:
        return ()
    bound = max(CROWDED, TIMES_MEDIAN * median(sessions.values()))
    return [
        Crowd(client=client, sessions=number, hosts=tuple(sorted(hosts[client])))
        for client, number in sessions.most_common(most)
        if number >= bound
    ]


def _bond(relay: RelayPlan) -> str:
    """Return what a service's bond is called; empty where it promises nothing."""
    if relay.affinity:
        return f"affinity group {relay.affinity}"
    return relay.title if relay.pool.mode is Mode.SOURCE_HASH else ""


def _counted(name: str, relays: Sequence[RelayPlan], encounters: Sequence[Encounter]) -> Bond:
    sessions: Counter[str] = Counter()
    clients: Counter[str] = Counter()
    hosts: dict[Address, Counter[str]] = defaultdict(Counter)
    for each in encounters:
        sessions[each.host] += each.sessions
        hosts[each.client][each.host] += each.sessions
    for met in hosts.values():
        clients.update(met.keys())
    due = _due(relays)
    return Bond(
        name=name,
        relays=tuple(dict.fromkeys(relay.name for relay in relays)),
        clients=len(hosts),
        sessions=sessions.total(),
        shares=tuple(
            HostShare(host=host, sessions=sessions[host], clients=clients[host], due=due.get(host, 0.0))
            for host in dict.fromkeys((*due, *sessions))
        ),
        split=tuple(
            Split(client=client, hosts=tuple(met), sessions=met.total()) for client, met in hosts.items() if len(met) > 1
        ),
    )


def _due(relays: Sequence[RelayPlan]) -> Mapping[str, float]:
    """Return the part of all slots that each host has, over all members."""
    slots: Counter[str] = Counter({host.label: 0 for relay in relays for host in relay.pool.hosts})
    for relay in relays:
        taken = Counter(relay.pool.slots)
        for index, number in taken.items():
            if index != NO_HOST:
                slots[relay.pool.hosts[index].label] += number
    total = slots.total()
    return {host: number / total if total else 0.0 for host, number in slots.items()}

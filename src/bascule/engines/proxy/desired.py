"""What the proxy shall carry, what it carries, and the difference. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from bascule.config.diagnostics import Span
from bascule.config.model import EngineName, OnDown, OnRemove
from bascule.engines.proxy.choice import packed_slots
from bascule.engines.proxy.wire import Place, ProxyHost, ProxyRelay, ProxySource
from bascule.plan.model import Endpoint, HostState, Plan, PoolHost, ProbeTarget, RelayPlan, Source
from bascule.plan.standing import judged


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyPlan:
    """The relays that the proxy shall carry, and in how many processes."""

    relays: tuple[ProxyRelay, ...] = ()
    workers: int = 1
    spans: Mapping[Place, Span] = field(default_factory=dict, compare=False)
    """Where in the text each listening place comes from."""
    coming: frozenset[str] = field(default=frozenset(), compare=False)
    """Addresses that interfaces have before sockets are opened, if they have them not yet."""
    beside: frozenset[Endpoint] = field(default=frozenset(), compare=False)
    """Where other sockets of ours listen, which let workers listen beside them."""

    def wanted(self) -> range:
        """Return the numbers of the workers: none where there is nothing to carry."""
        return range(1, self.workers + 1) if self.relays else range(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerState:
    """What a worker holds, as it says itself."""

    relays: tuple[ProxyRelay, ...] = ()
    listens: frozenset[Place] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ElderState:
    """What a worker of another version holds, as far as we understand it."""

    listens: frozenset[Place] = frozenset()
    live: frozenset[tuple[str, Place]] = frozenset()
    """The hosts that it gives clients to, each with its relay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """The workers that run, by their numbers."""

    workers: Mapping[int, WorkerState] = field(default_factory=dict)
    elders: Mapping[int, ElderState] = field(default_factory=dict)
    """Workers of another version, by their numbers; those of ours inherit their listening sockets."""

    def states(self) -> Mapping[tuple[str, Place], HostState]:
        """Return what the workers take each host to be, by relay: the last word of a parent that is gone."""
        elders = {host: HostState.UP for elder in self.elders.values() for host in elder.live}
        return elders | {
            (relay.name, host.place): host.state
            for state in self.workers.values()
            for relay in state.relays
            for host in relay.hosts
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A listening socket that a worker needs."""

    worker: int
    place: Place
    relay: str
    ours_elsewhere: bool
    """We listen there already, so that nobody else can."""
    comes: bool = field(default=False, compare=False)
    """Its address is there before it is opened, if it is not there yet."""
    span: Span = field(default=Span(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What must be done; false where nothing must."""

    relays: tuple[ProxyRelay, ...] = ()
    """What the workers in `follow` shall carry."""
    start: tuple[int, ...] = ()
    follow: tuple[int, ...] = ()
    release: tuple[int, ...] = ()
    """Workers that shall take no new client, and end when their last session does."""
    openings: tuple[Opening, ...] = ()
    retire: bool = False
    """Workers of another version shall take no new client, and end when their last session does."""

    def __bool__(self) -> bool:
        return bool(self.start or self.follow or self.release or self.openings or self.retire)


def proxy_plan(plan: Plan, states: Mapping[ProbeTarget, HostState], beside: frozenset[Endpoint] = frozenset()) -> ProxyPlan:
    """Return what of a plan is the proxy's; a host that nothing checks is up."""
    mine = plan.of(EngineName.PROXY)
    verdicts = zip(plan.relays, judged(plan, states), strict=True)
    return ProxyPlan(
        relays=tuple(_relay(relay, each, plan.workers) for relay, each in verdicts if relay.engine is EngineName.PROXY),
        workers=plan.workers,
        coming=frozenset(str(each.address.ip) for each in plan.network.addresses),
        beside=beside,
        spans={place_of(listen): relay.span for relay in mine for listen in relay.listens},
    )


def difference(desired: ProxyPlan, observed: Observed) -> Changes:
    """Return what brings the workers from what is observed to what is desired."""
    listens = {listen: relay.name for relay in desired.relays for listen in relay.listens}
    held = frozenset().union(
        *(state.listens for state in observed.workers.values()), *(elder.listens for elder in observed.elders.values())
    )
    openings = tuple(
        Opening(
            worker=number,
            place=place,
            relay=name,
            ours_elsewhere=place in held or _has_neighbour(place, desired.beside),
            comes=place.address in desired.coming,
            span=desired.spans.get(place, Span()),
        )
        for number in desired.wanted()
        for place, name in listens.items()
        if place not in observed.workers.get(number, WorkerState()).listens
        and place not in observed.elders.get(number, ElderState()).listens
    )
    goal = WorkerState(relays=desired.relays, listens=frozenset(listens))
    return Changes(
        relays=desired.relays,
        start=tuple(number for number in desired.wanted() if number not in observed.workers),
        follow=tuple(number for number in desired.wanted() if observed.workers.get(number) != goal),
        release=tuple(number for number in observed.workers if number not in desired.wanted()),
        openings=openings,
        retire=bool(observed.elders),
    )


def _has_neighbour(place: Place, beside: frozenset[Endpoint]) -> bool:
    """Return whether another socket of ours listens on that port there, or everywhere."""
    return any(
        end.port == place.port and (str(end.address) == place.address or end.address.is_unspecified) for end in beside
    )


def as_before(snapshot: Observed) -> ProxyPlan:
    """Return the plan that brings back what was observed."""
    relays: Sequence[ProxyRelay] = next((state.relays for state in snapshot.workers.values() if state.relays), ())
    return ProxyPlan(relays=tuple(relays), workers=max(snapshot.workers, default=1))


def _relay(relay: RelayPlan, verdicts: Sequence[HostState], workers: int) -> ProxyRelay:
    """Return a relay for each of so many workers. A client that is limited meets one of them alone: see `steering`."""
    limits = relay.limits
    return ProxyRelay(
        name=relay.name,
        listens=tuple(place_of(listen) for listen in relay.listens),
        mode=relay.pool.mode,
        key=relay.pool.key,
        hosts=tuple(_host(host, state, workers) for host, state in zip(relay.pool.hosts, verdicts, strict=True)),
        sources=tuple(_source(source) for source in relay.sources if not source.own),
        slots=packed_slots(relay.pool.slots),
        session_timeout=float(relay.session_timeout),
        connect_timeout=relay.connect_timeout,
        reset_on_down=relay.on_down is OnDown.RESET,
        reset_on_remove=relay.on_remove is OnRemove.RESET,
        source_sessions=limits.source_sessions or 0,
        source_rate=float(limits.source_rate or 0),
    )


def _host(host: PoolHost, state: HostState, workers: int) -> ProxyHost:
    return ProxyHost(
        place=place_of(host.endpoint),
        label=host.label,
        weight=host.weight,
        state=state,
        tier=host.tier,
        table=host.table,
        room=ceil((host.max_sessions or 0) / workers),
    )


def _source(source: Source) -> ProxySource:
    return ProxySource(listen=str(source.listen), host=str(source.host), first=str(source.first), last=str(source.last))


def place_of(endpoint: Endpoint) -> Place:
    """Return an endpoint as it travels."""
    return Place(str(endpoint.address), endpoint.port)

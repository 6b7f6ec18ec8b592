"""From a configuration, the machine's facts and the states of the hosts to the plan. Pure, total, deterministic."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from bascule.config.facts import Facts
from bascule.config.model import Address, Configuration, EngineName, Relay, Table
from bascule.plan.marks import allocate
from bascule.plan.model import (
    NO_HOST,
    Endpoint,
    HostState,
    MarkOwner,
    NetworkPlan,
    Plan,
    Pool,
    PoolHost,
    Probe,
    ProbeTarget,
    RelayPlan,
)
from bascule.plan.slots import Rankings, deal, live
from bascule.plan.sources import ours, own_addresses, own_towards, source
from bascule.plan.sysctls import settings

MOST_WORKERS = 4
"""Proxy processes where the text names no number: more gain little, since the kernel does most of the work."""

States = Mapping[ProbeTarget, HostState]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a plan depends on besides the text."""

    facts: Facts
    states: States = field(default_factory=dict)
    marks: Mapping[MarkOwner, int] = field(default_factory=dict)
    """The marks in use; see `plan.marks`."""
    rankings: Rankings = field(default_factory=Rankings)


def compile_plan(configuration: Configuration, situation: Situation) -> Plan:
    """Return the plan of a configuration that has no errors. Raises OutOfMarks."""
    facts = situation.facts
    relays = [
        _relay(configuration, relay, listens, situation)
        for relay in configuration.load_balancer.relays
        for listens in _parts(configuration, relay, facts)
    ]
    marked = allocate(situation.marks, (owner for relay in relays for owner in _owners(relay)))
    relays = [_with_marks(relay, marked) for relay in relays]
    kernel = [relay for relay in relays if relay.engine is EngineName.KERNEL]
    return Plan(
        network=NetworkPlan(sysctls=settings(kernel, facts)),
        relays=tuple(relays),
        probes=tuple(_probes(configuration, relays, facts)),
        marks=marked,
        own=own_addresses(configuration, facts),
        routed_before=facts.forwarded_before,
        workers=configuration.load_balancer.workers or min(facts.processors, MOST_WORKERS),
    )


def redeal(plan: Plan, states: States, rankings: Rankings) -> Plan:
    """Return the plan with every pool's slots dealt anew; what a host's going up or down does to a plan."""
    return replace(plan, relays=tuple(_redealt(relay, states, rankings) for relay in plan.relays))


def _redealt(relay: RelayPlan, states: States, rankings: Rankings) -> RelayPlan:
    """Deal a relay's slots anew, unless the hosts that stand in them are those that should: slots depend on no more."""
    pool = relay.pool
    up = live(pool.hosts, states)
    if set(pool.slots) - {NO_HOST} == {index for index in up if pool.hosts[index].weight}:
        return relay
    slots = deal(pool.mode, pool.key, pool.hosts, up, rankings)
    return relay if slots == pool.slots else replace(relay, pool=replace(pool, slots=slots))


def _parts(configuration: Configuration, relay: Relay, facts: Facts) -> Iterator[tuple[Endpoint, ...]]:
    """Yield the listening endpoints that share their hosts' endpoints.

    They are of one IP version that the table has a host of and, where the relay keeps the client's port, of one port.
    """
    endpoints = [
        Endpoint(address, listen.port)
        for listen in relay.listens
        for address in (ours(configuration, facts) if listen.address is None else (listen.address,))
    ]
    versions = {host.address.version for host in configuration.load_balancer.table(relay.forward.table).hosts}
    parts: dict[tuple[int, int], list[Endpoint]] = {}
    for endpoint in dict.fromkeys(endpoints):
        if endpoint.address.version in versions:
            port = relay.forward.port or endpoint.port
            parts.setdefault((endpoint.address.version, port), []).append(endpoint)
    yield from (tuple(part) for part in parts.values())


def _relay(configuration: Configuration, relay: Relay, listens: tuple[Endpoint, ...], situation: Situation) -> RelayPlan:
    facts, version = situation.facts, listens[0].address.version
    table = configuration.load_balancer.table(relay.forward.table)
    pool = _pool(relay, table, listens[0], situation)
    addresses = dict.fromkeys(endpoint.address for endpoint in listens)
    return RelayPlan(
        name=relay.name,
        engine=_engine(relay, listens, table, facts),
        listens=listens,
        pool=pool,
        sources=tuple(
            source(configuration, facts, relay, address, host.address)
            for address in addresses
            for host in table.hosts
            if host.address.version == version
        ),
        session_timeout=relay.session_timeout,
        connect_timeout=relay.connect_timeout,
        on_empty=relay.on_empty,
        on_down=relay.on_down,
        span=relay.span,
    )


def _pool(relay: Relay, table: Table, listen: Endpoint, situation: Situation) -> Pool:
    forward = relay.forward
    port = forward.port or listen.port
    hosts = []
    for host in table.hosts:
        if host.address.version != listen.address.version:
            continue
        endpoint = Endpoint(host.address, port)
        timing = forward.timing if host.fall is None else replace(forward.timing, fall=host.fall)
        target = None
        if forward.check is not None:
            target = ProbeTarget(endpoint=endpoint, check=forward.check, timing=timing)
        hosts.append(PoolHost(endpoint=endpoint, label=host.label, weight=host.weight, target=target, span=host.span))
    up = live(hosts, situation.states)
    return Pool(
        table=table.name,
        mode=forward.mode,
        key=table.key,
        hosts=tuple(hosts),
        slots=deal(forward.mode, table.key, hosts, up, situation.rankings),
    )


def _engine(relay: Relay, listens: tuple[Endpoint, ...], table: Table, facts: Facts) -> EngineName:
    """Return who carries a relay: what the text says, else the kernel where it may and can.

    The kernel does not translate between loopback and the network, so a relay with either end there is the proxy's.
    """
    if relay.engine is not None:
        return relay.engine
    ends: list[Address] = [endpoint.address for endpoint in listens] + [host.address for host in table.hosts]
    if facts.no_nftables or any(address.is_loopback for address in ends):
        return EngineName.PROXY
    return EngineName.KERNEL


def _owners(relay: RelayPlan) -> Iterator[MarkOwner]:
    if relay.engine is EngineName.KERNEL:
        for host in relay.pool.hosts:
            yield MarkOwner.of(relay.name, relay.pool.table, host.endpoint)


def _with_marks(relay: RelayPlan, marks: Mapping[MarkOwner, int]) -> RelayPlan:
    if relay.engine is not EngineName.KERNEL:
        return relay
    hosts = tuple(
        replace(host, mark=marks[MarkOwner.of(relay.name, relay.pool.table, host.endpoint)]) for host in relay.pool.hosts
    )
    return replace(relay, pool=replace(relay.pool, hosts=hosts))


def _probes(configuration: Configuration, relays: list[RelayPlan], facts: Facts) -> Iterator[Probe]:
    targets = dict.fromkeys(host.target for relay in relays for host in relay.pool.hosts if host.target is not None)
    for target in targets:
        yield Probe(target=target, source=own_towards(configuration, facts, target.endpoint.address))

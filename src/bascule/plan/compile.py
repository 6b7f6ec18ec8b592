"""From a configuration, the machine's facts and the states of the hosts to the plan. Pure, total, deterministic."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from bascule.config.facts import Facts
from bascule.config.leases import with_leases
from bascule.config.model import (
    Address,
    Check,
    Configuration,
    EngineName,
    Forward,
    Host,
    Kind,
    Mode,
    Relay,
    Table,
    Transport,
)
from bascule.config.names import with_hosts
from bascule.config.rpc_ports import located
from bascule.plan.admin import admin_plan
from bascule.plan.checks import check_of
from bascule.plan.least import NO_LOAD, Load, deal_by_load
from bascule.plan.marks import allocate
from bascule.plan.model import (
    NO_HOST,
    Endpoint,
    HostState,
    MarkOwner,
    Plan,
    PlannedRoute,
    Pool,
    PoolHost,
    Probe,
    ProbeTarget,
    RelayPlan,
    RouterPlan,
)
from bascule.plan.network import network_plan, promised
from bascule.plan.orders import Orders
from bascule.plan.rules import with_firewall
from bascule.plan.slots import EMPTY, Rankings, deal, serving
from bascule.plan.sources import ours, own_addresses, own_towards, source
from bascule.plan.standing import standing
from bascule.plan.sysctls import settings
from bascule.plan.uplinks import router_plans, with_uplinks

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
    orders: Orders = field(default_factory=Orders)
    committed: Configuration | None = None
    """What was in effect before a test; None where nothing is tested."""
    rankings: Rankings = field(default_factory=Rankings)
    led: frozenset[PlannedRoute] = frozenset()
    """The routes of ours that there are: those of routers stay while no gateway is up."""


def compile_plan(configuration: Configuration, situation: Situation) -> Plan:
    """Return the plan of a configuration that has no errors. Raises OutOfMarks."""
    configuration = with_leases(configuration, situation.facts)
    facts = promised(configuration, situation.facts)
    configuration = with_hosts(configuration, facts)
    situation = replace(situation, facts=facts)
    relays = [
        _relay(configuration, relay, entrance, listens, situation)
        for relay in configuration.load_balancer.relays
        if not relay.disabled
        for entrance, listens in _parts(configuration, relay, facts)
    ]
    marked = allocate(situation.marks, (owner for relay in relays for owner in _owners(relay)))
    relays = [_with_marks(relay, marked) for relay in relays]
    kernel = [relay for relay in relays if relay.engine is EngineName.KERNEL]
    routers = router_plans(configuration, facts)
    network = network_plan(configuration, facts, settings(kernel, marked, facts))
    plan = Plan(
        network=with_uplinks(network, routers, situation.states, situation.led),
        relays=tuple(relays),
        routers=routers,
        probes=tuple(_probes(configuration, relays, routers, facts)),
        marks=marked,
        own=own_addresses(configuration, facts),
        admin=admin_plan(configuration, situation.committed, relays, facts),
        routed_before=facts.forwarded_before,
        workers=configuration.load_balancer.workers or min(facts.processors, MOST_WORKERS),
    )
    plan = with_firewall(plan, configuration, facts)
    return redeal(ordered(plan, situation.orders), situation.states, situation.rankings)


def ordered(plan: Plan, orders: Orders) -> Plan:
    """Return the plan with every host's duty as administrators have ordered it; its slots are to be dealt anew."""
    return replace(plan, relays=tuple(_ordered(relay, orders) for relay in plan.relays))


def _ordered(relay: RelayPlan, orders: Orders) -> RelayPlan:
    hosts = tuple(replace(host, duty=orders.duty(host.endpoint.address, relay.name)) for host in relay.pool.hosts)
    return replace(relay, pool=replace(relay.pool, hosts=hosts))


def redeal(plan: Plan, states: States, rankings: Rankings, load: Load = NO_LOAD) -> Plan:
    """Return the plan with every pool's slots dealt anew; what a host's, or a gateway's, going up or down does to a plan.

    `load` is what `least-states` deals by.
    """
    pairs = zip(plan.relays, standing(plan, states), strict=True)
    return replace(
        plan,
        relays=tuple(_redealt(relay, up, rankings, load) for relay, up in pairs),
        network=with_uplinks(plan.network, plan.routers, states, plan.network.routes),
    )


def _redealt(relay: RelayPlan, up: frozenset[int], rankings: Rankings, load: Load) -> RelayPlan:
    """Deal a relay's slots anew; but for `least-states` not where the hosts in them are those that should be there."""
    pool = relay.pool
    able = serving(pool.hosts, up)
    if pool.mode is Mode.LEAST_STATES and able:
        slots = _by_load(pool, able, load)
    elif set(pool.slots) - {NO_HOST} == able:
        slots = pool.slots
    else:
        slots = deal(pool.mode, pool.key, pool.hosts, up, rankings)
    dealt = replace(pool, slots=slots, taking=tuple(sorted(able)))
    return relay if dealt == pool else replace(relay, pool=dealt)


def _by_load(pool: Pool, able: frozenset[int], load: Load) -> tuple[int, ...]:
    marks = {index: pool.hosts[index].mark for index in able}
    weights = {index: pool.hosts[index].weight * load.shares.get(mark, 1.0) for index, mark in marks.items()}
    sessions = {index: load.sessions.get(mark, 0) for index, mark in marks.items()}
    return deal_by_load(weights, sessions, sum(load.begun.get(mark, 0) for mark in marks.values()))


@dataclass(frozen=True, slots=True)
class _Entrance:
    """Whence clients must come: by this interface, and of this zone; empty is any."""

    interface: str
    zone: str


def _parts(configuration: Configuration, relay: Relay, facts: Facts) -> Iterator[tuple[_Entrance, tuple[Endpoint, ...]]]:
    """Yield the listening endpoints that share their hosts' endpoints, with where their clients must come from.

    They are of one IP version, of one transport and, where the relay keeps the client's port, of one port; ranges, which
    keep every port, go together. Where the tables have no host of that version the part is there all the same: its clients
    must be refused, and not meet a service of our own.
    """
    endpoints = [
        (_Entrance(listen.interface, listen.zone), Endpoint(address, listen.port, listen.last_port or 0, listen.transport))
        for listen in relay.listens
        for address in (ours(configuration, facts) if listen.address is None else (listen.address,))
    ]
    keeps = any(forward.port is None for forward in relay.forwards)
    parts: dict[tuple[_Entrance, int, Transport, int], list[Endpoint]] = {}
    for entrance, endpoint in dict.fromkeys(endpoints):
        port = endpoint.port if keeps and not endpoint.last else 0
        parts.setdefault((entrance, endpoint.address.version, endpoint.transport, port), []).append(endpoint)
    yield from ((entrance, tuple(part)) for (entrance, *_), part in parts.items())


def _relay(
    configuration: Configuration, relay: Relay, entrance: _Entrance, listens: tuple[Endpoint, ...], situation: Situation
) -> RelayPlan:
    facts = situation.facts
    pool = _pool(configuration, relay, listens[0])
    addresses = dict.fromkeys(endpoint.address for endpoint in listens)
    hosts = dict.fromkeys(host.endpoint.address for host in pool.hosts) if relay.kind is Kind.RELAY else ()
    return RelayPlan(
        name=relay.name,
        kind=relay.kind,
        engine=_engine(relay, listens, pool, facts),
        listens=listens,
        pool=pool,
        sources=tuple(source(configuration, facts, relay, address, host) for address in addresses for host in hosts),
        session_timeout=relay.session_timeout,
        connect_timeout=relay.connect_timeout,
        on_empty=relay.on_empty,
        on_down=relay.on_down,
        on_remove=relay.on_remove,
        affinity=relay.affinity,
        slow_start=relay.forward.slow_start,
        sticky=relay.sticky,
        interface=entrance.interface,
        zone=entrance.zone,
        limits=relay.limits,
        span=relay.span,
    )


def _pool(configuration: Configuration, relay: Relay, listen: Endpoint) -> Pool:
    """Return the pool with nothing dealt yet."""
    balancer = configuration.load_balancer
    tables = [(located(balancer, relay, forward), balancer.table(forward.table)) for forward in relay.forwards]
    return Pool(
        table=relay.forward.table,
        mode=relay.forward.mode,
        key=_key(configuration, relay),
        hosts=tuple(
            _pool_host(host, table, tier, forward, listen, check=check_of(configuration, forward, table, host))
            for tier, (forward, table) in enumerate(tables)
            for host in table.hosts
            if host.address.version == listen.address.version and not table.disabled
        ),
        slots=EMPTY,
    )


def _pool_host(host: Host, table: Table, tier: int, forward: Forward, listen: Endpoint, *, check: Check | None) -> PoolHost:
    kept = 0 if listen.last else listen.port
    timing = forward.timing if host.fall is None else replace(forward.timing, fall=host.fall)
    target = None
    if check is not None:
        endpoint = Endpoint(host.address, forward.port or listen.port)
        target = ProbeTarget(endpoint=endpoint, check=check, timing=timing, ttl=host.ttl)
    return PoolHost(
        endpoint=Endpoint(host.address, forward.port or kept, transport=listen.transport),
        label=host.label,
        table=table.name,
        tier=tier,
        weight=host.weight,
        target=target,
        max_sessions=host.max_sessions,
        span=host.span,
    )


def _key(configuration: Configuration, relay: Relay) -> int:
    """Return the key of a relay's table; in an affinity group that of the first member's, so that all agree."""
    balancer = configuration.load_balancer
    members = [each for each in balancer.relays if each.affinity == relay.affinity] if relay.affinity else [relay]
    return balancer.table(members[0].forward.table).key


def _engine(relay: Relay, listens: tuple[Endpoint, ...], pool: Pool, facts: Facts) -> EngineName:
    """Return who carries a relay: what the text says, else the kernel where it may and can.

    The kernel does not translate between loopback and the network, so a relay with either end there is the proxy's.
    """
    if relay.kind is Kind.REDIRECT:
        return EngineName.KERNEL
    if relay.engine is not None:
        return relay.engine
    ends: list[Address] = [end.address for end in listens] + [host.endpoint.address for host in pool.hosts]
    if facts.no_nftables or any(address.is_loopback for address in ends):
        return EngineName.PROXY
    return EngineName.KERNEL


def owners(plan: Plan) -> frozenset[MarkOwner]:
    """Return whose marks a plan's relays need; the others it keeps for sessions of the past."""
    return frozenset(owner for relay in plan.relays for owner in _owners(relay))


def _owners(relay: RelayPlan) -> Iterator[MarkOwner]:
    if relay.engine is EngineName.KERNEL:
        for host in relay.pool.hosts:
            yield MarkOwner.of(relay.name, host.table, host.endpoint)


def _with_marks(relay: RelayPlan, marks: Mapping[MarkOwner, int]) -> RelayPlan:
    if relay.engine is not EngineName.KERNEL:
        return relay
    hosts = tuple(
        replace(host, mark=marks[MarkOwner.of(relay.name, host.table, host.endpoint)]) for host in relay.pool.hosts
    )
    return replace(relay, pool=replace(relay.pool, hosts=hosts))


def _probes(
    configuration: Configuration, relays: Iterable[RelayPlan], routers: Iterable[RouterPlan], facts: Facts
) -> Iterator[Probe]:
    hosts = (host.target for relay in relays for host in relay.pool.hosts)
    gateways = (gateway.target for router in routers for gateway in router.gateways)
    for target in dict.fromkeys((*hosts, *gateways)):
        if target is not None:
            yield Probe(target=target, source=own_towards(configuration, facts, target.endpoint.address))

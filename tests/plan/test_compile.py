"""Compilation is total and deterministic over configurations that nobody would think of, and decides as the design says."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bascule.config.facts import Facts
from bascule.config.model import (
    Address,
    Configuration,
    EngineName,
    Forward,
    Host,
    IcmpCheck,
    InterfaceAddress,
    Listen,
    LoadBalancer,
    Mode,
    OnEmpty,
    Relay,
    RpcCheck,
    RpcPorts,
    SourceRange,
    Table,
    TcpCheck,
)
from bascule.plan.compile import MOST_WORKERS, Situation, compile_plan, redeal
from bascule.plan.model import NO_HOST, Endpoint, HostState, Plan, ProbeTarget
from bascule.plan.selection import SLOTS
from bascule.plan.slots import Rankings
from plan.situations import ONE_ARM, ONE_ARM_BLOCK, TWO_ARM, all_hosts, balancer, configured, relay

NO_NFTABLES: Final = replace(ONE_ARM, no_nftables="this user may not change firewall rules")

listening = st.sampled_from(
    [ip_address(text) for text in ("10.80.0.10", "10.80.0.2", "fd80::10", "127.0.0.1", "::1", "10.99.0.1")]
)
hosts_of = st.sampled_from(
    [
        ip_address(text)
        for text in ("10.80.2.1", "10.80.2.2", "10.90.2.1", "fd80::2:1", "fd90::2:1", "192.0.2.1", "127.0.0.2")
    ]
)
ranges = st.sampled_from(
    [
        SourceRange(first=ip_address(first), last=ip_address(last))
        for first, last in (("10.80.0.10", "10.80.0.10"), ("10.80.0.2", "10.80.0.10"), ("fd80::10", "fd80::1f"))
    ]
)


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    """Draw a configuration such as the language could bind: names are unique, every table is there."""
    tables = [
        Table(
            name=f"table{number}",
            key=draw(st.integers(0, 2**32 - 1)),
            hosts=tuple(
                Host(address=address, weight=draw(st.integers(0, 256)))
                for address in draw(st.lists(hosts_of, unique=True, max_size=5))
            ),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    names = draw(st.lists(st.text("aZ9_ <>ü{};", min_size=1, max_size=8), unique=True, max_size=4))
    return Configuration(load_balancer=LoadBalancer(tables=tuple(tables), relays=tuple(_relays(draw, tables, names))))


def _relays(draw: st.DrawFn, tables: Sequence[Table], names: Sequence[str]) -> Sequence[Relay]:
    ports = st.integers(1, 65535)
    relays = []
    for name in names:
        places = draw(st.lists(st.tuples(st.none() | listening, ports), min_size=1, max_size=3))
        forward = Forward(
            table=draw(st.sampled_from(tables)).name,
            port=draw(st.none() | ports),
            check=draw(st.sampled_from([None, TcpCheck(), IcmpCheck()])),
            mode=draw(st.sampled_from(Mode)),
        )
        relays.append(
            Relay(
                name=name,
                listens=tuple(Listen(address=address, port=port) for address, port in places),
                forward=forward,
                session_timeout=draw(st.integers(1, 2_147_483)),
                engine=draw(st.sampled_from([None, EngineName.KERNEL, EngineName.PROXY])),
                on_empty=draw(st.sampled_from(OnEmpty)),
                source=draw(st.none() | ranges),
            )
        )
    return relays


def some_states(plan: Plan, chosen: Sequence[HostState]) -> Mapping[ProbeTarget, HostState]:
    """Return the states of the plan's targets, taken in turn from a list."""
    targets = [probe.target for probe in plan.probes]
    return {target: chosen[number % len(chosen)] for number, target in enumerate(targets)}


machines = st.sampled_from([Facts(), ONE_ARM, TWO_ARM, NO_NFTABLES])
chosen_states = st.lists(st.sampled_from(HostState), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(configuration=configurations(), facts=machines, chosen=chosen_states)
def test_compilation_is_total_and_deterministic(
    configuration: Configuration, facts: Facts, chosen: Sequence[HostState]
) -> None:
    """Any configuration has a plan, the same whenever it is asked for, and a redeal is a compilation."""
    plan = compile_plan(configuration, Situation(facts=facts))
    states = some_states(plan, chosen)
    compiled = compile_plan(configuration, Situation(facts=facts, states=states))
    assert compiled == compile_plan(configuration, Situation(facts=facts, states=states))
    assert redeal(plan, states, Rankings()) == compiled


@settings(max_examples=150, deadline=None)
@given(configuration=configurations(), facts=machines, chosen=chosen_states)
def test_every_plan_is_sound(configuration: Configuration, facts: Facts, chosen: Sequence[HostState]) -> None:
    """Each part has one IP version and one host port, a slot for a live host only, a mark only in the kernel."""
    plan = compile_plan(configuration, Situation(facts=facts))
    states = some_states(plan, chosen)
    plan = redeal(plan, states, Rankings())
    for part in plan.relays:
        hosts = part.pool.hosts
        assert {place.address.version for place in (*part.listens, *(host.endpoint for host in hosts))} == {part.version}
        assert len({host.endpoint.port for host in hosts}) <= 1
        assert len(part.pool.slots) == SLOTS
        for index in set(part.pool.slots) - {NO_HOST}:
            assert hosts[index].weight
            target = hosts[index].target
            assert target is None or states[target] is HostState.UP
        assert all(bool(host.mark) == (part.engine is EngineName.KERNEL) for host in hosts)
        wanted = {(listen.address, host.endpoint.address) for listen in part.listens for host in hosts}
        assert {(source.listen, source.host) for source in part.sources} == wanted
    marks = [host.mark for host in all_hosts(plan) if host.mark]
    assert len(marks) == len(set(marks))
    assert set(marks) <= set(plan.marks.values())


@settings(max_examples=100, deadline=None)
@given(before=configurations(), after=configurations(), facts=machines)
def test_marks_are_never_renumbered(before: Configuration, after: Configuration, facts: Facts) -> None:
    """Whatever is deployed next, an owner that had a mark keeps it, and nobody else gets it."""
    first = compile_plan(before, Situation(facts=facts))
    second = compile_plan(after, Situation(facts=facts, marks=first.marks))
    assert first.marks.items() <= second.marks.items()
    assert len(set(second.marks.values())) == len(second.marks)


@settings(max_examples=100, deadline=None)
@given(configuration=configurations(), own=st.sampled_from(["10.80.0.3", "10.80.0.4"]))
def test_two_nodes_agree(configuration: Configuration, own: str) -> None:
    """Slots and marks are the same on a node with another address of its own."""
    other = replace(
        ONE_ARM,
        interfaces=tuple(
            replace(interface, addresses=tuple(_moved(address, own) for address in interface.addresses))
            for interface in ONE_ARM.interfaces
        ),
    )
    one, two = (compile_plan(_without_everywhere(configuration), Situation(facts=facts)) for facts in (ONE_ARM, other))
    assert one.marks == two.marks
    assert [part.pool for part in one.relays] == [part.pool for part in two.relays]


def _moved(address: InterfaceAddress, own: str) -> InterfaceAddress:
    return ip_interface(f"{own}/16") if str(address) == "10.80.0.2/16" else address


def _without_everywhere(configuration: Configuration) -> Configuration:
    """Take out `listen on port P`, which means the machine's own addresses where no block names any."""
    relays = tuple(
        replace(each, listens=listens)
        for each in configuration.load_balancer.relays
        if (listens := tuple(listen for listen in each.listens if listen.address is not None))
    )
    return replace(configuration, load_balancer=replace(configuration.load_balancer, relays=relays))


@pytest.mark.parametrize(
    ("facts", "listen", "host", "engine", "carrier"),
    [
        (ONE_ARM, "10.80.0.10", "10.80.2.1", "", EngineName.KERNEL),
        (ONE_ARM, "10.80.0.10", "10.80.2.1", "engine proxy", EngineName.PROXY),
        (ONE_ARM, "127.0.0.1", "10.80.2.1", "", EngineName.PROXY),
        (ONE_ARM, "10.80.0.10", "127.0.0.5", "", EngineName.PROXY),
        (ONE_ARM, "::1", "fd80::2:1", "", EngineName.PROXY),
        (NO_NFTABLES, "10.80.0.10", "10.80.2.1", "", EngineName.PROXY),
        (NO_NFTABLES, "10.80.0.10", "10.80.2.1", "engine kernel", EngineName.KERNEL),
    ],
)
def test_who_carries_a_relay(facts: Facts, listen: str, host: str, engine: str, carrier: EngineName) -> None:
    """What the text says; else the kernel, unless nftables may not be used or an end is on loopback."""
    text = balancer(relay("HTTPS", *([engine] if engine else []), listen=[f"{listen} port 443"]), hosts=[host])
    (part,) = compile_plan(configured(text), Situation(facts=facts)).relays
    assert part.engine is carrier


def listens(plan: Plan) -> Sequence[tuple[str, Sequence[str], Sequence[str]]]:
    """Return each part's name, listening endpoints and hosts."""
    return [
        (part.name, [str(end) for end in part.listens], [str(host.endpoint) for host in part.pool.hosts])
        for part in plan.relays
    ]


def test_a_relay_of_both_families_has_two_parts() -> None:
    """Clients of each IP version meet hosts of their own."""
    both = relay(listen=["10.80.0.10 port 443", "fd80::10 port 443"])
    plan = compile_plan(configured(balancer(both, hosts=["10.80.2.1", "fd80::2:1"])), Situation(facts=ONE_ARM))
    assert listens(plan) == [
        ("HTTPS", ["10.80.0.10:443"], ["10.80.2.1:443"]),
        ("HTTPS", ["[fd80::10]:443"], ["[fd80::2:1]:443"]),
    ]


def test_ports_are_kept_unless_the_forward_names_one() -> None:
    """Two ports that are kept are two parts; two that lead to one host port are one."""
    two = ["10.80.0.10 port 6001", "10.80.0.10 port 6002"]
    kept = compile_plan(configured(balancer(relay(listen=two), hosts=["10.80.2.1"])), Situation(facts=ONE_ARM))
    assert [(part[1], part[2]) for part in listens(kept)] == [
        (["10.80.0.10:6001"], ["10.80.2.1:6001"]),
        (["10.80.0.10:6002"], ["10.80.2.1:6002"]),
    ]
    text = balancer(relay(listen=two, forward="port 443 check tcp"), hosts=["10.80.2.1"])
    led = compile_plan(configured(text), Situation(facts=ONE_ARM))
    assert [(part[1], part[2]) for part in listens(led)] == [(["10.80.0.10:6001", "10.80.0.10:6002"], ["10.80.2.1:443"])]


def test_a_listen_without_an_address_means_ours() -> None:
    """Those that `interface` blocks name or, where there are none, those the machine has but loopback."""
    anywhere = balancer(relay(listen=["port 443"]), hosts=["10.80.2.1"])
    named = compile_plan(configured(ONE_ARM_BLOCK + anywhere), Situation(facts=Facts()))
    found = compile_plan(configured(anywhere), Situation(facts=TWO_ARM))
    assert listens(named)[0][1] == ["10.80.0.2:443", "10.80.0.10:443"]
    assert listens(found)[0][1] == ["10.80.0.2:443", "10.80.0.10:443", "10.90.0.2:443"]


def test_probes_bind_the_nodes_own_address() -> None:
    """Never a virtual one, which may be another node's in the next moment; each target is probed once."""
    text = ONE_ARM_BLOCK + balancer(
        relay("HTTPS"), relay("IMAP", listen=["10.80.0.10 port 143"]), relay("OWA", listen=["10.80.0.2 port 443"])
    )
    plan = compile_plan(configured(text), Situation(facts=ONE_ARM))
    assert {probe.source for probe in plan.probes} == {IPv4Address("10.80.0.2")}
    assert sorted(str(probe.target.endpoint) for probe in plan.probes) == [
        f"10.80.2.{host}:{port}" for host in (1, 2, 3) for port in (143, 443)
    ]
    six = ONE_ARM_BLOCK + balancer(relay(listen=["fd80::10 port 443"]), hosts=["fd80::2:1"])
    (probe,) = compile_plan(configured(six), Situation(facts=ONE_ARM)).probes
    assert probe.source == IPv6Address("fd80::2")


def test_relayds_retry_is_the_hosts_own_fall() -> None:
    """`retry N` of one host changes when that host falls, and no other."""
    text = balancer(relay(forward="check tcp fall 5"), hosts=["10.80.2.1 retry 2", "10.80.2.2"])
    plan = compile_plan(configured(text), Situation(facts=ONE_ARM))
    assert [host.target.timing.fall for host in all_hosts(plan) if host.target] == [3, 5]


@pytest.mark.parametrize(("processors", "workers"), [(1, 1), (3, 3), (64, MOST_WORKERS)])
def test_workers_follow_the_processors(processors: int, workers: int) -> None:
    """One proxy process for each processor, and no more than gain anything, unless the text says how many."""
    facts = replace(ONE_ARM, processors=processors)
    assert compile_plan(configured(balancer(relay())), Situation(facts=facts)).workers == workers
    said = balancer(relay()).replace("load-balancer {", "load-balancer {\n\tworkers 7")
    assert compile_plan(configured(said), Situation(facts=facts)).workers == 7


def test_what_the_machine_forwarded_before_is_said() -> None:
    """The plan knows which IP versions were routed without us, so that their packets are not dropped."""
    plan = compile_plan(configured(balancer(relay())), Situation(facts=replace(ONE_ARM, forwarded_before=frozenset({6}))))
    assert plan.routed_before == {6}


def test_no_relay_needs_nothing() -> None:
    """A configuration without relays asks nothing of the machine."""
    plan = compile_plan(Configuration(), Situation(facts=ONE_ARM))
    assert (plan.relays, plan.probes, plan.marks, plan.network.sysctls) == ((), (), {}, {})


def test_endpoints_are_written_as_urls_have_them() -> None:
    """An IPv6 address stands in brackets before its port."""
    addresses: Sequence[Address] = (IPv4Address("10.80.2.1"), IPv6Address("fd80::2:1"))
    assert [str(Endpoint(address, 443)) for address in addresses] == ["10.80.2.1:443", "[fd80::2:1]:443"]


def test_checks_of_rpc_know_the_ports_of_their_group() -> None:
    """They travel in the check, and are among those that the probe is known to call."""
    text = balancer(
        relay("RPCLS", 'affinity "outlook"', listen=["10.80.0.10 port 135"], forward="check rpc"),
        relay("RPCCAS", 'affinity "outlook"', listen=["10.80.0.10 port 59532"], forward='check rpc "emsmdb"'),
        relay("RPCABS", 'affinity "outlook"', listen=["10.80.0.10 port 59533"], forward='check rpc "nspi"'),
        hosts=["10.80.2.1"],
    )
    plan = compile_plan(configured(text), Situation(facts=ONE_ARM))
    cas, abs_ = RpcPorts("emsmdb", 59532, 59532), RpcPorts("nspi", 59533, 59533)
    checks = [probe.target.check for probe in plan.probes]
    assert [check.ports for check in checks if isinstance(check, RpcCheck)] == [(cas, abs_), (cas,), (abs_,)]
    assert [probe.target.ports for probe in plan.probes] == [(135, 59532, 59533), (135, 59532), (135, 59533)]
    assert {part.session_timeout for part in plan.relays} == {7200}

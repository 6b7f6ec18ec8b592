"""Where connections to hosts come from, for each way that a host can be reached."""

from dataclasses import replace
from ipaddress import ip_address

from bascule.plan.compile import Situation, compile_plan
from bascule.plan.sources import own_addresses, own_towards
from plan.situations import ONE_ARM, ONE_ARM_BLOCK, TWO_ARM, balancer, configured, machine, relay, sources

ETH1 = "interface eth1 {\n\taddress 10.90.0.2/16\n}\n"
ETH1_VIRTUAL = "interface eth1 {\n\taddress 10.90.0.2/16\n\taddress 10.90.0.1/16 virtual\n\taddress fd90::1/64 virtual\n}\n"
BACK = balancer(relay(), hosts=["10.90.2.1"])


def test_one_arm_speaks_as_the_listening_address() -> None:
    """A virtual listening address moves along; the node's own one is the node's own."""
    text = ONE_ARM_BLOCK + balancer(relay(listen=["10.80.0.10 port 443", "10.80.0.2 port 443"]), hosts=["10.80.2.1"])
    assert sources(compile_plan(configured(text), Situation(facts=ONE_ARM))) == [
        ("10.80.0.10", "10.80.2.1", "10.80.0.10", False),
        ("10.80.0.2", "10.80.2.1", "10.80.0.2", True),
    ]


def test_one_arm_on_the_node_that_does_not_hold_the_address() -> None:
    """The text says where the address lives, also on the node that is in reserve."""
    reserve = machine(("eth0", ("10.80.0.3/16",)))
    text = ONE_ARM_BLOCK.replace("10.80.0.2", "10.80.0.3") + balancer(relay(), hosts=["10.80.2.1"])
    assert sources(compile_plan(configured(text), Situation(facts=reserve))) == [
        ("10.80.0.10", "10.80.2.1", "10.80.0.10", False)
    ]


def test_two_arms_speak_as_the_virtual_address_of_the_hosts_side() -> None:
    """It moves with the cluster, so sessions live through a failover."""
    plan = compile_plan(configured(ONE_ARM_BLOCK + ETH1_VIRTUAL + BACK), Situation(facts=TWO_ARM))
    assert sources(plan) == [("10.80.0.10", "10.90.2.1", "10.90.0.1", False)]
    six = balancer(relay(listen=["fd80::10 port 443"]), hosts=["fd90::2:1"])
    plan = compile_plan(configured(ONE_ARM_BLOCK + ETH1_VIRTUAL + six), Situation(facts=TWO_ARM))
    assert sources(plan) == [("fd80::10", "fd90::2:1", "fd90::1", False)]


def test_two_arms_without_a_virtual_address_speak_as_the_node() -> None:
    """Hosts answer at least; sessions end at a failover, and probes' ports must be left alone."""
    plan = compile_plan(configured(ONE_ARM_BLOCK + ETH1 + BACK), Situation(facts=TWO_ARM))
    assert sources(plan) == [("10.80.0.10", "10.90.2.1", "10.90.0.2", True)]


def test_of_several_addresses_the_one_in_the_hosts_network_speaks() -> None:
    """A host need not know a route to another network of ours."""
    facts = machine(("eth0", ("10.80.0.10/16",)), ("eth1", ("172.16.0.1/24", "10.90.0.2/16", "10.91.0.2/16")))
    plan = compile_plan(configured(balancer(relay(), hosts=["10.91.2.1"])), Situation(facts=facts))
    assert sources(plan) == [("10.80.0.10", "10.91.2.1", "10.91.0.2", True)]


def test_a_host_behind_a_router() -> None:
    """The interface is that of the longest prefix that leads there, and of the smallest metric."""
    facts = machine(
        ("eth0", ("10.80.0.10/16",)),
        ("eth1", ("10.90.0.2/16",)),
        routes=[("0.0.0.0/0", "eth0"), ("192.0.2.0/24", "eth1"), ("192.0.2.0/24", "eth0")],
    )
    worse = replace(facts, routes=tuple(replace(r, metric=9) if r == facts.routes[-1] else r for r in facts.routes))
    plan = compile_plan(configured(balancer(relay(), hosts=["192.0.2.7"])), Situation(facts=worse))
    assert sources(plan) == [("10.80.0.10", "192.0.2.7", "10.90.0.2", True)]


def test_a_host_that_no_route_leads_to() -> None:
    """Nothing better is known than the listening address, and the probe lets the kernel choose."""
    plan = compile_plan(configured(balancer(relay(), hosts=["192.0.2.7"])), Situation(facts=ONE_ARM))
    assert [each[2] for each in sources(plan)] == ["10.80.0.10"]
    assert [probe.source for probe in plan.probes] == [None]


def test_a_host_on_the_balancer_itself() -> None:
    """A server on an address of ours is reached without leaving the machine: the listening address speaks."""
    text = ONE_ARM_BLOCK + ETH1 + balancer(relay(forward="port 8443 check tcp"), hosts=["10.90.0.2"])
    assert [each[2] for each in sources(compile_plan(configured(text), Situation(facts=TWO_ARM)))] == ["10.80.0.10"]


def test_a_source_that_the_text_names() -> None:
    """`source A-B` goes before everything else; hosts of the other version are served as without it."""
    listen = ["10.80.0.10 port 443", "fd80::10 port 443"]
    text = ONE_ARM_BLOCK + balancer(
        relay("HTTPS", "source 10.80.0.10-10.80.0.13", listen=listen), hosts=["10.80.2.1", "fd80::2:1"]
    )
    plan = compile_plan(configured(text), Situation(facts=ONE_ARM))
    assert sources(plan) == [("10.80.0.10", "10.80.2.1", "10.80.0.10-10.80.0.13", False)]
    (six,) = plan.relays[1].sources
    assert (str(six.first), six.first == six.last) == ("fd80::10", True)
    (four,) = plan.relays[0].sources
    assert [str(address) for address in four.addresses] == [f"10.80.0.{n}" for n in (10, 11, 12, 13)]


def test_a_named_source_that_is_the_nodes_own() -> None:
    """Probes leave from it too, so that their ports must be left alone: alone or within a range."""
    for named in ("10.80.0.2", "10.80.0.1-10.80.0.3"):
        text = ONE_ARM_BLOCK + balancer(relay("HTTPS", f"source {named}"), hosts=["10.80.2.1"])
        assert sources(compile_plan(configured(text), Situation(facts=ONE_ARM))) == [
            ("10.80.0.10", "10.80.2.1", named, True)
        ]


def test_the_nodes_own_addresses_are_those_that_never_move() -> None:
    """Virtual, loopback and link-local ones are none of the node's own."""
    facts = machine(("eth0", ("10.80.0.2/16", "10.80.0.10/16", "fd80::2/64", "fe80::1/64")))
    assert [str(address) for address in own_addresses(configured(ONE_ARM_BLOCK), facts)] == ["10.80.0.2", "fd80::2"]
    assert [str(address) for address in own_addresses(configured(""), facts)] == ["10.80.0.2", "10.80.0.10", "fd80::2"]


def test_what_faces_a_host_on_loopback() -> None:
    """Nothing is bound towards loopback, where every address may speak."""
    assert own_towards(configured(""), ONE_ARM, ip_address("127.0.0.5")) is None

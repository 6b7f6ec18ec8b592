"""What a `firewall` block becomes: its rules with those that nobody writes, its tables, and what they are asked about."""

import time
from dataclasses import replace
from ipaddress import IPv4Network, ip_network

import pytest

from bascule.config.facts import TableFile
from bascule.config.firewall import Action, Direction, Nat
from bascule.plan.compile import Situation, compile_plan
from bascule.plan.explain import suppose
from bascule.plan.firewall import Purpose, TablePlan
from bascule.plan.slots import Rankings
from plan.firewalls import ROUTER, ZONES, of, wall, walled
from plan.situations import balancer, configured, machine, relay

HOSTS = ("10.2.0.11", "10.2.0.12", "fd02::11", "fd02::12")


def test_a_text_without_a_firewall_is_planned_as_before() -> None:
    """Nothing is judged, and nothing else changes."""
    text = balancer(relay(listen=("10.2.0.50 port 443",)), hosts=HOSTS)
    bare = suppose(compile_plan(configured(text), Situation(facts=ROUTER)), rankings=Rankings())
    judged = walled("block in", before=text)
    assert bare.firewall is None
    assert replace(judged, firewall=None) == bare


def test_where_nobody_can_judge_nothing_is_forwarded() -> None:
    """A router for everyone would be all that is left of the firewall."""
    plan = walled("pass through", facts=replace(ROUTER, no_nftables="not root"))
    assert (plan.firewall, plan.network.sysctls) == (None, {})


def test_the_walk_begins_with_what_networks_need_and_ends_with_the_defaults() -> None:
    """The order in which every packet is judged."""
    text = balancer(relay(listen=("10.2.0.50 port 443",)), hosts=HOSTS)
    rules = wall(walled("pass in port 25", "block in", before=text)).all_rules
    assert [(each.purpose, each.rule.action, each.rule.direction) for each in rules] == [
        (Purpose.SPOOFING, Action.BLOCK, Direction.IN),
        (Purpose.SPOOFING, Action.BLOCK, Direction.THROUGH),
        (Purpose.EXCHANGE, Action.PASS, Direction.THROUGH),
        (Purpose.EXCHANGE, Action.PASS, Direction.THROUGH),
        (Purpose.NEIGHBOURS, Action.PASS, Direction.IN),
        (Purpose.NEIGHBOURS, Action.PASS, Direction.IN),
        (Purpose.NEIGHBOURS, Action.PASS, Direction.IN),
        (Purpose.NEIGHBOURS, Action.PASS, Direction.OUT),
        (None, Action.PASS, Direction.IN),
        (None, Action.BLOCK, Direction.IN),
        (Purpose.RELAY, Action.PASS, Direction.IN),
        (Purpose.ADMIN, Action.PASS, Direction.IN),
        (Purpose.DEFAULT, Action.BLOCK, Direction.IN),
        (Purpose.DEFAULT, Action.BLOCK, Direction.THROUGH),
        (Purpose.DEFAULT, Action.PASS, Direction.OUT),
    ]


def test_tables_hold_the_fewest_networks() -> None:
    """What overlaps or touches is one network; a table that a limit fills is known."""
    plan = walled(
        "table <blocked> { 10.0.0.0/9; 10.128.0.0/9; 10.2.3.4; fd00::1; timeout 2h }",
        "table <empty> { }",
        "pass in port 25 limit rate 5 overload <empty>",
    )
    assert wall(plan).tables == (
        TablePlan(name="blocked", networks=(ip_network("10.0.0.0/8"), ip_network("fd00::1/128")), timeout=7200),
        TablePlan(name="empty", networks=(), overloaded=True),
    )


def test_tables_hold_what_their_files_held() -> None:
    """One that was never read holds nothing; a rule asks all of it as one."""
    facts = replace(ROUTER, table_files={"/etc/spam": TableFile(networks=(ip_network("192.0.2.0/25"),))})
    plan = walled('table <spam> { file "/etc/spam"; file "/etc/none"; 192.0.2.128/25 }', facts=facts)
    assert wall(plan).tables == (TablePlan(name="spam", networks=(ip_network("192.0.2.0/24"),)),)


def test_a_hundred_thousand_addresses_take_no_time() -> None:
    """A plan is made anew whenever something changes."""
    held = tuple(IPv4Network((0x0A000000 + 3 * n, 32)) for n in range(100_000))
    facts = replace(ROUTER, table_files={"/etc/spam": TableFile(networks=held)})
    begin = time.perf_counter()
    plan = walled('table <spam> { file "/etc/spam" }', facts=facts)
    assert time.perf_counter() - begin < 5
    assert wall(plan).tables[0].networks == held


def test_hosts_of_one_table_and_version_are_a_family() -> None:
    """One host alone is none, and two tables of the same hosts are one."""
    text = (
        "load-balancer {\n table <a> { 10.2.0.11; 10.2.0.12; fd02::11 }\n table <b> { 10.2.0.12; 10.2.0.11 }\n"
        " table <c> { 10.2.0.11; 10.2.0.13; fd02::11; fd02::13 }\n}\n"
    )
    plan = walled(before=text)
    assert [sorted(map(str, family)) for family in wall(plan).families] == [
        ["10.2.0.11", "10.2.0.12"],
        ["10.2.0.11", "10.2.0.13"],
        ["fd02::11", "fd02::13"],
    ]
    assert [each.cause for each in of(plan, Purpose.EXCHANGE)] == [
        "the hosts of table <a> and <b>",
        "the hosts of table <c>",
        "the hosts of table <c> over IPv6",
    ]


def test_homes_are_the_attached_networks() -> None:
    """Link-local networks are on every link, and a single address is no network: both tell nothing of a source."""
    facts = machine(
        ("eth0", ("203.0.113.1/24", "203.0.113.9/32", "fe80::1/64")), ("eth1", ("10.2.0.1/16", "10.2.0.2/16")), ("eth2", ())
    )
    assert wall(walled(facts=facts)).homes == {
        "eth0": (ip_network("203.0.113.0/24"),),
        "eth1": (ip_network("10.2.0.0/16"),),
    }


V4, V6 = "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"


@pytest.mark.parametrize(
    ("rule", "versions"),
    [
        ("pass in", set()),
        ("block through", set()),
        ("pass through", {V4, V6}),
        ("pass through from 10.0.0.0/8", {V4}),
        ("pass through proto icmp6", {V6}),
        ("nat on external from internal", {V4, V6}),
        ("pass in proto tcp to 203.0.113.1 port 25 forward to 10.2.0.7", {V4}),
    ],
)
def test_the_machine_forwards_where_a_rule_asks_for_it(rule: str, versions: set[str]) -> None:
    """And only the IP versions that it is about, where the machine has addresses of them."""
    sysctls = walled(rule).network.sysctls
    assert {name for name in (V4, V6) if sysctls.get(name) == "1"} == versions
    only4 = machine(("eth0", ("203.0.113.1/24", "fe80::1/64")))
    assert V6 not in walled(rule, facts=only4).network.sysctls


def test_forwarding_keeps_router_advertisements() -> None:
    """Else the machine's own way out would go."""
    facts = replace(ROUTER, sysctls={"net.ipv6.conf.eth0.accept_ra": "1"})
    assert walled("pass through", facts=facts).network.sysctls["net.ipv6.conf.eth0.accept_ra"] == "2"


def test_what_leaves_with_our_address_is_as_the_text_says() -> None:
    """Zones by name."""
    assert wall(walled("nat on external from internal")).nats == (Nat(to_zone="external", from_zone="internal"),)
    assert [zone.name for zone in wall(walled(zones=ZONES)).zones] == ["internal", "external"]

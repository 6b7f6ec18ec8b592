"""Which rules the kernel asks as one: those that a set can tell apart, and no others."""

import random
import time
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import pytest

from bascule.config.firewall import Action, Direction, End, PortForward, Ports, Protocol, Rule, SourceLimit
from bascule.plan.firewall import Purpose, RulePlan
from bascule.plan.runs import Part, differing, runs

SEED = 6


def network(text: str) -> IPv4Network | IPv6Network:
    """Return a network as it is written."""
    return ip_network(text)


def rule(whence: str = "", to: str = "", port: int = 0, **more: Any) -> RulePlan:
    """Return a rule of the text: TCP to this machine, which passes."""
    plain = Rule(
        action=Action.PASS,
        direction=Direction.IN,
        protocol=Protocol.TCP,
        source=End(network=network(whence) if whence else None),
        to=End(network=network(to) if to else None, ports=Ports(port, port) if port else None),
    )
    return RulePlan(rule=replace(plain, **more))


@pytest.mark.parametrize(
    ("rules", "parts"),
    [
        ([rule(f"10.0.0.{n}") for n in range(9)], {Part.SOURCE}),
        ([rule(to=f"10.0.{n}.0/24", port=25) for n in range(9)], {Part.TARGET}),
        ([rule(to="10.0.0.1", port=n) for n in range(25, 34)], {Part.PORT}),
        ([rule(to=f"10.0.0.{n}", port=25 + n) for n in range(9)], {Part.TARGET, Part.PORT}),
        (
            [rule(to="10.0.0.1", port=25), rule(to="10.0.0.1", port=26), rule(to="10.0.0.2", port=25)],
            {Part.TARGET, Part.PORT},
        ),
        ([rule("2001:db8::/32"), rule("2001:db8:1::/48")], {Part.SOURCE}),
        ([rule(port=25), rule(port=25)], set()),
    ],
)
def test_rules_that_differ_in_one_part_or_in_place_and_port_are_a_run(rules: list[RulePlan], parts: set[Part]) -> None:
    """One set holds what they differ in."""
    assert runs(rules) == (range(len(rules)),)
    assert differing(rules) == parts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (rule("10.0.0.1", to="10.0.0.1"), rule("10.0.0.2", to="10.0.0.2")),
        (rule("10.0.0.1", port=25), rule("10.0.0.2", port=26)),
        (rule("10.0.0.1"), rule()),
        (rule(port=25), rule()),
        (rule("10.0.0.1"), rule("2001:db8::1")),
        (rule(port=25), rule(port=26, action=Action.BLOCK)),
        (rule(port=25), rule(port=26, direction=Direction.THROUGH)),
        (rule(port=25), rule(port=26, protocol=Protocol.UDP)),
        (rule(port=25), rule(port=26, zone="internal")),
        (rule(port=25), rule(port=26, log=True)),
        (rule(port=25), rule(port=26, label="mail")),
        (rule(port=25), rule(port=25, source=End(zone="internal"))),
        (rule(port=25), rule(port=25, source=End(table="blocked"))),
        (rule(port=25), rule(port=25, source=End(ports=Ports(1, 9)))),
        (rule(port=25), replace(rule(port=26), purpose=Purpose.RELAY)),
    ],
)
def test_rules_that_differ_in_more_are_two(one: RulePlan, other: RulePlan) -> None:
    """No set holds that, or they do other things."""
    assert runs([one, other]) == (range(1), range(1, 2))


@pytest.mark.parametrize(
    "apart",
    [{"limit": SourceLimit(rate=3)}, {"forward": PortForward(address=ip_address("10.0.0.9"))}],
)
def test_a_rule_that_counts_its_sources_or_leads_elsewhere_stays_alone(apart: dict[str, Any]) -> None:
    """A limit counts by rule, and a forward has a place of its own."""
    assert len(runs([rule(port=25, **apart), rule(port=26, **apart)])) == 2
    assert len(runs([rule(port=25), rule(port=25, **apart), rule(port=25)])) == 3


def test_of_no_rules_there_is_no_run() -> None:
    """Nothing comes of nothing."""
    assert runs([]) == ()


def test_what_rules_differ_in_is_never_what_no_set_can_hold() -> None:
    """Of whatever rules, each is in one run, in their order."""
    chance = random.Random(SEED)
    rules = [
        rule(
            chance.choice(("", "10.0.0.1", "10.0.0.2", "fd00::1")),
            chance.choice(("10.1.0.1", "10.1.0.2")),
            chance.choice((0, 1, 2)),
        )
        for _ in range(3000)
    ]
    found = runs(rules)
    assert [index for run in found for index in run] == list(range(len(rules)))
    for run in found:
        assert differing([rules[index] for index in run]) in (
            set(), {Part.SOURCE}, {Part.TARGET}, {Part.PORT}, {Part.TARGET, Part.PORT}
        )  # fmt: skip


def test_runs_of_places_with_ports_end_before_they_are_slow_to_make_apart() -> None:
    """Those that differ in one part alone go on; where the second comes late, the run ends there."""
    assert len(runs([rule(to=f"10.0.{n // 200}.{n % 200}", port=25) for n in range(1000)])) == 1
    rules = [*(rule(to="10.0.0.1", port=n) for n in range(1, 301)), rule(to="10.0.0.2", port=400)]
    assert runs(rules) == (range(300), range(300, 301))


def test_five_thousand_rules_take_no_time() -> None:
    """It is asked at every compilation."""
    rules = [rule(to=f"10.{n // 100}.{n % 100}.1", port=1 + n // 100) for n in range(5000)]
    begin = time.perf_counter()
    assert [len(run) for run in runs(rules)] == [256] * 19 + [136]
    assert time.perf_counter() - begin < 1

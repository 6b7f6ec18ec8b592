"""What the firewall block means where the corpus does not show it."""

import time
from datetime import timedelta
from importlib import import_module
from ipaddress import ip_network

import pytest

from bascule.config.diagnostics import Span
from bascule.config.firewall import Firewall, SourceLimit
from bascule.config.load import load
from bascule.config.model import Listen

RULES = 5000
SECONDS = 2.0
"""For 5,000 rules, on a machine that does more."""


def bound(lines: str) -> Firewall:
    """Return the bound block with these lines from line 3 on."""
    configuration = load(f"firewall {{\nzone internal {{ from 10.0.0.0/8 }}\n{lines}\n}}\n").configuration
    assert configuration is not None
    assert configuration.firewall is not None
    return configuration.firewall


def test_a_text_without_a_firewall_has_none() -> None:
    """Which is not an empty one: that blocks."""
    for text, there in (("", False), ("firewall { }", True)):
        configuration = load(text).configuration
        assert configuration is not None
        assert (configuration.firewall is not None) == there


def test_everything_knows_its_place() -> None:
    """Rules, and what stands in zones and tables; places take no part in what is equal."""
    wall = bound(
        'table <a> {\n  192.0.2.1\n  file "/x"\n}\n  block in   log # why\nzone z {\n interface eth0\n from 192.0.2.0/24\n}'
    )
    assert (wall.rules[0].span, wall.rules[0].text) == (Span(7, 3, 14), "block in log")
    assert wall.tables[0].spans == {ip_network("192.0.2.1"): Span(4, 3, 9), "/x": Span(5, 3, 9)}
    assert [wall.zones[1].spans[each].line for each in ("eth0", ip_network("192.0.2.0/24"))] == [9, 10]
    assert wall == bound('table <a> { 192.0.2.1; file "/x" }\nblock in log; zone z { interface eth0; from 192.0.2.0/24 }')


@pytest.mark.parametrize(
    ("limit", "meant"),
    [
        ("sessions 20", SourceLimit(sessions=20)),
        ("rate 5", SourceLimit(rate=5)),
        ("rate 5/s overload <a>", SourceLimit(rate=5, overload="a", overload_for=timedelta(hours=1))),
        (
            "overload <a> for 90 rate 100000/s sessions 2048",
            SourceLimit(sessions=2048, rate=100_000, overload="a", overload_for=timedelta(seconds=90)),
        ),
    ],
)
def test_limits(limit: str, meant: SourceLimit) -> None:
    """In any order; a rate is of a second whether that is written or not."""
    assert bound(f"table <a> {{ }}\npass in limit {limit} log").rules[0].limit == meant


def test_a_port_belongs_to_the_end_before_it() -> None:
    """Without one it is the port that packets go to."""
    first, second, third = bound("pass in port 25 from any\npass in from any port 25\npass in to any port 25").rules
    assert first == third
    assert (str(first.to.ports), first.source.ports) == ("25", None)
    assert (str(second.source.ports), second.to.ports) == ("25", None)


def test_a_listener_may_be_for_one_zone() -> None:
    """As it may be for one interface."""
    text = 'load-balancer {\ntable <a> { 10.80.2.1 }\nrelay "x" {\nlisten on port 25 from internal\nforward to <a>\n}\n}\n'
    configuration = load(f"{text}firewall {{ zone internal {{ from 10.0.0.0/8 }} }}").configuration
    assert configuration is not None
    assert configuration.load_balancer.relays[0].listens == (Listen(address=None, port=25, zone="internal"),)
    (found,) = load(text).diagnostics
    assert (found.message, found.hint) == ("zone `internal` is not defined", "a `zone` block of the firewall defines it")


def test_what_refers_to_a_name_that_could_not_be_read_is_not_reported() -> None:
    """One mistake is one message."""
    (found,) = load("firewall {\nzone 1nternal { from 10.0.0.0/8 }\npass in from internal\n}\n").diagnostics
    assert found.span.line == 2
    (found,) = load("firewall {\ntable blocked { }\nblock in from <blocked>\n}\n").diagnostics
    assert (found.span.line, found.hint) == (2, "write <blocked>")


def test_there_is_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first rule too many is named, and no later one read."""
    monkeypatch.setattr(import_module("bascule.config.binding.firewall"), "MOST_RULES", 3)
    assert len(bound("block in\n" * 3).rules) == 3
    (found,) = load("firewall {\n" + "block in\n" * 5 + "}\n").diagnostics
    assert (found.span.line, found.message) == (5, "this is one rule too many: a firewall has at most 3")


def test_many_mistakes_are_told_in_time() -> None:
    """5,000 rules of a zone that is not there, with as many that are. Five times the usual at most."""
    zones = "".join(f"zone zone{number} {{ from 10.0.0.0/8 }}\n" for number in range(RULES // 10))
    begun = time.process_time()
    found = load(f"firewall {{\n{zones}" + "pass in on zone from zona to 192.0.2.1 port 25\n" * RULES + "}\n").diagnostics
    assert time.process_time() - begun < 5 * SECONDS
    assert found[-1].message == f"and {2 * RULES - 100} more from here on"

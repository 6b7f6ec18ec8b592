"""What `explain` says where there is a firewall: the rule that decides, what is rewritten, then relay and host."""

from collections.abc import Callable
from functools import partial

import pytest

from bascule.plan.explain import explain
from bascule.plan.grounds import grounds
from bascule.plan.model import Plan
from bascule.plan.question import Explanation, Question
from bascule.plan.slots import Rankings
from plan.firewalls import ROUTER, ZONES, address, walled
from plan.situations import balancer, machine, relay, states

OUTSIDE, OUTSIDE6, INSIDE = "198.51.100.7", "2001:db8:9::7", "10.3.0.7"
EXCHANGE = balancer(
    relay(listen=("10.2.0.50 port 443", "fd02::50 port 443")),
    relay("RPC", listen=("10.2.0.50 port 135 from internal",)),
    relay("WEB", "engine proxy", listen=("10.2.0.50 port 80",)),
    relay("IN TURN", listen=("10.2.0.50 port 993", "10.2.0.51 port 993"), forward="check tcp mode loadbalance"),
    hosts=("10.2.0.11", "fd02::11"),
)
RULES = (
    "block in from 198.51.100.128/25",
    "pass in on external proto tcp to 203.0.113.1 port 8443 forward to 10.2.0.50 port 443",
    "pass in proto tcp to 203.0.113.1 port 8080 forward to 10.2.0.50 port 80",
    "pass in proto tcp to 203.0.113.1 port 25 forward to 10.2.0.11",
    "pass in proto tcp to 203.0.113.1 port 1993 forward to 10.2.0.51 port 993",
    "pass in port 587 limit rate 5",
    "pass through from internal to external",
    "reject through",
    "nat on external from internal",
)
AS_OURS = ", with our address as its source"
BLOCK = EXCHANGE.count("\n") + 1
"""The line of the firewall itself."""
FIRST = (EXCHANGE + "firewall {" + ZONES).count("\n") + 1


def ask(
    client: str,
    port: int,
    *,
    to: str = "",
    protocol: str = "tcp",
    interface: str | None = None,
    plan: Plan | None = None,
    rules: int = 0,
) -> Explanation:
    """Return what is said of a client by the rules of these tests."""
    judged = plan or walled(*RULES, before=EXCHANGE)
    question = Question(
        client=address(client),
        port=port,
        to=address(to) if to else None,
        protocol=protocol,
        interface=interface,
        rules=rules,
    )
    known = grounds(judged, ROUTER)
    assert known is not None
    return explain(judged, question, states=states(judged), rankings=Rankings(), grounds=known)


@pytest.mark.parametrize(
    ("asking", "expected"),
    [
        (partial(ask, OUTSIDE, 22), "to this machine: no rule passes it: it is dropped"),
        (partial(ask, INSIDE, 22), f"to this machine: the rule for ssh (line {BLOCK}) passes it"),
        (partial(ask, "198.51.100.200", 443), f"to this machine: rule `{RULES[0]}` (line {FIRST}) blocks it"),
        (
            partial(ask, OUTSIDE, 25, to="203.0.113.1"),
            f"to this machine: rule `{RULES[3]}` (line {FIRST + 3}) passes it, and sends it to 10.2.0.11:25",
        ),
        (
            partial(ask, "10.2.0.12", 25, to="203.0.113.1"),
            f"to this machine: rule `{RULES[3]}` (line {FIRST + 3}) passes it, and sends it to 10.2.0.11:25{AS_OURS}",
        ),
        (
            partial(ask, OUTSIDE, 587),
            f"to this machine: rule `{RULES[5]}` (line {FIRST + 5}) passes it, as long as its source is within the limits",
        ),
        (
            partial(ask, INSIDE, 53, to=OUTSIDE, protocol="udp"),
            f"through this machine: rule `{RULES[6]}` (line {FIRST + 6}) passes it{AS_OURS}",
        ),
        (
            partial(ask, INSIDE, 53, to="10.2.0.77"),
            f"through this machine: rule `{RULES[7]}` (line {FIRST + 7}) rejects it",
        ),
        (
            partial(ask, OUTSIDE, 8, protocol="icmp"),
            f"to this machine: the rule for what networks need (line {BLOCK}) passes it",
        ),
        (
            partial(ask, OUTSIDE6, 128, protocol="icmp"),
            f"to this machine: the rule for what networks need (line {BLOCK}) passes it",
        ),
        (partial(ask, "203.0.113.1", 53, to=OUTSIDE, protocol="udp"), "from this machine: no rule blocks it"),
        (partial(ask, "10.3.0.1", 53, to="10.2.0.1"), "from this machine: this machine speaks to itself"),
        (
            partial(ask, "10.2.0.9", 22, interface="eth0"),
            "to this machine: its source cannot come from there: it is dropped",
        ),
    ],
)
def test_what_no_relay_takes_is_explained_too(asking: Callable[[], Explanation], expected: str) -> None:
    """Never that packets are not judged."""
    said = asking()
    assert said.reason == expected
    assert (said.relay, said.host) == (None, None)


def test_a_relay_takes_whom_its_rule_passes() -> None:
    """The rule first, then the host as without a firewall."""
    said = ask(OUTSIDE, 443)
    assert (said.relay, said.host, said.address, said.to) == ("HTTPS", "10.2.0.11", "10.2.0.11:443", "10.2.0.50")
    assert said.reason.startswith("to this machine: the rule for relay HTTPS (line ")
    assert said.reason.endswith("first choice 10.2.0.11")
    assert (said.interface, said.direction, said.verdict, said.masquerade) == ("eth0", "in", "pass", False)


def test_who_is_not_of_a_relay_s_zone_meets_no_host() -> None:
    """RPC answers inside, and not outside."""
    assert ask(INSIDE, 135).host == "10.2.0.11"
    said = ask(OUTSIDE, 135)
    assert (said.host, said.verdict, said.to) == (None, "block", "10.2.0.50")


@pytest.mark.parametrize(
    ("port", "relay_name", "forward", "reached"),
    [
        (8443, "HTTPS", "10.2.0.50:443", "10.2.0.11:443"),
        (8080, "WEB", "10.2.0.50:80", "10.2.0.11:80"),
    ],
)
def test_a_port_forward_leads_to_the_relay(port: int, relay_name: str, forward: str, reached: str) -> None:
    """It is found by its port alone, too, where nothing listens on that itself."""
    said = ask(OUTSIDE, port, to="203.0.113.1")
    assert (said.relay, said.forward, said.address) == (relay_name, forward, reached)
    if relay_name == "HTTPS":
        assert ask(OUTSIDE, port) == said


def test_by_service_a_client_is_dealt_as_it_came() -> None:
    """The kernel hashes what the client asked for, since a session is translated once."""
    direct, led = ask(OUTSIDE, 993, to="10.2.0.51"), ask(OUTSIDE, 1993, to="203.0.113.1")
    assert led.relay == direct.relay == "IN TURN"
    assert led.slot != direct.slot


def test_rules_are_told_in_the_order_in_which_they_were_asked() -> None:
    """The last one is that which decided."""
    said = ask(OUTSIDE, 587, rules=100)
    assert said.rules[-1] == said.decided
    assert [each.rule for each in said.rules if not each.cause][:2] == list(RULES[:2])
    assert {each.matched for each in said.rules[:-1]} == {False}
    fewer = ask(OUTSIDE, 587, rules=2)
    assert (fewer.rules, fewer.rules_left_out) == (said.rules[-2:], len(said.rules) - 2)
    assert ask(OUTSIDE, 587).rules == ()


def test_a_client_that_no_route_leads_to_is_told_so() -> None:
    """Its interface, and so its zone, is guessed by nobody."""
    facts = machine(("eth1", ("10.2.0.1/16",)))
    plan = walled(zones="\tzone internal { interface eth1 }\n", facts=facts)
    known = grounds(plan, facts)
    assert known is not None
    said = explain(plan, Question(client=address(OUTSIDE), port=22), rankings=Rankings(), grounds=known)
    assert said.reason == (
        "to this machine: no rule passes it: it is dropped; "
        "no route leads to the client, so that no zone by interface has it"
    )
    none = explain(plan, Question(client=address(OUTSIDE6), port=22), rankings=Rankings(), grounds=known)
    assert none.reason == "this machine has no IPv6 address"


def test_a_client_of_the_other_ip_version_reaches_nobody() -> None:
    """No packet is of two versions."""
    assert ask(OUTSIDE6, 443, to="10.2.0.50").reason == "nobody reaches 10.2.0.50 over IPv6"


def test_several_relays_on_the_port_are_named() -> None:
    """As without a firewall: the operator must say which."""
    text = balancer(relay(listen=("10.2.0.50 port 443",)), relay("B", listen=("10.2.0.51 port 443",)), hosts=("10.2.0.11",))
    said = ask(OUTSIDE, 443, plan=walled(before=text))
    assert said.reason == (
        "several relays listen on port 443, choose the address with --to: HTTPS at 10.2.0.50, B at 10.2.0.51"
    )

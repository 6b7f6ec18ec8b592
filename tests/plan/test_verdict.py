"""What becomes of packets: the first rule that matches decides, by the packet as it came."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from bascule.config.firewall import Action, Direction
from bascule.plan.firewall import Purpose
from bascule.plan.grounds import Packet, grounds
from bascule.plan.model import Plan
from bascule.plan.verdict import Verdict, judge
from plan.firewalls import ROUTER, packet, walled
from plan.situations import balancer, relay

OUTSIDE, OUTSIDE6 = "198.51.100.7", "2001:db8:9::7"
INSIDE, INSIDE6 = "10.3.0.7", "fd03::7"
ROUTERS, ROUTERS6 = "203.0.113.1", "2001:db8::1"

STRAY = "in block by no session of it is known, and it begins none"
ITSELF = "out pass by this machine speaks to itself"
BLOCKED = "block in from 198.51.100.0/24"

EXCHANGE = balancer(
    relay(listen=("10.2.0.50 port 443", "fd02::50 port 443")),
    relay("RPC", listen=("10.2.0.50 port 135 from internal",)),
    relay("WEB", "engine proxy", listen=("10.2.0.50 port 80",)),
    hosts=("10.2.0.11", "10.2.0.12", "fd02::11", "fd02::12"),
)


def verdict(plan: Plan, asked: Packet, *, over: bool = False, members: dict[str, list[str]] | None = None) -> Verdict:
    """Return what becomes of a packet on the machine of these tests."""
    put = {name: [ip_network(each) for each in held] for name, held in (members or {}).items()}
    known = grounds(plan, ROUTER, members=put)
    assert known is not None
    return judge(asked, known, over=over)


def said(found: Verdict) -> str:
    """Return a verdict in a line: which way, what, and by which rule."""
    decided = found.decided
    by = found.reason if decided is None else decided.purpose or decided.rule.text
    return f"{found.direction} {found.action} by {by}"


@pytest.mark.parametrize(
    ("rules", "asked", "expected"),
    [
        # nothing said: in and through block, out passes
        ([], packet("eth0", OUTSIDE, ROUTERS, 25), "in block by default"),
        ([], packet("eth0", OUTSIDE6, ROUTERS6, 25), "in block by default"),
        ([], packet("eth2", INSIDE, OUTSIDE, 25), "through block by default"),
        ([], packet("", ROUTERS, OUTSIDE, 25), "out pass by default"),
        # administrators
        ([], packet("eth2", INSIDE, "10.3.0.1", 22), "in pass by admin"),
        ([], packet("eth0", OUTSIDE, ROUTERS, 22), "in block by default"),
        (["block in port 22"], packet("eth2", INSIDE, "10.3.0.1", 22), "in block by block in port 22"),
        # the first that matches
        (["pass in", "block in"], packet("eth0", OUTSIDE, ROUTERS, 25), "in pass by pass in"),
        (["block in", "pass in"], packet("eth0", OUTSIDE, ROUTERS, 25), "in block by block in"),
        (["reject in quick", "pass in"], packet("eth0", OUTSIDE, ROUTERS, 25), "in reject by reject in quick"),
        (["pass through", "block in"], packet("eth0", OUTSIDE, ROUTERS, 25), "in block by block in"),
        # ports and protocols
        (["pass in port 25:26"], packet("eth0", OUTSIDE, ROUTERS, 24), "in block by default"),
        (["pass in port 25:26"], packet("eth0", OUTSIDE, ROUTERS, 25), "in pass by pass in port 25:26"),
        (["pass in port 25:26"], packet("eth0", OUTSIDE, ROUTERS, 26, "udp"), "in pass by pass in port 25:26"),
        (["pass in port 25:26"], packet("eth0", OUTSIDE, ROUTERS, 27), "in block by default"),
        (["pass in port 8"], packet("eth0", OUTSIDE, ROUTERS, 8, "sctp"), "in block by default"),
        (["pass in proto udp"], packet("eth0", OUTSIDE, ROUTERS, 25), "in block by default"),
        (["pass in proto esp"], packet("eth0", OUTSIDE, ROUTERS, 0, "esp"), "in pass by pass in proto esp"),
        (["pass in"], packet("eth0", OUTSIDE, ROUTERS, 0, "vrrp"), "in pass by pass in"),
        (
            ["pass in from any port 50000"],
            packet("eth0", OUTSIDE, ROUTERS, 25),
            "in pass by pass in from any port 50000",
        ),
        (["pass in from any port 50001"], packet("eth0", OUTSIDE, ROUTERS, 25), "in block by default"),
        # zones: where it comes from; of `out`, where it goes
        (["pass in on internal"], packet("eth0", OUTSIDE, ROUTERS, 25), "in block by default"),
        (["pass in on internal"], packet("eth2", INSIDE, "10.3.0.1", 25), "in pass by pass in on internal"),
        (
            ["pass in on internal from internal"],
            packet("eth2", INSIDE6, "fd03::1", 25),
            "in pass by pass in on internal from internal",
        ),
        (["pass in on internal from external"], packet("eth2", INSIDE, "10.3.0.1", 25), "in block by default"),
        (
            ["pass through from internal to external"],
            packet("eth2", INSIDE, OUTSIDE, 25),
            "through pass by pass through from internal to external",
        ),
        (["pass through from internal to external"], packet("eth2", INSIDE, "10.2.0.11", 25), "through block by default"),
        (["block out on external"], packet("", ROUTERS, OUTSIDE, 25), "out block by block out on external"),
        (["block out to external"], packet("", ROUTERS, OUTSIDE, 25), "out block by block out to external"),
        (["block out on external"], packet("", "10.3.0.1", INSIDE, 25), "out pass by default"),
        # what nobody may do without
        (["block in"], packet("eth0", OUTSIDE, ROUTERS, 8, "icmp"), "in pass by neighbours"),
        (["block in"], packet("eth0", OUTSIDE, ROUTERS, 5, "icmp"), "in block by block in"),
        (["block in"], packet("eth0", OUTSIDE6, ROUTERS6, 135, "icmp6"), "in pass by neighbours"),
        (["block in"], packet("eth0", "fe80::7", "ff02::1:ff00:1", 135, "icmp6"), "in pass by neighbours"),
        (["block in"], packet("eth1", "10.2.0.11", "224.0.0.1", 0, "igmp"), "in pass by neighbours"),
        (["block out"], packet("", "10.2.0.1", "224.0.0.22", 0, "igmp"), "out pass by neighbours"),
        ([], packet("eth0", OUTSIDE, INSIDE, 8, "icmp"), "through block by default"),
        # sources that cannot come from there
        (["pass in"], packet("eth0", "10.2.0.11", ROUTERS, 25), "in block by spoofing"),
        (["pass through"], packet("eth0", "10.3.0.7", "10.2.0.11", 25), "through block by spoofing"),
        (["pass in"], packet("eth0", ROUTERS, ROUTERS, 25), "in block by spoofing"),
        (["pass in"], packet("eth1", "10.2.0.11", ROUTERS, 25), "in pass by pass in"),
        # hosts of one table among themselves
        (["block through"], packet("eth1", "10.2.0.11", "10.2.0.12", 64327), "through pass by exchange"),
        (["block through"], packet("eth1", "fd02::11", "fd02::12", 64327), "through pass by exchange"),
        (["block through"], packet("eth1", "10.2.0.11", "10.2.0.12", 64327, syn=False), "through pass by exchange"),
        (["pass through"], packet("eth2", "10.2.0.11", "10.2.0.12", 64327), "through block by spoofing"),
        (["block through"], packet("eth1", "10.2.0.11", "10.2.0.13", 64327), "through block by block through"),
        # relays open what they listen on, to whom they take
        ([], packet("eth0", OUTSIDE, "10.2.0.50", 443), "in pass by relay"),
        ([], packet("eth2", INSIDE, "10.2.0.50", 135), "in pass by relay"),
        ([], packet("eth0", OUTSIDE, "10.2.0.50", 135), "in block by default"),
        ([], packet("eth0", OUTSIDE, "10.2.0.50", 80), "in pass by relay"),
        ([], packet("eth0", OUTSIDE, "10.2.0.50", 444), "in block by default"),
        ([BLOCKED], packet("eth0", OUTSIDE, "10.2.0.50", 443), f"in block by {BLOCKED}"),
        (["block out"], packet("", "10.2.0.1", "10.2.0.11", 80), "out pass by relay"),
        (["block out"], packet("", "10.2.0.1", "10.2.0.11", 443), "out block by block out"),
        # without a session
        (["pass in"], packet("eth0", OUTSIDE, ROUTERS, 25, syn=False), STRAY),
        ([], packet("eth0", OUTSIDE, "10.2.0.50", 443, syn=False), "in pass by relay"),
        ([], packet("eth0", OUTSIDE, "10.2.0.50", 80, syn=False), STRAY),
        ([], packet("eth0", OUTSIDE, "10.2.0.50", 135, syn=False), STRAY),
        # to itself, and to everybody on a network of its own
        (["block out", "block in"], packet("lo", "127.0.0.1", "127.0.0.1", 25), ITSELF),
        (["block out"], packet("", "10.3.0.1", "10.2.0.1", 25), ITSELF),
        (["pass in port 138"], packet("eth1", "10.2.0.11", "10.2.255.255", 138, "udp"), "in pass by pass in port 138"),
        (["pass in port 68"], packet("eth1", "10.2.0.11", "255.255.255.255", 68, "udp"), "in pass by pass in port 68"),
    ],
)  # fmt: skip
def test_what_decides(rules: list[str], asked: Packet, expected: str) -> None:
    """Which way a packet goes, what becomes of it, and by which rule."""
    assert said(verdict(walled(*rules, before=EXCHANGE), asked)) == expected


def test_every_rule_that_was_asked_is_told_in_order() -> None:
    """Those of its direction, up to the one that decided."""
    found = verdict(
        walled("pass in port 25", "pass through", "pass in port 26", "block in"), packet("eth0", OUTSIDE, ROUTERS, 26)
    )
    asked = [(each.plan.rule.text, each.matched) for each in found.consulted if each.plan.purpose is None]
    assert asked == [("pass in port 25", False), ("pass in port 26", True)]
    assert found.consulted[0].plan.purpose is Purpose.SPOOFING
    assert found.decided is found.consulted[-1].plan


def test_tables_hold_what_text_and_commands_put_in() -> None:
    """An empty one matches nothing."""
    plan = walled("table <blocked> { 198.51.100.0/30 }", "block in from <blocked>", "pass in")
    asked = packet("eth0", OUTSIDE, ROUTERS, 25)
    assert verdict(plan, asked).action is Action.PASS
    assert verdict(plan, asked, members={"blocked": [OUTSIDE]}).action is Action.BLOCK
    assert verdict(plan, packet("eth0", "198.51.100.3", ROUTERS, 25)).action is Action.BLOCK
    empty = walled("table <blocked> { }", "block in from <blocked>", "pass in")
    assert verdict(empty, asked).action is Action.PASS


def test_a_source_over_its_limit_is_dropped_by_the_rule_that_limits() -> None:
    """It is not asked on: that rule has decided."""
    plan = walled("pass in port 25 limit rate 5", "pass in")
    asked = packet("eth0", OUTSIDE, ROUTERS, 25)
    assert said(verdict(plan, asked)) == "in pass by pass in port 25 limit rate 5"
    assert said(verdict(plan, asked, over=True)) == "in block by pass in port 25 limit rate 5"


def test_what_begins_no_session_is_over_no_limit() -> None:
    """Sessions of relays that are picked up in mid-stream, and what administrators send."""
    text = EXCHANGE + "system { http-server { listen on 10.3.0.1; port 4433 } }\n"
    plan = walled("pass in limit rate 5", before=text)
    for asked in (packet("eth0", OUTSIDE, "10.2.0.50", 443), packet("eth2", INSIDE, "10.3.0.1", 4433)):
        assert verdict(plan, asked, over=True).action is Action.BLOCK
        assert verdict(plan, replace(asked, syn=False), over=True).action is Action.PASS


FORWARD = "pass in on external proto tcp to 203.0.113.1 port 443 forward to 10.2.0.50"
AWAY = "pass in proto tcp to 203.0.113.1 port 25 forward to 10.2.0.11 port 2525"


def test_a_port_forward_to_a_relay_is_taken_there() -> None:
    """Also in mid-stream, as what comes to the relay's own place is."""
    plan = walled(FORWARD, before=EXCHANGE)
    for syn in (True, False):
        found = verdict(plan, packet("eth0", OUTSIDE, ROUTERS, 443, syn=syn))
        assert (found.action, found.relay, str(found.forward)) == (Action.PASS, "HTTPS", "(IPv4Address('10.2.0.50'), 443)")
        assert not found.masquerade
    assert verdict(plan, packet("eth2", INSIDE, ROUTERS, 443)).action is Action.BLOCK


def test_a_port_forward_to_the_proxy_is_taken_there() -> None:
    """It is an ordinary translation to an address of ours, where a worker listens."""
    plan = walled("pass in proto tcp to 203.0.113.1 port 8080 forward to 10.2.0.50 port 80", before=EXCHANGE)
    assert verdict(plan, packet("eth0", OUTSIDE, ROUTERS, 8080)).relay == "WEB"
    assert verdict(plan, packet("eth0", OUTSIDE, ROUTERS, 8080, syn=False)).action is Action.BLOCK


def test_a_port_forward_to_somebody_else_arrives_from_the_client() -> None:
    """Unless its answers would go past us, or the text says so."""
    found = verdict(walled(AWAY), packet("eth0", OUTSIDE, ROUTERS, 25))
    assert (found.direction, str(found.forward), found.relay) == (Direction.IN, "(IPv4Address('10.2.0.11'), 2525)", "")
    assert not found.masquerade
    assert verdict(walled(AWAY), packet("eth1", "10.2.0.12", ROUTERS, 25)).masquerade
    assert not verdict(walled(AWAY), packet("eth2", INSIDE, ROUTERS, 25)).masquerade
    assert verdict(walled(AWAY, "nat on internal from internal"), packet("eth2", INSIDE, ROUTERS, 25)).masquerade


def test_a_port_forward_is_asked_on_both_ways() -> None:
    """Whichever it is written with, by where the packet went to at first; a rule before it ends the walk."""
    elsewhere = "pass in proto tcp to 10.2.0.99 port 25 forward to 10.2.0.11"
    found = verdict(walled(elsewhere), packet("eth2", INSIDE, "10.2.0.99", 25))
    assert (found.direction, found.action, found.forward is None) == (Direction.THROUGH, Action.PASS, False)
    assert said(verdict(walled("block through", elsewhere), packet("eth2", INSIDE, "10.2.0.99", 25))) == (
        "through block by block through"
    )
    passed = verdict(walled("pass in from external", AWAY), packet("eth0", OUTSIDE, ROUTERS, 25))
    assert (passed.action, passed.forward) == (Action.PASS, None)


def test_what_one_zone_sends_another_leaves_with_our_address() -> None:
    """Where `nat` says so and a rule lets it pass; hosts of one table never."""
    plan = walled("pass through", "nat on external from internal", before=EXCHANGE)
    assert verdict(plan, packet("eth2", INSIDE, OUTSIDE, 25)).masquerade
    assert not verdict(plan, packet("eth2", INSIDE, "10.2.0.11", 25)).masquerade
    assert not verdict(plan, packet("eth0", OUTSIDE, "10.3.0.7", 25)).masquerade
    among = walled("nat on internal from internal", before=EXCHANGE)
    assert not verdict(among, packet("eth1", "10.2.0.11", "10.2.0.12", 64327)).masquerade
    assert not verdict(walled("nat on external from internal"), packet("eth2", INSIDE, OUTSIDE, 25)).masquerade


def test_what_an_administrator_sends_is_judged_packet_by_packet() -> None:
    """No session of it is kept, so that none can be asked for."""
    plan = walled(before="system { http-server { listen on 10.3.0.1; port 4433 } }\n")
    assert verdict(plan, packet("eth2", INSIDE, "10.3.0.1", 4433, syn=False)).action is Action.PASS
    assert verdict(plan, packet("eth0", OUTSIDE, "10.3.0.1", 4433, syn=False)).action is Action.BLOCK
    assert verdict(plan, packet("eth2", INSIDE, "10.3.0.1", 22, syn=False)).action is Action.BLOCK


def test_a_proxy_takes_whom_the_rules_let_in() -> None:
    """It knows no zones: what keeps others away is that its rule is for its zone alone."""
    text = balancer(relay("WEB", "engine proxy", listen=("10.2.0.50 port 80 from internal",)), hosts=("10.2.0.11",))
    asked = packet("eth0", OUTSIDE, "10.2.0.50", 80)
    assert verdict(walled(before=text), asked).action is Action.BLOCK
    assert verdict(walled("pass in port 80", before=text), asked).relay == "WEB"


def test_the_machine_itself_meets_its_relays() -> None:
    """But for those that take clients of one interface or zone: it has come in by none."""
    plan = walled("block out", before=EXCHANGE)
    assert verdict(plan, packet("", "10.2.0.1", "10.2.0.50", 443)).relay == "HTTPS"
    assert verdict(plan, packet("", "10.2.0.1", "10.2.0.50", 135)).relay == ""

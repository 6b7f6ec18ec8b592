"""What a deployment changes in the firewall is said of ports, addresses and zones, at no more length than people read."""

from collections.abc import Sequence

import pytest

from bascule.deploy.effects import effects
from bascule.plan.compile import Situation, compile_plan
from bascule.plan.model import Plan
from plan.situations import ONE_ARM, ONE_ARM_BLOCK, balancer, configured, relay

ZONES = "zone internal { from 10.80.0.0/16 }\nzone external { from 0.0.0.0/0 }\ntable <bad> { }\n"


def _plan(*lines: str, zones: str = ZONES, before: str = ONE_ARM_BLOCK) -> Plan:
    text = "".join(f"{line}\n" for line in lines)
    return compile_plan(configured(f"{before}firewall {{\n{zones}{text}}}\n"), Situation(facts=ONE_ARM))


def _said(before: Sequence[str], after: Sequence[str]) -> Sequence[str]:
    return effects(_plan(*before), _plan(*after), {})


@pytest.mark.parametrize(
    ("rule", "comes", "goes"),
    [
        ("pass in proto tcp to any port 25", "port 25 opens to everyone", "port 25 is not open to everyone any more"),
        ("pass in proto udp from 192.0.2.0/24 to any port 53:54", "UDP port 53:54 opens to 192.0.2.0/24", ""),
        ("pass in on external port 80 to 10.80.0.10", "port (TCP and UDP) 80 of 10.80.0.10 opens to zone external", ""),
        ("pass in on internal proto tcp from <bad> to any port 25", "port 25 opens to table <bad> in zone internal", ""),
        (
            "pass in proto tcp port 25 from internal label smtp limit rate 5",
            "port 25 opens to zone internal, within limits",
            "",
        ),
        ("block in from 192.0.2.0/24", "192.0.2.0/24 is blocked", "192.0.2.0/24 is not blocked any more"),
        (
            "block in log from <bad> label evil",
            "table <bad> is blocked (evil)",
            "table <bad> is not blocked any more (evil)",
        ),
        ("reject through from 192.0.2.7", "192.0.2.7 is rejected on its way through", ""),
        (
            "pass in proto tcp to 203.0.113.10 port 443 forward to 10.2.0.50",
            "port 443 of 203.0.113.10 is forwarded to 10.2.0.50",
            "port 443 of 203.0.113.10 is not forwarded to 10.2.0.50 any more",
        ),
        (
            "pass in on external proto udp to 203.0.113.10 port 5 forward to 10.2.0.50 port 6",
            "UDP port 5 of 203.0.113.10 is forwarded to 10.2.0.50 port 6 for zone external",
            "",
        ),
        (
            "block in proto icmp from 192.0.2.7",
            "a rule is new: block in proto icmp from 192.0.2.7",
            "a rule is gone: block in",
        ),
        ("block in log label rest", "a rule is new: rest", "a rule is gone: rest"),
        ("pass through from internal to external", "a rule is new: pass through from internal to external", ""),
    ],
)
def test_a_rule_that_comes_and_goes(rule: str, comes: str, goes: str) -> None:
    """It is told by what it does where that takes few words, else by its title."""
    rule = (
        rule.replace("label smtp", 'label "smtp"')
        .replace("label evil", 'label "evil"')
        .replace("label rest", 'label "rest"')
    )
    (came,) = _said([], [rule])
    assert came.startswith(comes)
    (gone,) = _said([rule], [])
    assert gone.startswith(goes)
    assert ("any more" in gone) != ("is gone" in gone)
    assert _said([rule], [rule]) == []


def test_a_rule_written_otherwise_changes_nothing() -> None:
    """`quick`, and options in another order; another label or log is said as that."""
    assert _said(["pass in quick proto tcp to any port 25"], ["pass in to any port 25 proto tcp"]) == []
    assert _said(["block in"], ['block in log label "rest"']) == ["a rule is logged, and called: rest"]
    assert _said(["block in log"], ["block in", "block in"]) == [
        "a rule is not logged, and called: block in",
        "a rule is new: block in",
    ]


def test_another_order_is_said() -> None:
    """Since the first that matches decides; what comes between others moves none of them."""
    one, two = "pass in proto tcp to any port 25", "block in from 192.0.2.0/24"
    assert _said([one, two], [two, one]) == ["rules that stay are asked in another order: the first that matches decides"]
    assert _said([one, two], [one, "block out", two]) == ["a rule is new: block out"]


def test_the_firewall_comes_and_goes() -> None:
    """That much changes with its first line, and everything with its last."""
    nothing, some = (
        compile_plan(configured(ONE_ARM_BLOCK), Situation(facts=ONE_ARM)),
        _plan("pass in proto tcp to any port 25"),
    )
    said = effects(nothing, some, {})
    assert said[:3] == [
        "packets that no relay touched are judged from now on: `in` and `through` block what no rule passes",
        "sessions through this machine that its kernel did not track until now end: their ends begin new ones",
        "ssh and the admin server are open to zone internal, unless a rule says otherwise",
    ]
    assert said[3:] == [
        "zone internal is new",
        "zone external is new",
        "table <bad> is new, with no networks",
        "port 25 opens to everyone",
    ]
    assert effects(some, nothing, {}) == ["packets that no relay touched are not judged any more: there is no firewall"]


def test_zones_tables_and_translations() -> None:
    """With what they gain and lose; who administers is said where that changes."""
    before = _plan("nat on external from internal", zones=f"{ZONES}table <b> {{ 192.0.2.1; timeout 5m }}\n")
    zones = "zone internal { from 10.80.0.0/15 }\nzone external { from 0.0.0.0/0 }\nzone dmz { interface eth1 }\n"
    after = _plan("nat on dmz from internal", zones=f"{zones}table <b> {{ 192.0.2.2; 192.0.2.4; timeout 10m }}\n")
    assert effects(before, after, {}) == [
        "zone internal has other networks or interfaces",
        "zone external has other networks or interfaces",
        "zone dmz is new",
        "table <b> gains 2 networks and loses 1",
        "what a command puts into table <b> stays for 600 s",
        "table <bad> is gone, with what commands put in",
        "and 2 more zones, tables and translations change",
    ]
    more = _plan(zones="zone dmz { interface eth1; from 192.0.2.0/24 }\nzone internal { from 10.80.0.0/16 }\n")
    less = _plan(zones="zone internal { from 10.80.0.0/16 }\n")
    assert effects(less, more, {}) == ["zone dmz is new"]
    assert effects(more, less, {}) == ["zone dmz is gone"]
    everyone = _plan(zones="table <bad> { }\nzone external { from 0.0.0.0/0 }\n")
    assert "ssh and the admin server are open to everyone, unless a rule says otherwise" in effects(_plan(), everyone, {})


def test_many_changes_are_counted() -> None:
    """Nobody reads five hundred sentences."""
    said = _said([], [f"block in from 192.0.{number >> 8}.{number & 255}" for number in range(500)])
    assert len(said) <= 20
    assert said[-1] == f"and {500 - (len(said) - 1)} more rules change"


def test_a_relays_zone_is_said() -> None:
    """Whoever is not of it is no client any more; its slots are dealt as they were."""
    wide = _plan(before=ONE_ARM_BLOCK + balancer(relay("RPC", listen=["10.80.0.10 port 135"])))
    narrow = _plan(before=ONE_ARM_BLOCK + balancer(relay("RPC", listen=["10.80.0.10 port 135 from internal"])))
    assert effects(wide, narrow, {}) == ["relay RPC takes clients of zone internal"]
    assert effects(narrow, wide, {}) == ["relay RPC takes clients of every zone"]

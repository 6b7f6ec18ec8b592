"""A plan that would shut an administrator out says so, with the rule and the way out; one that lets him in says nothing."""

from collections.abc import Sequence

import pytest

from bascule.config.diagnostics import Severity
from bascule.plan.compile import Situation, compile_plan
from bascule.plan.lockout import AdminConnection, locked_out
from plan.firewalls import ROUTER, ZONES, address, walled
from plan.situations import balancer, configured, relay

SYSTEM = "system { http-server { port 4433 } }\n"
FIRST = SYSTEM.count("\n") + ZONES.count("\n") + 1


def told(*rules: str, source: str, port: int = 22, to: str = "", zones: str = ZONES, before: str = SYSTEM) -> Sequence[str]:
    """Return what is said of one administrator, rendered."""
    connection = AdminConnection(
        source=address(source), destination=address(to) if to else None, port=port, what="ssh" if port == 22 else "pages"
    )
    found = list(locked_out(walled(*rules, zones=zones, before=before), ROUTER, [connection, connection]))
    assert all(each.severity is Severity.ERROR for each in found)
    return [each.render() for each in found]


@pytest.mark.parametrize(("port", "what"), [(22, "ssh"), (4433, "pages")])
@pytest.mark.parametrize("source", ["10.3.0.7", "fd03::7"])
def test_whoever_is_let_in_is_not_told_of(source: str, port: int, what: str) -> None:
    """From zone internal by what is generated; from elsewhere where a rule says so."""
    assert told(source=source, port=port) == []
    outside = "198.51.100.7" if "." in source else "2001:db8:9::7"
    assert told(f"pass in proto tcp from {outside} to any port {port}", source=outside, port=port) == []
    (found,) = told(source=outside, port=port)
    assert f"this would shut out {what} from {outside}, port {port}: no rule passes it: it is dropped" in found


def test_the_rule_that_decides_is_named_with_its_line_and_the_way_out() -> None:
    """The place is the rule's, so that front ends show it."""
    (found,) = told("block in from 10.3.0.0/16", source="10.3.0.7")
    assert found == (
        f"{FIRST}:2: error: this would shut out ssh from 10.3.0.7, port 22: rule `block in from 10.3.0.0/16` "
        f"(line {FIRST}) blocks it (write `pass in proto tcp from 10.3.0.7 to any port 22` before it, or let zone internal "
        "hold that address)"
    )


def test_a_zone_that_lost_its_network_shuts_out() -> None:
    """Not only rules do: what is generated follows the zone."""
    assert told(source="10.3.0.7", zones="\tzone internal { from 10.2.0.0/16 }\n")
    assert not told(source="10.3.0.7", zones="\tzone inside { from 10.2.0.0/16 }\n")


def test_a_relay_or_forward_in_his_place_shuts_out() -> None:
    """He would meet somebody else."""
    forward = "pass in proto tcp to 10.3.0.1 port 22 forward to 10.2.0.11"
    (found,) = told(forward, source="10.3.0.7")
    assert "passes it, and sends it elsewhere" in found
    taken = balancer(relay("SHELL", listen=("10.3.0.1 port 22",)), hosts=("10.2.0.11",))
    (found,) = told(source="10.3.0.7", to="10.3.0.1", before=taken)
    assert "passes it, and SHELL takes it" in found


def test_this_machine_itself_and_a_text_without_a_firewall_shut_nobody_out() -> None:
    """There is nothing to ask."""
    assert told("block in", source="10.3.0.1") == []
    assert told("block in", source="127.0.0.1", to="127.0.0.1") == []
    bare = compile_plan(configured(""), Situation(facts=ROUTER))
    here = AdminConnection(source=address("198.51.100.7"), port=22, what="ssh")
    assert list(locked_out(bare, ROUTER, [here])) == []

"""A plan that would shut an administrator out says so, with the rule and the way out; one that lets him in says nothing."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bascule.config.diagnostics import Severity
from bascule.config.facts import Facts
from bascule.plan.compile import Situation, compile_plan
from bascule.plan.lockout import AdminConnection, locked_out
from bascule.plan.model import Plan
from plan.firewalls import ROUTER, ZONES, address, walled
from plan.situations import balancer, configured, machine, relay

SYSTEM = "system { http-server { port 4433 } }\n"
FIRST = SYSTEM.count("\n") + ZONES.count("\n") + 1


def told(
    *rules: str,
    source: str,
    port: int = 22,
    to: str = "",
    zones: str = ZONES,
    before: str = SYSTEM,
    facts: Facts = ROUTER,
    running: Plan | None = None,
) -> Sequence[str]:
    """Return what is said of one administrator, rendered."""
    plan = walled(*rules, zones=zones, before=before, facts=facts)
    connection = AdminConnection(
        source=address(source), destination=address(to) if to else None, port=port, what="ssh" if port == 22 else "pages"
    )
    found = list(locked_out(plan, facts, [connection, connection], running=running))
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


def test_who_comes_from_where_no_route_leads_is_judged_all_the_same() -> None:
    """By an interface that no zone names: it was asked nothing, and is not this machine."""
    facts = replace(ROUTER, routes=())
    (found,) = told(source="198.51.100.7", to="203.0.113.1", facts=facts)
    assert "no rule passes it" in found
    assert told("pass in from 198.51.100.7", source="198.51.100.7", to="203.0.113.1", facts=facts) == []
    assert told("pass in on external", source="198.51.100.7", to="203.0.113.1", facts=facts)


def test_every_way_by_which_he_may_have_come_must_stay_open() -> None:
    """By the interface that leads to him, and the one that holds where he came to; not where he was shut out before."""
    rule, source = "pass in on external proto tcp to any port 22", "198.51.100.7"
    assert told(rule, source=source, to="203.0.113.1") == []
    (found,) = told(rule, source=source, to="10.3.0.1")
    assert "no rule passes it" in found
    assert told(rule, source=source, to="10.3.0.1", running=walled(rule)) == []
    assert told("pass in proto tcp from 198.51.100.7 to any port 22", source=source, to="10.3.0.1") == []
    assert told(source=source, to="10.3.0.1", running=walled(rule))
    assert told("block in", source=source, to="10.3.0.1", running=walled("block in"))


def test_a_neighbour_comes_in_where_he_lives() -> None:
    """Wherever he came to: from elsewhere his source would be a false one."""
    assert told(source="10.3.0.7", to="10.2.0.1") == []


def test_a_link_local_source_comes_in_where_the_address_is_that_he_came_to() -> None:
    """Every interface has such neighbours: where it is not known which, each must let him in."""
    facts = machine(("eth0", ("fe80::1/64", "fd02::1/64")), ("eth2", ("fe80::2/64", "fd03::1/64")))
    zones = "\tzone internal { interface eth2 }\n\tzone external { interface eth0 }\n"
    assert told(source="fe80::7", to="fe80::2", zones=zones, facts=facts) == []
    assert told(source="fe80::7%eth2", to="fd03::1", zones=zones, facts=facts) == []
    assert told(source="fe80::7", to="fe80::1", zones=zones, facts=facts)
    assert told(source="fe80::7", to="fd03::1", zones=zones, facts=facts)
    assert told("pass in port 22", source="fe80::7", to="fd03::1", zones=zones, facts=facts) == []


def test_who_comes_by_a_port_forward_is_where_it_leads() -> None:
    """The kernel shows him there; the forward must lead there, and take his source."""
    forward = "pass in on external proto tcp from 198.51.100.0/24 to 203.0.113.1 port 2222 forward to 10.2.0.1 port 22"
    assert told(forward, source="198.51.100.7", to="10.2.0.1") == []
    assert told(forward, source="192.0.2.7", to="10.2.0.1")
    assert told(forward, source="198.51.100.7", to="10.3.0.1")
    assert told("block in", forward, source="198.51.100.7", to="10.2.0.1")
    kept = "pass in proto tcp to 203.0.113.1 port 20:30 forward to 10.2.0.1"
    assert told(kept, source="198.51.100.7", to="10.2.0.1") == []
    assert told(kept, source="198.51.100.7", to="10.2.0.1", port=4433)


def test_this_machine_itself_and_a_text_without_a_firewall_shut_nobody_out() -> None:
    """There is nothing to ask."""
    assert told("block in", source="10.3.0.1") == []
    assert told("block in", source="127.0.0.1", to="127.0.0.1") == []
    bare = compile_plan(configured(""), Situation(facts=ROUTER))
    here = AdminConnection(source=address("198.51.100.7"), port=22, what="ssh")
    assert list(locked_out(bare, ROUTER, [here])) == []

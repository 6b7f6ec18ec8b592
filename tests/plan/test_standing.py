"""Fallbacks wait for the tables before them; an affinity group has one fate for each host."""

from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address

from bascule.config.facts import Facts
from bascule.config.load import load
from bascule.plan.compile import Situation, compile_plan, ordered, redeal
from bascule.plan.model import NO_HOST, HostState, Plan, ProbeTarget
from bascule.plan.orders import Duty, Order, Orders
from bascule.plan.slots import Rankings
from bascule.plan.standing import judged, torn

FALLBACK = """
load-balancer {
	table <exchange> { 10.80.2.1 name "EX1"; 10.80.2.2 name "EX2"; key 7f3a91c2 }
	table <spare> { 10.80.2.3 name "EX3" }
	table <sorry> { 10.80.2.9 name "SORRY" }
	relay "HTTPS" {
		listen on 10.80.0.10 port 443
		forward to <exchange> check tcp mode source-hash
		forward to <spare> check tcp mode source-hash
		forward to <sorry> port 8443 check icmp mode source-hash
	}
}
"""

GROUP = """
load-balancer {
	table <exchange> { 10.80.2.1 name "EX1"; 10.80.2.2 name "EX2"; key 7f3a91c2 }
	table <other> { 10.80.2.1 name "EX1"; 10.80.2.2 name "EX2"; key 00000001 }
	relay "RPCLS" { listen on 10.80.0.10 port 135; forward to <exchange> check tcp mode source-hash; affinity "outlook" }
	relay "RPCCAS" { listen on 10.80.0.10 port 59532; forward to <other> check tcp mode source-hash; affinity "outlook" }
	relay "HTTPS" { listen on 10.80.0.10 port 443; forward to <exchange> check tcp mode source-hash }
}
"""


def plan_of(text: str) -> Plan:
    """Return the plan of a text that has no errors."""
    loaded = load(text)
    assert loaded.configuration is not None, loaded.diagnostics
    return compile_plan(loaded.configuration, Situation(facts=Facts()))


def states(plan: Plan, *down: tuple[str, str]) -> Mapping[ProbeTarget, HostState]:
    """Return the states in which everything is up but these, by relay and label."""
    found = {}
    for relay in plan.relays:
        for host in relay.pool.hosts:
            assert host.target is not None
            dead = (relay.name, host.label) in down
            if dead or host.target not in found:
                found[host.target] = HostState.DOWN if dead else HostState.UP
    return found


def takers(plan: Plan, relay: str, *down: tuple[str, str]) -> set[str]:
    """Return the labels of the hosts that stand in a relay's slots."""
    dealt = next(each for each in redeal(plan, states(plan, *down), Rankings()).relays if each.name == relay)
    return {dealt.pool.hosts[index].label for index in dealt.pool.slots if index != NO_HOST}


def test_a_fallback_takes_nobody_while_a_host_before_it_lives() -> None:
    """One host of the first table is enough to keep the others out."""
    plan = plan_of(FALLBACK)
    assert takers(plan, "HTTPS") == {"EX1", "EX2"}
    assert takers(plan, "HTTPS", ("HTTPS", "EX1")) == {"EX2"}


def test_tables_are_tried_in_the_texts_order() -> None:
    """The last line is the sorry server, at its own port and by its own check."""
    plan = plan_of(FALLBACK)
    gone = [("HTTPS", "EX1"), ("HTTPS", "EX2")]
    assert takers(plan, "HTTPS", *gone) == {"EX3"}
    assert takers(plan, "HTTPS", *gone, ("HTTPS", "EX3")) == {"SORRY"}
    assert str(plan.relays[0].pool.hosts[-1].endpoint) == "10.80.2.9:8443"


def test_a_disabled_table_and_a_disabled_relay_are_not_there() -> None:
    """They stay in the text, and nothing is probed or listened on for them."""
    without = plan_of(FALLBACK.replace('<spare> { 10.80.2.3 name "EX3"', '<spare> { 10.80.2.3 name "EX3"; disable'))
    assert {host.label for host in without.relays[0].pool.hosts} == {"EX1", "EX2", "SORRY"}
    assert len(without.probes) == 3
    assert plan_of(FALLBACK.replace("check icmp mode source-hash", "check icmp mode source-hash\n\t\tdisable")).relays == ()


def test_a_group_uses_one_key() -> None:
    """The first member's table gives the key, so that a client's slot is the same on every port."""
    assert {relay.pool.key for relay in plan_of(GROUP).relays} == {0x7F3A91C2}


def test_one_failed_check_takes_the_host_out_of_the_whole_group() -> None:
    """Outlook's endpoints stay together; a service outside the group keeps the host."""
    plan = plan_of(GROUP)
    down = ("RPCCAS", "EX1")
    assert takers(plan, "RPCLS", down) == takers(plan, "RPCCAS", down) == {"EX2"}
    assert takers(plan, "HTTPS", down) == {"EX1", "EX2"}


def test_the_host_counts_as_down_there_so_that_its_sessions_move_too() -> None:
    """New sessions on EX2 and old ones on EX1 would split the client."""
    plan = plan_of(GROUP)
    verdicts = judged(plan, states(plan, ("RPCCAS", "EX1")))
    assert [list(each) for each in verdicts[:2]] == [[HostState.DOWN, HostState.UP]] * 2


def test_without_a_common_host_each_service_goes_by_itself_and_it_is_known() -> None:
    """EX1's one port and EX2's other port are down: everything is still served, and the group is torn."""
    plan = plan_of(GROUP)
    down = (("RPCCAS", "EX1"), ("RPCLS", "EX2"))
    assert takers(plan, "RPCLS", *down) == {"EX1"}
    assert takers(plan, "RPCCAS", *down) == {"EX2"}
    assert torn(plan, states(plan, *down)) == ["outlook"]
    assert torn(plan, states(plan, ("RPCCAS", "EX1"))) == []


def test_a_drain_in_one_service_moves_new_clients_of_the_group_and_ends_no_session() -> None:
    """New clients meet one host on every port; those that a drained host has may stay to their end, on every port."""
    plan = plan_of(GROUP)
    order = Order(
        host=ip_address("10.80.2.1"),
        name="EX1",
        relay="RPCCAS",
        duty=Duty.DRAINED,
        by="alice",
        since=datetime(2026, 3, 1, tzinfo=UTC),
    )
    drained = ordered(plan, Orders().after(order))
    assert takers(drained, "RPCLS") == takers(drained, "RPCCAS") == {"EX2"}
    assert [list(each) for each in judged(drained, states(plan))[:2]] == [[HostState.UNKNOWN, HostState.UP]] * 2
    dead = judged(drained, states(plan, ("RPCLS", "EX1")))
    assert [list(each) for each in dead[:2]] == [[HostState.DOWN, HostState.UP], [HostState.UNKNOWN, HostState.UP]]


def test_a_group_of_relays_and_redirects_has_one_fate() -> None:
    """What a client meets on the redirect it meets on the relay, before and after one of them loses a host."""
    text = GROUP.replace('relay "RPCCAS"', 'redirect "RPCCAS"')
    for down in ((), (("RPCCAS", "EX1"),), (("RPCLS", "EX2"),)):
        plan = plan_of(text)
        dealt = redeal(plan, states(plan, *down), Rankings())
        relay, redirect = (next(part for part in dealt.relays if part.name == name) for name in ("RPCLS", "RPCCAS"))
        assert (relay.kind, redirect.kind) == ("relay", "redirect")
        pairs = zip(relay.pool.slots, redirect.pool.slots, strict=True)
        assert all(relay.pool.hosts[one].label == redirect.pool.hosts[other].label for one, other in pairs)

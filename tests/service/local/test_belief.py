"""Checks are believed, but not when everything seems to die at once."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address

from bascule.health.outcome import Outcome
from bascule.plan.compile import ordered
from bascule.plan.model import HostState
from bascule.plan.orders import Duty, Order, Orders
from bascule.service.local.belief import Belief, believe, idle, returning
from bascule.service.local.news import host_news
from bascule.service.local.running import Running
from service.local.situations import TWO_SERVICES, running, target

TWO_TABLES = TWO_SERVICES.replace(
    'relay "IMAP"', 'table <mail> {\n\t\t10.80.2.3 name "MB1"\n\t\t10.80.2.4 name "MB2"\n\t}\n\trelay "IMAP"'
).replace("forward to <exchange> check imap", "forward to <mail> check imap")


def failing(before: Running, times: int) -> Running:
    """Return the balancer after every host failed so many times within a second."""
    hosts = before.hosts
    for round_ in range(times):
        for probe in before.plan.probes:
            hosts, _ = hosts.apply(probe.target, Outcome(up=False, reason="no answer", seconds=1), 110.0 + round_ * 5)
    return replace(before, hosts=hosts)


def test_one_dead_host_is_believed_and_told_with_its_reason() -> None:
    """The line names relay, host, address and what the server did."""
    after = running(("HTTPS", "EX1"))
    before = Belief(states=dict.fromkeys(after.belief.states, HostState.UP))
    belief = believe(before, after.hosts, after.plan)
    assert belief.states[target(after.plan, "HTTPS", "EX1")] is HostState.DOWN
    assert [news.words for news in host_news(after.plan, before.states, belief.states, after.hosts)] == [
        "relay HTTPS: host EX1 (10.80.2.1:443) is down: connection refused"
    ]


def test_all_hosts_of_two_tables_at_once_are_kept_and_it_is_said() -> None:
    """Four servers do not die in one second; a cable of ours does."""
    before = running(text=TWO_TABLES)
    belief = believe(before.belief, failing(before, 2).hosts, before.plan)
    assert set(belief.states.values()) == {HostState.UP}
    assert "<exchange>, <mail>" in belief.suspicion


def test_one_table_alone_may_well_die() -> None:
    """A single farm that fails is a farm that fails."""
    before = running()
    belief = believe(before.belief, failing(before, 2).hosts, before.plan)
    assert set(belief.states.values()) == {HostState.DOWN}
    assert not belief.suspicion


def test_belief_returns_with_the_first_good_result() -> None:
    """As soon as one host of the suspected tables answers, results count again."""
    before = running(text=TWO_TABLES)
    suspicious = failing(before, 2)
    belief = believe(before.belief, suspicious.hosts, before.plan)
    good, _ = suspicious.hosts.apply(target(before.plan, "HTTPS", "EX1"), Outcome(up=True, reason="", seconds=0.1), 120.0)
    good, _ = good.apply(target(before.plan, "HTTPS", "EX1"), Outcome(up=True, reason="", seconds=0.1), 125.0)
    after = believe(belief, good, before.plan)
    assert not after.suspicion
    assert after.states[target(before.plan, "IMAP", "MB1")] is HostState.DOWN


def disabled(before: Running, *relays: str) -> Running:
    """Return the balancer with EX1 disabled in these relays."""
    orders = Orders()
    for relay in relays:
        order = Order(
            host=ip_address("10.80.2.1"),
            name="EX1",
            relay=relay,
            duty=Duty.DISABLED,
            by="alice",
            since=datetime(2026, 3, 1, tzinfo=UTC),
        )
        orders = orders.after(order)
    return replace(before, plan=ordered(before.plan, orders), orders=orders)


def test_checks_of_a_host_that_is_disabled_do_not_count() -> None:
    """Where one service that uses the same check goes on to use the host, they do."""
    same_check = TWO_SERVICES.replace("port 143", "port 444").replace(
        "<exchange> check imap", "<exchange> port 443 check tcp"
    )
    assert idle(disabled(running(), "HTTPS").plan) == {target(running().plan, "HTTPS", "EX1")}
    shared = running(text=same_check)
    assert idle(disabled(shared, "HTTPS").plan) == frozenset()
    assert idle(disabled(shared, "HTTPS", "IMAP").plan) == {target(shared.plan, "HTTPS", "EX1")}


def test_a_disabled_host_is_no_witness_for_a_fault_of_ours() -> None:
    """With EX1 under repair, EX2's failure and the mail table's at once are all that can fail, and they count."""
    before = disabled(running(text=TWO_TABLES), "")
    resting = replace(before, hosts=before.hosts.resting(idle(before.plan), 102.0))
    belief = believe(before.belief, failing(resting, 2).hosts, before.plan)
    assert "<exchange>, <mail>" in belief.suspicion


def test_a_host_returns_where_an_order_lets_it_take_clients_again() -> None:
    """Not where it stays away for another reason, nor where it was there all the time."""
    before, states = disabled(running(), "HTTPS"), running().belief.states
    assert returning(before.plan, ordered(before.plan, Orders()), states) == {target(before.plan, "HTTPS", "EX1")}
    assert returning(before.plan, before.plan, states) == frozenset()


def test_one_table_is_doubted_while_the_kernel_s_table_is_nearly_full() -> None:
    """What would be a coincidence elsewhere is what to expect then, and the words say so."""
    before = running()
    failed = failing(before, 2).hosts
    belief = believe(before.belief, failed, before.plan, full=0.96)
    assert set(belief.states.values()) == {HostState.UP}
    assert belief.suspicion == (
        "every host of <exchange> fails at once, and the kernel's table of sessions is nearly full: "
        "the fault is most likely ours, so their states are kept"
    )
    assert set(believe(before.belief, failed, before.plan, full=0.94).states.values()) == {HostState.DOWN}


def test_a_single_host_that_dies_is_believed_with_a_full_table() -> None:
    """Our checks take no place in it."""
    after = running(("HTTPS", "EX1"))
    before = Belief(states=dict.fromkeys(after.belief.states, HostState.UP))
    belief = believe(before, after.hosts, after.plan, full=1.0)
    assert belief.states[target(after.plan, "HTTPS", "EX1")] is HostState.DOWN

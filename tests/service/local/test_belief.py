"""Checks are believed, but not when everything seems to die at once."""

from dataclasses import replace

from bascule.health.outcome import Outcome
from bascule.plan.model import HostState
from bascule.service.local.balancer import Running
from bascule.service.local.belief import Belief, believe
from bascule.service.local.news import host_news
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

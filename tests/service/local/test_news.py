"""Of two states of the balancer, what an operator hears."""

from dataclasses import replace

from bascule.plan.compile import redeal
from bascule.plan.model import HostState, Plan, ProbeTarget
from bascule.plan.slots import Rankings
from bascule.service.events import EventKind, Grade
from bascule.service.local.news import group_news, host_news, relay_news, standing_news
from service.local.situations import TWO_SERVICES, all_up, planned, running, target

FALLBACK = TWO_SERVICES.replace(
    'relay "HTTPS"', 'table <sorry> {\n\t\t10.80.2.9 name "SORRY"\n\t}\n\trelay "HTTPS"'
).replace(
    "forward to <exchange> check tcp",
    "forward to <exchange> check tcp mode source-hash\n\t\tforward to <sorry> check tcp",
    1,
)
GROUP = TWO_SERVICES.replace("mode source-hash", 'mode source-hash\n\t\taffinity "outlook"')


def dealt(plan: Plan, down: set[ProbeTarget]) -> Plan:
    """Return the plan with some hosts down."""
    return redeal(plan, states(plan, down), Rankings())


def states(plan: Plan, down: set[ProbeTarget]) -> dict[ProbeTarget, HostState]:
    """Return the states with some hosts down."""
    return all_up(plan) | dict.fromkeys(down, HostState.DOWN)


def test_a_host_is_told_for_each_relay_that_it_changed_for() -> None:
    """Down is a warning with its reason; what stays as it was is not told."""
    after = running(("IMAP", "EX2"), reason="no greeting")
    found = list(host_news(after.plan, all_up(after.plan), after.belief.states, after.hosts))
    assert [(news.kind, news.grade, news.subject) for news in found] == [
        (
            EventKind.HOST,
            Grade.WARNING,
            {"relay": "IMAP", "host": "EX2", "address": "10.80.2.2:143", "state": "down", "reason": "no greeting"},
        )
    ]


def test_a_relay_is_told_when_its_last_host_goes_and_its_first_comes_back() -> None:
    """In between nothing is said of it."""
    plan = planned()
    one, both = ({target(plan, "HTTPS", name) for name in names} for names in (("EX1",), ("EX1", "EX2")))
    assert list(relay_news(dealt(plan, set()), dealt(plan, one))) == []
    gone = list(relay_news(dealt(plan, one), dealt(plan, both)))
    assert [(news.words, news.grade) for news in gone] == [("relay HTTPS serves no client: no host is up", Grade.WARNING)]
    back = list(relay_news(dealt(plan, both), dealt(plan, one)))
    assert [(news.words, news.subject["state"]) for news in back] == [("relay HTTPS serves clients", "active")]


def test_a_fallback_that_takes_over_is_told() -> None:
    """When the first table is empty the second takes the relay's clients, and gives them back."""
    plan = planned(FALLBACK)
    down = {target(plan, "HTTPS", name) for name in ("EX1", "EX2")}
    there = list(relay_news(dealt(plan, set()), dealt(plan, down)))
    assert [(news.kind, news.words) for news in there] == [
        (EventKind.TABLE, "relay HTTPS: table <sorry> takes its clients")
    ]
    back = list(relay_news(dealt(plan, down), dealt(plan, set())))
    assert [news.subject["table"] for news in back] == ["exchange"]


def test_a_group_that_is_torn_is_told_once() -> None:
    """One host's one port and the other's other port down: everything is served, but not together."""
    plan = planned(GROUP)
    torn = {target(plan, "HTTPS", "EX1"), target(plan, "IMAP", "EX2")}
    found = list(group_news(plan, states(plan, set()), states(plan, torn)))
    assert [(news.grade, news.subject) for news in found] == [(Grade.WARNING, {"state": "split"})]
    assert list(group_news(plan, states(plan, torn), states(plan, torn))) == []
    assert [news.subject["state"] for news in group_news(plan, states(plan, torn), states(plan, set()))] == ["together"]


def test_a_relay_that_left_the_plan_is_not_told() -> None:
    """A configuration without it says that already."""
    plan = planned()
    without = replace(plan, relays=tuple(relay for relay in plan.relays if relay.name != "IMAP"))
    assert list(relay_news(dealt(plan, set()), dealt(without, set()))) == []


def test_the_last_host_of_a_table_is_told() -> None:
    """When one alone is left for a service, once for all of them; not while none is, and then that there are more."""
    plan = planned()
    one = {target(plan, "HTTPS", "EX1"), target(plan, "IMAP", "EX1")}
    none = one | {target(plan, "HTTPS", "EX2"), target(plan, "IMAP", "EX2")}
    found = list(standing_news(plan, states(plan, set()), states(plan, one)))
    assert [(news.words, news.grade) for news in found] == [
        ("table <exchange>: host EX2 alone is left for relay HTTPS", Grade.WARNING)
    ]
    assert list(standing_news(plan, states(plan, one), states(plan, one))) == []
    assert list(standing_news(plan, states(plan, one), states(plan, none))) == []
    back = list(standing_news(plan, states(plan, none), states(plan, set())))
    assert [news.words for news in back] == ["table <exchange>: more than one host is up again"]


def test_a_host_that_was_not_probed_yet_may_be_up() -> None:
    """At a start nobody is alone."""
    plan = planned()
    assert list(standing_news(plan, {}, {target(plan, "HTTPS", "EX1"): HostState.UP})) == []

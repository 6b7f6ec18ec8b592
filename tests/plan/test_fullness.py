"""A host that has all the sessions it may have takes no more, on any service of its table, until some have ended."""

from ipaddress import ip_address
from typing import Final

import pytest

from bascule.plan.compile import redeal
from bascule.plan.fullness import Member, by_member, filled, full_members, limited, still_full
from bascule.plan.model import HostState, Plan
from bascule.plan.slots import Rankings
from engines.nftables.plans import planned
from plan.situations import relay, states

EX1: Final = Member("exchange", ip_address("10.80.2.1"))
EX2: Final = Member("exchange", ip_address("10.80.2.2"))
NOBODY: Final = frozenset[Member]()
PLAN: Final = planned(
    relay("HTTPS", listen=["10.80.0.10 port 443"]),
    relay("mail", listen=["10.80.0.10 port 25"], forward="check tcp mode roundrobin"),
    hosts=["10.80.2.1 max sessions 100", "10.80.2.2"],
)


def dealt(plan: Plan, full: frozenset[Member]) -> list[set[str]]:
    """Return the hosts that stand in the slots of each relay, with these members full."""
    after = redeal(filled(plan, full), states(plan), Rankings())
    return [{relay.pool.hosts[slot].label for slot in relay.pool.slots if slot >= 0} for relay in after.relays]


@pytest.mark.parametrize(
    ("sessions", "was_full", "full"),
    [(99, False, False), (100, False, True), (120, False, True), (96, True, True), (95, True, False), (0, True, False)],
)
def test_a_host_is_full_at_its_limit_and_until_a_twentieth_is_free(sessions: int, *, was_full: bool, full: bool) -> None:
    """So that it does not come and go with every session."""
    before = frozenset({EX1}) if was_full else NOBODY
    assert (EX1 in full_members(PLAN, {EX1: sessions}, before)) == full


def test_a_limit_of_one_works() -> None:
    """It is full with one session and free with none."""
    plan = planned(relay("one"), hosts=["10.80.2.1 max sessions 1"])
    assert full_members(plan, {EX1: 1}, NOBODY) == {EX1}
    assert full_members(plan, {EX1: 0}, frozenset({EX1})) == NOBODY


def test_a_host_without_a_limit_is_never_full() -> None:
    """Whatever it has, and whatever it was once."""
    assert full_members(PLAN, {EX2: 10**6}, frozenset({EX2})) == NOBODY
    assert dealt(PLAN, frozenset({EX2})) == dealt(PLAN, NOBODY)
    assert limited(PLAN)
    assert not limited(planned(relay("one")))


def test_a_full_host_takes_no_clients_of_any_service_of_its_table() -> None:
    """It comes back for all of them."""
    assert dealt(PLAN, frozenset({EX1})) == [{"10.80.2.2"}, {"10.80.2.2"}]
    assert dealt(filled(PLAN, frozenset({EX1})), NOBODY) == [{"10.80.2.1", "10.80.2.2"}] * 2


def test_nobody_is_sent_to_a_full_host_because_no_other_is_up() -> None:
    """Then clients are refused."""
    plan = planned(relay("one"), hosts=["10.80.2.1 max sessions 1"])
    assert dealt(plan, frozenset({EX1})) == [set()]


def test_a_full_host_keeps_its_sessions_until_it_is_down() -> None:
    """It is neither up nor down for the slots; when its check fails, it is down."""
    plan = filled(PLAN, frozenset({EX1}))
    host = plan.relays[0].pool.hosts[0]
    assert host.state(states(plan)) is HostState.UNKNOWN
    assert host.is_full(states(plan))
    assert host.state(states(plan, down=["10.80.2.1"])) is HostState.DOWN
    assert not host.is_full(states(plan, down=["10.80.2.1"]))


def test_sessions_are_summed_over_the_services_of_a_table() -> None:
    """Each service has a mark of its own for the host."""
    marks = [relay.pool.hosts[0].mark for relay in PLAN.relays]
    assert len(set(marks)) == 2
    assert by_member(PLAN, dict(zip(marks, (60, 40), strict=True)))[EX1] == 100


def test_parts_of_a_relay_count_their_sessions_once() -> None:
    """A relay on two ports is two parts whose hosts share a mark, where the host's port is its own."""
    plan = planned(
        relay("web", listen=["10.80.0.10 port 443", "10.80.0.10 port 80 interface eth0"], forward="port 444 check tcp"),
        hosts=["10.80.2.1 max sessions 100"],
    )
    marks = [part.pool.hosts[0].mark for part in plan.relays]
    assert len(marks) == 2
    assert len(set(marks)) == 1
    assert by_member(plan, {marks[0]: 60})[EX1] == 60


def test_a_limit_that_a_new_text_changes_is_judged_anew() -> None:
    """One that it leaves alone keeps the host out of the slots meanwhile."""
    full = frozenset({EX1})
    assert still_full(PLAN, PLAN, full) == full
    raised = planned(relay("HTTPS"), hosts=["10.80.2.1 max sessions 200", "10.80.2.2"])
    assert still_full(PLAN, raised, full) == NOBODY
    assert still_full(PLAN, planned(relay("HTTPS")), full) == NOBODY

from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.config.model import Check, MailCheck, MailProtocol, TcpCheck, Timing
from bascule.health.outcome import Outcome
from bascule.health.states import HostStates, Record, after, presumed_up
from bascule.plan.model import Endpoint, HostState, ProbeTarget

GOOD = Outcome(up=True, reason="connection accepted", seconds=0.01)
BAD = Outcome(up=False, reason="connection refused", seconds=0.01)
OURS = Outcome(up=False, reason="too many open files", seconds=0.0, ours=True)

timings = st.builds(Timing, fall=st.integers(1, 5), rise=st.integers(1, 5))
outcomes = st.lists(st.sampled_from([GOOD, BAD, OURS]), max_size=40)
starts = st.sampled_from([Record(since=0.0), presumed_up(now=0.0)])


def run(results: list[Outcome], timing: Timing, start: Record) -> Record:
    """Return the record after results that come a second apart."""
    record = start
    for now, outcome in enumerate(results, start=1):
        record = after(record, outcome, timing, float(now))
    return record


def expected(results: list[Outcome], timing: Timing, start: Record) -> HostState:
    """Return the state as the rule says it: the last run of equal results that was long enough, or the first result."""
    believed = [outcome.up for outcome in results if not outcome.ours]
    if not believed:
        return start.state
    up = believed[0]
    length = 0
    for result, previous in zip(believed[1:], believed, strict=False):
        length = length + 1 if result == previous else 1
        if result != up and length >= (timing.rise if result else timing.fall):
            up = result
    return HostState.UP if up else HostState.DOWN


@given(outcomes, timings, starts)
def test_the_state_follows_fall_and_rise(results: list[Outcome], timing: Timing, start: Record) -> None:
    """The first result decides alone; then only `fall` failures or `rise` successes in a row change the state."""
    assert run(results, timing, start).state is expected(results, timing, start)


@given(outcomes, timings, starts)
def test_the_counts_are_those_of_the_results(results: list[Outcome], timing: Timing, start: Record) -> None:
    """Availability is good results by results; our own faults are neither."""
    record = run(results, timing, start)
    believed = [outcome for outcome in results if not outcome.ours]
    assert record.checks == len(believed)
    assert record.ups == sum(outcome.up for outcome in believed)
    assert record.availability == (100 * record.ups / record.checks if believed else None)
    assert record.reason == (results[-1].reason if results else "")


@given(outcomes, timings, starts)
def test_times(results: list[Outcome], timing: Timing, start: Record) -> None:
    """`since` is when the state last changed, `failing_since` the first of the failures that go on."""
    record = start
    since, failing = record.since, None
    for now, outcome in enumerate(results, start=1):
        before, record = record, after(record, outcome, timing, float(now))
        since = since if record.state is before.state else now
        if not outcome.ours:
            failing = None if outcome.up else (failing or float(now))
    assert (record.since, record.failing_since) == (since, failing)


def test_a_fault_of_ours_changes_nothing_but_the_reason() -> None:
    """It breaks no run of failures either, and decides nothing for a host that is unknown."""
    failing = after(presumed_up(now=0), BAD, Timing(), 1)
    assert after(failing, OURS, Timing(), 2) == replace(failing, reason=OURS.reason)
    assert after(Record(since=0), OURS, Timing(), 1).state is HostState.UNKNOWN


def test_a_presumed_host_is_up_until_its_first_result() -> None:
    """One failure is enough for a host that we only believed to be up."""
    start = presumed_up(now=5)
    assert (start.state, start.availability) == (HostState.UP, None)
    assert after(start, BAD, Timing(fall=3), 6).state is HostState.DOWN
    confirmed = after(start, GOOD, Timing(fall=3), 6)
    assert (confirmed.state, confirmed.since) == (HostState.UP, 5)
    assert after(confirmed, BAD, Timing(fall=3), 7).state is HostState.UP


def target(number: int = 1, check: Check | None = None, timing: Timing | None = None) -> ProbeTarget:
    """Return a target on host 10.0.0.NUMBER."""
    endpoint = Endpoint(ip_address(f"10.0.0.{number}"), 443)
    return ProbeTarget(endpoint=endpoint, check=check or TcpCheck(), timing=timing or Timing())


def test_applying_a_result_leaves_the_value_before_alone() -> None:
    """States are a value: whoever holds the old one sees no change."""
    before = HostStates().retarget([target(1), target(2)], 0)
    states, changed = before.apply(target(1), GOOD, 1)
    assert changed
    assert states.states() == {target(1): HostState.UP, target(2): HostState.UNKNOWN}
    assert set(before.states().values()) == {HostState.UNKNOWN}
    assert states.apply(target(1), GOOD, 2)[1] is False


def test_a_late_result_of_a_target_that_is_gone_is_dropped() -> None:
    """What no longer belongs to the plan changes nothing."""
    states = HostStates().retarget([target(1)], 0)
    assert states.apply(target(2), GOOD, 1) == (states, False)


def test_live_hosts_are_presumed_up() -> None:
    """At start those that the kernel's slots name go on serving, the others wait."""
    states = HostStates().retarget([target(1), target(2)], 0, live={target(2)})
    assert states.states() == {target(1): HostState.UNKNOWN, target(2): HostState.UP}


def test_targets_that_stay_keep_their_records() -> None:
    """A new plan forgets who left and nothing else."""
    states = HostStates().retarget([target(1), target(2)], 0).apply(target(1), BAD, 1)[0]
    later = states.retarget([target(1), target(3)], 2, live={target(1)})
    assert later.records[target(1)] == states.records[target(1)]
    assert set(later.records) == {target(1), target(3)}


def test_another_timing_keeps_the_record() -> None:
    """Asking more often takes no host out of service, and brings none back."""
    states = HostStates().retarget([target(1), target(2)], 0).apply(target(1), GOOD, 1)[0].apply(target(2), BAD, 1)[0]
    often = [target(number, timing=Timing(interval=1)) for number in (1, 2)]
    later = states.retarget(often, 2)
    assert list(later.records.values()) == list(states.records.values())


def test_another_password_keeps_the_record() -> None:
    """So that it is told when a mailbox can log in again."""
    old, new = (target(check=MailCheck(protocol=MailProtocol.IMAP, user="probe", password=each)) for each in ("a", "b"))
    states = HostStates().retarget([old], 0).apply(old, BAD, 1)[0]
    assert states.retarget([new], 2).records == {new: states.records[old]}


@pytest.mark.parametrize(("result", "state"), [(GOOD, HostState.UP), (BAD, HostState.UNKNOWN)])
def test_another_check_presumes_what_the_old_one_found(result: Outcome, state: HostState) -> None:
    """A host in service stays so until the new check's first result."""
    states = HostStates().retarget([target(1)], 0).apply(target(1), result, 1)[0]
    asked_otherwise = target(1, check=MailCheck(protocol=MailProtocol.SMTP))
    later = states.retarget([asked_otherwise], 2)
    assert later.states() == {asked_otherwise: state}
    assert later.apply(asked_otherwise, BAD, 3)[0].states() == {asked_otherwise: HostState.DOWN}


def test_a_second_check_beside_the_first_is_unknown() -> None:
    """What one service's check found says nothing of another service that is new."""
    states = HostStates().retarget([target(1)], 0).apply(target(1), GOOD, 1)[0]
    other = target(1, check=MailCheck(protocol=MailProtocol.SMTP))
    assert states.retarget([target(1), other], 2).states()[other] is HostState.UNKNOWN


def test_results_of_a_target_at_rest_do_not_count() -> None:
    """What was known is forgotten, and after the rest the first result alone decides."""
    states = HostStates().retarget([target(1), target(2)], 0).apply(target(1), GOOD, 1)[0].apply(target(2), GOOD, 1)[0]
    resting = states.resting([target(1)], 2)
    assert resting.records[target(1)] == Record(since=2)
    assert resting.apply(target(1), BAD, 3) == (resting, False)
    assert resting.resting([target(1)], 4) == resting
    assert resting.records[target(2)] == states.records[target(2)]
    awake, changed = resting.resting([], 5).apply(target(1), BAD, 6)
    assert changed
    assert awake.records[target(1)].state is HostState.DOWN


def test_a_host_that_is_back_is_new_again() -> None:
    """Its state begins now, so that a slow start does; what its checks have counted stays."""
    states = HostStates().retarget([target(1)], 0).apply(target(1), GOOD, 1)[0]
    back = states.back([target(1)], 50).records[target(1)]
    assert back == replace(states.records[target(1)], since=50)

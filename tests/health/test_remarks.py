from dataclasses import replace

from bascule.config.model import Timing
from bascule.health.findings import Findings, Remark, SeenCertificate
from bascule.health.outcome import Outcome
from bascule.health.states import Record, after
from bascule.plan.model import HostState

OAB = Remark(about="oab", words="oab: HTTP 404")
SEEN = SeenCertificate(fingerprint="a" * 64, until=2e9)
WELL = Outcome(up=True, reason="fine", seconds=0.1, findings=Findings(certificate=SEEN))
WARNED = replace(WELL, findings=Findings(remarks=(OAB,), certificate=SEEN))
DOWN = Outcome(up=False, reason="connection refused", seconds=0.1)
RESTING = Outcome(up=False, reason="in Exchange maintenance", seconds=0.1, findings=Findings(maintenance=True))
TIMING = Timing(fall=2, rise=3)


def went(*outcomes: Outcome) -> list[Record]:
    """Return the record after each of these results."""
    record, found = Record(since=0.0), []
    for moment, outcome in enumerate(outcomes):
        record = after(record, outcome, TIMING, float(moment))
        found.append(record)
    return found


def test_a_remark_stands_and_goes_as_a_state_does() -> None:
    """One odd result is no news: it takes two to stand and three to go, and the first of all decides alone."""
    stands = [bool(record.remarks) for record in went(WELL, WARNED, WELL, WARNED, WARNED, WELL, WELL, WARNED, *[WELL] * 3)]
    assert stands == [False, False, False, False, True, True, True, True, True, True, False]
    assert went(WARNED)[0].remarks == (OAB,)
    assert all(record.state is HostState.UP for record in went(WELL, WARNED, WARNED, WARNED))


def test_a_host_that_cannot_be_reached_keeps_what_was_said_of_it() -> None:
    """A refused connection says nothing of the address book."""
    assert went(WARNED, DOWN, DOWN, DOWN)[-1].remarks == (OAB,)


def test_maintenance_is_entered_and_left_like_any_state() -> None:
    """Two results bring it, three good ones end it; it is no failure of the host."""
    states = [record.state.value for record in went(WELL, RESTING, RESTING, WELL, WELL, WELL)]
    assert states == ["up", "up", "maintenance", "maintenance", "maintenance", "up"]
    assert went(WELL, RESTING, RESTING)[-1].failing_since is None
    assert went(RESTING)[0].state is HostState.MAINTENANCE
    assert went(WELL, RESTING, RESTING, DOWN, DOWN)[-1].state is HostState.DOWN

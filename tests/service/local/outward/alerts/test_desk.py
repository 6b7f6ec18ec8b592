"""Alerts come together, not again and again, and at night only where they are urgent."""

from collections.abc import Sequence
from datetime import UTC, datetime, time

import pytest

from bascule.config.outward import Alert, Cause, Quiet
from bascule.service.local.outward.alerts import desk as module
from bascule.service.local.outward.alerts.desk import CHANGES, FOLD, GATHER, LONGEST_FOLD, Desk, Letter, Why
from bascule.service.local.outward.alerts.notices import Notice

AT = datetime(2026, 9, 21, 12, 0, tzinfo=UTC)


def host(state: str, name: str = "EX1") -> Notice:
    """Return that a host is so."""
    return Notice(at=AT, cause=Cause.HOST, subject=name, state=state, good=state == "up", words=f"{name} is {state}")


RELAY = Notice(at=AT, cause=Cause.RELAY, subject="HTTPS", state="down", good=False, words="HTTPS serves no client")
DEPLOYED = Notice(at=AT, cause=Cause.DEPLOYMENT, subject=None, state="deployed", good=False, words="deployed")


def told(desk: Desk, now: float, *, quiet: bool = False) -> Sequence[Letter]:
    """Return what goes out at a time."""
    return list(desk.due(now, quiet=quiet))


def words(letters: Sequence[Letter]) -> list[str]:
    """Return the words of all that goes out."""
    return [notice.words for letter in letters for notice in letter.notices]


def test_what_comes_together_goes_out_together() -> None:
    """So many seconds after the first."""
    desk = Desk(Alert(name="a"))
    desk.take(host("down"), 0, quiet=False)
    desk.take(host("down", "EX2"), GATHER - 1, quiet=False)
    assert told(desk, GATHER - 0.1) == []
    (letter,) = told(desk, GATHER)
    assert (letter.why, words([letter])) == (Why.NEWS, ["EX1 is down", "EX2 is down"])
    assert told(desk, 100) == []


def test_that_all_is_well_is_told_of_what_was_ill_alone() -> None:
    """At a start every host comes up, which is no news; and what was told is not told again."""
    desk = Desk(Alert(name="a"))
    desk.take(host("up"), 0, quiet=False)
    desk.take(host("down"), 0, quiet=False)
    desk.take(host("down"), 0, quiet=False)
    desk.take(host("up"), 0, quiet=False)
    desk.take(host("up"), 0, quiet=False)
    assert words(told(desk, GATHER)) == ["EX1 is down", "EX1 is up"]


def test_deployments_stand_by_themselves() -> None:
    """Two in a row are two."""
    desk = Desk(Alert(name="a"))
    desk.take(DEPLOYED, 0, quiet=False)
    desk.take(DEPLOYED, 0, quiet=False)
    assert words(told(desk, GATHER)) == ["deployed", "deployed"]


def test_only_what_the_alert_is_about() -> None:
    """`on relay`."""
    desk = Desk(Alert(name="a", causes=frozenset({Cause.RELAY})))
    desk.take(host("down"), 0, quiet=False)
    desk.take(RELAY, 0, quiet=False)
    assert words(told(desk, GATHER)) == [RELAY.words]


def test_in_quiet_times_only_what_is_urgent_and_the_rest_afterwards() -> None:
    """As one summary."""
    desk = Desk(Alert(name="a"))
    desk.take(host("down"), 0, quiet=True)
    desk.take(RELAY, 1, quiet=True)
    desk.take(host("up"), 2, quiet=True)
    assert words(told(desk, 1 + GATHER, quiet=True)) == [RELAY.words]
    assert told(desk, 5000, quiet=True) == []
    (letter,) = told(desk, 5001)
    assert (letter.why, words([letter])) == (Why.SUMMARY, ["EX1 is down", "EX1 is up"])
    assert told(desk, 9000) == []


def test_the_summary_of_a_wild_night_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last are told, and how many there were before."""
    monkeypatch.setattr(module, "MOST_NOTICES", 10)
    desk = Desk(Alert(name="a"))
    for number in range(25):
        desk.take(host("down", f"EX{number}"), 0, quiet=True)
    (letter,) = told(desk, 1)
    assert (len(letter.notices), letter.more, letter.notices[-1].words) == (10, 15, "EX24 is down")


def flap(desk: Desk, times: int, start: float, step: float) -> float:
    """Have a host go down and come back so often; return when it did last."""
    now = start
    for number in range(times):
        now = start + number * step
        desk.take(host("up" if number % 2 else "down"), now, quiet=False)
    return now


def test_what_changes_again_and_again_is_told_once_it_is_calm() -> None:
    """How often, and how it is by then; afterwards it is news again."""
    desk = Desk(Alert(name="a"))
    last = flap(desk, CHANGES + 7, 0, 1)
    assert len(words(told(desk, last + GATHER))) == CHANGES
    assert told(desk, last + FOLD - 1) == []
    (letter,) = told(desk, last + FOLD)
    assert (letter.why, letter.changes, words([letter])) == (Why.FOLDED, (7,), ["EX1 is down"])
    assert told(desk, last + 2 * FOLD) == []
    desk.take(host("up"), last + 2 * FOLD, quiet=False)
    assert words(told(desk, last + 2 * FOLD + GATHER)) == ["EX1 is up"]


def test_what_is_never_calm_is_told_every_hour() -> None:
    """Not never."""
    desk = Desk(Alert(name="a"))
    seen = []
    now = 0.0
    while now < 2 * LONGEST_FOLD + 1000:
        flap(desk, 2, now, 30)
        seen += [letter for letter in told(desk, now + 31) if letter.why is Why.FOLDED]
        now += 60
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("begins", "ends", "at", "quiet"),
    [(22, 6, 23, True), (22, 6, 5, True), (22, 6, 6, False), (22, 6, 12, False), (1, 3, 2, True), (1, 3, 3, False)],
)
def test_a_quiet_time_may_span_midnight(begins: int, ends: int, at: int, quiet: bool) -> None:  # noqa: FBT001 - a table
    """From its first minute to the one before its last."""
    desk = Desk(Alert(name="a", quiet=Quiet(time(begins), time(ends))))
    assert desk.quiet(datetime(2026, 9, 21, at, 0, tzinfo=UTC)) is quiet

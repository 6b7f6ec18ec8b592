"""The log's page chooses, and knows what an event is about."""

from datetime import UTC, datetime

import pytest

from bascule.service.events import Event, EventKind, Grade
from bascule.service.firewall import WalkRow
from bascule.web.network.log import Wanted, Written, passage, subject

AT = datetime(2026, 3, 1, tzinfo=UTC)
EVENT = Event(event=EventKind.HOST, time=AT, grade=Grade.WARNING, words="relay HTTPS: host EX1 is down", relay="HTTPS")
TEXT = """\
load-balancer {
	table <exchange> {
	}
	redirect "SMTP" {
	}
}
firewall {
	table <exchange> { }
	block in  label "x"
}
"""
WALK = [
    WalkRow(number=1, rule='block in label "x"', label="x", line=9, ident=""),
    WalkRow(number=2, rule="pass in to 10.2.0.50 port 25", cause="redirect SMTP", ident=""),
]


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Wanted(), True),
        (Wanted(kind=EventKind.HOST, warnings=True, words="ex1 IS"), True),
        (Wanted(kind=EventKind.RELAY), False),
        (Wanted(words="EX2"), False),
    ],
)
def test_everything_that_is_named_must_fit(wanted: Wanted, *, fits: bool) -> None:
    """Words in whatever case."""
    assert wanted.fits(EVENT) is fits


def test_only_what_needs_an_eye() -> None:
    """Where that is asked for."""
    calm = Event(event=EventKind.HOST, time=AT, grade=Grade.INFO, words="up")
    assert (Wanted(warnings=True).fits(calm), subject(calm)) == (False, None)


@pytest.mark.parametrize(
    ("kind", "name", "line"),
    [
        ("relay", "SMTP", 4),
        ("relay", "HTTPS", None),
        ("table", "exchange", 2),
        ("address table", "exchange", 8),
        ("rule", "x", 9),
        ("rule", 'block in label "x"', 9),
        ("rule", "pass in to 10.2.0.50 port 25", 4),
        ("rule", "y", None),
        ("system", "", None),
    ],
)
def test_a_subject_has_a_line(kind: str, name: str, line: int | None) -> None:
    """By its kind and name; redirects are told as relays."""
    found = passage(TEXT, WALK, kind, name)
    assert (None if found is None else found.line) == line


@pytest.mark.parametrize(
    ("old", "new", "alike"),
    [
        ('\tredirect "SMTP" {', '\n    redirect "SMTP" {', True),
        ("load-balancer {", "# more\nload-balancer {\n\tinterval 7s", True),
        ('redirect "SMTP" {', 'redirect "SMTP" {\n\t\tsession timeout 5m', False),
        ('redirect "SMTP" {', 'redirect "MAIL" {', False),
    ],
)
def test_two_texts_are_alike_where_they_say_the_same_of_it(old: str, new: str, *, alike: bool) -> None:
    """Wherever it stands, and however it is laid out; what else is in them does not matter."""
    other = TEXT.replace(old, new)
    assert other != TEXT
    assert Written(passage(TEXT, WALK, "relay", "SMTP"), passage(other, WALK, "relay", "SMTP")).alike is alike


def test_an_event_has_a_subject() -> None:
    """The rule that logged, else the relay."""
    assert subject(EVENT) == ("relay", "HTTPS")
    packet = Event(event=EventKind.FIREWALL, time=AT, grade=Grade.INFO, words="", rule="x", relay="HTTPS")
    assert subject(packet) == ("rule", "x")
    entered = Event(event=EventKind.FIREWALL, time=AT, grade=Grade.INFO, words="", table="blocked")
    assert subject(entered) == ("address table", "blocked")

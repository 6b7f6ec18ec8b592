"""Which events are alerts."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bascule.config.outward import Cause
from bascule.service.events import Event, EventKind, Grade
from bascule.service.local.outward.alerts.notices import notice

NOW = datetime(2026, 9, 21, 12, 0, tzinfo=UTC)
BAD, GOOD = Grade.WARNING, Grade.INFO


def event(kind: EventKind, grade: Grade = BAD, **fields: Any) -> Event:
    """Return an event of a kind."""
    return Event(event=kind, time=NOW, grade=grade, words="words", **fields)


@pytest.mark.parametrize(
    ("given", "cause", "urgent", "good"),
    [
        (event(EventKind.HOST, relay="HTTPS", host="EX1", state="down"), Cause.HOST, False, False),
        (event(EventKind.HOST, GOOD, relay="HTTPS", host="EX1", state="up"), Cause.HOST, False, True),
        (event(EventKind.RELAY, relay="HTTPS", state="down"), Cause.RELAY, True, False),
        (event(EventKind.RELAY, GOOD, relay="HTTPS", state="active"), Cause.RELAY, True, True),
        (event(EventKind.TABLE, table="exchange", host="EX2", state="last"), Cause.TABLE, True, False),
        (event(EventKind.CONFIGURATION, GOOD, state="committed"), Cause.DEPLOYMENT, False, False),
        (event(EventKind.CONFIGURATION, BAD, state="reverted"), Cause.DEPLOYMENT, False, False),
        (
            event(EventKind.HOST, table="exchange", host="EX1", state="warned", reason="the certificate expires in 3 days"),
            Cause.CERTIFICATE,
            False,
            False,
        ),
        (event(EventKind.CERTIFICATE, state="expires"), Cause.CERTIFICATE, False, False),
        (event(EventKind.PORTS, state="crowded"), Cause.PORTS, True, False),
        (event(EventKind.CONNTRACK, state="nearly full"), Cause.CONNTRACK, True, False),
        (event(EventKind.MACHINE, state="no backup"), Cause.BACKUP, False, False),
    ],
)
def test_what_an_alert_may_be_about(given: Event, cause: Cause, urgent: bool, good: bool) -> None:  # noqa: FBT001 - a table
    """Each with its cause, whether it is told at night, and whether something is over."""
    found = notice(given)
    assert found is not None
    assert (found.cause, found.urgent, found.good) == (cause, urgent, good)


@pytest.mark.parametrize(
    "given",
    [
        event(EventKind.TELLING),
        event(EventKind.HOST, relay="HTTPS", host="EX1", state="maintenance"),
        event(EventKind.HOST, table="exchange", host="EX1", state="warned", reason="the certificate is for a, not for b"),
        event(EventKind.TABLE, GOOD, relay="HTTPS", table="sorry", state="active"),
        event(EventKind.CONFIGURATION, GOOD, state="loaded"),
        event(EventKind.MACHINE),
        event(EventKind.FIREWALL, GOOD),
    ],
)
def test_all_else_is_none(given: Event) -> None:
    """That an alert does not get through, least of all."""
    assert notice(given) is None

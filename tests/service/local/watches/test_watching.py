"""What runs out is said once, stands in the status while it lasts, and its end is said."""

from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, cast

from bascule.service.events import Event, EventKind, Grade
from bascule.service.local.balancer import Balancer
from bascule.service.local.journal import Journal
from bascule.service.local.machine import Machine
from bascule.service.local.watches.watching import QUIET, Watches
from bascule.system.ctnetlink import Statistics
from service.local.situations import planned
from service.local.watches.test_ports import LISTEN, SITE, census

PLAN = planned(SITE)


def watched() -> tuple[Watches, list[Event]]:
    """Return watches, and the events that they note."""
    events: list[Event] = []
    journal = Journal(now=lambda: datetime(2026, 3, 1, tzinfo=UTC), write=events.append)
    nothing: Any = None
    return Watches(cast("Machine", nothing), cast("Balancer", nothing), journal), events


def table(entries: int, *, failed: int = 0, dropped: int = 0) -> Statistics:
    """Return what the kernel says of a table of 1000."""
    return Statistics(entries, 1000, failed, dropped)


def test_ports_that_run_out_are_said_once() -> None:
    """With relay, source, host and percent; and once when there are enough again."""
    watches, events = watched()
    for taken in (100, 52_000, 53_000, 50_000, 60_000, 48_000, 0):
        watches.look_at_ports(PLAN, census(SITE, {("HTTPS", LISTEN, 443): taken} if taken else {}))
        assert bool(watches.findings()) == (taken >= 50_000)
    crowded, free = events
    assert (crowded.event, crowded.grade, crowded.state, crowded.number) == (EventKind.PORTS, Grade.WARNING, "crowded", 81)
    assert (crowded.relay, crowded.host, crowded.address) == ("HTTPS", "EX1", str(ip_address(LISTEN)))
    assert (free.state, free.words) == ("free", "enough ports from 10.80.0.10 to EX1 (10.80.2.1 port 443) are free again")


def test_a_table_that_fills_is_said_at_each_level() -> None:
    """At four fifths, and when it is nearly full."""
    watches, events = watched()
    for entries in (700, 810, 790, 960, 940, 700):
        watches.look_at_table(table(entries), 0)
    assert [(event.state, event.number) for event in events] == [("nearly full", 810), ("nearly full", 960), ("free", 700)]
    assert "81% full (810 of 1000)" in events[0].words
    assert watches.findings() == []


def test_packets_without_a_state_are_counted_from_the_first_look() -> None:
    """What was before is another's story; a flood is told once a minute, with its number."""
    watches, events = watched()
    watches.look_at_table(table(0, failed=100, dropped=100), 0)
    watches.look_at_table(table(0, failed=103, dropped=100), 10)
    assert "insert_failed grew by 3, drop by 0" in watches.findings()[0]
    watches.look_at_table(table(0, failed=103, dropped=150), 20)
    assert len(events) == 1
    watches.look_at_table(table(0, failed=104, dropped=150), 10 + QUIET)
    assert [event.number for event in events] == [3, 51]
    watches.look_at_table(table(0, failed=104, dropped=150), 20 + 3 * QUIET)
    assert (watches.findings(), len(events)) == ([], 2)

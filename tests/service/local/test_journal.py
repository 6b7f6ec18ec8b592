"""Everybody hears everything, the slow lose and are told, and nobody waits for anybody."""

import asyncio
from datetime import UTC, datetime, timedelta

from bascule.service.events import Event, EventKind, Grade
from bascule.service.local.journal import REMEMBERED, WAITING, Journal
from bascule.service.sessions import SessionRow

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_journal(written: list[Event] | None = None) -> Journal:
    """Return a journal whose clock stands."""
    return Journal(now=lambda: NOW, write=(written if written is not None else []).append)


def told(journal: Journal, count: int, first: int = 0) -> None:
    """Note so many events, named by their number."""
    for number in range(first, first + count):
        journal.note(EventKind.HOST, f"event {number}", host="EX1")


async def test_an_event_is_logged_kept_and_told() -> None:
    """The same value goes to the log, the memory and each reader."""
    written: list[Event] = []
    journal = a_journal(written)
    with journal.reader() as one, journal.reader() as other:
        journal.note(EventKind.RULES, "mended", grade=Grade.WARNING, state="mended", number=2)
        happened = [(await reader.next()).events for reader in (one, other)]
    event = Event(event=EventKind.RULES, time=NOW, grade=Grade.WARNING, words="mended", state="mended", number=2)
    assert happened == [(event,), (event,)]
    assert written == [event]
    assert journal.last(10) == (event,)


async def test_a_reader_waits_for_what_comes() -> None:
    """Nothing has happened since it came: it gets the next event, and what came with it, in one answer."""
    journal = a_journal()
    told(journal, 3)
    with journal.reader() as reader:
        answer = asyncio.ensure_future(reader.next())
        await asyncio.sleep(0)
        assert not answer.done()
        told(journal, 2, first=3)
        assert [event.words for event in (await answer).events] == ["event 3", "event 4"]


async def test_a_slow_reader_loses_the_oldest_and_is_told_how_many() -> None:
    """What waits for it is bounded; the next answer says what is missing, and the one after that nothing."""
    journal = a_journal()
    with journal.reader() as reader:
        told(journal, WAITING + 7)
        answer = await reader.next()
        assert (answer.lost, len(answer.events), answer.events[0].words) == (7, WAITING, "event 7")
        told(journal, 1)
        assert (await reader.next()).lost == 0


def test_the_memory_is_bounded() -> None:
    """The last ten thousand are kept; fewer are given when fewer are asked for."""
    journal = a_journal()
    told(journal, REMEMBERED + 1)
    assert len(journal.last(2 * REMEMBERED)) == REMEMBERED
    assert [event.words for event in journal.last(2)] == [f"event {REMEMBERED - 1}", f"event {REMEMBERED}"]
    assert journal.last(0) == ()


async def test_who_left_is_told_no_more() -> None:
    """A reader that is gone takes no memory."""
    journal = a_journal()
    with journal.reader() as reader:
        pass
    told(journal, 1)
    with journal.reader() as other:
        told(journal, 1, first=1)
        assert len((await other.next()).events) == 1
    assert not reader._waiting


async def test_ends_of_sessions_are_told_to_those_who_ask() -> None:
    """They are kept nowhere and logged nowhere, and cost nothing where nobody asks."""
    written: list[Event] = []
    journal = a_journal(written)
    row = SessionRow(
        client="10.1.1.1:50000",
        relay="HTTPS",
        host="EX1",
        address="10.2.0.11:443",
        listen="10.2.0.50:443",
        source="10.2.0.50:41000",
        path="kernel",
        protocol="tcp",
        state="closed",
        since=NOW,
        ended=NOW,
        from_client=1,
        from_host=2,
    )
    asked = 0

    def session() -> tuple[str, SessionRow]:
        nonlocal asked
        asked += 1
        return "relay=HTTPS", row

    journal.session(session)
    with journal.reader(sessions=True) as one, journal.reader() as other:
        journal.session(session)
        told(journal, 1)
        assert [event.session for event in (await one.next()).events] == [row, None]
        assert [event.event for event in (await other.next()).events] == [EventKind.HOST]
    assert asked == 1
    assert [event.event for event in (*written, *journal.last(10))] == [EventKind.HOST] * 2


def test_what_changed_lately_is_configurations_and_what_needs_an_eye() -> None:
    """Within the time that is asked for, and the last of it."""
    now = NOW
    journal = Journal(now=lambda: now, write=lambda _: None)
    journal.note(EventKind.CONFIGURATION, "long ago", state="committed")
    now += timedelta(days=2)
    told(journal, 3)
    journal.note(EventKind.HOST, "EX1 is down", grade=Grade.WARNING)
    journal.note(EventKind.CONFIGURATION, "committed", state="committed")
    journal.note(EventKind.HOST, "EX2 is down", grade=Grade.WARNING)
    assert [event.words for event in journal.changes(timedelta(days=1), 2)] == ["committed", "EX2 is down"]
    assert len(journal.changes(timedelta(days=1), 9)) == 3
    assert len(journal.changes(timedelta(days=3), 9)) == 4


async def test_deeds_are_told_to_those_alone_who_ask() -> None:
    """They are kept in the audit log, not here."""
    written: list[Event] = []
    journal = a_journal(written)
    with journal.reader() as one, journal.reader(audit=True) as other:
        journal.deed("stopped the parent", user="alice", refused="may not")
        (event,) = (await other.next()).events
        assert one.taken().events == ()
    assert (event.words, event.user, event.state) == ("alice stopped the parent: refused: may not", "alice", "refused")
    assert (written, journal.last(10)) == ([], ())

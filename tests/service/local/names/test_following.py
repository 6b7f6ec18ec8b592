"""Hosts follow their names: each change is an event and reaches the balancer, and silence is said once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from bascule.config.names import Questions
from bascule.health.names.answer import Answer
from bascule.service.events import Event, Grade
from bascule.service.local.journal import Journal
from bascule.service.local.names.following import FollowedNames
from bascule.service.local.names.known import FILE, Names, NamesFile
from bed.wait import eventually
from service.local.situations import FACTS, TWO_SERVICES, configured, running

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXT = TWO_SERVICES.replace("10.80.2.2 ", "mail.lab.local ") + "system { dns { 10.80.0.5 } }"
FIRST, SECOND = ip_address("10.80.2.2"), ip_address("10.80.2.3")
OURS = ip_address("10.80.0.2")


class Followed:
    """Names that are followed, with a pretended balancer."""

    def __init__(self, state: Path) -> None:
        self.names = Names(NamesFile(state), self._ask)
        self.running = replace(running(), configuration=configured(TEXT))
        self.events: list[Event] = []
        self.looks = 0
        self.followed = FollowedNames(self.names, self, Journal(now=self.now, write=self.events.append), now=self.now)

    async def _ask(self, _: Questions) -> Sequence[Answer]:
        return []

    def now(self) -> datetime:
        """Return the time."""
        return NOW

    async def look_at_names(self) -> None:
        """Take the names as the balancer does."""
        self.looks += 1
        self.running = replace(self.running, facts=replace(FACTS, names=await self.names.known()))

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Follow until the block ends."""
        watching = asyncio.create_task(self.followed.watch())
        yield
        watching.cancel()

    def hear(self, *addresses: object, failure: str = "") -> None:
        """Tell what name servers say of the name."""
        told = None if failure else frozenset(address for address in (FIRST, SECOND, OURS) if address in addresses)
        self.followed.heard(Answer(name="mail.lab.local", v4=told, v6=told and frozenset(), failure=failure))

    def told(self) -> list[tuple[str, str]]:
        """Return the states and words of the events."""
        return [(event.state, event.words) for event in self.events]


async def test_a_change_reaches_everybody(tmp_path: Path) -> None:
    """The balancer looks, the file has it, and the event says what was; the same again does nothing."""
    place = Followed(tmp_path)
    async with place.watched():
        place.hear(FIRST)
        await eventually(lambda: place.looks == 1 and (tmp_path / FILE).exists())
        place.hear(FIRST)
        place.hear(FIRST, SECOND)
        await eventually(lambda: place.looks == 2)
    assert place.told() == [
        ("resolved", "mail.lab.local stands for 10.80.2.2"),
        ("resolved", "mail.lab.local stands for 10.80.2.2 and 10.80.2.3 (before: 10.80.2.2)"),
    ]
    assert not place.followed.findings()


async def test_silence_is_said_once_and_stands_in_status(tmp_path: Path) -> None:
    """What it goes on with is said, why, and that it is over."""
    place = Followed(tmp_path)
    place.hear(failure="no answer of 10.80.0.5 within 5 s")
    (lacking,) = place.followed.findings()
    assert lacking == "no address of mail.lab.local is known, so it takes no clients: no answer of 10.80.0.5 within 5 s"
    place.hear(FIRST)
    place.hear(failure="there is no such name")
    place.hear(failure="10.80.0.5 says SERVFAIL")
    (keeping,) = place.followed.findings()
    assert keeping.startswith("mail.lab.local keeps 10.80.2.2, as it was told at 2026-03-01 ")
    assert keeping.endswith(": 10.80.0.5 says SERVFAIL")
    place.hear(FIRST)
    assert not place.followed.findings()
    assert [event.state for event in place.events] == ["unresolved", "resolved", "answered", "unresolved", "answered"]
    assert [event.grade for event in place.events if event.state == "unresolved"] == [Grade.WARNING, Grade.WARNING]


async def test_an_answer_of_no_use_is_said(tmp_path: Path) -> None:
    """A name that stands for this machine is no host, and `status` says so."""
    place = Followed(tmp_path)
    async with place.watched():
        place.hear(FIRST, OURS)
        await eventually(lambda: bool(place.looks))
    assert place.followed.findings() == [
        "mail.lab.local goes without 10.80.0.2: no host of a table is this machine itself, or many machines"
    ]


async def test_a_full_disk_is_said_and_hosts_follow_all_the_same(tmp_path: Path) -> None:
    """Only a restart would not know it."""
    (tmp_path / "state").write_text("no folder")
    place = Followed(tmp_path / "state")
    async with place.watched():
        place.hear(FIRST)
        await eventually(lambda: len(place.events) == 2)
    assert place.looks == 1
    assert "could not write" in place.events[1].words

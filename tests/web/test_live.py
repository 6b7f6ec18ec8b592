"""Live figures: the parent is asked once for all who look, and whoever is slow holds nobody up."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
import pytest

from bascule.service.asking import AsyncClient
from bascule.service.counters import CounterRow
from bascule.service.failures import NotLoggedIn, OperationFailed
from bascule.service.logins import Bearer
from bascule.service.operations import ShowCounters, ShowRelays
from bascule.service.results import Counters, Level, Relays, StatusReport
from bascule.web import live
from bascule.web.live import Hub
from bascule.web.pages.live import part_of
from bascule.web.watch import Part

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ALL = Part()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have figures asked for again as soon as they are told."""
    monkeypatch.setattr(live, "_COUNTS", 0.0)
    monkeypatch.setattr(live, "_TOGETHER", 0.0)


class Told:
    """A service's client that counts who asks, and tells what the test says."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gone: set[str] = set()
        """Who is logged in no more."""
        self.looked_on = True
        """Whether nobody was taken to do something himself."""
        self.counters: asyncio.Queue[Counters] = asyncio.Queue()

    async def call(self, request: Any, bearer: Bearer) -> Any:
        """Answer at once."""
        self.asked.append(f"{type(request).__name__} by {bearer.token}")
        self.looked_on = self.looked_on and bearer.looks_on
        if bearer.token in self.gone:
            raise OperationFailed(NotLoggedIn(message="log in first"))
        if isinstance(request, ShowRelays):
            return Relays()
        if isinstance(request, ShowCounters):
            return await self.counters.get()
        return StatusReport(
            level=Level.OK,
            sentence="fine",
            version="1",
            pid=1,
            configuration="",
            since=NOW,
            relays=0,
            relays_active=0,
            hosts=0,
            hosts_up=0,
        )

    async def stream(self, request: Any, bearer: Bearer) -> AsyncIterator[Any]:
        """Tell of no event."""
        self.asked.append(f"{type(request).__name__} by {bearer.token}")
        await asyncio.Event().wait()
        yield


def carried(sessions: int) -> Counters:
    """Return what a relay carries."""
    return Counters(since=NOW, rows=(CounterRow(type="relay", relay="HTTPS", name="HTTPS", sessions=sessions),))


def looking(hub: Hub, token: str, part: Part = ALL) -> AbstractAsyncContextManager[AsyncGenerator[bytes, None]]:
    """Have somebody look."""
    return aclosing(hub.messages(Bearer(token=token), part))


async def until(messages: AsyncIterator[bytes], part: bytes) -> bytes:
    """Return the first message that holds something."""
    async with asyncio.timeout(5):
        async for message in messages:
            if part in message:
                return message
    raise AssertionError


async def test_all_who_look_hear_what_one_has_asked() -> None:
    """What changed alone is told again; who comes later hears all that is known first."""
    told = Told()
    hub = Hub(cast("AsyncClient", told))
    async with (
        looking(hub, "one") as one,
        looking(hub, "two") as two,
    ):
        told.counters.put_nowait(carried(3))
        await until(one, b'"relay/HTTPS/sessions":"3"')
        assert b'"relay/HTTPS/sessions":"3"' in await until(two, b"relay/HTTPS/sessions")
        told.counters.put_nowait(carried(4))
        message = await until(one, b'"relay/HTTPS/sessions":"4"')
        assert b"traffic" not in message
        assert await until(two, b'"relay/HTTPS/sessions":"4"') == message
    asked = [each for each in told.asked if each.startswith("ShowCounters")]
    assert set(asked) == {"ShowCounters by one"}
    assert len(asked) <= 3  # two answers, and the question that waits


async def test_who_looks_at_another_part_hears_of_that_alone() -> None:
    """A page of one relay among hundreds costs as much as that one; a page without figures asks for no relay."""
    told = Told()
    hub = Hub(cast("AsyncClient", told))
    relay, none = Part(relay="HTTPS"), Part(most=0)
    async with (
        looking(hub, "one", relay) as one,
        looking(hub, "two", none) as two,
    ):
        told.counters.put_nowait(carried(3))
        await until(one, b'"relay/HTTPS/sessions":"3"')
        assert b"relay/" not in await until(two, b"sentence")
    assert not [each for each in told.asked if each.startswith(("ShowCounters", "ShowRelays")) and "two" in each]


async def test_who_does_not_listen_is_let_go() -> None:
    """Others hear on."""
    told = Told()
    hub = Hub(cast("AsyncClient", told))
    async with (
        looking(hub, "slow") as slow,
        looking(hub, "one") as one,
    ):
        await anext(slow)
        for number in range(100):
            told.counters.put_nowait(carried(number))
            await until(one, b'"relay/HTTPS/sessions":"%d"' % number)
        heard = [message async for message in slow]
        assert len(heard) < 40


async def test_who_comes_as_the_last_one_leaves_hears_all() -> None:
    """As a browser does that goes from page to page."""
    told = Told()
    hub = Hub(cast("AsyncClient", told))
    async with looking(hub, "one") as one:
        told.counters.put_nowait(carried(3))
        await until(one, b'"relay/HTTPS/sessions":"3"')
    async with looking(hub, "one") as one:
        await anext(one)
        told.counters.put_nowait(carried(4))
        await until(one, b'"relay/HTTPS/sessions":"4"')


async def test_whoever_is_logged_out_hears_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where another is asked in whose name; and to look on is to do nothing that keeps a login alive."""
    monkeypatch.setattr(live, "_LOOKED_AFTER", 0.01)
    told = Told()
    hub = Hub(cast("AsyncClient", told))
    async with (
        looking(hub, "one") as one,
        looking(hub, "two") as two,
    ):
        await anext(one)
        await anext(two)
        told.gone.add("two")
        async with asyncio.timeout(5):
            assert [message async for message in two if b"retry" in message] == []
        told.counters.put_nowait(carried(3))
        await until(one, b'"relay/HTTPS/sessions":"3"')
    assert told.looked_on


async def test_all_are_let_go_when_the_server_ends() -> None:
    """Their browsers come again."""
    hub = Hub(cast("AsyncClient", Told()))
    async with looking(hub, "one") as one, asyncio.timeout(5):
        await anext(one)
        hub.close()
        assert [message async for message in one if b"retry" in message] == []


async def test_a_fault_of_our_own_lets_everybody_go(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits for figures that will not come: his browser comes again, and nothing asks twice then."""
    told = Told()
    hub = Hub(cast("AsyncClient", told))
    async with looking(hub, "one") as one:
        told.counters.put_nowait(cast("Counters", None))
        async with asyncio.timeout(5):
            assert [message async for message in one]
    assert "a fault of our own in the figures that pages follow" in caplog.text
    async with looking(hub, "two") as two:
        await anext(two)
        told.counters.put_nowait(carried(3))
        await until(two, b'"relay/HTTPS/sessions":"3"')
    assert [each for each in told.asked if each.startswith("Monitor")] == ["Monitor by one", "Monitor by two"]


def test_a_name_longer_than_any_is_not_asked_of() -> None:
    """The service takes none: whoever looked at that would keep the figures from everybody else."""
    assert part_of({"relay": "HTTPS"}) == Part(relay="HTTPS")
    assert part_of({"relay": "x" * 257}) == Part(most=0)
    service = msgspec.msgpack.Decoder(ShowRelays)
    assert service.decode(msgspec.msgpack.encode(ShowRelays(relay=part_of({"relay": "x" * 256}).relay)))

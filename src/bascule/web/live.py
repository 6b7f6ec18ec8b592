"""Figures and events as they come, for everybody who looks: the parent is asked once, however many look.

What changed since the last time goes to all viewers as the same bytes, in the form of server-sent events (HTML, 9.2).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from bascule.service.asking import AsyncClient
from bascule.service.failures import OperationFailed
from bascule.service.logins import Bearer, ShowLogin
from bascule.service.operations import Monitor, ShowRelays, Status, WatchCounters
from bascule.service.request import Request
from bascule.service.results import Counters, Events
from bascule.web.figures import counted, described, stated

_LOG: Final = logging.getLogger(__name__)
_MOST_VIEWERS: Final = 100
_BEHIND: Final = 32
"""Messages that a slow viewer may be behind; then he is let go, and his browser comes again."""

_AGAIN: Final = 5.0
"""Seconds until the parent is asked again that did not answer."""

_LOOKED_AFTER: Final = 15.0
"""Seconds after which whoever has logged out hears no more."""

_STATES: Final = 5.0
"""Seconds between two looks at states while nothing happens; what happens is looked at at once."""


class Viewer:
    """One who looks, and what waits for him."""

    def __init__(self, bearer: Bearer) -> None:
        self.bearer = bearer
        self.waiting: asyncio.Queue[bytes | None] = asyncio.Queue(_BEHIND)

    def tell(self, message: bytes) -> None:
        """Have a message wait for him; whoever is too slow is let go."""
        if self.waiting.full():
            self.end()
        else:
            self.waiting.put_nowait(message)

    def end(self) -> None:
        """Let him go."""
        while self.waiting.full():
            self.waiting.get_nowait()
        self.waiting.put_nowait(None)


class Hub:
    """Asks for figures and events while anybody looks, in the name of one of those who do."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._viewers: dict[Viewer, None] = {}
        self._known: dict[str, str] = {}
        self._work: asyncio.Task[None] | None = None
        self._happened = asyncio.Event()

    def close(self) -> None:
        """Let everybody go: their browsers come again."""
        for viewer in list(self._viewers):
            viewer.end()

    async def messages(self, bearer: Bearer) -> AsyncIterator[bytes]:
        """Yield messages for one who looks, until he is let go: first everything that is known, then what changes."""
        with self._joined(Viewer(msgspec.structs.replace(bearer, looks_on=True))) as viewer:
            yield b"retry: 3000\n\n"
            if self._known:
                yield _event("figures", self._known)
            while (message := await viewer.waiting.get()) is not None:
                yield message

    @contextmanager
    def _joined(self, viewer: Viewer) -> Iterator[Viewer]:
        if len(self._viewers) >= _MOST_VIEWERS:
            next(iter(self._viewers)).end()
        self._viewers[viewer] = None
        if self._work is None or self._work.done():
            self._work = asyncio.get_running_loop().create_task(self._look())
        try:
            yield viewer
        finally:
            self._viewers.pop(viewer, None)
            if not self._viewers and self._work is not None:
                self._work.cancel()
                self._work = None  # who comes before it has ended begins another
                self._known = {}

    async def _look(self) -> None:
        """Ask, until nobody looks any more; after a fault of our own browsers come again, and with them another begins."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow(WatchCounters(), self._count))
                tasks.create_task(self._follow(Monitor(), self._happen))
                tasks.create_task(self._state())
                tasks.create_task(self._look_after())
        except* Exception:  # noqa: BLE001 - the edge towards browsers: nobody waits for what will not come
            _LOG.exception("a fault of our own in the figures that pages follow")
            self.close()

    async def _follow(self, request: Request[Any], hear: Callable[[Any], None]) -> None:
        while True:
            if (bearer := self._one()) is not None:
                try:
                    async for answer in self._client.stream(request, bearer):
                        hear(answer)
                except OperationFailed:
                    await self._require(bearer)
            await asyncio.sleep(_AGAIN)

    async def _state(self) -> None:
        while True:
            self._happened.clear()
            if (bearer := self._one()) is not None:
                try:
                    self._change(stated(await self._client.call(ShowRelays(), bearer)))
                    self._change(described(await self._client.call(Status(), bearer)))
                except OperationFailed:
                    await self._require(bearer)
            try:
                async with asyncio.timeout(_STATES):
                    await self._happened.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(0.5)  # what happens at once is looked at once

    async def _require(self, bearer: Bearer) -> None:
        """Let whoever is not logged in any more go; then another is asked for."""
        try:
            await self._client.call(ShowLogin(), bearer)
        except OperationFailed:
            for viewer in [each for each in self._viewers if each.bearer.token == bearer.token]:
                viewer.end()

    async def _look_after(self) -> None:
        """Let those go whose login has ended, now and then: figures are for whoever may see them."""
        while True:
            await asyncio.sleep(_LOOKED_AFTER)
            for bearer in {viewer.bearer.token: viewer.bearer for viewer in self._viewers}.values():
                await self._require(bearer)

    def _one(self) -> Bearer | None:
        return next((viewer.bearer for viewer in self._viewers), None)

    def _count(self, counters: Counters) -> None:
        self._change(counted(counters))

    def _happen(self, events: Events) -> None:
        if events.events:
            self._happened.set()
            self._tell(_event("events", [msgspec.to_builtins(event) for event in events.events]))

    def _change(self, figures: Mapping[str, str]) -> None:
        """Tell everybody what is another than before."""
        changed = {key: value for key, value in figures.items() if self._known.get(key) != value}
        if changed:
            self._known |= changed
            self._tell(_event("figures", changed))

    def _tell(self, message: bytes) -> None:
        for viewer in list(self._viewers):
            viewer.tell(message)


def _event(name: str, value: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(value))

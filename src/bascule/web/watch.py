"""Figures of some relays, for everybody who looks at these: the parent is asked once, however many look.

What changed since the last time goes to all of them as the same bytes, in the form of server-sent events (HTML, 9.2).
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

import msgspec

from bascule.service.asking import AsyncClient
from bascule.service.failures import OperationFailed
from bascule.service.logins import Bearer, ShowLogin
from bascule.service.operations import ShowCounters, ShowRelays, Status
from bascule.web.figures import counted, described, stated

_LOG: Final = logging.getLogger(__name__)
_BEHIND: Final = 32
"""Messages that a slow viewer may be behind; then he is let go, and his browser comes again."""

_AGAIN: Final = 5.0
"""Seconds until the parent is asked again that did not answer."""

_COUNTS: Final = 2.0
"""Seconds between two looks at what is carried."""

_STATES: Final = 5.0
"""Seconds between two looks at states while nothing happens; what happens is looked at at once."""

_TOGETHER: Final = 0.5
"""Seconds between two looks while very much happens."""

_CALM: Final = 50
"""Between two looks there are so many times the seconds that one takes: looking on costs 2 % of a processor at most."""


class Part(NamedTuple):
    """The relays that a page shows."""

    most: int | None = None
    """So many, the first of the text; 0 is none of them, None all."""
    relay: str | None = None
    """This one alone."""


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


class Watch:
    """Asks for the figures of a part until it is closed, in the name of one of those who look at it."""

    def __init__(self, client: AsyncClient, part: Part) -> None:
        self.part = part
        self.viewers: dict[Viewer, None] = {}
        self.known: dict[str, str] = {}
        self._client = client
        self._happened = asyncio.Event()
        self._work = asyncio.get_running_loop().create_task(self._look())

    @property
    def over(self) -> bool:
        """Return whether it asks no more."""
        return self._work.done()

    def close(self) -> None:
        """Ask no more, and let everybody go: their browsers come again."""
        self._work.cancel()
        for viewer in list(self.viewers):
            viewer.end()

    def happen(self, message: bytes) -> None:
        """Tell everybody of events, and look at what they have changed."""
        self._happened.set()
        self._tell(message)

    async def _look(self) -> None:
        """Ask; after a fault of our own browsers come again, and with them another watch begins."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._state())
                if self.part.most != 0:
                    tasks.create_task(self._count())
        except* Exception:  # noqa: BLE001 - the edge towards browsers: nobody waits for what will not come
            _LOG.exception("a fault of our own in the figures that pages follow")
            self.close()

    async def _count(self) -> None:
        while True:
            took = await self._timed(self._counters)
            await asyncio.sleep(max(_COUNTS, _CALM * took))

    async def _state(self) -> None:
        while True:
            self._happened.clear()
            took = await self._timed(self._states)
            await asyncio.sleep(max(_TOGETHER, 2 * took))
            with suppress(TimeoutError):
                async with asyncio.timeout(max(_STATES, _CALM * took)):
                    await self._happened.wait()

    async def _timed(self, look: Callable[[Bearer], Awaitable[None]]) -> float:
        """Look in the name of one of those who do, and return how long that took. `_AGAIN` passes where it fails."""
        began, bearer = time.monotonic(), next((viewer.bearer for viewer in self.viewers), None)
        if bearer is not None:
            try:
                await look(bearer)
            except OperationFailed:
                await self.require(bearer)
                await asyncio.sleep(_AGAIN)
                return 0.0
        return time.monotonic() - began

    async def _counters(self, bearer: Bearer) -> None:
        asked = ShowCounters(most=self.part.most, relay=self.part.relay, recent=True)
        self._change(counted(await self._client.call(asked, bearer)))

    async def _states(self, bearer: Bearer) -> None:
        if self.part.most != 0:
            asked = ShowRelays(most=self.part.most, relay=self.part.relay, sessions=False)
            self._change(stated(await self._client.call(asked, bearer)))
        self._change(described(await self._client.call(Status(), bearer)))

    async def require(self, bearer: Bearer) -> None:
        """Let whoever is not logged in any more go; then another is asked for."""
        try:
            await self._client.call(ShowLogin(), bearer)
        except OperationFailed:
            for viewer in [each for each in self.viewers if each.bearer.token == bearer.token]:
                viewer.end()

    def _change(self, figures: Mapping[str, str]) -> None:
        """Tell everybody what is another than before."""
        changed = {key: value for key, value in figures.items() if self.known.get(key) != value}
        if changed:
            self.known |= changed
            self._tell(event("figures", changed))

    def _tell(self, message: bytes) -> None:
        for viewer in list(self.viewers):
            viewer.tell(message)


def event(name: str, value: Any) -> bytes:
    """Return a message to browsers."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(value))

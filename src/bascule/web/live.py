"""What pages follow while somebody looks: the parent is asked once for each part of the relays, however many look at it."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import msgspec

from bascule.service.asking import AsyncClient
from bascule.service.failures import OperationFailed
from bascule.service.logins import Bearer, ShowLogin
from bascule.service.operations import Monitor, Status
from bascule.service.results import Events
from bascule.web.figures import described
from bascule.web.watch import Part, Viewer, Watch, event

_LOG: Final = logging.getLogger(__name__)
_MOST_VIEWERS: Final = 100

_AGAIN: Final = 5.0
"""Seconds until the parent is asked again that did not answer."""

_LOOKED_AFTER: Final = 15.0
"""Seconds after which whoever has logged out hears no more."""

_COUNTS: Final = 2.0
"""Seconds between two looks at what is carried."""

_STATES: Final = 5.0
"""Seconds between two looks at states while nothing happens; what happens is looked at at once."""

_TOGETHER: Final = 0.5
"""Seconds between two looks while very much happens."""

_CALM: Final = 50
"""Between two looks there are so many times the seconds that one takes: each kind costs 2 % of a processor at most."""


class Hub:
    """Asks while anybody looks, in the name of one of those who do."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._viewers: dict[Viewer, Watch] = {}
        self._watches: dict[Part, Watch] = {}
        self._work: asyncio.Task[None] | None = None
        self._to_count, self._to_state = asyncio.Event(), asyncio.Event()

    def close(self) -> None:
        """Let everybody go: their browsers come again."""
        for viewer in list(self._viewers):
            viewer.end()

    async def messages(self, bearer: Bearer, part: Part) -> AsyncGenerator[bytes, None]:
        """Yield messages for one who looks, until he is let go: first everything that is known, then what changes."""
        with self._joined(Viewer(msgspec.structs.replace(bearer, looks_on=True)), part) as viewer:
            yield b"retry: 3000\n\n"
            if known := self._viewers[viewer].known:
                yield event("figures", known)
            while (message := await viewer.waiting.get()) is not None:
                yield message

    @contextmanager
    def _joined(self, viewer: Viewer, part: Part) -> Iterator[Viewer]:
        if len(self._viewers) >= _MOST_VIEWERS:
            next(iter(self._viewers)).end()
        if part not in self._watches:
            self._watches[part] = Watch(self._client, part)
            self._to_count.set()
            self._to_state.set()
        watch = self._viewers[viewer] = self._watches[part]
        watch.viewers[viewer] = None
        if self._work is None or self._work.done():
            self._work = asyncio.get_running_loop().create_task(self._look())
        try:
            yield viewer
        finally:
            self._leave(viewer, watch)

    def _leave(self, viewer: Viewer, watch: Watch) -> None:
        """Let one go; of what nobody looks at any more nothing is known."""
        self._viewers.pop(viewer, None)
        watch.viewers.pop(viewer, None)
        if not watch.viewers:
            self._watches.pop(watch.part, None)
        if not self._viewers and self._work is not None:
            self._work.cancel()
            self._work = None  # who comes before it has ended begins another

    async def _look(self) -> None:
        """Ask, until nobody looks any more; after a fault of our own browsers come again, and with them another begins."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow())
                tasks.create_task(self._again(self._count, _COUNTS, self._to_count))
                tasks.create_task(self._again(self._state, _STATES, self._to_state))
                tasks.create_task(self._look_after())
        except* Exception:  # noqa: BLE001 - the edge towards browsers: nobody waits for what will not come
            _LOG.exception("a fault of our own in the figures that pages follow")
            self.close()

    async def _again(self, look: Callable[[Bearer], Awaitable[None]], pause: float, wanted: asyncio.Event) -> None:
        """Look every few seconds, and when it is wanted; less often where that takes long."""
        while True:
            wanted.clear()
            began = time.monotonic()
            await self._asked(look)
            took = time.monotonic() - began
            await asyncio.sleep(max(_TOGETHER, 2 * took))
            with suppress(TimeoutError):
                async with asyncio.timeout(max(pause, _CALM * took)):
                    await wanted.wait()

    async def _count(self, bearer: Bearer) -> None:
        for watch in list(self._watches.values()):
            await watch.count(bearer)

    async def _state(self, bearer: Bearer) -> None:
        how = described(await self._client.call(Status(), bearer))
        for watch in list(self._watches.values()):
            watch.change(how)
            await watch.state(bearer)

    async def _follow(self) -> None:
        async def follow(bearer: Bearer) -> None:
            async for events in self._client.stream(Monitor(), bearer):
                self._happen(events)

        while True:
            await self._asked(follow)
            await asyncio.sleep(_AGAIN)

    async def _look_after(self) -> None:
        """Let those go whose login has ended, now and then: figures are for whoever may see them."""
        while True:
            await asyncio.sleep(_LOOKED_AFTER)
            for bearer in {viewer.bearer.token: viewer.bearer for viewer in self._viewers}.values():
                await self._require(bearer)

    async def _asked(self, work: Callable[[Bearer], Awaitable[None]]) -> None:
        """Do something in the name of one who looks. What fails is done again, after a while."""
        bearer = next((viewer.bearer for viewer in self._viewers), None)
        if bearer is not None:
            try:
                await work(bearer)
            except OperationFailed:
                await self._require(bearer)
                await asyncio.sleep(_AGAIN)

    async def _require(self, bearer: Bearer) -> None:
        """Let whoever is not logged in any more go; then another is asked for."""
        try:
            await self._client.call(ShowLogin(), bearer)
        except OperationFailed:
            for viewer in [each for each in self._viewers if each.bearer.token == bearer.token]:
                viewer.end()

    def _happen(self, events: Events) -> None:
        if events.events:
            self._to_state.set()
            message = event("events", [msgspec.to_builtins(each) for each in events.events])
            for watch in list(self._watches.values()):
                watch.tell(message)

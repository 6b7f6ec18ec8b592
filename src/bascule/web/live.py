"""What pages follow while somebody looks: a watch for each part of the relays that is looked at, and events for all."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from bascule.service.asking import AsyncClient
from bascule.service.failures import OperationFailed
from bascule.service.logins import Bearer
from bascule.service.operations import Monitor
from bascule.service.results import Events
from bascule.web.watch import Part, Viewer, Watch, event

_LOG: Final = logging.getLogger(__name__)
_MOST_VIEWERS: Final = 100

_AGAIN: Final = 5.0
"""Seconds until the parent is asked again for events that it did not tell."""

_LOOKED_AFTER: Final = 15.0
"""Seconds after which whoever has logged out hears no more."""


class Hub:
    """Brings those who look together with what they look at."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._viewers: dict[Viewer, Watch] = {}
        self._watches: dict[Part, Watch] = {}
        self._work: asyncio.Task[None] | None = None

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
        watch = self._watches.get(part)
        if watch is None or watch.over:
            watch = self._watches[part] = Watch(self._client, part)
        self._viewers[viewer] = watch
        watch.viewers[viewer] = None
        if self._work is None or self._work.done():
            self._work = asyncio.get_running_loop().create_task(self._look())
        try:
            yield viewer
        finally:
            self._leave(viewer, watch)

    def _leave(self, viewer: Viewer, watch: Watch) -> None:
        """Let one go; what nobody looks at any more is closed, and who comes before that has ended begins another."""
        self._viewers.pop(viewer, None)
        watch.viewers.pop(viewer, None)
        if not watch.viewers:
            watch.close()
            if self._watches.get(watch.part) is watch:
                del self._watches[watch.part]
        if not self._viewers and self._work is not None:
            self._work.cancel()
            self._work = None

    async def _look(self) -> None:
        """Follow events while anybody looks; after a fault of our own browsers come again, and with them another begins."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow())
                tasks.create_task(self._look_after())
        except* Exception:  # noqa: BLE001 - the edge towards browsers: nobody waits for what will not come
            _LOG.exception("a fault of our own in the events that pages follow")
            self.close()

    async def _follow(self) -> None:
        while True:
            viewer, watch = next(iter(self._viewers.items()), (None, None))
            if viewer is not None and watch is not None:
                try:
                    async for events in self._client.stream(Monitor(), viewer.bearer):
                        self._happen(events)
                except OperationFailed:
                    await watch.require(viewer.bearer)
            await asyncio.sleep(_AGAIN)

    async def _look_after(self) -> None:
        """Let those go whose login has ended, now and then: figures are for whoever may see them."""
        while True:
            await asyncio.sleep(_LOOKED_AFTER)
            for watch in list(self._watches.values()):
                for bearer in {viewer.bearer.token: viewer.bearer for viewer in watch.viewers}.values():
                    await watch.require(bearer)

    def _happen(self, events: Events) -> None:
        if events.events:
            message = event("events", [msgspec.to_builtins(each) for each in events.events])
            for watch in list(self._watches.values()):
                watch.happen(message)

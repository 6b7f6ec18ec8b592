"""A process of ours that works beside its parent while it is wanted, and is started again when it dies."""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

from bascule.system.channel import ChannelError
from bascule.system.child import Child
from bascule.system.children import Starts
from bascule.system.clock import Clock
from bascule.system.errors import MachineError

_LOG: Final = logging.getLogger(__name__)

FIRST_PAUSE: Final = 0.2
LAST_PAUSE: Final = 10.0
"""Seconds before it is started again: the first, doubled each time it dies young, and the last."""

_GROWN_UP: Final = 60.0
"""Seconds of life after which a death is taken for the first again."""

Report = TypeVar("Report")


class Companion(Generic[Report]):
    """A role as its parent sees it; `kind` is what it says, which `heard` is told.

    `greet` returns what it is told first in each of its lives; `died` hears how it ended whenever that was unasked.
    `given` returns the sockets that it is started with, None for one that takes none; they are closed here then.
    """

    def __init__(
        self,
        role: str,
        kind: Any,
        *,
        clock: Clock,
        starts: Starts,
        died: Callable[[str], None],
        greet: Callable[[], Sequence[object]],
        heard: Callable[[Report], None],
        given: Callable[[], Sequence[socket.socket]] | None = None,
    ) -> None:
        self._role = role
        self._kind = kind
        self._clock = clock
        self._starts = starts
        self._died = died
        self._greet = greet
        self._heard = heard
        self._given = given
        self._wanted = asyncio.Event()
        self._unwanted = asyncio.Event()
        self._runs = asyncio.Event()
        self._child: Child[Report] | None = None

    @property
    def pid(self) -> int | None:
        """Return the process's id; None while none runs."""
        return None if self._child is None else self._child.pid

    def want(self, *, wanted: bool) -> None:
        """Have it run, or not."""
        if wanted:
            self._wanted.set()
            self._unwanted.clear()
        else:
            self._wanted.clear()
            self._unwanted.set()

    def renew(self) -> None:
        """Have it end, and begin another life if it is wanted."""
        self._unwanted.set()

    async def running(self) -> None:
        """Return when it runs."""
        await self._runs.wait()

    async def tell(self, order: object) -> None:
        """Tell it something; where none runs nobody hears it."""
        if self._child is not None:
            await self._child.tell(order)

    async def watch(self) -> None:
        """Keep it running while it is wanted, until cancelled."""
        pause = FIRST_PAUSE
        while True:
            await self._wanted.wait()
            if not self._wanted.is_set():  # it was for a moment
                continue
            self._unwanted.clear()
            born = self._clock.monotonic()
            how = await self._life()
            if not how:
                pause = FIRST_PAUSE
                continue
            self._died(f"the {self._role} process {how}")
            pause = FIRST_PAUSE if self._clock.monotonic() - born > _GROWN_UP else pause
            await self._clock.sleep(pause)
            pause = min(2 * pause, LAST_PAUSE)

    async def _life(self) -> str:
        """Run it, and return how it ended; nothing where that was asked for."""
        given: Sequence[socket.socket] | None = None
        try:
            given = None if self._given is None else self._given()
            child: Child[Report] = await Child.start(self._starts, self._role, self._kind, given)
        except MachineError as error:
            return f"could not be started: {error.cause}"
        finally:
            for each in given or ():
                each.close()
        asked = True
        try:
            if not self._unwanted.is_set():  # starting takes a while, in which it may have become so
                self._child = child
                for order in self._greet():
                    await child.tell(order)
                self._runs.set()
                asked = await self._until_its_end(child)
        finally:
            self._child = None
            self._runs.clear()
            how = await child.end()
        return "" if asked else how

    async def _until_its_end(self, child: Child[Report]) -> bool:
        """Hear what it says until it closes its end, breaks the protocol, or is not wanted any more, which is True then."""
        listening = asyncio.ensure_future(self._listen(child))
        unwanted = asyncio.ensure_future(self._unwanted.wait())
        ways: set[asyncio.Future[Any]] = {listening, unwanted}
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            return unwanted.done()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _listen(self, child: Child[Report]) -> None:
        try:
            while (report := await child.channel.receive()) is not None:
                self._hear(report)
        except (OSError, ChannelError):
            return

    def _hear(self, report: Report) -> None:
        try:
            self._heard(report)
        except Exception:  # noqa: BLE001 - it repeats what strangers say: what trips us there must not end all that it does
            _LOG.exception("a fault of our own in hearing what the %s process says", self._role)

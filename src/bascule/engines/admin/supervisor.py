"""The parent's side of the web process: starts it where there is something to serve, and again when it dies."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Final

from bascule.engines.admin.process import WebChild, WebLostError, WebRefusedError
from bascule.system.children import Starts
from bascule.system.clock import Clock
from bascule.system.errors import MachineError
from bascule.system.web_orders import WebListener

FIRST_PAUSE: Final = 0.2
LAST_PAUSE: Final = 10.0
"""Seconds before the process is started again: the first, doubled each time it dies young, and the last."""

_GROWN_UP: Final = 60.0
"""Seconds of life after which a death is taken for the first again."""

_PULSE: Final = 10.0
"""Seconds between two times that the process is asked whether it lives."""

Door = tuple[WebListener, socket.socket]
"""A place to answer at, and its listening socket."""


class WebProcess:
    """The web process as its parent sees it: it has what `serve` gave it last, also when it dies and is started again.

    `died` hears how it ended whenever that was unasked; `control` is the socket at which it asks what it shows. `watch`
    is what starts it again.
    """

    def __init__(self, *, clock: Clock, died: Callable[[str], None], starts: Starts, control: str = "") -> None:
        self._control = control
        self._clock = clock
        self._died = died
        self._starts = starts
        self._doors: tuple[Door, ...] = ()
        self._child: WebChild | None = None
        self._born = 0.0
        self._one_at_a_time = asyncio.Lock()
        self._runs = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Return the process's id; None while none runs."""
        return None if self._child is None else self._child.pid

    async def serve(self, doors: Sequence[Door]) -> None:
        """Have it answer at these places, and no others; it runs as long as there are any.

        Raises MachineError when it does not; then it goes on as before, if it lives.
        """
        async with self._one_at_a_time:
            before, self._doors = self._doors, tuple(doors)
            try:
                await self._tell()
            except (WebLostError, WebRefusedError, MachineError) as error:
                self._doors = before
                cause = error.cause if isinstance(error, MachineError) else str(error)
                raise MachineError("have the web process serve the admin pages", cause) from error

    async def watch(self) -> None:
        """Start it again whenever it has died, or does not answer, until cancelled."""
        pause = FIRST_PAUSE
        while True:
            await self._runs.wait()
            how = await self._end_of_life()
            if not how:
                continue
            self._died(f"the web process {how}: the admin pages are back soon")
            pause = FIRST_PAUSE if self._clock.monotonic() - self._born > _GROWN_UP else pause
            await self._clock.sleep(pause)
            pause = min(2 * pause, LAST_PAUSE)
            await self._revive()

    async def stop(self) -> None:
        """End it."""
        async with self._one_at_a_time:
            self._doors = ()
            await self._bury()

    async def _tell(self) -> None:
        """Tell it what to serve; it is started where it must. Raises WebLostError, WebRefusedError, MachineError."""
        if self._child is None:
            if not self._doors:
                return
            self._born = self._clock.monotonic()
            self._child = await WebChild.start(self._starts, self._control)
            self._runs.set()
        await self._child.serve([listener for listener, _ in self._doors], [held for _, held in self._doors])
        if not self._doors:
            await self._bury()

    async def _end_of_life(self) -> str:
        """Return how it ended, when it has; empty where it was asked to, or lives and answers."""
        child = self._child
        if child is None:
            if self._doors:
                return "could not be started"
            self._runs.clear()
            return ""
        try:
            async with asyncio.timeout(_PULSE):
                await child.ended()
        except TimeoutError:
            return await self._pulse(child)
        async with self._one_at_a_time:
            return await self._bury() if self._child is child else ""

    async def _pulse(self, child: WebChild) -> str:
        async with self._one_at_a_time:
            if self._child is not child:
                return ""
            try:
                await self._tell()
            except (WebLostError, WebRefusedError):
                return await self._bury()
            return ""

    async def _revive(self) -> None:
        async with self._one_at_a_time:
            try:
                if self._child is None:
                    await self._tell()
            except (WebLostError, WebRefusedError, MachineError):
                self._runs.set()  # its death is seen in the next round

    async def _bury(self) -> str:
        """See to its end, and return how it ended."""
        child, self._child = self._child, None
        if child is None:
            return ""
        how = await child.end()
        if not self._doors:
            self._runs.clear()
        return how

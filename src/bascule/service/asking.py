"""Asks a running Bascule over its control socket without holding up a loop: the web process, on behalf of who is there."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

from bascule.service.failures import Busy, OperationFailed
from bascule.service.logins import Bearer
from bascule.service.progress import Progress
from bascule.service.replies import REPLIES, Reply, answer_in, unavailable
from bascule.service.request import Answer, Request
from bascule.system.channel import Channel, ChannelError

PATIENCE: Final = 30.0
"""Seconds an operation may take until its answer or, of one that tells how far it is, its next step."""

AT_ONCE: Final = 10
"""Calls at a time; the control socket has a few more for one user, which streams take."""

STRANGERS_AT_ONCE: Final = 3
"""Of them, those of people who are not logged in yet: passwords take long to compare, and pages must not wait for that."""

STREAMS_AT_ONCE: Final = 6
"""What is followed at a time: with the calls as much as the control socket has for one user."""

STREAMS_OF_PROGRAMS: Final = 4
"""Of them, those that are not the pages' own: none who follows takes the figures from everybody's pages."""

_WHO: Final = "Bascule"


def _nobody(_: Progress) -> None:
    """Hear nothing."""


class AsyncClient:
    """Speaks operations to the Bascule behind one control socket; each call is a connection of its own."""

    def __init__(self, path: Path, *, patience: float = PATIENCE) -> None:
        self._path = path
        self._patience = patience
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._streams = 0
        self._doors = asyncio.Semaphore(STRANGERS_AT_ONCE)

    async def call(
        self, request: Request[Answer], bearer: Bearer | None = None, told: Callable[[Progress], None] = _nobody
    ) -> Answer:
        """Return the answer to a request; `told` hears how far it is, where the request asks for that.

        Raises OperationFailed for whatever came instead of an answer.
        """
        if bearer is None:
            async with self._doors:
                return await self._called(request, bearer, told)
        return await self._called(request, bearer, told)

    async def _called(self, request: Request[Answer], bearer: Bearer | None, told: Callable[[Progress], None]) -> Answer:
        async with self._turns, contextlib.aclosing(self._replies(request, bearer, self._patience)) as replies:
            async for reply in replies:
                if not isinstance(reply, Progress):
                    return answer_in(reply, request, _WHO)
                told(reply)
        return answer_in(None, request, _WHO)

    async def stream(self, request: Request[Answer], bearer: Bearer | None = None) -> AsyncIterator[Answer]:
        """Yield answer after answer, for as long as the caller goes on. Raises OperationFailed, also at the other's end."""
        looks_on = bearer is not None and bearer.looks_on
        if self._streams >= (STREAMS_AT_ONCE if looks_on else STREAMS_OF_PROGRAMS):
            raise OperationFailed(Busy(message=f"{self._streams} others are watching; try again"))
        self._streams += 1
        try:
            async with contextlib.aclosing(self._replies(request, bearer, None)) as replies:
                async for reply in replies:
                    yield answer_in(reply, request, _WHO)
        finally:
            self._streams -= 1
        raise unavailable(_WHO, "has ended")

    async def _replies(
        self, request: Request[Any], bearer: Bearer | None, patience: float | None
    ) -> AsyncGenerator[Reply, None]:
        """Yield what comes back until the peer closes; `patience` is for each reply, None waits for ever."""
        try:
            reader, writer = await asyncio.open_unix_connection(str(self._path))
        except OSError as error:
            raise unavailable(_WHO, f"does not answer: {error.strerror or error}") from error
        channel: Channel[Reply] = Channel(reader, writer, REPLIES)
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before it read it all
                if bearer is not None:
                    await channel.send(bearer)
                await channel.send(request)
            while True:
                async with asyncio.timeout(patience):
                    reply = await channel.receive()
                if reply is None:
                    return
                yield reply
        except TimeoutError as error:
            raise unavailable(_WHO, f"did not answer within {self._patience:g} s") from error
        except ChannelError as error:
            raise unavailable(_WHO, f"is of another version, or no Bascule: {error}") from error
        except OSError as error:
            raise unavailable(_WHO, f"cannot be reached: {error.strerror or error}") from error
        finally:
            await channel.close()

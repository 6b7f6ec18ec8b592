"""What a parent asks of a worker of its own version."""

import socket
from collections.abc import Mapping
from pathlib import Path

from bascule.engines.proxy.line import Line, connected
from bascule.engines.proxy.wire import (
    AskSessions,
    AskStatus,
    Chosen,
    Done,
    Ended,
    Follow,
    FromWorker,
    Holding,
    Kill,
    Killed,
    Observe,
    Place,
    ProxyRelay,
    Sessions,
    Status,
    TakeEnded,
    in_batches,
)


class Link(Line[FromWorker]):
    """A connection to a worker of our version."""

    @classmethod
    async def open(cls, path: Path) -> tuple["Link", Holding, dict[Place, socket.socket]]:
        """Connect to a worker and return what it holds, with its listening sockets.

        Raises OSError where nobody listens at the path, MachineError where the worker is another user's or has a parent.
        """
        link = cls(await connected(path, FromWorker))
        return link, *await link._greeted(path, Holding)

    async def observe(self) -> Holding:
        """Return what the worker holds. Raises LinkLostError."""
        return await self._ask(Observe(), Holding)

    async def status(self) -> Status:
        """Return the worker's counters. Raises LinkLostError."""
        return await self._ask(AskStatus(), Status)

    async def sessions(self, asked: AskSessions) -> Sessions:
        """Return the worker's sessions, as many as were asked for. Raises LinkLostError."""
        return await self._ask(asked, Sessions)

    async def ended(self) -> Ended:
        """Return a portion of the worker's sessions that have ended. Raises LinkLostError."""
        return await self._ask(TakeEnded(), Ended)

    async def kill(self, chosen: Chosen) -> int:
        """Have the worker reset sessions, and return how many there were. Raises LinkLostError."""
        return (await self._ask(Kill(chosen=chosen), Killed)).sessions

    async def follow(self, relays: tuple[ProxyRelay, ...], listeners: Mapping[Place, socket.socket]) -> None:
        """Have the worker carry these relays, with these listening sockets more. Raises LinkLostError."""
        async with self._request():
            for message, sockets in in_batches(tuple(listeners.items())):
                await self._send(message, sockets)
            await self._send(Follow(relays=relays))
            await self._answer(Done)

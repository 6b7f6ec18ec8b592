"""The parent's side of the connection to one worker."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

from bascule.engines.proxy.wire import (
    AskSessions,
    AskStatus,
    Busy,
    Chosen,
    Done,
    Ended,
    Follow,
    FromWorker,
    Holding,
    Kill,
    Killed,
    Listeners,
    Observe,
    Place,
    ProxyRelay,
    Sessions,
    Status,
    Stop,
    TakeEnded,
    Wire,
    in_batches,
)
from bascule.system.channel import ChannelError
from bascule.system.errors import MachineError

PATIENCE: Final = 10.0
"""Seconds that a worker may take for an answer, which takes it milliseconds."""

Answer = TypeVar("Answer", Holding, Done, Status, Sessions, Ended, Killed)


class LinkLostError(Exception):
    """The worker is gone, or does not answer as a worker does."""


class Link:
    """A connection to a worker: one request at a time; `lost` is set when the worker is gone."""

    def __init__(self, wire: Wire[FromWorker]) -> None:
        self._wire = wire
        self._answers: asyncio.Queue[FromWorker | None] = asyncio.Queue()  # bounded: a worker answers each request once
        self._one_at_a_time = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(wire.connection.fileno(), self._hear)
        self.lost = asyncio.Event()

    @classmethod
    async def open(cls, path: Path) -> tuple["Link", Holding, dict[Place, socket.socket]]:
        """Connect to a worker and return what it holds, with its listening sockets.

        Raises OSError where nobody listens at the path, MachineError where the worker is another user's or has a parent.
        """
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(0)
            await asyncio.get_running_loop().sock_connect(connection, str(path))
        except OSError:
            connection.close()
            raise
        wire: Wire[FromWorker] = Wire(connection, FromWorker)
        if wire.peer_uid != os.geteuid():
            wire.close()
            raise MachineError(f"connect to the proxy worker at {path}", f"it belongs to user {wire.peer_uid}")
        link = cls(wire)
        try:
            async with asyncio.timeout(PATIENCE):
                holding, listeners = await link._greeted(path)
        except (TimeoutError, LinkLostError) as error:
            link.close()
            raise MachineError(f"connect to the proxy worker at {path}", "it does not answer") from error
        return link, holding, listeners

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
        """Return the worker's sessions that have ended since the last call. Raises LinkLostError."""
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

    async def stop(self) -> None:
        """Have the worker reset its sessions and end, and wait until it has. Raises LinkLostError when it does not."""
        async with self._request():
            await self._send(Stop())
            with contextlib.suppress(LinkLostError):  # which is the answer
                await self._answer(Done)

    def close(self) -> None:
        """Leave the worker alone: it goes on."""
        if not self.lost.is_set():
            self._loop.remove_reader(self._wire.connection.fileno())
            self._loop.remove_writer(self._wire.connection.fileno())
            self._wire.close()
            self._answers.put_nowait(None)
            self.lost.set()

    async def _greeted(self, path: Path) -> tuple[Holding, dict[Place, socket.socket]]:
        first = await self._next()
        if isinstance(first, Busy):
            self.close()
            raise MachineError(f"connect to the proxy worker at {path}", "another instance of bascule controls it")
        if not isinstance(first, Holding):
            raise LinkLostError(f"it begins with {type(first).__name__}")
        listeners: dict[Place, socket.socket] = {}
        while len(listeners) < len(first.listens):
            more = await self._next()
            if not isinstance(more, Listeners):
                raise LinkLostError(f"{type(more).__name__} in place of its sockets")
            listeners.update(self._wire.take(more))
        return first, listeners

    async def _ask(self, question: Observe | AskStatus | AskSessions | TakeEnded | Kill, kind: type[Answer]) -> Answer:
        async with self._request():
            await self._send(question)
            return await self._answer(kind)

    @asynccontextmanager
    async def _request(self) -> AsyncIterator[None]:
        """Make what stands inside one request; one that is not answered, or given up, ends the connection."""
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(PATIENCE):
                    yield
            except (TimeoutError, OSError, ChannelError) as error:
                self.close()
                raise LinkLostError(str(error) or "no answer") from error
            except asyncio.CancelledError:
                self.close()
                raise

    async def _send(self, message: object, sockets: Sequence[socket.socket] = ()) -> None:
        if self.lost.is_set():
            raise LinkLostError("it is gone")
        self._wire.queue(message, sockets)
        while not self._wire.flush():
            writable = asyncio.Event()
            self._loop.add_writer(self._wire.connection.fileno(), writable.set)
            try:
                await writable.wait()
            finally:
                self._loop.remove_writer(self._wire.connection.fileno())

    async def _answer(self, kind: type[Answer]) -> Answer:
        answer = await self._next()
        if not isinstance(answer, kind):
            self.close()
            raise LinkLostError(f"{type(answer).__name__} is no answer to that")
        return answer

    async def _next(self) -> FromWorker:
        message = await self._answers.get()
        if message is None:
            self._answers.put_nowait(None)  # for whoever asks next
            raise LinkLostError("it is gone")
        return message

    def _hear(self) -> None:
        """Take what the worker says; called by the event loop."""
        try:
            messages = self._wire.receive()
            for message in () if messages is None else messages:
                self._answers.put_nowait(message)
        except (OSError, ChannelError):
            messages = None
        if messages is None:
            self.close()

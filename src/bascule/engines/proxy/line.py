"""The parent's end of a connection to a worker, whatever the two have to say: one request at a time, and its answer."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from bascule.engines.proxy.folder import believed
from bascule.engines.proxy.wire import Busy, Done, Listeners, Message, Place, Stop, Wire
from bascule.system.errors import MachineError
from bascule.system.frames import ChannelError

PATIENCE: Final = 10.0
"""Seconds that a worker may take for an answer, which takes it milliseconds."""
NOBODY: Final = (ConnectionRefusedError, ConnectionResetError, FileNotFoundError)
"""What opening a connection raises where no worker is, or one that ends just then."""

Answer = TypeVar("Answer")


class Greeting(Protocol):
    """A worker's first words; its listening sockets come after them."""

    @property
    def listens(self) -> tuple[Place, ...]:
        """Where the worker listens."""
        ...


Greeted = TypeVar("Greeted", bound=Greeting)


class LinkLostError(Exception):
    """The worker is gone, or does not answer as a worker does."""


class GoneError(LinkLostError):
    """The worker is gone."""

    def __init__(self) -> None:
        super().__init__("it is gone")


async def connected(path: Path, kind: Any) -> Wire[Any]:
    """Connect to a worker that says messages of this kind: one of our own user, or of the user whom its folder was given.

    Raises OSError where nobody listens at the path, MachineError where the worker is another user's.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(0)
        await asyncio.get_running_loop().sock_connect(connection, str(path))
    except OSError:
        connection.close()
        raise
    wire: Wire[Any] = Wire(connection, kind)
    if wire.peer_uid not in believed(path.parent):
        wire.close()
        raise MachineError(f"connect to the proxy worker at {path}", f"it belongs to user {wire.peer_uid}")
    return wire


class Line(Generic[Message]):
    """A connection to a worker, which says `Message`; `lost` is set when the worker is gone."""

    def __init__(self, wire: Wire[Message]) -> None:
        self._wire = wire
        self._answers: asyncio.Queue[Message | LinkLostError] = asyncio.Queue()  # one each request
        self._one_at_a_time = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(wire.connection.fileno(), self._hear)
        self.lost = asyncio.Event()

    async def stop(self) -> None:
        """Have the worker reset its sessions and end, and wait until it has. Raises LinkLostError when it does not."""
        async with self._request():
            await self._send(Stop())
            with suppress(LinkLostError):  # which is the answer
                await self._answer(Done)

    def close(self, why: LinkLostError | None = None) -> None:
        """Leave the worker alone: it goes on. `why` is raised to whoever waits for an answer."""
        if not self.lost.is_set():
            self._loop.remove_reader(self._wire.connection.fileno())
            self._loop.remove_writer(self._wire.connection.fileno())
            self._wire.close()
            self._answers.put_nowait(why or GoneError())
            self.lost.set()

    async def _greeted(self, path: Path, kind: type[Greeted]) -> tuple[Greeted, dict[Place, socket.socket]]:
        """Return the worker's first words and its sockets.

        Raises MachineError where it has a parent, or says nothing; ConnectionResetError where it ended meanwhile.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._first_words(path, kind)
        except GoneError as error:
            raise ConnectionResetError(str(error)) from error
        except (TimeoutError, LinkLostError) as error:
            self.close()
            raise MachineError(f"connect to the proxy worker at {path}", "it does not answer") from error

    async def _first_words(self, path: Path, kind: type[Greeted]) -> tuple[Greeted, dict[Place, socket.socket]]:
        first = await self._next()
        if isinstance(first, Busy):
            self.close()
            raise MachineError(f"connect to the proxy worker at {path}", "another instance of bascule controls it")
        if not isinstance(first, kind):
            raise LinkLostError(f"it begins with {type(first).__name__}")
        listeners: dict[Place, socket.socket] = {}
        while len(listeners) < len(first.listens):
            more = await self._next()
            if not isinstance(more, Listeners):
                raise LinkLostError(f"{type(more).__name__} in place of its sockets")
            listeners.update(self._wire.take(more))
        return first, listeners

    async def _ask(self, question: object, kind: type[Answer]) -> Answer:
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
            raise GoneError
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

    async def _next(self) -> Message:
        message = await self._answers.get()
        if isinstance(message, LinkLostError):
            self._answers.put_nowait(message)  # for whoever asks next
            raise message
        return message

    def _hear(self) -> None:
        """Take what the worker says; called by the event loop."""
        try:
            messages = self._wire.receive()
            for message in () if messages is None else messages:
                self._answers.put_nowait(message)
        except ChannelError as error:
            self.close(LinkLostError(str(error)))
        except OSError:
            self.close()
        else:
            if messages is None:
                self.close()

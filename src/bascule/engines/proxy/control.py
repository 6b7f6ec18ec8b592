"""A worker's socket for its parent: one parent at a time, of the worker's own user."""

import select
import socket
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

from bascule.engines.proxy.wire import (
    AskSessions,
    AskStatus,
    Busy,
    Chosen,
    Done,
    Ended,
    Follow,
    FromParent,
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
from bascule.system.frames import ChannelError


class Served(Protocol):
    """What a parent may ask of a worker."""

    def holding(self) -> Holding:
        """Return what the worker follows and where it listens."""
        ...

    def held(self) -> Iterator[tuple[Place, socket.socket]]:
        """Yield the listening sockets."""
        ...

    def follow(self, relays: Sequence[ProxyRelay], arrived: dict[Place, socket.socket]) -> None:
        """Follow these relays from now on; the sockets that arrived are the worker's to use or close."""
        ...

    def status(self) -> Status:
        """Return the counters."""
        ...

    def sessions(self, asked: AskSessions) -> Sessions:
        """Return the sessions that were asked for."""
        ...

    def ended(self) -> Ended:
        """Return the sessions that have ended since the last call."""
        ...

    def kill(self, chosen: Chosen) -> int:
        """Reset these sessions, and return how many there were."""
        ...

    def stop(self) -> None:
        """End when this round is over."""
        ...


class Control:
    """Listens for a parent and answers it, in the worker's epoll; never waits for it."""

    def __init__(self, epoll: select.epoll, listener: socket.socket, served: Served, *, parents: Collection[int]) -> None:
        """Take the users from whom orders are taken."""
        listener.settimeout(0)
        self._parents = parents
        self._epoll = epoll
        self._listener = listener
        self._served = served
        self._wire: Wire[FromParent] | None = None
        self._arrived: dict[Place, socket.socket] = {}
        self.contacted = False
        """A parent has been here."""
        epoll.register(listener.fileno(), select.EPOLLIN)

    @property
    def attached(self) -> bool:
        """Whether a parent is here now."""
        return self._wire is not None

    def answer(self, fd: int, mask: int) -> bool:
        """Act on an event; False when the descriptor is not ours."""
        if fd == self._listener.fileno():
            self._meet()
            return True
        wire = self._wire
        if wire is None or fd != wire.connection.fileno():
            return False
        try:
            if mask & ~select.EPOLLOUT and not self._hear(wire):
                self._part()
            elif self._wire is wire:
                self._flush(wire)
        except (OSError, ChannelError):
            self._part()  # a parent that is gone or speaks nonsense is no longer ours; the next one starts afresh
        return True

    def close(self) -> None:
        """Part with the parent; the listening socket belongs to whoever made it."""
        self._part()

    def _meet(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return  # it left before it was let in
        wire: Wire[FromParent] = Wire(connection, FromParent)
        with suppress(OSError):  # it may leave at any moment
            if wire.peer_uid in self._parents:
                if self._wire is None:
                    self._attach(wire)
                    return
                wire.queue(Busy())
                wire.flush()
        wire.close()

    def _attach(self, wire: Wire[FromParent]) -> None:
        self._wire = wire
        self.contacted = True
        self._epoll.register(wire.connection.fileno(), select.EPOLLIN)
        wire.queue(self._served.holding())
        for message, listeners in in_batches(tuple(self._served.held())):
            wire.queue(message, listeners)
        try:
            self._flush(wire)
        except OSError:
            self._part()

    def _flush(self, wire: Wire[FromParent]) -> None:
        done = wire.flush()
        self._epoll.modify(wire.connection.fileno(), select.EPOLLIN | (0 if done else select.EPOLLOUT))

    def _hear(self, wire: Wire[FromParent]) -> bool:
        """Act on what the parent says; False when it has left."""
        messages = wire.receive()
        if messages is None:
            return False
        for message in messages:
            self._act(wire, message)
        return True

    def _act(self, wire: Wire[FromParent], message: FromParent) -> None:
        match message:
            case Listeners():
                for place, listener in wire.take(message):
                    self._forget(place)
                    self._arrived[place] = listener
            case Follow(relays=relays):
                arrived, self._arrived = self._arrived, {}
                self._served.follow(relays, arrived)
                wire.queue(Done())
            case Observe():
                wire.queue(self._served.holding())
            case AskStatus():
                wire.queue(self._served.status())
            case AskSessions():
                wire.queue(self._served.sessions(message))
            case TakeEnded():
                wire.queue(self._served.ended())
            case Kill(chosen=chosen):
                wire.queue(Killed(sessions=self._served.kill(chosen)))
            case Stop():
                self._served.stop()

    def _part(self) -> None:
        """Let the parent go; listening sockets it had just sent are of no use without the plan that names them."""
        if self._wire is not None:
            self._epoll.unregister(self._wire.connection.fileno())
            self._wire.close()
            self._wire = None
        for place in tuple(self._arrived):
            self._forget(place)

    def _forget(self, place: Place) -> None:
        listener = self._arrived.pop(place, None)
        if listener is not None:
            listener.close()

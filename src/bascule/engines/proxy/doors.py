"""A worker's listening sockets: who may come in, at which relay, and when the worker has no room."""

import errno
import select
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from bascule.engines.proxy.choice import Choice
from bascule.engines.proxy.listening import BACKLOG
from bascule.engines.proxy.wire import Place

ACCEPTS: Final = 16
"""Clients let in at one door before others have their turn."""

_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_PAUSE: Final = 1.0
"""Seconds until the next try where the whole machine has nothing left, which our own sessions' ends do not tell."""


class Door:
    """A listening socket, and the relay behind it."""

    __slots__ = ("choice", "listener", "place")

    def __init__(self, place: Place, listener: socket.socket, choice: Choice) -> None:
        self.place = place
        self.listener = listener
        self.choice = choice


class Doors:
    """The listening sockets, in the worker's epoll: level-triggered, so that one left unanswered rings again.

    A door at which a client waits while there is no room is closed to the epoll, not to clients: they wait in the kernel's
    queue until there is room.
    """

    def __init__(
        self,
        epoll: select.epoll,
        *,
        welcome: Callable[[socket.socket, Place, Door], None],
        has_room: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self._epoll = epoll
        self._welcome = welcome
        self._has_room = has_room
        self._clock = clock
        self._by_fd: dict[int, Door] = {}
        self._by_place: dict[Place, Door] = {}
        self._waiting: list[Door] = []
        self._resume_at = 0.0

    def __len__(self) -> int:
        return len(self._by_place)

    def held(self) -> Iterator[tuple[Place, socket.socket]]:
        """Yield every place with its listening socket."""
        return ((door.place, door.listener) for door in self._by_place.values())

    def choices(self) -> Iterator[Choice]:
        """Yield every relay that has a door, once."""
        return iter(dict.fromkeys(door.choice for door in self._by_place.values()))

    def behind(self, places: Sequence[Place]) -> Iterator[Choice]:
        """Yield the relays behind the doors at these places."""
        return (self._by_place[place].choice for place in places if place in self._by_place)

    def follow(self, relays: Mapping[Place, Choice], arrived: Mapping[Place, socket.socket]) -> None:
        """Have doors at exactly these places: those that stand, with their relay, and those that have just arrived."""
        for place, listener in arrived.items():
            if place in relays and place not in self._by_place:
                self._open(Door(place, listener, relays[place]))
            else:
                listener.close()
        for place, door in tuple(self._by_place.items()):
            if place in relays:
                door.choice = relays[place]
            else:
                self._close(door)

    def answer(self, fd: int) -> bool:
        """Let in who waits at the door with that descriptor; False when it is no door."""
        door = self._by_fd.get(fd)
        if door is None:
            return False
        if not self._let_in(door):
            self._epoll.unregister(fd)
            self._waiting.append(door)
        return True

    def resume(self) -> None:
        """Listen again at the doors where clients wait, when there is room."""
        if self._waiting and self._clock() >= self._resume_at and self._has_room():
            for door in self._waiting:
                self._epoll.register(door.listener.fileno(), select.EPOLLIN)
            self._waiting.clear()

    def resume_at(self) -> float | None:
        """Return when to call `resume` even if no session ends; None when that is not needed."""
        return self._resume_at if self._waiting and self._resume_at > self._clock() else None

    def close(self) -> None:
        """Close every door; who waits there is reset."""
        for door in self._by_place.values():
            door.listener.close()
        self._by_fd.clear()
        self._by_place.clear()
        self._waiting.clear()

    def _open(self, door: Door) -> None:
        door.listener.settimeout(0)
        self._by_place[door.place] = self._by_fd[door.listener.fileno()] = door
        self._epoll.register(door.listener.fileno(), select.EPOLLIN)

    def _close(self, door: Door) -> None:
        """Let in who has come already, since closing resets them, and close."""
        self._let_in(door, most=BACKLOG)
        fd = door.listener.fileno()
        if door in self._waiting:
            self._waiting.remove(door)
        else:
            self._epoll.unregister(fd)
        del self._by_place[door.place], self._by_fd[fd]
        door.listener.close()

    def _let_in(self, door: Door, *, most: int = ACCEPTS) -> bool:
        """Let in who waits; False when there is no room for more."""
        for _ in range(most):
            if not self._has_room():
                return False
            try:
                client, address = door.listener.accept()
            except BlockingIOError:
                return True
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._resume_at = self._clock() + _PAUSE
                    return False
                continue  # the client left, or its network did, before it was let in (accept(2))
            client.settimeout(0)
            self._welcome(client, Place(address[0], address[1]), door)
        return True

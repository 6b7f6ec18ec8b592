"""The door to the kernel's word on each session that ends: raw netlink, like the table of sessions."""

import asyncio
import errno
import socket
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from bascule.system.ctnetlink import DELETE, Session, messages, session
from bascule.system.errors import MachineError

_NETFILTER: Final = 12  # NETLINK_NETFILTER
_GROUP: Final = 1 << 2  # NFNLGRP_CONNTRACK_DESTROY is 3
_RECEIVE_BUFFER_FORCE: Final = 33  # SO_RCVBUFFORCE
_QUEUE: Final = 1 << 23
_LONGEST: Final = 1 << 14
_AT_ONCE: Final = 256
"""Messages taken before others in this process have their turn."""
_PAUSE: Final = 0.1
"""Seconds for which messages gather, the less the fewer the kernel keeps: to be woken for each costs many times what it
takes to read them together."""


@dataclass(frozen=True, slots=True)
class Told:
    """Sessions that have just ended, and whether the kernel had more to tell than we could take."""

    sessions: Sequence[Session]
    overrun: bool = False


class Endings(Protocol):
    """Tells which sessions of this network namespace end."""

    def follow(self, mark: int, mask: int) -> AsyncGenerator[Told, None]:
        """Yield the sessions whose mark fits, as they end. Raises MachineError."""
        ...


class KernelEndings:
    """Hears the kernel of the namespace in which it is first used; needs CAP_NET_ADMIN.

    The kernel keeps `queue` bytes of messages for us.
    """

    def __init__(self, *, queue: int = _QUEUE) -> None:
        self._queue = queue

    async def follow(self, mark: int, mask: int) -> AsyncGenerator[Told, None]:
        """Listen until the caller goes on no more."""
        loop = asyncio.get_running_loop()
        try:
            with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, _NETFILTER) as door:
                pause = _PAUSE * min(1.0, _make_room(door, self._queue) / _QUEUE)
                door.bind((0, _GROUP))
                while True:
                    told, all_taken = await _told(loop, door)
                    yield Told([each for each in told.sessions if each.mark & mask == mark & mask], told.overrun)
                    await asyncio.sleep(pause if all_taken else 0)
        except OSError as error:
            raise MachineError("hear which sessions end", error.strerror or str(error)) from error


def _make_room(door: socket.socket, queue: int) -> int:
    """Have the kernel keep so many bytes for us, and return how many it does.

    Root of a user namespace gets what `net.core.rmem_max` allows.
    """
    try:
        door.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, queue)
    except PermissionError:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, queue)
    return door.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


async def _told(loop: asyncio.AbstractEventLoop, door: socket.socket) -> tuple[Told, bool]:
    """Wait for a message and take those that wait behind it; tells whether those were all."""
    waiting: list[bytes] = []
    overrun = False
    try:
        waiting.append(await loop.sock_recv(door, _LONGEST))
        while len(waiting) < _AT_ONCE:
            waiting.append(door.recv(_LONGEST))
    except BlockingIOError:
        pass  # nothing more waits
    except OSError as error:
        if error.errno != errno.ENOBUFS:
            raise
        overrun = True
    ended = (session(told[4:]) for data in waiting for kind, told in messages(memoryview(data)) if kind == DELETE)
    return Told([each for each in ended if each is not None], overrun), not overrun and len(waiting) < _AT_ONCE

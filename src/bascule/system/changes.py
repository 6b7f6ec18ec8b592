"""The door to what the kernel says of changes: that rules, addresses or routes are others now; not which.

Netlink groups: NFNLGRP_NFTABLES of linux/netfilter/nfnetlink.h, RTMGRP_* of linux/rtnetlink.h. Every transaction of
nftables ends with one message of a new generation, and it is there before the program that made it has ended. So a
transaction of our own is told from others' by counting.
"""

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from enum import Enum
from struct import Struct
from typing import Final, Protocol

_ROUTE, _NETFILTER = 0, 12
_NETWORK_GROUPS: Final = 0x1 | 0x10 | 0x40 | 0x100 | 0x400  # link, IPv4 and IPv6 addresses and routes
_RULES_GROUPS: Final = 1 << (7 - 1)
_NEW_GENERATION: Final = (10 << 8) | 15  # NFNL_SUBSYS_NFTABLES, NFT_MSG_NEWGEN
_HEADER: Final = Struct("=IHHII")
_DATAGRAM: Final = 1 << 16
_QUEUE: Final = 1 << 20


class Change(Enum):
    """What is another than before."""

    RULES = "rules"
    """Of nftables, by somebody else."""
    NETWORK = "network"
    """Interfaces, addresses or routes, by whomever."""


class Changes(Protocol):
    """Tells of changes in this network namespace, while it is followed."""

    def follow(self) -> AbstractContextManager[None]:
        """Hear of changes from now on, in the running event loop. Where the kernel tells us nothing, nothing comes."""
        ...

    async def wait(self) -> None:
        """Return when something has changed that was not taken yet."""
        ...

    def take(self) -> frozenset[Change]:
        """Return what has changed since this was last called."""
        ...

    def ours(self) -> AbstractContextManager[None]:
        """Meanwhile one transaction of nftables is our own, and no change to tell of."""
        ...


class KernelChanges:
    """Hears them from the kernel."""

    def __init__(self) -> None:
        self._changed: set[Change] = set()
        self._come = asyncio.Event()
        self._rules: socket.socket | None = None
        self._own = 0
        """Transactions of ours under way."""
        self._expected = 0
        """Generations that are still to come, or may be, of those."""

    @contextmanager
    def follow(self) -> Iterator[None]:
        """Open both sockets; who may not change rules is not told of them either."""
        loop = asyncio.get_running_loop()
        with ExitStack() as undo:
            network = undo.enter_context(_listening(_ROUTE, _NETWORK_GROUPS))
            loop.add_reader(network, self._hear_network, network)
            undo.callback(loop.remove_reader, network)
            try:
                self._rules = undo.enter_context(_listening(_NETFILTER, _RULES_GROUPS))
            except PermissionError:
                yield
                return
            loop.add_reader(self._rules, self._hear_rules)
            undo.callback(self._deafen, loop, self._rules)
            yield

    async def wait(self) -> None:
        """Wait for a socket to have been read with a result."""
        await self._come.wait()

    def take(self) -> frozenset[Change]:
        """Hand over and forget."""
        changed = frozenset(self._changed)
        self._changed.clear()
        self._come.clear()
        return changed

    @contextmanager
    def ours(self) -> Iterator[None]:
        """Expect one generation more; one that did not come by the end, of a transaction that failed, is forgotten."""
        self._hear_rules()
        self._own += 1
        self._expected += 1
        try:
            yield
        finally:
            self._hear_rules()
            self._own -= 1
            if not self._own:
                self._expected = 0

    def _hear_network(self, door: socket.socket) -> None:
        for _ in _datagrams(door):
            self._tell(Change.NETWORK)

    def _hear_rules(self) -> None:
        if self._rules is None:
            return
        for datagram in _datagrams(self._rules):
            generations = 1 + self._expected if datagram is None else _generations(datagram)
            ours = min(generations, self._expected)
            self._expected -= ours
            if generations > ours:
                self._tell(Change.RULES)

    def _deafen(self, loop: asyncio.AbstractEventLoop, door: socket.socket) -> None:
        loop.remove_reader(door)
        self._rules = None

    def _tell(self, change: Change) -> None:
        self._changed.add(change)
        self._come.set()


def _listening(protocol: int, groups: int) -> socket.socket:
    """Return a socket that hears some groups. Raises OSError."""
    door = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, protocol)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _QUEUE)
        door.bind((0, groups))
    except OSError:
        door.close()
        raise
    return door


def _datagrams(door: socket.socket) -> Iterator[bytes | None]:
    """Yield what is there to read; None where the kernel says that we were too slow and some is lost."""
    while True:
        try:
            yield door.recv(_DATAGRAM)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            yield None


def _generations(datagram: bytes) -> int:
    """Return how many transactions ended in a datagram."""
    count = offset = 0
    while offset + _HEADER.size <= len(datagram):
        length, kind, *_ = _HEADER.unpack_from(datagram, offset)
        count += kind == _NEW_GENERATION
        offset += max((length + 3) & ~3, _HEADER.size)
    return count

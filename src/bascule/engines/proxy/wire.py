"""What a proxy worker and its parent say to each other: messages, and listening sockets beside them.

The parent asks, the worker answers each request once; the worker speaks first, with what it holds. Descriptors travel as
SCM_RIGHTS with the message that names them (unix(7)): they arrive in the order they were sent, never after it.

Workers outlive their parent, and the next parent may be of another version of Bascule. A part of these messages is
therefore the same in all versions, see `elder`; whatever else changes here makes a new `VERSION`.
"""

import array
import socket
from collections import deque
from collections.abc import Iterator, Sequence
from enum import StrEnum
from struct import Struct as Layout
from typing import Annotated, Any, Final, Generic, Protocol, TypeAlias, TypeVar

from msgspec import Meta, Struct

from bascule.config.model import Mode
from bascule.plan.model import HostState
from bascule.system.frames import ChannelError, Decoder, encode

VERSION: Final = 4
"""Of these messages. A parent leaves workers of another version to their last session, and starts new ones."""

DESCRIPTORS_AT_ONCE: Final = 128
"""Descriptors that one message carries; the kernel takes 253 (SCM_MAX_FD)."""

MAXIMUM_QUEUED: Final = 32 * 1024 * 1024
"""Bytes that may wait for a peer that does not read, before it counts as gone."""

MAXIMUM_LISTED: Final = 20_000
"""Sessions of one answer: they fit its frame, whatever their names."""

_CREDENTIALS: Final = Layout("3i")
_RECEIVE: Final = 256 * 1024
_RIGHTS_SPACE: Final = socket.CMSG_SPACE(DESCRIPTORS_AT_ONCE * array.array("i").itemsize)


class Place(Struct, frozen=True, array_like=True, order=True):
    """An IP address, written in numbers, and a TCP port."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @property
    def family(self) -> socket.AddressFamily:
        """Return AF_INET or AF_INET6."""
        return socket.AF_INET6 if ":" in self.address else socket.AF_INET


class ProxyHost(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A host of a relay: UP takes new clients, DOWN may lose its sessions, UNKNOWN neither."""

    place: Place
    label: str
    weight: int
    state: HostState
    tier: int = 0
    """Which `forward to` line names it; those of a later line come after all others."""
    table: str = ""
    """The table it stands in: relays on one table share what `room` counts."""
    room: int = 0
    """Sessions that one worker gives it at most, of all relays on its table; 0 is no limit."""


class ProxySource(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where connections to one host come from, for clients of one listening address: `first` to `last`."""

    listen: str
    host: str
    first: str
    last: str


class ProxyRelay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A relay as a worker needs it. Hosts and listening places are of one IP version.

    There is no `on empty` here: the kernel has answered a client before a worker sees it, so that a client without a host
    can be reset, but never be left unanswered; `drop` is a reset too.
    """

    name: str
    listens: tuple[Place, ...]
    mode: Mode
    key: int
    hosts: tuple[ProxyHost, ...]
    sources: tuple[ProxySource, ...] = ()
    """Pairs that are not here are left to the kernel."""
    slots: bytes
    """One signed 16-bit index into `hosts` for each slot, big endian; -1 is a slot without a host."""
    session_timeout: float
    connect_timeout: float
    reset_on_down: bool
    reset_on_remove: bool = False
    source_sessions: int = 0
    """Sessions of one client at most; 0 is no limit."""
    source_rate: float = 0.0
    """New sessions of one client in a second at most; 0 is no limit."""


class HostCounts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a host has had to do; bytes count from the worker's start, `from_client` towards the host."""

    place: Place
    label: str
    sessions: int = 0
    """Open now, those that wait for the host to accept included."""
    opened: int = 0
    failed: int = 0
    """Connections that the host refused, did not answer in time, or that could not leave."""
    from_client: int = 0
    from_host: int = 0


class RelayCounts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a relay has had to do."""

    name: str
    accepted: int = 0
    refused: int = 0
    """Clients that no host would take; they were reset."""
    limited: int = 0
    """Clients that were over a limit of their own; they were reset."""
    hosts: tuple[HostCounts, ...] = ()


class Holding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="holding"):
    """The worker's first words, and its answer to Observe: what it follows, and where it listens."""

    pid: int
    relays: tuple[ProxyRelay, ...] = ()
    listens: tuple[Place, ...] = ()


class Listeners(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="listeners"):
    """Listening sockets come with this message, one for each place and in that order."""

    listens: tuple[Place, ...]


class Busy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="busy"):
    """The worker has a parent already and hears no other."""


class Done(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="done"):
    """The worker's answer to Follow: it is in effect."""


class Status(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="status"):
    """The worker's answer to AskStatus."""

    pid: int
    sessions: int
    relays: tuple[RelayCounts, ...]


class Order(StrEnum):
    """What comes first in a list of sessions."""

    AGE = "age"
    """The oldest."""
    BYTES = "bytes"
    """The one that has carried most."""


class Chosen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which sessions are meant: all those that fit everything that is named."""

    client: str | None = None
    """The client's address."""
    host: str | None = None
    """The host's label, its address, or address and port."""
    relay: str | None = None
    id: str | None = None
    """One session's, as `ProxySession` tells it."""


class ProxySession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A session as its worker knows it."""

    client: Place
    relay: str
    listen: Place
    label: str
    """Of the host; empty where none would take the client."""
    host: Place | None
    source: Place | None
    """What the host sees as its client."""
    state: str
    age: float
    """Seconds since the client came; for one that has ended, how long it lived."""
    idle: float
    """Seconds since anything happened."""
    from_client: int
    from_host: int
    """Bytes delivered each way."""
    id: str
    """Sixteen hex digits that no other session has, neither now nor later."""


class EndedSession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A session that has ended: its state says how."""

    session: ProxySession
    ago: float
    """Seconds since then."""


class Sessions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="sessions"):
    """The worker's answer to AskSessions: the foremost of them."""

    total: int
    """How many there are, listed or not."""
    sessions: tuple[ProxySession, ...]


class Ended(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ended"):
    """The worker's answer to TakeEnded, oldest first."""

    sessions: tuple[EndedSession, ...]
    lost: int
    """How many more there were than the worker keeps."""


class Killed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="killed"):
    """The worker's answer to Kill."""

    sessions: int


class Follow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="follow"):
    """Follow exactly these relays; new listening sockets have come before this message."""

    relays: tuple[ProxyRelay, ...]


class Observe(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="observe"):
    """Tell what you hold."""


class AskStatus(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ask-status"):
    """Tell your counters."""


class AskSessions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ask-sessions"):
    """Tell your sessions, `limit` of them at most."""

    chosen: Chosen = Chosen()
    order: Order = Order.AGE
    limit: Annotated[int, Meta(ge=0, le=MAXIMUM_LISTED)] = MAXIMUM_LISTED


class TakeEnded(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="take-ended"):
    """Tell the sessions that have ended since you were asked last, and forget them."""


class Kill(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="kill"):
    """Reset these sessions, at both ends."""

    chosen: Chosen


class Stop(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="stop"):
    """Reset every session and end."""


FromWorker: TypeAlias = Holding | Listeners | Busy | Done | Status | Sessions | Ended | Killed
FromParent: TypeAlias = Listeners | Follow | Observe | AskStatus | AskSessions | TakeEnded | Kill | Stop

Message = TypeVar("Message")


class HasDescriptor(Protocol):
    """Whatever stands for an open descriptor."""

    def fileno(self) -> int:
        """Return the descriptor."""
        ...


class Wire(Generic[Message]):
    """A connected unix stream socket that carries messages and descriptors, without waiting for anything itself.

    `Message` is what the peer sends. The owner waits for the socket to be readable or writable, as its event loop does it.
    """

    def __init__(self, connection: socket.socket, kind: Any) -> None:
        connection.settimeout(0)
        self.connection = connection
        self._decoder: Decoder[Message] = Decoder(kind)
        self._arrived: deque[int] = deque()
        self._outgoing: deque[tuple[memoryview, Sequence[int]]] = deque()
        self._queued = 0

    @property
    def peer_uid(self) -> int:
        """Return the user that the peer ran as when it connected (SO_PEERCRED)."""
        raw = self.connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        return int(_CREDENTIALS.unpack(raw)[1])

    def queue(self, message: object, carried: Sequence[HasDescriptor] = ()) -> None:
        """Take a message to send; `carried` must stay open until `flush` has returned True.

        Raises ChannelError when too much waits already.
        """
        frame = encode(message)
        self._queued += len(frame)
        if self._queued > MAXIMUM_QUEUED:
            raise ChannelError("the peer does not read")
        self._outgoing.append((memoryview(frame), [held.fileno() for held in carried]))

    def flush(self) -> bool:
        """Send what the peer takes now; True when nothing is left. Raises OSError when the peer is gone."""
        while self._outgoing:
            frame, descriptors = self._outgoing[0]
            try:
                sent = _send(self.connection, frame, descriptors)
            except BlockingIOError:
                return False
            self._queued -= sent
            if sent < len(frame):
                self._outgoing[0] = (frame[sent:], ())
            else:
                self._outgoing.popleft()
        return True

    def receive(self) -> Iterator[Message] | None:
        """Return the messages that are whole now, perhaps none; None when the peer has closed.

        Raises ChannelError for what is no message of ours, OSError when the connection is broken.
        """
        try:
            data, ancillary, flags, _ = self.connection.recvmsg(_RECEIVE, _RIGHTS_SPACE, socket.MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            return iter(())
        for level, kind, payload in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors = array.array("i")
                descriptors.frombytes(payload[: len(payload) - len(payload) % descriptors.itemsize])
                self._arrived.extend(descriptors)
        if flags & socket.MSG_CTRUNC:
            raise ChannelError("more descriptors than a message may carry, or than this process may open")
        return self._decoder.feed(data) if data else None

    def take(self, message: Listeners) -> Iterator[tuple[Place, socket.socket]]:
        """Yield each place of the message with the socket that came for it. Raises ChannelError where none came."""
        for place in message.listens:
            if not self._arrived:
                raise ChannelError(f"no socket came for {place}")
            descriptor = self._arrived.popleft()
            try:
                listener = socket.socket(place.family, socket.SOCK_STREAM, 0, fileno=descriptor)
            except OSError as error:
                socket.close(descriptor)
                raise ChannelError(f"what came for {place} is no socket") from error
            yield place, listener

    def close(self) -> None:
        """Close the connection, and descriptors that nobody took."""
        self.connection.close()
        while self._arrived:
            socket.close(self._arrived.popleft())


def in_batches(held: Sequence[tuple[Place, socket.socket]]) -> Iterator[tuple[Listeners, Sequence[socket.socket]]]:
    """Yield messages that carry all these listening sockets, each with its sockets."""
    for start in range(0, len(held), DESCRIPTORS_AT_ONCE):
        batch = held[start : start + DESCRIPTORS_AT_ONCE]
        yield Listeners(listens=tuple(place for place, _ in batch)), [listener for _, listener in batch]


def _send(connection: socket.socket, frame: memoryview, descriptors: Sequence[int]) -> int:
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    return connection.sendmsg([frame], rights)

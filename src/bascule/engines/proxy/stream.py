"""Bytes from one socket to another, both non-blocking: little through a buffer, much through a pipe.

What was read and not yet taken is bounded: one buffer, or one pipe. While any of it waits, nothing more is read, so that a
slow reader slows the writer down through TCP's own window and costs this process nothing.

Sending runs much of the kernel's network code and leaves the processor's caches to it. So the first read of a stream's turn
may be done ahead (`take`): whoever has many streams reads them all, and then moves them all.
"""

import os
import socket
from enum import Enum, auto
from typing import Final

from bascule.engines.proxy.pipes import PIPE_SIZE, Pipe, PipePool

BUFFER: Final = 64 * 1024
"""Bytes read at once while a stream is copied, and the most that waits in memory for a slow reader."""

FULL_BUFFERS: Final = 3
"""Buffers filled in a row after which a stream passes through a pipe instead."""

AHEAD: Final = 16 * BUFFER
"""Bytes of the buffer for what is read ahead."""

TURNS: Final = 8
"""Reads that one stream may do before others have their turn."""

_SPLICE: Final = 3
"""SPLICE_F_MOVE and SPLICE_F_NONBLOCK (splice(2)); the os module of Python 3.11 names neither."""


class Outcome(Enum):
    """Why a stream's turn is over."""

    DRY = auto()
    """Nothing more to read now."""
    BLOCKED = auto()
    """The other end takes no more now; what was read waits."""
    MORE = auto()
    """The turn was long enough; there may be more to read at once."""
    ENDED = auto()
    """The end of the stream was read, and all before it is delivered."""


class End:
    """One end of a session: a socket, and the stream that is read from it."""

    __slots__ = (
        "blocked",
        "counted",
        "ended",
        "fd",
        "full",
        "last",
        "moved",
        "passed",
        "pipe",
        "prompt",
        "socket",
        "taken",
        "used",
        "waiting",
        "watched",
    )

    def __init__(self, connection: socket.socket, *, prompt: bool, watched: bool) -> None:
        self.socket = connection
        self.fd = connection.fileno()
        self.prompt = prompt
        """What is sent to this socket leaves at once (TCP_NODELAY)."""
        self.watched = watched
        """The owner hears when this socket can be written again."""
        self.used = False
        """Something was sent to this socket."""
        self.taken: memoryview | None = None
        """What was read ahead."""
        self.waiting: memoryview | None = None
        self.pipe: Pipe | None = None
        self.blocked = False
        """Something that was read waits for the other end, in `waiting` or `pipe`."""
        self.full = 0
        """Full buffers in a row."""
        self.moved = 0
        """Bytes delivered."""
        self.counted = 0
        """How many of them the owner has counted."""
        self.last = False
        """The end of the stream has arrived: nothing follows what waits to be read."""
        self.ended = False
        """The end of the stream was read."""
        self.passed = False
        """The end of the stream was passed on."""

    def to_count(self) -> int:
        """Return the bytes delivered since the last call."""
        more, self.counted = self.moved - self.counted, self.moved
        return more


class Mover:
    """Moves bytes from end to end, with the same two buffers for all streams."""

    def __init__(self, pipes: PipePool) -> None:
        self._pipes = pipes
        self._buffer = memoryview(bytearray(BUFFER))
        self._ahead = memoryview(bytearray(AHEAD))
        self.room = AHEAD
        """Bytes left for reading ahead: a `take` needs BUFFER."""

    def take(self, source: End) -> bool:
        """Read ahead what a turn begins with; False when there is nothing to move. Raises OSError when it is broken.

        A stream that waits, or passes through pipes, is left to `move`.
        """
        if source.blocked or source.full >= FULL_BUFFERS:
            return True
        free = self._ahead[-self.room :]
        try:
            count = source.socket.recv_into(free, BUFFER)
        except BlockingIOError:
            return False
        if count == 0:
            source.ended = True
        else:
            self.room -= count
            source.taken = free[:count]
        return True

    def clear(self) -> None:
        """Use the buffer for reading ahead anew: all that was read has been moved."""
        self.room = AHEAD

    def move(self, source: End, target: End, *, thorough: bool) -> Outcome:
        """Move what can be moved now. Raises OSError when either socket is broken.

        A read that does not fill the buffer has emptied the socket and ends the turn, unless `thorough`: after an end of
        stream, urgent data or a pause, only a read that finds nothing proves it.
        """
        if source.blocked and not self._flush(source, target):
            return Outcome.BLOCKED
        if source.ended:
            return Outcome.ENDED
        taken = source.taken
        if taken is not None:
            source.taken = None
            outcome = self._pass_on(source, target, taken, thorough=thorough)
            if outcome is not Outcome.MORE:
                return outcome
        for _ in range(TURNS):
            if source.full >= FULL_BUFFERS and (pipe := self._pipes.take()) is not None:
                outcome = self._splice(source, target, pipe)
            else:
                outcome = self._copy(source, target, thorough=thorough)
            if outcome is not Outcome.MORE:
                return outcome
        return Outcome.MORE

    def release(self, end: End) -> None:
        """Let go of what waits."""
        end.taken = end.waiting = None
        end.blocked = False
        if end.pipe is not None:
            self._pipes.give(end.pipe)
            end.pipe = None

    def _copy(self, source: End, target: End, *, thorough: bool) -> Outcome:
        try:
            count = source.socket.recv_into(self._buffer)
        except BlockingIOError:
            return Outcome.DRY
        if count == 0:
            source.ended = True
            return Outcome.ENDED
        return self._pass_on(source, target, self._buffer[:count], thorough=thorough)

    def _pass_on(self, source: End, target: End, data: memoryview, *, thorough: bool) -> Outcome:
        # With its last bytes a stream's end travels too, instead of in a packet of its own.
        sent = _send(target, data, socket.MSG_MORE if source.last else 0)
        source.moved += sent
        count = len(data)
        if sent < count:
            source.waiting = memoryview(bytes(data[sent:]))
            source.blocked = True
            return Outcome.BLOCKED
        if count == BUFFER:
            source.full += 1
            return Outcome.MORE
        source.full = 0
        return Outcome.MORE if thorough else Outcome.DRY

    def _splice(self, source: End, target: End, pipe: Pipe) -> Outcome:
        source.pipe = pipe
        try:
            pipe.held = os.splice(source.fd, pipe.writer, PIPE_SIZE, flags=_SPLICE)
        except BlockingIOError:
            self.release(source)
            return Outcome.DRY
        if pipe.held == 0:
            self.release(source)
            source.ended = True
            return Outcome.ENDED
        if pipe.held < BUFFER:
            source.full -= 1
        elif source.full < 2 * FULL_BUFFERS:
            source.full += 1
        return Outcome.MORE if self._drain(source, target, pipe) else Outcome.BLOCKED

    def _flush(self, source: End, target: End) -> bool:
        """Deliver what waits; True when the target has taken all of it."""
        if source.pipe is not None:
            return self._drain(source, target, source.pipe)
        if source.waiting is not None:
            sent = _send(target, source.waiting)
            source.moved += sent
            if sent < len(source.waiting):
                source.waiting = source.waiting[sent:]
                return False
        self.release(source)
        return True

    def _drain(self, source: End, target: End, pipe: Pipe) -> bool:
        """Deliver what waits in the pipe; True when the target has taken all of it."""
        while pipe.held:
            try:
                sent = os.splice(pipe.reader, target.fd, pipe.held, flags=_SPLICE)
            except BlockingIOError:
                source.blocked = True
                return False
            if sent == 0:
                raise BrokenPipeError
            pipe.held -= sent
            source.moved += sent
        self.release(source)
        return True


def _send(target: End, data: memoryview, flags: int = 0) -> int:
    """Return how many bytes the target took, perhaps none."""
    if not target.prompt:
        if target.used:
            # Nagle's algorithm holds back only what follows unacknowledged data: a connection that carries one request
            # never pays for this call.
            target.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            target.prompt = True
        target.used = True
    try:
        return target.socket.send(data, flags)
    except BlockingIOError:
        return 0

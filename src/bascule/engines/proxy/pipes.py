"""Pipes that streams pass through on their way from socket to socket, without entering this process.

A pipe is borrowed for a turn and given back when it is empty, so that as many are needed as streams wait for a slow
reader, and one more. Their number is bounded; a stream that gets none is copied.
"""

import fcntl
import os
from typing import Final

PIPE_SIZE: Final = 256 * 1024
"""Bytes of a pipe, where the kernel allows it (`fs.pipe-max-size`, `fs.pipe-user-pages-soft`); else it stays at 64 KiB."""

MAXIMUM_PIPES: Final = 64
"""Pipes of a worker: four workers stay within the 64 MiB that the kernel gives a user's pipes."""


class Pipe:
    """A pipe, and how many bytes wait in it."""

    __slots__ = ("held", "reader", "writer")

    def __init__(self) -> None:
        self.held = 0
        self.reader, self.writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        except OSError:
            return  # a smaller pipe costs a few more calls, and is no reason to refuse

    def close(self) -> None:
        """Close both ends; what waits in it is lost."""
        os.close(self.reader)
        os.close(self.writer)


class PipePool:
    """Lends pipes."""

    def __init__(self, maximum: int = MAXIMUM_PIPES) -> None:
        self._left = maximum
        self._idle: list[Pipe] = []

    def take(self) -> Pipe | None:
        """Lend an empty pipe; None when all are lent, or the process may open no more."""
        if self._idle:
            return self._idle.pop()
        if self._left == 0:
            return None
        try:
            pipe = Pipe()
        except OSError:
            return None
        self._left -= 1
        return pipe

    def give(self, pipe: Pipe) -> None:
        """Take a pipe back; one that is not empty is closed."""
        if pipe.held:
            pipe.close()
            self._left += 1
        else:
            self._idle.append(pipe)

    def close(self) -> None:
        """Close the pipes that are not lent."""
        while self._idle:
            self._idle.pop().close()

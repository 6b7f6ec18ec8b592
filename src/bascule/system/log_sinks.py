"""The doors to logs that others read: a file, syslog, the journal of systemd."""

import errno
import os
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from bascule.system.errors import MachineError

SYSLOG: Final = Path("/dev/log")
JOURNAL: Final = Path("/run/systemd/journal/socket")

_DAEMON_INFO: Final = 3 * 8 + 6
_MODE: Final = 0o640
_PATIENCE: Final = 1.0
"""Seconds that a reader of datagrams may take for all that is written at once."""

_MOMENT: Final = 0.001
"""Seconds that it may take for one of them when those are over."""


class Entry(NamedTuple):
    """One thing to log."""

    at: float
    """Seconds since 1970."""
    words: str
    """One line."""
    fields: Mapping[str, str]
    """The same, in parts."""


class Sink(Protocol):
    """Takes entries for somebody else to read. Blocking: call it from a thread."""

    def write(self, entries: Sequence[Entry]) -> None:
        """Write them; none at all only looks whether that could be done. Raises MachineError; some may be written then."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class LogFile:
    """A file that lines are added to. One that was moved away or removed (logrotate(8)) is made anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._torn = False

    def write(self, entries: Sequence[Entry]) -> None:
        """Add all lines at once; where the disk is full in the middle of one, the next one begins anew."""
        try:
            file = self._opened()
            left = ("\n" * self._torn + "".join(f"{entry.words}\n" for entry in entries)).encode()
            while left:
                left = left[os.write(file, left) :]
                self._torn = bool(left)
        except OSError as error:
            raise MachineError(f"write to {self._path}", error.strerror or str(error)) from error

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _opened(self) -> int:
        if self._file is not None and not self._is_there(self._file):
            self.close()
            self._torn = False
        if self._file is None:
            # A pipe that nobody reads must not hold us up.
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
            self._file = os.open(self._path, flags, _MODE)
        return self._file

    def _is_there(self, file: int) -> bool:
        """Tell whether the path still leads to the file that we hold open."""
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(file))


class _Datagrams(ABC):
    """A unix socket that takes an entry a datagram."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None

    def write(self, entries: Sequence[Entry]) -> None:
        """Send each; whoever listens may have been started anew since."""
        until = time.monotonic() + _PATIENCE
        try:
            door = self._socket or self._connected()
            for entry in entries:
                door.settimeout(max(_MOMENT, until - time.monotonic()))
                data = self._packed(entry)
                try:
                    door.send(data)
                except OSError as error:
                    if error.errno not in (errno.ECONNREFUSED, errno.ENOTCONN, errno.ECONNRESET, errno.EPIPE):
                        raise
                    door = self._connected()
                    door.send(data)
        except OSError as error:
            self.close()
            raise MachineError(f"log to {self._path}", error.strerror or str(error)) from error

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        self.close()
        self._socket = door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        door.settimeout(_PATIENCE)
        door.connect(str(self._path))
        return door

    @abstractmethod
    def _packed(self, entry: Entry) -> bytes:
        """Return an entry as the socket's owner wants it."""


class Syslog(_Datagrams):
    """syslog's own socket, in the form that local programs use (RFC 3164; syslog(3))."""

    def __init__(self, path: Path = SYSLOG) -> None:
        super().__init__(path)
        self._tag = f"bascule[{os.getpid()}]"

    def _packed(self, entry: Entry) -> bytes:
        stamp = time.strftime("%b %e %H:%M:%S", time.localtime(entry.at))
        return f"<{_DAEMON_INFO}>{stamp} {self._tag}: {entry.words}".encode()


class SystemdJournal(_Datagrams):
    """The journal's own socket, each field by itself (systemd's Native Journal Protocol)."""

    def __init__(self, path: Path = JOURNAL) -> None:
        super().__init__(path)

    def _packed(self, entry: Entry) -> bytes:
        fields = {"MESSAGE": entry.words, "PRIORITY": "6", "SYSLOG_IDENTIFIER": "bascule"}
        fields |= {f"BASCULE_{name.upper()}": value for name, value in entry.fields.items()}
        return b"".join(_field(name, value.encode()) for name, value in fields.items())


def _field(name: str, value: bytes) -> bytes:
    """Return a field; one that holds the end of a line is told with its length."""
    if b"\n" in value:
        return name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"
    return name.encode() + b"=" + value + b"\n"

"""Why a probe failed, in words: of the protocol where a server spoke, of the kernel where it did not."""

import errno
import os
import ssl
from typing import Final

MAXIMUM_QUOTE: Final = 80
"""Characters of a server's own words that a reason repeats."""

_OURS: Final = frozenset(
    {
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOBUFS,
        errno.ENOMEM,
        errno.EADDRINUSE,
        errno.EADDRNOTAVAIL,
        errno.EAFNOSUPPORT,
        errno.EPERM,
        errno.EACCES,
    }
)
"""What the kernel answers when this machine is short of something, or forbids it; no host can cause these."""


SCRIPT_FAULTS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.ETXTBSY})
"""What keeps a program from being run at this moment only: too many processes, or somebody writes to it just now."""


class ProbeError(Exception):
    """A probe failed; the message is the reason that people read."""

    def __init__(self, reason: str, *, ours: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.ours = ours
        """The fault is this machine's, see `Outcome.ours`."""

    @classmethod
    def from_os(cls, error: OSError) -> "ProbeError":
        """Return the failure that an error of a socket, or of TLS on it, means."""
        if isinstance(error, ssl.SSLError):  # its errno counts TLS failures, not the kernel's
            return cls(f"TLS failed: {tls_words(error)}")
        if isinstance(error, ConnectionResetError | BrokenPipeError):
            return cls("connection reset")
        return cls(words_of(error), ours=error.errno in _OURS)


class MaintenanceError(ProbeError):
    """The host is in Exchange's maintenance; the message says what shows that."""


def words_of(error: OSError) -> str:
    """Return the kernel's words for an error: asyncio puts the address in their place, which the reader knows already."""
    words = os.strerror(error.errno) if error.errno else str(error) or type(error).__name__
    return words[:1].lower() + words[1:]


def tls_words(error: ssl.SSLError) -> str:
    """Return OpenSSL's reason as words: `wrong version number`."""
    return (error.reason or error.strerror or "no reason given").replace("_", " ").lower()


def quote(said: bytes) -> str:
    """Return what a server said as one short printable line: nothing in it can reach a terminal or forge a log line."""
    line = said.strip().split(b"\n", 1)[0].decode("ascii", "replace")
    return shortened(printable(line.replace("\ufffd", "?").strip()))


def printable(text: str) -> str:
    """Return a text with `?` in the place of every character that is not printable."""
    return "".join(character if character.isprintable() else "?" for character in text)


def shortened(text: str, most: int = MAXIMUM_QUOTE) -> str:
    """Return a text of at most `most` characters, the last of which shows that there was more."""
    return text if len(text) <= most else f"{text[: most - 1]}…"

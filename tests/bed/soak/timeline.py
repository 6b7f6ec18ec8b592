"""What was done to the balancer and when, what clients met, and which of the one explains which of the other."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Final

_AFTERMATH: Final = 3.0
"""Seconds after the end of a trouble in which it may still be felt: a lost SYN is sent again after 1 and 2 more."""


class Kind(StrEnum):
    """What may fail."""

    NEW = "new session"
    STANDING = "standing session"
    DATAGRAM = "datagram"
    SPLIT = "client on two hosts"
    HOSTS = "event of a host, or of what hangs on it"
    PROCESSES = "event of a process of ours"
    RULES = "event of our rules"
    NEVER = "what nothing explains"


@dataclass
class Window:
    """A time in which failures of some kinds are explained: of one host, relay or client where they are named."""

    cause: str
    explains: frozenset[Kind]
    host: str = ""
    relay: str = ""
    client: str = ""
    begun: float = 0.0
    ended: float = inf


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Something that went wrong between two moments, at a host that may not be known."""

    kind: Kind
    what: str
    begun: float
    ended: float
    host: str = ""
    relay: str = ""
    client: str = ""

    def explained_by(self, window: Window) -> bool:
        """Tell whether a window explains this."""
        return (
            self.kind in window.explains
            and window.begun <= self.ended
            and self.begun <= window.ended
            and not (self.host and window.host and self.host != window.host)
            and not (self.relay and window.relay and self.relay != window.relay)
            and not (self.client and window.client and self.client != window.client)
        )


@dataclass
class Timeline:
    """Windows and failures, as they come from many threads. Times are seconds since 1970."""

    windows: list[Window] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    """How often what went well."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def trouble(self, cause: str, *explains: Kind, host: str = "", relay: str = "", client: str = "") -> Iterator[None]:
        """Note that a trouble goes on inside, and a little longer."""
        window = Window(cause, frozenset(explains), host, relay, client, begun=time.time())
        with self._lock:
            self.windows.append(window)
        self.well(cause)
        try:
            yield
        finally:
            window.ended = time.time() + _AFTERMATH

    def well(self, what: str) -> None:
        """Count something that went well."""
        with self._lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def fail(self, failure: Failure) -> None:
        """Note a failure."""
        with self._lock:
            self.failures.append(failure)

    def unexplained(self) -> list[Failure]:
        """Return the failures that nothing explains."""
        with self._lock:
            return [each for each in self.failures if not any(map(each.explained_by, self.windows))]

    def told(self) -> str:
        """Return the whole for people: every window, and every failure that none explains."""
        windows = [f"{_clock(window.begun)} to {_clock(window.ended)} {window.cause}" for window in self.windows]
        failures = [f"{_clock(each.begun)} to {_clock(each.ended)} UNEXPLAINED {each}" for each in self.unexplained()]
        return "\n".join(sorted(windows + failures))


def _clock(at: float) -> str:
    return "the end" if at == inf else f"{time.strftime('%H:%M:%S', time.localtime(at))}.{int(at % 1 * 1000):03}"

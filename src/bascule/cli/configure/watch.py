"""Listens while somebody types: what others do to the configuration, and what is taken back, is told above his line."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from bascule.cli.configure.pending import Pending
from bascule.cli.session import Connection
from bascule.service.events import Event, EventKind
from bascule.service.failures import OperationFailed
from bascule.service.operations import Monitor

_AGAIN: Final = 2.0
"""Seconds until a Bascule that has ended is looked for again."""

_OWN: Final = timedelta(seconds=1)
"""So long after a command its events may come."""


class Watch:
    """A thread that ends with the process, or soon after `close`."""

    def __init__(
        self, connection: Connection, pending: Pending, tell: Callable[[str], None], now: Callable[[], datetime]
    ) -> None:
        self._connection = connection
        self._pending = pending
        self._tell = tell
        self._now = now
        self._busy = 0
        self._free = now()
        """When the last command of this session was done, whose own events are no news."""
        self._closed = threading.Event()
        self._trouble = ""

    def start(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self._listen, name="configure-watch", daemon=True).start()

    def close(self) -> None:
        """Say nothing any more."""
        self._closed.set()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Say nothing of what this session itself does meanwhile."""
        self._busy += 1
        try:
            yield
        finally:
            self._free = self._now()
            self._busy -= 1

    def _news(self, event: Event) -> bool:
        """Tell whether an event is one that this session has not brought about."""
        mine = self._busy > 0 or self._now() - self._free < _OWN
        return event.event is EventKind.CONFIGURATION and (event.state == "reverted" or not mine)

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                for events in self._connection.stream(Monitor(last=0)):
                    self._heard_again()
                    if self._closed.is_set():
                        return
                    if any(event.event is EventKind.CONFIGURATION for event in events.events):
                        self._pending.look()
                    for event in filter(self._news, events.events):
                        self._tell(event.words)
            except OperationFailed as failed:
                if str(failed) != self._trouble:
                    self._trouble = str(failed)
                    self._tell(self._trouble)
            self._closed.wait(_AGAIN)

    def _heard_again(self) -> None:
        if self._trouble:
            self._trouble = ""
            self._tell("Bascule answers again")
            self._pending.look()

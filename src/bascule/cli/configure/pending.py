"""What is known of the deployment that waits for its commit, and of its end; the clock of whoever looks counts on."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bascule.cli.session import Connection
from bascule.cli.wording import duration
from bascule.service.operations import Status
from bascule.service.results import PendingRow


@dataclass(frozen=True, slots=True)
class Countdown:
    """A deployment that is not committed, as last seen."""

    row: PendingRow

    def words(self, now: datetime) -> str:
        """Return what becomes of it, and when."""
        if self.row.stage != "testing":
            return "being taken back"
        left = (self.row.until - now).total_seconds()
        return f"taken back in {duration(left)}" if left > 0 else "being taken back"


class Pending:
    """Knows of it; asked and told by several threads."""

    def __init__(self, connection: Connection, now: Callable[[], datetime]) -> None:
        self._connection = connection
        self._now = now
        self._lock = threading.Lock()
        self._seen: Countdown | None = None

    def look(self) -> Countdown | None:
        """Ask for it. Raises OperationFailed."""
        row = self._connection.call(Status()).pending
        with self._lock:
            self._seen = None if row is None else Countdown(row)
            return self._seen

    def words(self) -> str:
        """Return what becomes of it, by what was seen last; empty where none waits."""
        with self._lock:
            return "" if self._seen is None else self._seen.words(self._now())

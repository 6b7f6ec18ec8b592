"""When the admin server's certificate ends: it is said once, a month before."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from bascule.service.events import EventKind, Grade
from bascule.service.local.journal import Journal

SOON: Final = timedelta(days=29)
"""One that we make ourselves is another before that."""


class AdminCertificate:
    """Looks at it; `ends` tells when it ends, None where there is none."""

    def __init__(self, journal: Journal, ends: Callable[[], datetime | None], now: Callable[[], datetime]) -> None:
        self._journal = journal
        self._ends = ends
        self._now = now
        self._warned = False

    def look(self) -> None:
        """Say what is another than before."""
        words = next(self.findings(), "")
        if bool(words) != self._warned:
            grade = Grade.WARNING if words else Grade.INFO
            told = words or "the admin server's certificate does not expire soon any more"
            self._journal.note(EventKind.CERTIFICATE, told, grade=grade, state="expires" if words else "well")
        self._warned = bool(words)

    def findings(self) -> Iterator[str]:
        """Yield that it ends soon."""
        ends = self._ends()
        if ends is not None and ends - self._now() < SOON:
            how = "has expired" if ends <= self._now() else "expires"
            yield f"the admin server's certificate {how} on {ends:%Y-%m-%d}: `http-server` names the files of another"

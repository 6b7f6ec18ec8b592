"""How much of a simulated server anybody may have, by default as Exchange has it, and who has how much of it."""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sources: Microsoft Learn, "Message rate limits" (SMTP) and "Set connection limits for POP3 and IMAP4"."""

    smtp_connections: int = 5000
    """`MaxInboundConnection` of a receive connector."""
    smtp_from_one_source: int = 20
    """`MaxInboundConnectionPerSource`: all clients of a balancer that shows its own address share it."""
    smtp_percent_for_one_source: int = 2
    """`MaxInboundConnectionPercentagePerSource`, of the connections that are left."""
    smtp_idle: float = 300.0
    """Seconds: `ConnectionInactivityTimeout`."""
    smtp_session: float = 600.0
    """Seconds: `ConnectionTimeout`, also of a session that is not idle."""
    mailbox_connections: int = 16
    """`MaxConnectionsPerUser` of POP3 and IMAP4."""
    mailbox_idle: float = 1800.0
    """Seconds: `AuthenticatedConnectionTimeout`."""
    stranger_idle: float = 60.0
    """Seconds before a login: `PreAuthenticatedConnectionTimeout`."""

    def smtp_admits(self, *, already: int, from_here: int) -> bool:
        """Whether one more connection may come, where so many are there already, and so many of them from its source."""
        left = self.smtp_connections - already
        share = left * self.smtp_percent_for_one_source // 100
        return left > 0 and from_here < min(self.smtp_from_one_source, share)


class Places:
    """Who holds how many connections."""

    def __init__(self) -> None:
        self._held: Counter[Hashable] = Counter()

    @contextmanager
    def held(self, who: Hashable) -> Iterator[None]:
        """Hold one for somebody meanwhile."""
        self._held[who] += 1
        try:
            yield
        finally:
            self._held[who] -= 1
            if not self._held[who]:
                del self._held[who]

    def of(self, who: Hashable) -> int:
        """Return how many somebody has."""
        return self._held.get(who, 0)

    def all(self) -> int:
        """Return how many there are."""
        return self._held.total()

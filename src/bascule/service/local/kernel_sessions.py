"""The kernel's sessions of the running plan, chosen as an operator names them. Blocking: call it from a thread."""

from collections.abc import Iterator, Sequence
from heapq import nlargest
from itertools import count
from typing import Final, NamedTuple

from bascule.config.model import Address
from bascule.plan.model import FIRST_MARK, OUR_MARKS
from bascule.service.local.naming import Names
from bascule.service.sessions import SessionOrder
from bascule.system.conntrack import Conntrack
from bascule.system.ctnetlink import Session
from bascule.system.foremost import By, Order

_NANO: Final = 1_000_000_000


class Wanted(NamedTuple):
    """Which sessions are meant; None stands for any."""

    client: Address | None = None
    host: str | None = None
    """A name, an address, or address and port."""
    relay: str | None = None
    id: str | None = None


class KernelSessions:
    """The sessions that carry marks of one plan."""

    def __init__(self, conntrack: Conntrack, names: Names) -> None:
        self._conntrack = conntrack
        self._names = names

    def living(self, wanted: Wanted) -> Iterator[Session]:
        """Yield the sessions that live. Raises MachineError."""
        return (session for session in self._all(wanted) if session.living)

    def remembered(self, client: Address) -> Sequence[Session]:
        """Return a client's sessions that have ended and that the kernel has not forgotten yet. Raises MachineError."""
        return [session for session in self._all(Wanted(client=client)) if not session.living]

    def from_source(self, source: Address, port: int) -> Sequence[Session]:
        """Return the sessions that a host sees come from an address and port, ended or not. Raises MachineError."""
        packed = source.packed
        return [each for each in self._all(Wanted()) if each.source_port == port and each.source == packed]

    def begun(self, since: float) -> Iterator[Session]:
        """Yield the sessions that began after a time (seconds since 1970), ended or not. Raises MachineError."""
        return (session for session in self._all(Wanted()) if session.started >= since * _NANO)

    def foremost(self, wanted: Wanted, order: SessionOrder, limit: int) -> tuple[int, Sequence[Session]]:
        """Return how many sessions live, and those that come first. Raises MachineError."""
        if wanted.client is None:
            return self._sifted(wanted, order, limit)
        counter = count()
        counted = (session for session, _ in zip(self.living(wanted), counter, strict=False))
        first = nlargest(limit, counted, key=_carried if order is SessionOrder.BYTES else _age)
        return next(counter), first

    def _sifted(self, wanted: Wanted, order: SessionOrder, limit: int) -> tuple[int, Sequence[Session]]:
        """Find the first without decoding the rest."""
        if not self._names.plan.marks:
            return 0, ()
        marks = self._names.marks(relay=wanted.relay, host=wanted.host)
        asked = Order(By(order), limit, lambda session: session.living and session.mark in marks)
        return self._conntrack.foremost(asked, FIRST_MARK, OUR_MARKS)

    def _all(self, wanted: Wanted) -> Iterator[Session]:
        if not self._names.plan.marks:
            return
        marks = self._names.marks(relay=wanted.relay, host=wanted.host)
        for session in self._conntrack.sessions(FIRST_MARK, OUR_MARKS, wanted.client):
            if session.mark in marks and wanted.id in (None, session.identity):
                yield session


def _carried(session: Session) -> int:
    return session.from_client + session.from_host


def _age(session: Session) -> int:
    return -session.started

"""What a worker tells of its sessions: those that live, and those that have ended since somebody asked."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from heapq import nlargest
from typing import Final

from bascule.engines.proxy.session import Session
from bascule.engines.proxy.wire import AskSessions, Chosen, Ended, EndedSession, Order, Place, ProxySession, Sessions

REMEMBERED: Final = 10_000
"""Ended sessions that wait for a parent to ask; it asks every few seconds."""


PORTION: Final = 250
"""Ended sessions of one answer: telling them takes a millisecond or two, in which no session is carried."""


class Ledger:
    """Keeps the last sessions that have ended. Times are seconds of the worker's clock."""

    def __init__(self) -> None:
        self._ended: deque[tuple[float, ProxySession]] = deque(maxlen=REMEMBERED)
        self._lost = 0

    def note(self, session: Session, now: float, state: str) -> None:
        """Take note of a session that ends now, while its sockets are still open.

        Those that were turned away take no more than half of the room, so that they cannot push the others out.
        """
        if session.since == now and not session.tried and len(self._ended) >= REMEMBERED // 2:
            self._lost += 1
            return
        if len(self._ended) == REMEMBERED:
            self._lost += 1
        self._ended.append((now, _told(session, now, state)))

    def take(self, now: float) -> Ended:
        """Return a portion of what has ended, the oldest first, and forget it; a full one says that there may be more."""
        portion = [self._ended.popleft() for _ in range(min(PORTION, len(self._ended)))]
        lost, self._lost = self._lost, 0
        return Ended(sessions=tuple(EndedSession(session=told, ago=now - at) for at, told in portion), lost=lost)


def listed(living: Iterable[Session], asked: AskSessions, now: float) -> Sessions:
    """Return those of the living sessions that were asked for, the foremost of them where there are too many."""
    found = [session for session in living if is_chosen(session, asked.chosen)]
    first = nlargest(asked.limit, found, key=_BY[asked.order])
    return Sessions(total=len(found), sessions=tuple(_told(session, now, _state(session)) for session in first))


def is_chosen(session: Session, chosen: Chosen) -> bool:
    """Tell whether a session is one of those that an operator means."""
    return (
        chosen.client in (None, session.peer.address)
        and chosen.relay in (None, session.choice.relay.name)
        and (chosen.host is None or chosen.host in _names(session))
        and (chosen.id is None or chosen.id == identity(session))
    )


def identity(session: Session) -> str:
    """Return what tells a session from all others: its descriptor, which is its own while it lives, and when it began."""
    return f"{int(session.since * 1_000_000) & 0xFFF_FFFF_FFFF:011x}{session.client.fd & 0xF_FFFF:05x}"


def _names(session: Session) -> Iterator[str]:
    """Yield what an operator may call the session's host."""
    if session.host is not None:
        yield from (session.host.label, session.host.place.address, str(session.host.place))


def _age(session: Session) -> float:
    return -session.since


_BY: Final = {Order.AGE: _age, Order.BYTES: Session.carried}


def _state(session: Session) -> str:
    if not session.open:
        return "connecting"
    half = session.client.ended or (session.server is not None and session.server.ended)
    return "half-closed" if half else "established"


def _told(session: Session, now: float, state: str) -> ProxySession:
    host, server = session.host, session.server
    source = None
    if server is not None:
        with suppress(OSError):  # a connection that was broken may have no name any more
            source = Place(*server.socket.getsockname()[:2])
    return ProxySession(
        client=session.peer,
        relay=session.choice.relay.name,
        listen=session.door.place,
        label="" if host is None else host.label,
        host=None if host is None else host.place,
        source=source,
        state=state,
        age=now - session.since,
        idle=now - session.touched,
        from_client=session.client.moved,
        from_host=0 if server is None else server.moved,
        id=identity(session),
    )

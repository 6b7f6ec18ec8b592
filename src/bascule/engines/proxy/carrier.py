"""A worker's sessions, from a client's coming to the last byte.

Edge-triggered epoll: a socket is registered once and its events are hints that something may have changed. A round reads
what has come, of all sessions, then sends it all, then connects for new ones: what is alike is done together, since the
kernel's part of each takes the processor's caches (`docs/performance.md` has what it gained). Sockets are closed at its
end, so that no descriptor changes its meaning while a round's events are served.
"""

import select
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from bascule.engines.proxy.choice import Host
from bascule.engines.proxy.deadlines import Deadlines
from bascule.engines.proxy.doors import Door
from bascule.engines.proxy.ledger import Ledger, is_chosen
from bascule.engines.proxy.listening import bound_memory
from bascule.engines.proxy.session import Session, reset_at_close
from bascule.engines.proxy.stream import BUFFER, End, Mover, Outcome
from bascule.engines.proxy.wire import Chosen, Place

_READ: Final = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLPRI | select.EPOLLET
_READ_AND_WRITE: Final = _READ | select.EPOLLOUT
_BROKEN: Final = select.EPOLLERR | select.EPOLLHUP
_THOROUGH: Final = select.EPOLLRDHUP | select.EPOLLPRI | _BROKEN
_ANY_READ: Final = select.EPOLLIN | _THOROUGH

_DRY: Final = Outcome.DRY

_BIND_ADDRESS_NO_PORT: Final = 24
"""IP_BIND_ADDRESS_NO_PORT (ip(7)): the port is chosen at connect, where it must differ for one host only."""


class Carrier:
    """Carries sessions, with at most so many `descriptors`."""

    def __init__(self, epoll: select.epoll, mover: Mover, *, descriptors: int, clock: Callable[[], float]) -> None:
        self._epoll = epoll
        self._mover = mover
        self.descriptors = descriptors
        self._clock = clock
        self._now = clock()
        self._by_fd: dict[int, Session] = {}
        self._deadlines: Deadlines[Session] = Deadlines()
        self._arrived: list[Session] = []
        """Clients of this round that wait for a host to be tried."""
        self._turns: list[tuple[Session, End, End, bool]] = []
        """Streams to be moved in this round: session, source, target, whether thoroughly."""
        self._unfinished: dict[End, Session] = {}
        self._closing: list[socket.socket] = []
        self.sessions = 0
        self.ledger = Ledger()

    def has_room(self) -> bool:
        """Tell whether one session more would find its two descriptors."""
        return 2 * (self.sessions + 1) + len(self._closing) <= self.descriptors

    def begin_round(self) -> None:
        """Read the clock: once for all events of a round."""
        self._now = self._clock()

    def end_round(self) -> None:
        """Send what was read, connect for who has come, and serve what needs no event."""
        unfinished, self._unfinished = self._unfinished, {}
        self._send()
        for end, session in unfinished.items():
            if not session.over and session.server is not None:
                other = session.server if end is session.client else session.client
                session.touched = self._now
                self._turns.append((session, end, other, True))
        self._send()
        for session in self._arrived:
            if not session.over:
                self._try_hosts(session)
        self._arrived.clear()
        while due := self._deadlines.due(self._now):
            for session in due:
                self._expire(session)
        for connection in self._closing:
            connection.close()
        self._closing.clear()

    def next_deadline(self) -> float | None:
        """Return the time until which nothing need be done unless something happens; None for ever."""
        return self._now if self._unfinished else self._deadlines.next()

    def welcome(self, client: socket.socket, peer: Place, door: Door) -> None:
        """Take a client that has come in at a door, unless it is over a limit."""
        choice = door.choice
        over = choice.sources.objection(peer.address, self._now)
        choice.sources.come(peer.address)
        self.sessions += 1
        session = Session(client, peer, door, choice.slot(peer.address, door.place), self._now)
        if over:
            choice.limited += 1
            reset_at_close(client)
            self._end(session, f"over {over}")
        else:
            choice.accepted += 1
            self._arrived.append(session)

    def serve(self, fd: int, mask: int) -> bool:
        """Act on an event; False when the descriptor is none of ours, or no longer."""
        session = self._by_fd.get(fd)
        if session is None or session.server is None:
            return False
        session.touched = self._now
        if not session.open:
            self._answered(session, session.server, mask)
            return True
        end, other = session.client, session.server
        if fd != end.fd:
            end, other = other, end
        end.last |= _ends(mask)
        if mask & _ANY_READ and not end.blocked and not end.passed:
            self._take(session, end, other, thorough=bool(mask & _THOROUGH))
        if mask & select.EPOLLOUT and other.blocked:
            self._turns.append((session, other, end, True))
        if mask & select.EPOLLERR:
            self._send()
            self._abort(session)
        return True

    def leave_dead_hosts(self) -> None:
        """After a change of the plan: part sessions from hosts that are down, or were taken out."""
        for session in tuple(self._by_fd.values()):
            host = session.host
            if session.over or host is None or not session.choice.loses_sessions(host):
                continue
            if not session.open:
                self._give_up(session, host)
            elif session.choice.resets(host):
                self._abort(session, "killed")

    def count(self) -> None:
        """Bring the hosts' byte counters up to date."""
        for session in self._by_fd.values():
            session.count()

    def living(self) -> Iterator[Session]:
        """Yield every session."""
        return (session for fd, session in self._by_fd.items() if session.server is not None and session.server.fd == fd)

    def kill(self, chosen: Chosen) -> int:
        """Reset these sessions, and return how many there were."""
        doomed = [session for session in self.living() if is_chosen(session, chosen)]
        for session in doomed:
            self._abort(session, "killed")
        return len(doomed)

    def close(self) -> None:
        """Reset every session."""
        for session in (*self._arrived, *self._by_fd.values()):
            self._abort(session)
        self.end_round()

    # --- before a host has accepted ----------------------------------------------------------------------------------

    def _try_hosts(self, session: Session) -> None:
        """Connect to the first host that can be tried; without one, the client is reset."""
        while (host := session.choice.host(session.slot, session.tried)) is not None:
            server = self._connecting(host, session)
            if server is not None:
                self._await(session, host, server)
                return
            host.failed += 1
            session.tried += (host,)
        session.choice.refused += 1
        self._abort(session)

    def _connecting(self, host: Host, session: Session) -> socket.socket | None:
        """Return a socket that connects to a host; None when that fails at once."""
        try:
            server = socket.socket(host.place.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        except OSError:
            return None
        try:
            bound_memory(server)
            # The handshake's last segment waits for the client's first bytes and travels with them.
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
            self._bind_source(server, session, host)
            server.connect((host.place.address, host.place.port))
        except BlockingIOError:
            return server
        except OSError:
            server.close()
            return None
        return server

    def _bind_source(self, server: socket.socket, session: Session, host: Host) -> None:
        """Give the connection its address, where the plan names one that the machine has; else the kernel chooses."""
        source = session.choice.source(session.door.place.address, host.place.address, session.slot)
        if source is not None:
            server.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
            with suppress(OSError):
                server.bind((source, 0))

    def _await(self, session: Session, host: Host, server: socket.socket) -> None:
        host.come()
        session.host = host
        session.server = End(server, prompt=False, watched=True)
        self._by_fd[session.server.fd] = session
        session.bucket = self._deadlines.put(session, self._now + session.choice.relay.connect_timeout)
        self._epoll.register(session.server.fd, _READ_AND_WRITE)

    def _answered(self, session: Session, server: End, mask: int) -> None:
        """Act on the end of a connect: carry the session, or try the next host."""
        host = session.host
        if host is None:
            return
        if mask & _BROKEN:
            self._give_up(session, host)
        elif mask & select.EPOLLOUT:
            host.opened += 1
            session.open = True
            self._by_fd[session.client.fd] = session
            self._epoll.register(session.client.fd, _READ)
            if not self._take(session, session.client, server, thorough=False) and not session.over:
                # The client has nothing to say yet: the host may wait for the handshake's last segment to speak itself.
                server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            if mask & _ANY_READ and not session.over:
                server.last |= _ends(mask)
                self._take(session, server, session.client, thorough=bool(mask & _THOROUGH))

    def _give_up(self, session: Session, host: Host) -> None:
        """Leave a host that has not accepted, and try the next one if the client is still there."""
        host.failed += 1
        session.tried += (host,)
        self._part(session, host)
        if session.client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._abort(session)
        else:
            self._try_hosts(session)

    # --- while a session is carried ----------------------------------------------------------------------------------

    def _take(self, session: Session, source: End, target: End, *, thorough: bool) -> bool:
        """Read what has come and have it moved in this round; False when there is nothing."""
        if self._mover.room < BUFFER:
            self._send()
        try:
            something = self._mover.take(source)
        except OSError:
            self._abort(session)
            return False
        if something:
            self._turns.append((session, source, target, thorough))
        return something

    def _send(self) -> None:
        """Move what was read, and the streams that can go on."""
        move = self._mover.move
        for session, source, target, thorough in self._turns:
            if session.over:
                continue
            try:
                outcome = move(source, target, thorough=thorough)
                if outcome is not _DRY:
                    self._conclude(session, source, target, outcome)
            except OSError:
                self._say_last_words(session, target, source)
                self._abort(session)
        self._turns.clear()
        self._mover.clear()

    def _say_last_words(self, session: Session, source: End, target: End) -> None:
        """Deliver what an end had said before it broke, or the other did."""
        if source.taken is not None and not session.over:
            source.last = False
            with suppress(OSError):
                self._mover.move(source, target, thorough=False)

    def _conclude(self, session: Session, source: End, target: End, outcome: Outcome) -> None:
        """Draw the consequences of a turn. Raises OSError."""
        if outcome is Outcome.MORE:
            self._unfinished[source] = session
        elif outcome is Outcome.BLOCKED:
            if not target.watched:
                target.watched = True
                self._epoll.modify(target.fd, _READ_AND_WRITE)
        elif outcome is Outcome.ENDED and not source.passed:
            source.passed = True
            if target.passed:
                self._end(session, "closed")
            else:
                target.socket.shutdown(socket.SHUT_WR)

    def _expire(self, session: Session) -> None:
        """Act on a deadline: of the connect, or of the last time anything happened."""
        if not session.open and session.host is not None:
            self._give_up(session, session.host)
            return
        idle_until = session.touched + session.choice.relay.session_timeout
        if idle_until <= self._now:
            self._abort(session)
        else:
            session.bucket = self._deadlines.put(session, idle_until)

    # --- the end -----------------------------------------------------------------------------------------------------

    def _abort(self, session: Session, how: str = "") -> None:
        """End a session with a reset to both sides; it is told as one of them, or as we, ended it."""
        if session.over:
            return
        reset_at_close(session.client.socket)
        if session.server is not None:
            reset_at_close(session.server.socket)
        self._end(session, how or ("reset" if session.open else "refused"))

    def _end(self, session: Session, how: str) -> None:
        session.over = True
        self.ledger.note(session, self._now, how)
        session.count()
        if session.host is not None:
            self._part(session, session.host)
        self._drop(session.client)
        session.choice.sources.leave(session.peer.address)
        self.sessions -= 1

    def _part(self, session: Session, host: Host) -> None:
        """Let go of the host's end."""
        self._deadlines.drop(session, session.bucket)
        host.leave()
        session.host = None
        if session.server is not None:
            self._drop(session.server)
            session.server = None

    def _drop(self, end: End) -> None:
        self._by_fd.pop(end.fd, None)
        self._mover.release(end)
        self._closing.append(end.socket)


def _ends(mask: int) -> bool:
    """Tell whether an event says that a stream has ended in order: bytes that a reset follows wait for nothing more."""
    return bool(mask & select.EPOLLRDHUP) and not mask & select.EPOLLERR

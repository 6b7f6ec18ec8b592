"""Who is logged in, by tokens of which only hashes are kept."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from bascule.service.local.logins.directory import Known

IDLE: Final = 30 * 60.0
"""Seconds without a request after which somebody is logged out."""

LONGEST: Final = 12 * 3600.0
"""Seconds after which he is, whatever he does."""

MOST: Final = 1000
"""Logins at a time; one more ends the one that was idle longest."""


@dataclass(slots=True)
class Session:
    """One who is logged in."""

    name: str
    proof: str
    """What he proved himself by, as it was then: where that has changed, the login is worth nothing any more."""
    began: float
    seen: float
    known: Known | None = None
    """Who he is by the word of a directory; None of an account."""


class Sessions:
    """The logins of one parent; `clock` returns seconds that only grow."""

    def __init__(self, clock: Callable[[], float], token: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> None:
        self._clock = clock
        self._token = token
        self._sessions: dict[bytes, Session] = {}
        """The one that was seen last comes last."""

    def open(self, name: str, proof: str, known: Known | None = None) -> str:
        """Return a token by which somebody is known from now on."""
        token, now = self._token(), self._clock()
        while len(self._sessions) >= MOST:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[_key(token)] = Session(name=name, proof=proof, began=now, seen=now, known=known)
        return token

    def find(self, token: str, *, seen: bool = True) -> Session | None:
        """Return whom a token stands for, and note that he was seen; None where his time is over."""
        key, now = _key(token), self._clock()
        session = self._sessions.get(key)
        if session is None:
            return None
        if now - session.seen > IDLE or now - session.began > LONGEST:
            del self._sessions[key]
            return None
        if seen:
            session.seen = now
            self._sessions[key] = self._sessions.pop(key)
        return session

    def remaining(self, session: Session) -> float:
        """Return the seconds after which somebody must log in again who does something meanwhile."""
        return max(0.0, session.began + LONGEST - self._clock())

    def close(self, token: str) -> None:
        """Have a token be worth nothing."""
        self._sessions.pop(_key(token), None)

    def close_all(self, name: str, *, but: str = "") -> int:
        """Have every token of somebody be worth nothing but one, and return how many those were."""
        kept = _key(but)
        ended = [key for key, session in self._sessions.items() if session.name == name and key != kept]
        for key in ended:
            del self._sessions[key]
        return len(ended)


def _key(token: str) -> bytes:
    """Return what a token is found by: how long it takes to compare hashes tells nothing of it."""
    return sha256(token.encode()).digest()

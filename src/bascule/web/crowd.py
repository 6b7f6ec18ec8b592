"""Who is connected, and how many of one source: none keeps others out, however many he opens and however slow he is."""

from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol

MOST: Final = 500
"""Connections at a time, with those in the middle of their TLS handshake."""

MOST_OF_ONE: Final = 100
"""Of them, from one source: a browser has six at a time, and a whole office may come from one address."""


class Guest(Protocol):
    """A connection."""

    def leave(self) -> None:
        """End it now."""
        ...


class Crowd:
    """Counts connections; the caller says when one is over."""

    def __init__(self, most: int = MOST, most_of_one: int = MOST_OF_ONE) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._guests: dict[Guest, str] = {}
        """The oldest first."""
        self._of: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._guests)

    def admit(self, source: str, guest: Callable[[], Guest]) -> Guest | None:
        """Take one in; None where its source has too many, or all are too many and none has more than it.

        Where all are too many, the oldest of the source that has the most makes room.
        """
        if self._of[source] >= self._most_of_one:
            return None
        if len(self._guests) >= self._most:
            greedy, theirs = self._of.most_common(1)[0]
            if theirs <= self._of[source]:
                return None
            oldest = next(each for each, where in self._guests.items() if where == greedy)
            self.gone(oldest)
            oldest.leave()
        made = guest()
        self._guests[made] = source
        self._of[source] += 1
        return made

    def gone(self, guest: Guest) -> None:
        """Forget one; nothing happens where it was forgotten before."""
        source = self._guests.pop(guest, None)
        if source is not None:
            self._of[source] -= 1
            self._of += Counter()  # keeps those above nothing

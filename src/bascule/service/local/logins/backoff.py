"""How long somebody waits who guesses passwords: by source, and by account, which nobody may be kept out of by that."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bascule.service.sources import place

FREE: Final = 4
"""Failures that cost nothing: people mistype."""

LONGEST_FOR_SOURCE: Final = 300.0
LONGEST_FOR_ACCOUNT: Final = 8.0
"""Seconds: its owner, who comes from elsewhere, waits no longer than that while another guesses."""

LONGEST_FOR_CODE: Final = 60.0
"""Seconds, while somebody who knows the password guesses codes: a million of them would take two years."""

FORGOTTEN: Final = 900.0
"""Seconds after the last failure until all is forgiven."""

MOST_PLACES: Final = 8
"""Places from which an account has logged in that are remembered: what others guess elsewhere does not hold it up there."""

MOST: Final = 10_000
"""Sources and accounts that are remembered; of more, the oldest are forgotten."""


@dataclass(slots=True)
class _Failures:
    count: int
    last: float


class Backoff:
    """Remembers failures; `clock` returns seconds that only grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, str], _Failures] = {}
        self._places: dict[str, dict[str, None]] = {}
        """Of each account that has logged in, the last place last."""

    def wait(self, source: str, name: str) -> float:
        """Return the seconds until one from there may try that account."""
        where = place(source)
        usual = where in self._places.get(name, ())
        return max(
            self._left(("source", where), LONGEST_FOR_SOURCE),
            0.0 if usual else self._left(("account", name), LONGEST_FOR_ACCOUNT),
            self._left(("code", name), LONGEST_FOR_CODE),
        )

    def failed(self, source: str, name: str) -> None:
        """Remember a wrong password."""
        self._remember(("source", place(source)), ("account", name))

    def failed_code(self, source: str, name: str) -> None:
        """Remember a wrong code beside a right password."""
        self._remember(("source", place(source)), ("account", name), ("code", name))

    def _remember(self, *keys: tuple[str, str]) -> None:
        now = self._clock()
        for key in keys:
            before = self._failures.pop(key, None)
            count = 0 if before is None or now - before.last > FORGOTTEN else before.count
            while len(self._failures) >= MOST:
                del self._failures[next(iter(self._failures))]
            self._failures[key] = _Failures(count=count + 1, last=now)

    def succeeded(self, source: str, name: str) -> None:
        """Forget what was mistyped of that account; what its source did to others stays.

        The name must be somebody's: all that have logged in are remembered.
        """
        self._remember_place(name, place(source))
        mistyped = self._failures.pop(("account", name), None)
        self._failures.pop(("code", name), None)
        key = ("source", place(source))
        failures = self._failures.get(key)
        if mistyped is None or failures is None:
            return
        failures.count -= mistyped.count
        if failures.count <= 0:
            del self._failures[key]

    def _remember_place(self, name: str, where: str) -> None:
        places = self._places.setdefault(name, {})
        places.pop(where, None)
        while len(places) >= MOST_PLACES:
            del places[next(iter(places))]
        places[where] = None

    def _left(self, key: tuple[str, str], longest: float) -> float:
        found = self._failures.get(key)
        if found is None or found.count <= FREE:
            return 0.0
        pause: float = min(2.0 ** min(found.count - FREE, 20), longest)
        return max(0.0, found.last + pause - self._clock())

"""How messages speak: words quoted, lists joined, the nearest known word found."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

_LONGEST_QUOTE: Final = 40
_LONGEST_COMPARED: Final = 40
"""Letters; no keyword is half as long, and comparing takes time that grows with the square."""

_SHORTEST_BEGINNING: Final = 3


def quoted(text: str) -> str:
    """Return a piece of the text as messages show it: in back quotes, cut short, and with nothing that a terminal obeys."""
    shown = "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text[: _LONGEST_QUOTE + 1])
    return f"`{shown if len(shown) <= _LONGEST_QUOTE else shown[:_LONGEST_QUOTE] + '…'}`"


def listed(words: Sequence[str], last: str = "or") -> str:
    """Return `a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that this one begins or differs least from, or an empty string where none is near."""
    if len(word) > _LONGEST_COMPARED:
        return ""
    words = list(known)
    begun = [one for one in words if one.startswith(word.lower())] if len(word) >= _SHORTEST_BEGINNING else []
    found = begun or get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    return found[0] if found else ""

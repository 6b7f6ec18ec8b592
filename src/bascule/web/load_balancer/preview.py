"""How one text differs from another, line by line, as pages show it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from itertools import islice
from typing import Final

MOST_LINES: Final = 600
_AROUND: Final = 2


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference: `kind` is `added`, `removed`, `at` or empty."""

    kind: str
    text: str


def difference(old: str, new: str) -> Sequence[Line]:
    """Return what is added and removed, with the lines around it; none where the texts are the same."""
    return tuple(islice(_lines(old, new), MOST_LINES))


def _lines(old: str, new: str) -> Iterator[Line]:
    found = unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=_AROUND)
    for line in islice(found, 2, None):
        kind = {"+": "added", "-": "removed", "@": "at"}.get(line[:1], "")
        yield Line(kind, line)

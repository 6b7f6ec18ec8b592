"""What one text has and another has not, line by line, as a page shows it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, TypeAlias

CONTEXT: Final = 3
"""Lines around a change that are shown, too."""

MOST: Final = 4000
"""Lines of a difference that a page shows."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference: of the old text, of the new one, or of both."""

    text: str
    old: int | None = None
    """Its number there; None where it is not there."""
    new: int | None = None

    @property
    def kind(self) -> str:
        """Return `added`, `removed` or `kept`."""
        return "added" if self.old is None else "removed" if self.new is None else "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two texts beside each other."""

    hunks: tuple[tuple[Line, ...], ...] = ()
    """Changes that stand together, with the lines around them."""
    added: int = 0
    removed: int = 0
    left_out: int = 0
    """Lines that are too many for a page."""

    def __bool__(self) -> bool:
        return bool(self.hunks)


_Codes: TypeAlias = Sequence[tuple[str, int, int, int, int]]


def difference(old: str, new: str) -> Difference:
    """Return how the lines of a text differ from those of an older one; false where they do not."""
    before, after = old.splitlines(), new.splitlines()
    hunks = [tuple(_lines(codes, before, after)) for codes in _grouped(before, after)]
    every = [line for hunk in hunks for line in hunk]
    shown, had = [], 0
    for hunk in hunks:
        if had < MOST:
            shown.append(hunk[: MOST - had])
            had += len(shown[-1])
    return Difference(
        hunks=tuple(shown),
        added=sum(line.kind == "added" for line in every),
        removed=sum(line.kind == "removed" for line in every),
        left_out=len(every) - had,
    )


def _grouped(before: Sequence[str], after: Sequence[str]) -> Iterator[_Codes]:
    """Yield the changes that stand together. What both begin and end with is not compared: that takes most of the time."""
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    first = max(0, head - CONTEXT)
    last = max(0, tail - CONTEXT)
    old, new = before[first : len(before) - last], after[first : len(after) - last]
    for codes in _Matcher(old, new).get_grouped_opcodes(CONTEXT):
        moved = [(tag, a + first, b + first, c + first, d + first) for tag, a, b, c, d in codes]
        if any(tag != "equal" for tag, *_ in moved):
            yield moved


class _Matcher(SequenceMatcher[str]):
    """Finds changes, and has what was put in end with its own brace where it could as well begin with its neighbour's."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        super().__init__(None, old, new, autojunk=len(old) + len(new) > MOST)
        self._new = new

    def get_opcodes(self) -> list[Any]:
        """Return them, with lines that were put in moved down as far as that means the same."""
        found: list[Any] = []
        for tag, a, b, c, d in super().get_opcodes():
            start, begin = a, c
            if tag == "equal" and found and found[-1][0] == "insert":
                _, at, _, first, last = found.pop()
                moved = _common(self._new[first:], self._new[last:d])
                found += _joined(found, at, at + moved, first, first + moved)
                found.append(("insert", at + moved, at + moved, first + moved, last + moved))
                start, begin = a + moved, c + moved
            if start < b or tag != "equal":
                found.append((tag, start, b, begin, d))
        return found


def _joined(found: list[Any], a: int, b: int, c: int, d: int) -> list[Any]:
    """Return lines that both have, as one with those before them."""
    if a == b:
        return []
    if found and found[-1][0] == "equal":
        _, a, _, c, _ = found.pop()
    return [("equal", a, b, c, d)]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many lines two texts begin with that are the same."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _lines(codes: _Codes, before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    for tag, start, end, begin, stop in codes:
        if tag == "equal":
            for old, new in zip(range(start, end), range(begin, stop), strict=True):
                yield Line(before[old], old + 1, new + 1)
            continue
        for number in range(start, end):
            yield Line(before[number], old=number + 1)
        for number in range(begin, stop):
            yield Line(after[number], new=number + 1)

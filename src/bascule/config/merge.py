"""Two edits of one text made one: what each changed stands, and where both changed the same lines nobody is guessed for.

Lines are what the language's statements are, so edits of different statements never meet. Pure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

MANY: Final = 4000
"""Lines of two texts from which on those that stand very often, such as a brace, do not tell where others belong: it would
take minutes. A change may seem larger by that, and clash, but is never made elsewhere."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Lines that both have changed, each in their own way."""

    line: int
    """The first of them in `mine`, counted from 1."""
    mine: tuple[str, ...]
    theirs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of it."""

    text: str
    """Whole where nothing clashes; else with `mine` at those places."""
    clashes: tuple[Clash, ...] = ()


@dataclass(frozen=True, slots=True)
class _Change:
    """Lines `first` to `last`, not included, of the base are others."""

    first: int
    last: int
    lines: tuple[str, ...]

    def meets(self, other: "_Change") -> bool:
        """Tell whether the two are about the same place: common lines, or words put in between the same two lines."""
        return (self.first < other.last and other.first < self.last) or self.first == other.first


def merged(base: str, mine: str, theirs: str) -> Merged:
    """Return both edits of a base in one text."""
    lines = base.splitlines(keepends=True)
    ours, others = (list(_changes(lines, text.splitlines(keepends=True))) for text in (mine, theirs))
    made: list[str] = []
    clashes: list[Clash] = []
    at = 0
    for left, right in _places(ours, others):
        first = min(change.first for change in (*left, *right))
        last = max(change.last for change in (*left, *right))
        made += lines[at:first]
        chosen = _applied(lines, first, last, left or right)
        against = _applied(lines, first, last, right or left)
        if chosen != against:
            clashes.append(Clash(len(made) + 1, tuple(chosen), tuple(against)))
        made += chosen
        at = last
    return Merged("".join([*made, *lines[at:]]), tuple(clashes))


def _changes(base: Sequence[str], text: Sequence[str]) -> Iterator[_Change]:
    many = len(base) + len(text) > MANY
    for kind, first, last, start, end in SequenceMatcher(None, base, text, autojunk=many).get_opcodes():
        if kind != "equal":
            yield _Change(first, last, tuple(text[start:end]))


def _places(ours: list[_Change], others: list[_Change]) -> Iterator[tuple[list[_Change], list[_Change]]]:
    """Yield the changes in order of the base, those that meet together: of one side alone, or of both."""
    waiting = sorted([(change, True) for change in ours] + [(change, False) for change in others], key=_order)
    while waiting:
        group = [waiting.pop(0)]
        while waiting and any(change.meets(waiting[0][0]) for change, _ in group):
            group.append(waiting.pop(0))
        yield [change for change, our in group if our], [change for change, our in group if not our]


def _order(entry: tuple[_Change, bool]) -> tuple[int, int]:
    return entry[0].first, entry[0].last


def _applied(base: Sequence[str], first: int, last: int, changes: Sequence[_Change]) -> list[str]:
    """Return the lines of a place with some changes made."""
    made: list[str] = []
    for change in changes:
        made += [*base[first : change.first], *change.lines]
        first = change.last
    return [*made, *base[first:last]]

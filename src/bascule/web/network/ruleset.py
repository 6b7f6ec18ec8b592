"""The firewall's rules as one list: those of the working copy, beside what the running ones have decided about."""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import TypeAlias

from bascule.config.editing.rules import WrittenRule
from bascule.service.firewall import RulePlace, WalkRow

_Step: TypeAlias = tuple[str, int, int, int, int]
"""`equal`, or another word, and the indices that it is about, as difflib has them."""


class Deployed(StrEnum):
    """How a rule of the working copy stands to what runs."""

    SAME = "same"
    NEW = "new"
    """It decides nothing until it is deployed."""
    MOVED = "moved"
    """Others stand before it, or behind it."""
    GONE = "gone"
    """It still decides, until the working copy is deployed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRule:
    """A row of the list."""

    rule: str
    deployed: Deployed = Deployed.SAME
    written: WrittenRule | None = None
    """Of the working copy; None where nobody wrote it, or it is gone."""
    cause: str = ""
    line: int | None = None
    packets: int | None = None
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """All of them, in the order in which they are asked."""

    before: tuple[ShownRule, ...] = ()
    """Nobody wrote these."""
    own: tuple[ShownRule, ...] = ()
    after: tuple[ShownRule, ...] = ()


def ruleset(walk: Sequence[WalkRow], written: Sequence[WrittenRule]) -> Ruleset:
    """Return the rules that run with those of a working copy."""
    placed: dict[RulePlace, list[WalkRow]] = defaultdict(list)
    for row in walk:
        placed[row.place].append(row)
    return Ruleset(
        before=tuple(map(_generated, placed[RulePlace.BEFORE])),
        own=tuple(_own(placed[RulePlace.TEXT], written)),
        after=tuple(map(_generated, placed[RulePlace.AFTER])),
    )


def _generated(row: WalkRow) -> ShownRule:
    return ShownRule(rule=row.rule, cause=row.cause, line=row.line, packets=row.packets, label=row.label)


def _own(running: Sequence[WalkRow], written: Sequence[WrittenRule]) -> Iterator[ShownRule]:
    """Yield both lists as one, in the order of the working copy."""
    words, wanted = [row.rule for row in running], [rule.words for rule in written]
    steps = _steps(words, wanted)
    same = {begin + n: first + n for step, first, last, begin, _ in steps if step == "equal" for n in range(last - first)}
    moved = _moved(words, wanted, same)
    kept = frozenset((*same.values(), *moved.values()))
    for _, first, last, begin, end in steps:
        for index in range(first, last):
            if index not in kept:
                row = running[index]
                yield ShownRule(rule=row.rule, deployed=Deployed.GONE, packets=row.packets, label=row.label)
        for index in range(begin, end):
            rule, at = written[index], same.get(index, moved.get(index))
            if at is None:
                yield ShownRule(rule=rule.words, deployed=Deployed.NEW, written=rule, line=rule.line)
            else:
                yield _of(rule, running[at], Deployed.SAME if index in same else Deployed.MOVED)


def _steps(words: Sequence[str], wanted: Sequence[str]) -> Sequence[_Step]:
    """Return how one list becomes the other; most of both is the same, which costs nothing."""
    shorter = min(len(words), len(wanted))
    first = next((n for n in range(shorter) if words[n] != wanted[n]), shorter)
    last = next((n for n in range(shorter - first) if words[-1 - n] != wanted[-1 - n]), shorter - first)
    inner = SequenceMatcher(None, words[first : len(words) - last], wanted[first : len(wanted) - last], autojunk=False)
    return [
        ("equal", 0, first, 0, first),
        *((step, a + first, b + first, c + first, d + first) for step, a, b, c, d in inner.get_opcodes()),
        ("equal", len(words) - last, len(words), len(wanted) - last, len(wanted)),
    ]


def _moved(words: Sequence[str], wanted: Sequence[str], same: Mapping[int, int]) -> Mapping[int, int]:
    """Return, of the rules that stand elsewhere, the index of the running one by that of the written one."""
    left: dict[str, deque[int]] = defaultdict(deque)
    kept = frozenset(same.values())
    for index, rule in enumerate(words):
        if index not in kept:
            left[rule].append(index)
    others = [index for index in range(len(wanted)) if index not in same]
    return {index: left[wanted[index]].popleft() for index in others if left[wanted[index]]}


def _of(rule: WrittenRule, row: WalkRow, deployed: Deployed) -> ShownRule:
    return ShownRule(rule=rule.words, deployed=deployed, written=rule, line=rule.line, packets=row.packets, label=row.label)

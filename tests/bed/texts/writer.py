"""Writes random configurations that have no errors, from the keyword table and from what the language itself refuses.

A text is written without asking what fits together; then every statement that the language refuses is taken out again.
So the rules of the language stand in the language alone, and a clause that it learns is written from that day on.
"""

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from bascule.config.diagnose import diagnose
from bascule.config.diagnostics import Severity
from bascule.config.facts import Facts
from bascule.config.load import load
from bascule.config.schema import TOP
from bascule.config.schema.clause import Clause, Literal, Part
from bed.texts.features import Feature, there, words
from bed.texts.samples import OURS, Samples

T = TypeVar("T")

OFTEN: Final = 0.4
"""How likely a statement, an option or a value is that may be left out."""
WANTED: Final = 0.7
"""The same where it leads to something that is missing so far."""
EAGER: Final = 0.95
"""The same of who is eager."""
FEW: Final = 0.4
"""How many of the options of some statements are written of those that are else."""

_ADDRESSES: Final = "\n".join(f"address {address}/{64 if ':' in address else 16} virtual" for address in OURS)
INTERFACES: Final[Mapping[str, str]] = {
    "interface eth0": f"address 10.80.0.2/16\naddress fd80::2/64\n{_ADDRESSES}",
    "interface eth1": "address 10.90.0.2/16\naddress 10.90.0.1/16 virtual\naddress fd90::2/64\naddress fd90::1/64 virtual",
}
"""What a balancer of the bed with two arms has; every text begins with it."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a text. What is given stays, whatever is found wrong with it."""

    depth: int
    text: str
    given: bool = False


KEPT: Final = "table <kept> {\n10.90.2.1\nfd90::2:1\n}"
"""What the `load-balancer` block begins with where nothing else is asked for."""

FIREWALL: Final = (
    "zone inside {\ninterface eth1\n}\ntable <none> {\n}\n"
    "pass in proto tcp to 203.0.113.10 port 443 forward to 10.80.0.10 port 8443"
)
"""What its `firewall` block begins with in some texts: zones of relays, and a port forward, which chance rarely makes."""


def random_text(
    chance: random.Random,
    facts: Facts,
    *,
    kept: str = KEPT,
    missing: Collection[Feature] = frozenset(),
    samples: Callable[[random.Random], Samples] = Samples,
    eager: bool = False,
) -> str:
    """Return a configuration that has no errors on this machine.

    `kept` begins its `load-balancer` block: a table `<kept>` and, perhaps, services. What is `missing` so far is written
    rather than other things. `samples` makes what draws the values; who is `eager` writes much of it.
    """
    firewall = {"firewall": FIREWALL} if chance.random() < OFTEN else {}
    writer = _Writer(chance, {**INTERFACES, "load-balancer": kept, **firewall}, missing, samples(chance), eager)
    lines = list(writer.block(TOP, ()))
    while wrong := _refused(_joined(lines), facts):
        for index in sorted(wrong, reverse=True):
            assert not lines[index].given, (lines[index].text, wrong[index])
            lines = _without(lines, index)
    return _joined(lines)


class _Writer:
    def __init__(
        self,
        chance: random.Random,
        given: Mapping[str, str],
        missing: Collection[Feature],
        samples: Samples,
        eager: bool,  # noqa: FBT001 - likewise
    ) -> None:
        self._chance = chance
        self._given = given
        self._missing = missing
        self._samples = samples
        self._eager = eager

    def block(self, clause: Clause, path: Feature) -> Iterator[_Line]:
        """Yield random statements of a block, those that are given first."""
        for statement in there(clause.block or ()):
            place = (*path, statement.title)
            heads = [head for head in self._given if not path and head.split()[0] == statement.word]
            for head in heads:
                yield from self._statement(statement, place, head)
            for _ in range(0 if heads and not statement.many else self._how_many(statement, place)):
                yield from self._statement(statement, place)

    def _statement(self, clause: Clause, path: Feature, head: str = "") -> Iterator[_Line]:
        text, depth = head or " ".join(self._words(clause, path)), len(path) - 1
        if clause.block is None:
            yield _Line(depth, text)
            return
        yield _Line(depth, f"{text} {{", given=bool(head))
        yield from (_Line(depth + 1, line, given=True) for line in self._given.get(head, "").splitlines())
        yield from self.block(clause, path)
        yield _Line(depth, "}", given=bool(head))

    def _words(self, clause: Clause, path: Feature) -> Iterator[str]:
        """Yield the words of a clause: its own, its parts, one choice, and options in any order."""
        yield from clause.words
        for part in clause.parts:
            yield from self._part(clause, part, path)
        if clause.choices:
            choice = self._one_of(there(clause.choices), lambda choice: (*path, choice.title))
            yield from self._words(choice, (*path, choice.title))
        options = there(clause.options)
        share = self._chance.choice((1.0, FEW))  # few options are sooner right together than many
        for option in self._chance.sample(options, len(options)):
            if self._likely((*path, option.title), share):
                yield from self._words(option, (*path, option.title))

    def _part(self, clause: Clause, part: Part, path: Feature) -> Iterator[str]:
        if isinstance(part, Literal):
            yield part.word
        elif part.optional and not self._likely((*path, part.name)):
            return
        elif known := words(part.kind):
            yield self._one_of(known, lambda word: (*path, word))
        else:
            yield self._samples.draw(clause, part)

    # --- chance ------------------------------------------------------------------------------------------------------

    def _how_many(self, clause: Clause, path: Feature) -> int:
        many = range(2, 6) if self._eager and self._leads(path) else range(3)
        wanted = self._chance.choice(many) if clause.many else 0
        return max(wanted, clause.required or self._likely(path))

    def _likely(self, path: Feature, share: float = 1.0) -> bool:
        if self._eager and self._leads(path):
            return self._chance.random() < EAGER
        return self._chance.random() < (WANTED if self._leads(path) else OFTEN) * share

    def _one_of(self, things: Sequence[T], path: Callable[[T], Feature]) -> T:
        wanted = [thing for thing in things if self._leads(path(thing))]
        return self._chance.choice(wanted if wanted and self._chance.random() < WANTED else things)

    def _leads(self, path: Feature) -> bool:
        """Tell whether something that is missing so far may stand here."""
        return any(feature[: len(path)] == path for feature in self._missing)


def _joined(lines: Sequence[_Line]) -> str:
    tab = "\t"
    return "".join(f"{tab * line.depth}{line.text}\n" for line in lines)


def _refused(text: str, facts: Facts) -> Mapping[int, str]:
    """Return the lines that have an error, counted from 0, and what is wrong with them."""
    loaded = load(text)
    found = loaded.diagnostics if loaded.configuration is None else diagnose(loaded.configuration, facts)
    return {one.span.line - 1: one.message for one in found if one.severity is Severity.ERROR}


def _without(lines: Sequence[_Line], index: int) -> list[_Line]:
    """Return the lines without one of them, and without its block where it has one."""
    end = index + 1
    if lines[index].text.endswith("{"):
        while lines[end].depth > lines[index].depth:
            end += 1
        end += 1
    return [*lines[:index], *lines[end:]]

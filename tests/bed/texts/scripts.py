"""Configurations with a script in every string that the language takes, found from the keyword table.

A string leaf is a value of a clause that may be written in quotes with markup within, wherever its kind leaves room for it.
So a keyword that the language learns is a leaf from that day on.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias

from bascule.config.facts import Facts
from bascule.config.kinds.kind import Flaw, Kind
from bascule.config.lexer import TokenKind, tokenize
from bascule.config.matching import Match
from bascule.config.outline import Node, outline
from bascule.config.parser import parse
from bascule.config.schema import TOP
from bascule.config.schema.clause import Clause, Value
from bed.texts.features import Feature, shown, there, values
from bed.texts.samples import Samples, accepted
from bed.texts.writer import random_text

MARK: Final = "hacked("
"""Stands in every payload; `<` before it means that markup came of it."""

STARTS: Final = ("<img src=x", "<svg/onload")
"""What begins the elements that come of a payload."""

_PAYLOADS: Final = (
    rf"\"'>{STARTS[0]} onerror={MARK}%d)>",
    f"'>{STARTS[0]} onerror={MARK}%d)>",
    f"{STARTS[1]}={MARK}%d)>",
)
"""Bad in text, in attributes and in scripts; the second has what a name may have, the third no blanks either."""

_MOST_TEXTS: Final = 100

Written: TypeAlias = Mapping[int, str]
"""How values of kinds are written with a payload within, which has a number: by the identity of the kind."""
_Words: TypeAlias = Mapping[tuple[int, int], str]


def payload(number: int) -> str:
    """Return one of them, which a name may have."""
    return _PAYLOADS[1] % number


def written() -> Written:
    """Return how each kind of the language is written that takes markup."""
    kinds = {id(value.kind): value.kind for _, value in _language(TOP, ())}
    return {each: word for each, kind in kinds.items() if (word := _with_payload(kind))}


def _with_payload(kind: Kind[Any]) -> str:
    """Return how a value is written with a payload within; empty where its kind takes none anywhere."""
    quoted = ['""']
    with suppress(LookupError):  # of what `Samples` draws by itself nothing is quoted
        quoted += [sample for sample in accepted(kind) if sample.startswith('"')]
    tried = (
        f"{sample[:place].replace('%', '%%')}{script}{sample[place:].replace('%', '%%')}"
        for script in _PAYLOADS
        for sample in quoted
        for place in range(1, len(sample))
    )
    return next((word for word in tried if kind.words is None and _takes(kind, word % 1)), "")


def _takes(kind: Kind[Any], word: str) -> bool:
    found: list[object] = []
    token = tokenize(word, found.append)[0]
    return not found and token.kind is TokenKind.STRING and not isinstance(kind.read(token), Flaw)


def leaves(kinds: Written) -> frozenset[Feature]:
    """Return every string leaf of the language: `("load-balancer", "relay", "name")`."""
    return frozenset(path for path, value in _language(TOP, ()) if id(value.kind) in kinds)


def _language(clause: Clause, path: Feature) -> Iterator[tuple[Feature, Value[Any]]]:
    yield from (((*path, value.name), value) for value in values(clause))
    for inner in there((*clause.choices, *clause.options, *(clause.block or ()))):
        yield from _language(inner, (*path, inner.title))


class Scripts(Samples):
    """Values with a payload, each another, wherever their kind takes one."""

    def __init__(self, chance: random.Random, kinds: Written, numbers: Iterator[int]) -> None:
        super().__init__(chance)
        self._kinds = kinds
        self._payloads = numbers

    def draw(self, clause: Clause, value: Value[Any]) -> str:
        """Return a value of a clause, as a text writes it."""
        word = self._kinds.get(id(value.kind))
        return super().draw(clause, value) if word is None else word % next(self._payloads)


def scripted(chance: random.Random, facts: Facts, numbers: Iterator[int]) -> Sequence[str]:
    """Return configurations without errors that together have a payload in every string leaf.

    Raises AssertionError, with the leaves that are left, where that does not come about.
    """
    kinds, texts = written(), []
    missing = leaves(kinds)
    for _ in range(_MOST_TEXTS):
        made: Callable[[random.Random], Samples] = lambda drawn: Scripts(drawn, kinds, numbers)  # noqa: E731
        text = random_text(chance, facts, missing=missing, samples=made, eager=True)
        if found := missing & held(text).keys():
            texts.append(text)
            missing -= found
        if not missing:
            return texts
    raise AssertionError(f"no text has a payload in:\n{shown(missing)}")


def held(text: str) -> Mapping[Feature, str]:
    """Return the string leaves of a text that have a payload, each with its last word as it is written."""
    words = {(token.line, token.column): token.text for token in tokenize(text, _unexpected)}
    return {path: word for path, word in _of_node(outline(parse(text), _unexpected), (), words) if MARK in word}


def _of_node(node: Node, path: Feature, words: _Words) -> Iterator[tuple[Feature, str]]:
    yield from _of_match(node.match, path, words)
    for child in node.children:
        yield from _of_node(child, (*path, child.match.clause.title), words)


def _of_match(match: Match, path: Feature, words: _Words) -> Iterator[tuple[Feature, str]]:
    for value in values(match.clause):
        if (span := match.spans.get(value.name)) is not None:
            yield (*path, value.name), words[span.line, span.column]
    chosen = () if match.choice is None else (match.choice,)
    for inner in (*chosen, *match.options.values()):
        yield from _of_match(inner, (*path, inner.clause.title), words)


def _unexpected(found: object) -> None:
    raise AssertionError(found)

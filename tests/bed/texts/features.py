"""What of the language a text uses, named by its path in the keyword table."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

from bascule.config.kinds.kind import Kind
from bascule.config.matching import Match
from bascule.config.outline import Node, outline
from bascule.config.parser import parse
from bascule.config.schema import TOP
from bascule.config.schema.clause import Clause, Value
from bascule.config.version import arrived

Feature: TypeAlias = tuple[str, ...]
"""Such as `("load-balancer", "relay", "forward to", "mode", "random")`."""


def of_language(clause: Clause = TOP, path: Feature = ()) -> Iterator[Feature]:
    """Yield everything that a text of this version can hold: statements, options, choices, words, values left out."""
    yield path
    for value in values(clause):
        yield from ((*path, word) for word in words(value.kind))
        if value.optional:
            yield from ((*path, value.name), (*path, f"no {value.name}"))
    for inner in there((*clause.choices, *(one for one in clause.options if one.help), *(clause.block or ()))):
        yield from of_language(inner, (*path, inner.title))


REFUSED: Final[frozenset[Feature]] = frozenset({("load-balancer", "relay", "listen on", "udp")})
"""What the keyword table has and the language refuses all the same: UDP is for redirects."""


def of_text(text: str) -> Iterator[Feature]:
    """Yield what a text without errors holds of it."""
    return _of_node(outline(parse(text), _unexpected), ())


def shown(features: Iterable[Feature]) -> str:
    """Return features for people, a line each."""
    return "\n".join(" › ".join(feature) for feature in sorted(features))  # noqa: RUF001 - the sign for a path


def there(clauses: Iterable[Clause]) -> list[Clause]:
    """Return the clauses that this version has."""
    return [clause for clause in clauses if arrived(clause.since)]


def words(kind: Kind[Any]) -> list[str]:
    """Return the words that a value of a kind may be in this version; none where it is of another sort."""
    return [word for word, since in (kind.words or {}).items() if since is None or arrived(since)]


def values(clause: Clause) -> Iterator[Value[Any]]:
    """Yield the values among the parts of a clause."""
    return (part for part in clause.parts if isinstance(part, Value))


def _of_node(node: Node, path: Feature) -> Iterator[Feature]:
    yield from _of_match(node.match, path)
    for child in node.children:
        yield from _of_node(child, (*path, child.match.clause.title))


def _of_match(match: Match, path: Feature) -> Iterator[Feature]:
    yield path
    for value in values(match.clause):
        found = match.get(value)
        if value.kind.words is not None and found is not None:
            yield (*path, found)
        if value.optional:
            yield (*path, value.name) if found is not None else (*path, f"no {value.name}")
    chosen = () if match.choice is None else (match.choice,)
    for inner in (*chosen, *match.options.values()):
        yield from _of_match(inner, (*path, inner.clause.title))


def _unexpected(found: object) -> None:
    raise AssertionError(found)

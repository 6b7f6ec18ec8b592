"""Says what may stand next in a path: words of the schema, and names that the text holds already."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from bascule.config.completion import following
from bascule.config.editing.finding import Place, clause_of, find, kin, read, texts
from bascule.config.editing.layout import Lines
from bascule.config.editing.spelling import Path, spelled
from bascule.config.lexer import Token
from bascule.config.matching import Match, Wanted
from bascule.config.schema.clause import Clause, Value
from bascule.config.syntax import Statement

_NAMES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        **{name: (name,) for name in ("table", "zone", "interface", "group", "address table")},
        "from zone": ("zone",),
        "end": ("zone", "address table"),
    }
)
"""Values that are names: which others mean the same wherever they stand, so that those of one statement are offered."""


def offered(text: str, words: Sequence[Token], *, present: bool = False, blocks: bool = False) -> tuple[Wanted, ...]:
    """Return what may follow the words of a path.

    With `present`, only what leads to something that is there; with `blocks`, only what leads to a block.
    """
    path = spelled(words, lambda _: None)
    lines = Lines.of(text)
    place = find(lines.tree, path.steps)
    if present:
        return tuple(_present(place, path)) if len(place.chain) == len(path.steps) else ()
    wanted = [one for one in following(path.clause, path.rest) if one.text != "{"]
    if blocks and not path.rest:
        openers = {clause.words[0] for clause in path.clause.block or () if clause.word and clause.block is not None}
        wanted = [one for one in wanted if one.text in openers]
    names = [name for one in wanted if one.value is not None for name in _names(place, path, one.value)]
    return tuple(dict.fromkeys([*(Wanted(name, "", literal=True) for name in names), *wanted]))


def _present(place: Place, path: Path) -> Iterator[Wanted]:
    """Yield the words that follow in the statements of a block that begin so."""
    given = texts(path.rest)
    seen = set()
    for statement in (item for item in place.items if isinstance(item, Statement)):
        written = texts(statement.words)
        if written[: len(given)] != given or len(written) == len(given) or written[len(given)] in seen:
            continue
        seen.add(written[len(given)])
        clause = clause_of(place.clause, statement.words)
        yield Wanted(written[len(given)], "" if clause is None else clause.help, literal=True)


def _names(place: Place, path: Path, value: Value[Any]) -> Iterator[str]:
    """Yield what the text has for a value: in statements that begin alike, and wherever the same is meant."""
    given = texts(path.rest)
    clause = clause_of(path.clause, path.rest) if path.rest else _wordless(path.clause)
    whole = place if len(place.chain) == len(path.steps) else None
    for statement in () if clause is None or whole is None or not clause.many else kin(whole, clause):
        written = texts(statement.words)
        if written[: len(given)] == given and len(written) > len(given):
            yield written[len(given)]
    for name in _NAMES.get(value.name, ()):
        yield from dict.fromkeys(_everywhere(find(place.tree, ()), name))


def _wordless(within: Clause) -> Clause | None:
    return next((one for one in within.block or () if not one.word), None)


def _everywhere(place: Place, name: str) -> Iterator[str]:
    """Yield how a value of this name is written, wherever it stands."""
    for item in place.items:
        clause = clause_of(place.clause, item.words) if isinstance(item, Statement) and item.words else None
        if clause is None or not isinstance(item, Statement):
            continue
        yield from _written(read(clause, item.words)[0], item, name)
        if item.block is not None and clause.block is not None:
            yield from _everywhere(Place(place.tree, (*place.chain, item), clause), name)


def _written(found: Match, statement: Statement, name: str) -> Iterator[str]:
    span = found.spans.get(name)
    if span is not None:
        yield from (token.text for token in statement.words if token.span == span)
    for inner in (*found.options.values(), *([found.choice] if found.choice else [])):
        yield from _written(inner, statement, name)

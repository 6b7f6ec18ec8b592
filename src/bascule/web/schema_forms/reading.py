"""From the statements of a block to the fields of a form."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from bascule.config.editing.finding import Place, kin, shown
from bascule.config.lexer import Token
from bascule.config.matching import Match, match
from bascule.config.schema.clause import Clause, Value
from bascule.config.syntax import Statement, tokens_of
from bascule.config.version import arrived
from bascule.web.schema_forms.filled import Filled, choice_name, name_of, raw_name, tick_name, ticked, value_name
from bascule.web.schema_forms.spelling import shown as as_typed
from bascule.web.schema_forms.spelling import slug


def statements(clause: Clause) -> tuple[Clause, ...]:
    """Return the statements of a block that a form has: those without blocks of their own."""
    return tuple(inner for inner in clause.block or () if inner.block is None and arrived(inner.since))


def opened(clause: Clause, place: Place | None) -> Filled:
    """Return a form filled with a block of a text; with None, one for a block that is to be made."""
    values: dict[str, str] = {}
    rows: dict[str, Sequence[str]] = {}
    if place is not None and not ticked(clause):
        values |= _values(clause, name_of(clause), place.chain[-1].words)
    for inner in statements(clause):
        name = name_of(inner)
        found = kin(place, inner) if place is not None else ()
        if inner.many:
            rows[name] = tuple(map(str, range(len(found)))) or ("new1",)
            for row, statement in enumerate(found):
                values |= _values(inner, f"{name}.{row}", statement.words)
        elif found:
            values |= _values(inner, name, found[0].words)
    return Filled(values=values, rows=rows, seen="" if place is None else digest(place.chain[-1]))


def digest(statement: Statement) -> str:
    """Return what tells one state of a block from others."""
    text = "".join(f"{token.before}{token.text}" for token in tokens_of(statement))
    return sha256(text.encode()).hexdigest()


def _values(clause: Clause, name: str, words: Sequence[Token]) -> Mapping[str, str]:
    """Return the fields of one statement; where it cannot be read, all of it in one."""
    complaints: list[object] = []
    found = match(clause, words, complaints.append)
    if not found.sound:
        return {raw_name(name): shown(Statement(tuple(words), None, ()))}
    return dict(_matched(found, name, {(token.line, token.column): token for token in words}))


def _matched(
    found: Match, name: str, words: Mapping[tuple[int, int], Token], *, chosen: bool = False
) -> Iterator[tuple[str, str]]:
    clause = found.clause
    if ticked(clause) and not chosen:
        yield tick_name(name), "on"
    for part in clause.parts:
        if isinstance(part, Value) and (span := found.spans.get(part.name)) is not None:
            yield value_name(name, part), as_typed(words[span.line, span.column])
    if found.choice is not None:
        picked = slug(found.choice.clause.title)
        yield choice_name(name), picked
        yield from _matched(found.choice, f"{name}.{picked}", words, chosen=True)
    for word, option in found.options.items():
        yield from _matched(option, f"{name}.{slug(word)}", words)

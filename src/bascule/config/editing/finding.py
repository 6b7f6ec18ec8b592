"""Finds in a text what a path means: which of several statements of a kind is the one."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bascule.config.diagnostics import Diagnostic
from bascule.config.editing.spelling import Path, Step
from bascule.config.lexer import Token
from bascule.config.matching import Match, begin
from bascule.config.outline import selected
from bascule.config.schema import TOP
from bascule.config.schema.clause import Clause, Value
from bascule.config.syntax import Item, Statement, Tree
from bascule.config.wording import listed, nearest, quoted

_MOST_LISTED: Final = 8


def texts(words: Iterable[Token]) -> tuple[str, ...]:
    """Return words as they are written."""
    return tuple(token.text for token in words)


@dataclass(frozen=True, slots=True)
class Place:
    """A block of a text, as far as a path leads: the statements on the way, from the outside in."""

    tree: Tree
    chain: tuple[Statement, ...]
    clause: Clause
    """Of the innermost of them; of the top level where there is none."""

    @property
    def items(self) -> tuple[Item, ...]:
        """Return what stands in the innermost block."""
        return _items(self.tree, self.chain)


def find(tree: Tree, steps: Sequence[Step]) -> Place:
    """Return how far a path leads into a text: all its steps, or those before the first that is missing."""
    place = Place(tree, (), TOP)
    for step in steps:
        statement = same(place, step.clause, step.words)
        if statement is None or statement.block is None:
            break
        place = Place(tree, (*place.chain, statement), step.clause)
    return place


def kin(place: Place, clause: Clause) -> Sequence[Statement]:
    """Return the statements of a block that are of one kind."""
    found = [item for item in place.items if isinstance(item, Statement) and item.words]
    return [statement for statement in found if clause_of(place.clause, statement.words) is clause]


def clause_of(within: Clause, words: tuple[Token, ...]) -> Clause | None:
    """Return which statement of a block begins with these words, or None where none does, or several may."""
    return selected(within, Statement(words, None, ()), _nobody)


def same(place: Place, clause: Clause, words: Sequence[Token]) -> Statement | None:
    """Return the statement of a block that these words mean: the only one of its kind, or the one of the same name."""
    found = kin(place, clause)
    if not clause.many:
        return found[0] if found else None
    for statement in found:
        if texts(statement.words) == texts(words):
            return statement
    wanted = _identity(clause, words)
    return next((one for one in found if wanted is not None and _identity(clause, one.words) == wanted), None)


def named(place: Place, path: Path) -> Sequence[Statement]:
    """Return the statements of a block that the rest of a path means: one by its name, else those that begin so."""
    clause = clause_of(place.clause, path.rest)
    statement = None if clause is None else same(place, clause, path.rest)
    if statement is not None and clause is not None and _leads(clause, path.rest, statement):
        return [statement]
    found = [item for item in place.items if isinstance(item, Statement)]
    return [one for one in found if _begins(one, path.rest)]


def missing(place: Place, path: Path) -> Diagnostic:
    """Return that a path leads nowhere, at its first word that is not there, and what is there instead."""
    steps = path.steps[len(place.chain) :]
    words = steps[0].words if steps else path.rest
    clause = steps[0].clause if steps else clause_of(place.clause, words)
    told = quoted(" ".join(texts(words)))
    there = () if clause is None else kin(place, clause)
    skipped = 0 if clause is None else len(clause.words)
    by_name = {" ".join(texts(one.words[skipped:])).lower(): shown(one) for one in there}
    near = nearest(" ".join(texts(words[skipped:])).lower(), by_name)
    hint = f"there is {listed([quoted(one) for one in by_name.values()][:_MOST_LISTED], 'and')}" if by_name else ""
    hint = f"did you mean {quoted(by_name[near])}?" if near else hint
    where = f"in {quoted(shown(place.chain[-1]))}" if place.chain else "in the text"
    return Diagnostic.error(words[0].span.to(words[-1].span), f"there is no {told} {where}", hint)


def read(clause: Clause, words: Sequence[Token]) -> tuple[Match, int]:
    """Return what words say as far as they can be read, and how many could."""
    return begin(clause, words, _nobody)


def _leads(clause: Clause, words: Sequence[Token], statement: Statement) -> bool:
    """Tell whether words mean this statement by its name; one that has none must begin with them."""
    return clause.many or _begins(statement, words)


def _begins(statement: Statement, words: Sequence[Token]) -> bool:
    return texts(statement.words[: len(words)]) == texts(words)


def _items(tree: Tree, chain: Sequence[Statement]) -> tuple[Item, ...]:
    if not chain:
        return tree.items
    block = chain[-1].block
    return () if block is None else block.items


def _identity(clause: Clause, words: Sequence[Token]) -> Hashable | None:
    """Return what tells a statement from others of its kind, or None where only all of its words do."""
    if clause.identity is None:
        return None
    found, _ = read(clause, words)
    return (clause.identity(found.leading),) if found.base and _whole(found) else None


def _whole(found: Match) -> bool:
    """Tell whether the values before the options are all there."""
    wanted = [part for part in found.clause.parts if isinstance(part, Value) and not part.optional]
    chosen = _whole(found.choice) if found.choice is not None else not found.clause.choices
    return chosen and all(part.name in found.values for part in wanted)


def shown(statement: Statement) -> str:
    """Return the words of a statement in one line."""
    return " ".join(texts(statement.words))


def _nobody(_: Diagnostic) -> None:
    """Take a finding that somebody else reports."""

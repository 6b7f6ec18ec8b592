"""Checks a tree against the keyword table: every statement in its place, once, with the block it takes.

What comes out has the same shape as the text, and holds values instead of words; what it means as a whole is for binding.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from bascule.config.diagnostics import Diagnostic
from bascule.config.kinds.kind import Flaw
from bascule.config.lexer import Report, Token, TokenKind
from bascule.config.matching import Match, match, select
from bascule.config.relayd import strange
from bascule.config.schema import TOP, places
from bascule.config.schema.clause import Clause, Value
from bascule.config.syntax import Block, Item, Statement, Tree
from bascule.config.version import arrived, later
from bascule.config.wording import listed, nearest, quoted


@dataclass(frozen=True, slots=True)
class Node:
    """A statement and the statements of its block."""

    match: Match
    children: tuple["Node", ...] = ()
    text: str = ""
    """The words as written, with one blank between two."""

    def each(self, word: str) -> Iterator["Node"]:
        """Yield the statements that begin so and could be read whole; "" stands for those that begin with a value."""
        return (node for node in self.children if node.match.clause.word == word and node.match.sound)

    def first(self, word: str) -> "Node | None":
        """Return the statement of the block that begins so, or None where there is none that could be read."""
        return next(self.each(word), None)

    def spoiled(self, word: str) -> bool:
        """Whether the block has a statement that begins so and could not be read."""
        return any(node.match.clause.word == word and not node.match.sound for node in self.children)


_UNKNOWN: Final = Clause(help="a statement that the block does not have")


def outline(tree: Tree, report: Report) -> Node:
    """Return the whole text as a node of the top level, whose children are its statements."""
    return Node(Match(TOP, tree.end.span), _children(TOP, tree.items, report))


def _children(clause: Clause, items: Sequence[Item], report: Report) -> tuple[Node, ...]:
    statements = [item for item in items if isinstance(item, Statement)]
    nodes: list[Node] = []
    seen: dict[str, Token] = {}
    for statement, following in zip_longest(statements, statements[1:]):
        if not statement.words:
            continue  # a block without words: reported, and read with the statement before it
        if statement.block is None and following is not None and not following.words:
            statement = Statement(statement.words, following.block, statement.tail)  # noqa: PLW2901 - its brace stands a line below
        found = selected(clause, statement, report)
        if found is None:
            nodes.append(Node(Match(_UNKNOWN, statement.span, sound=False)))
            continue
        _once(found, statement.words[0], seen, report)
        nodes.append(_node(found, statement, report))
    return tuple(nodes)


def selected(clause: Clause, statement: Statement, report: Report) -> Clause | None:
    """Return the clause of a statement, or report that the block has no such statement."""
    first = statement.words[0]
    found = select(clause.block or (), statement.words)
    if len(found) == 1:
        return found[0]
    if found:
        second = statement.words[1] if len(statement.words) > 1 else None
        what = listed([quoted(one.words[1]) for one in found if arrived(one.since)])
        if second is None:
            report(Diagnostic.error(first.after, f"expected {what} behind {quoted(first.text)}"))
        elif not statement.unreadable:
            report(Diagnostic.error(second.span, f"expected {what}, found {quoted(second.text)}"))
        return None
    if statement.unreadable:
        return None
    wordless = next((inner for inner in clause.block or () if not inner.word), None)
    known = [inner.words[0] for inner in clause.block or () if inner.word]
    elsewhere = places(first.text)
    if wordless is not None and not elsewhere and not _flawed(wordless, first):
        return wordless
    near = nearest(first.text, known) if first.kind is TokenKind.WORD else ""
    if wordless is not None and not elsewhere and not near:
        return wordless
    report(Diagnostic.error(first.span, *_out_of_place(clause, first, near, elsewhere)))
    return None


def _flawed(clause: Clause, token: Token) -> bool:
    first = clause.parts[0]
    return isinstance(first, Value) and isinstance(first.kind.read(token), Flaw)


def _out_of_place(clause: Clause, token: Token, near: str, elsewhere: tuple[str, ...]) -> tuple[str, str]:
    """Return message and hint for a statement that does not belong in a block."""
    where = f"in {quoted(clause.word)}" if clause.word else "at the top level"
    titles = [inner.title for inner in clause.block or () if arrived(inner.since)]
    expected = f"expected {listed(titles)}" if titles else ""
    if elsewhere and token.kind is TokenKind.WORD:
        homes = [home if home == "the top level" else quoted(home) for home in elsewhere]
        return f"{quoted(token.text)} may not stand {where}", f"it stands in {listed(homes)}; here, {expected}"
    shown = "a text in quotes" if token.kind is TokenKind.STRING else quoted(token.text)
    suggestion = f"did you mean {quoted(near)}?" if near else strange(token.text)
    return f"unknown word {shown} {where}", "; ".join(part for part in (suggestion, expected) if part)


def _once(clause: Clause, token: Token, seen: dict[str, Token], report: Report) -> None:
    """Report a statement that stands twice where it may stand once."""
    first = seen.setdefault(clause.word, token)
    if first is token or (clause.many and arrived(clause.many_since)):
        return
    if clause.many:
        report(Diagnostic.error(token.span, later(f"a second {quoted(clause.title)}", clause.many_since)))
        return
    report(Diagnostic.error(token.span, f"{quoted(clause.title)} stands twice", f"the first is in line {first.line}"))


def _node(clause: Clause, statement: Statement, report: Report) -> Node:
    if statement.unreadable or not arrived(clause.since):
        found = Match(clause, statement.span, sound=False)
        if not statement.unreadable:
            report(Diagnostic.error(statement.words[0].span, later(quoted(clause.word), clause.since)))
    else:
        found = match(clause, statement.words, report)
    children: tuple[Node, ...] = ()
    if clause.block is not None and arrived(clause.since):
        children = _block(clause, statement, report)
    elif statement.block is not None and statement.block.open is not None and clause.block is None:
        report(Diagnostic.error(statement.block.open.span, f"{quoted(clause.title)} takes no block"))
    return Node(found, children, " ".join(token.text for token in statement.words))


def _block(clause: Clause, statement: Statement, report: Report) -> tuple[Node, ...]:
    block: Block | None = statement.block
    if block is None:
        if not statement.unreadable:
            report(Diagnostic.error(statement.words[-1].after, f"expected `{{`: {quoted(clause.word)} takes a block"))
        return ()
    children = _children(clause, block.items, report)
    if block.close is not None:
        _complete(clause, statement, children, report)
    return children


def _complete(clause: Clause, statement: Statement, children: tuple[Node, ...], report: Report) -> None:
    """Report what a block lacks, unless words that could not be placed may have been meant for it."""
    if any(node.match.clause is _UNKNOWN or node.match.lost for node in children):
        return
    present = {node.match.clause.word for node in children}
    for inner in clause.block or ():
        if inner.required and inner.word not in present:
            name = " ".join(token.text for token in statement.words)
            report(Diagnostic.error(statement.span, f"{name} has no `{inner.word}`"))

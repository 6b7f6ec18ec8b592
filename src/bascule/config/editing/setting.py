"""Puts a statement into a text: in the place of the one that it means, else behind the others of its kind."""

from collections.abc import Mapping, Sequence

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.editing.adding import added
from bascule.config.editing.edited import Edited
from bascule.config.editing.finding import Place, clause_of, find, read, same, texts
from bascule.config.editing.layout import Lines, in_lines, spread
from bascule.config.editing.spelling import Path, spelled
from bascule.config.lexer import Report, Token, TokenKind
from bascule.config.matching import match
from bascule.config.outline import selected
from bascule.config.schema.clause import Clause
from bascule.config.syntax import Statement
from bascule.config.wording import quoted


def put(text: str, words: Sequence[Token]) -> Edited:
    """Return a text in which a statement stands: its path from the outside in, then its own words.

    Blocks on the way are made where they are missing. A statement that may stand once is replaced; of others, the one of
    the same name keeps its options and gets these, and where there is none it is added behind the last of its kind.
    """
    found: list[Diagnostic] = []
    path = spelled(words, found.append)
    if not words:
        found.append(Diagnostic.error(Span(1, 1), "say what shall be set", "such as load-balancer workers 2"))
    elif path.rest:
        judge(path, found.append)
    if found:
        return Edited(text=text, words=path.text, diagnostics=tuple(found))
    lines = Lines.of(text)
    if lines.tree.diagnostics:
        return Edited(text=text, words=path.text, diagnostics=lines.tree.diagnostics, illegible=True)
    return Edited(text=_put(lines, path), words=path.text)


def judge(path: Path, report: Report) -> None:
    """Report what is wrong with a statement by itself; the rest is for whoever reads the whole text."""
    wrong = next((token for token in path.rest if token.kind is TokenKind.WRONG), None)
    clause = selected(path.clause, Statement(path.rest, None, ()), report)
    if clause is None:
        if wrong is not None:  # of which nothing was said, as if it had been before
            report(Diagnostic.error(wrong.span, f"{quoted(wrong.text)} fits no statement here"))
        return
    if match(clause, path.rest, report).sound and clause.block is not None:
        report(Diagnostic.error(path.rest[-1].after, "the name of the block is missing"))


def _put(lines: Lines, path: Path) -> str:
    place = find(lines.tree, path.steps)
    if not _stands(place, path):
        for block in place.chain:
            if block.block is not None and not in_lines(lines, block.block):
                return _put(Lines.of(spread(lines, block)), path)
    missing = path.steps[len(place.chain) :]
    if missing:
        return added(lines, place, missing[0].clause, _nested([*(step.words for step in missing), path.rest]))
    if not path.rest:
        return lines.text
    clause = clause_of(place.clause, path.rest)
    assert clause is not None, "it was judged"
    statement = same(place, clause, path.rest)
    if statement is None:
        return added(lines, place, clause, " ".join(texts(path.rest)))
    both = merged(clause, statement.words, path.rest)
    if both == texts(statement.words):
        return lines.text
    return lines.replaced(lines.start(statement.words[0]), lines.end(statement.words[-1]), " ".join(both))


def _nested(words: Sequence[Sequence[Token]]) -> str:
    """Return blocks within blocks in one line, and in the innermost what comes last, if anything does."""
    *heads, innermost = (" ".join(texts(each)) for each in words)
    return f"{' { '.join(heads)} {{ {innermost} {'}' * len(heads)}"


def _stands(place: Place, path: Path) -> bool:
    """Tell whether a path means something that is there already."""
    if len(place.chain) < len(path.steps):
        return False
    clause = clause_of(place.clause, path.rest) if path.rest else None
    return clause is None or same(place, clause, path.rest) is not None


def merged(clause: Clause, old: Sequence[Token], new: Sequence[Token]) -> tuple[str, ...]:
    """Return the words of a statement that gets others: its options stay where they are not said anew."""
    before, after = options(clause, old), options(clause, new)
    base, _ = read(clause, new)
    fresh = {name: option for name, option in after.items() if name not in before and name in _claimed(clause, old)}
    both = {**fresh, **before, **after}
    return (*texts(new[: base.base]), *(word for option in both.values() for word in option))


def _claimed(clause: Clause, words: Sequence[Token]) -> set[str]:
    """Return the options that what a statement has would take for its own, were they behind it: `port` of `check rpc`."""
    found, _ = read(clause, words)
    return {inner.word for option in found.extras.values() if option.choice for inner in option.choice.clause.options}


def options(clause: Clause, words: Sequence[Token]) -> Mapping[str, tuple[str, ...]]:
    """Return the words of each option of a statement, in the order of the text."""
    found, _ = read(clause, words)
    return {
        name: tuple(token.text for token in words if 0 <= token.column - option.span.column < option.span.length)
        for name, option in found.extras.items()
    }

"""Edits the firewall's rules by their places, since the first that matches decides: lists, moves, changes, removes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.editing.deleting import without
from bascule.config.editing.edited import Edited
from bascule.config.editing.finding import Place, find, shown, texts
from bascule.config.editing.layout import Lines, comments_of, ends_line, final, own_items
from bascule.config.editing.setting import judge
from bascule.config.editing.spelling import from_line, spelled
from bascule.config.firewall import Action
from bascule.config.lexer import TokenKind
from bascule.config.syntax import Item, Statement, tokens_of

_ACTIONS: Final = frozenset(action.value for action in Action)


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A rule as it stands in a text."""

    line: int
    words: str
    """With one blank between two, as the running rules have them."""
    comment: str = ""
    """What the text says of it, right above and behind it."""


_Change: TypeAlias = Callable[[Lines, Place, Sequence[Statement], int], str]


@dataclass(frozen=True, slots=True)
class WrittenFirewall:
    """What a text says of the firewall."""

    rules: tuple[WrittenRule, ...] = ()
    """In the order in which they are asked."""
    zones: tuple[str, ...] = ()
    """The names, in the order of the text."""


def firewall_of(text: str) -> WrittenFirewall:
    """Return the firewall of a text, as far as it can be read: one with mistakes has one, too."""
    items = _items(_firewall(Lines.of(text)))
    statements = [(index, item) for index, item in enumerate(items) if isinstance(item, Statement) and item.words]
    return WrittenFirewall(
        rules=tuple(
            WrittenRule(one.words[0].line, shown(one), _comment(items, index))
            for index, one in statements
            if one.words[0].text in _ACTIONS
        ),
        zones=tuple(one.words[1].text for _, one in statements if one.words[0].text == "zone" and len(one.words) > 1),
    )


def rules_of(text: str) -> tuple[WrittenRule, ...]:
    """Return the rules alone."""
    return firewall_of(text).rules


def move(text: str, rule: WrittenRule, by: int) -> Edited:
    """Return a text in which a rule changed places with the one before it (`by` is -1) or behind it (1).

    The comments right above and behind each go with it. At an end of the rules nothing changes.
    """

    def moved(lines: Lines, place: Place, rules: Sequence[Statement], index: int) -> str:
        first, second = sorted((index, index + by))
        if first < 0 or second >= len(rules):
            return lines.text
        return _swapped(lines, _items(place), rules[first], rules[second])

    return _edited(text, rule, moved)


def remove(text: str, rule: WrittenRule) -> Edited:
    """Return a text without a rule, and without the comments that belong to it."""
    return _edited(text, rule, lambda lines, place, rules, index: without(lines, place, rules[index]))


def change(text: str, rule: WrittenRule, words: str) -> Edited:
    """Return a text in which a rule says something else, at the same place; the places of faults are in its new words."""
    found: list[Diagnostic] = []
    path = spelled(from_line(f"firewall {words}", found.append), found.append)
    if not found and (len(path.steps) != 1 or not path.rest or path.rest[0].text not in _ACTIONS):
        found.append(Diagnostic.error(Span(1, 1), "a rule begins with pass, block or reject"))
    if not found:
        judge(path, found.append)
    said = " ".join(texts(path.rest))
    if found:
        return Edited(text=text, words=path.text, diagnostics=tuple(found))

    def changed(lines: Lines, _: Place, rules: Sequence[Statement], index: int) -> str:
        old = rules[index].words
        return lines.replaced(lines.start(old[0]), lines.end(old[-1]), said)

    return _edited(text, rule, changed)


def _edited(text: str, rule: WrittenRule, edit: _Change) -> Edited:
    lines = Lines.of(text)
    if lines.tree.diagnostics:
        return Edited(text=text, diagnostics=lines.tree.diagnostics, illegible=True)
    place = _firewall(lines)
    rules = _rules(_items(place))
    same = [index for index, one in enumerate(rules) if (one.words[0].line, shown(one)) == (rule.line, rule.words)]
    if place is None or not same:
        gone = Diagnostic.error(Span(1, 1), "this rule is not there any more", "somebody has changed the text meanwhile")
        return Edited(text=text, words=rule.words, diagnostics=(gone,))
    return Edited(text=edit(lines, place, rules, same[0]), words=rule.words)


def _firewall(lines: Lines) -> Place | None:
    place = find(lines.tree, spelled(from_line("firewall", _nobody), _nobody).steps)
    return place if place.chain else None


def _items(place: Place | None) -> Sequence[Item]:
    block = place.chain[-1].block if place is not None else None
    return () if block is None else own_items(block)


def _rules(items: Sequence[Item]) -> Sequence[Statement]:
    statements = (item for item in items if isinstance(item, Statement) and item.words)
    return [one for one in statements if one.words[0].text in _ACTIONS]


def _comment(items: Sequence[Item], index: int) -> str:
    rule = items[index]
    assert isinstance(rule, Statement)
    above = [token for item in items[comments_of(items, index) : index] for token in tokens_of(item)]
    comments = [token.text for token in (*above, *rule.tail) if token.kind is TokenKind.COMMENT]
    return " ".join(comment.lstrip("#").strip() for comment in comments)


def _swapped(lines: Lines, items: Sequence[Item], first: Statement, second: Statement) -> str:
    """Return a text in which two statements have changed places, whole lines where both have their own."""
    (start, end), (begin, stop) = _extent(lines, items, first), _extent(lines, items, second)
    if end > begin or not (_own_lines(lines, first) and _own_lines(lines, second)):
        start, end = lines.start(first.words[0]), lines.end(first.words[-1])
        begin, stop = lines.start(second.words[0]), lines.end(second.words[-1])
    text = lines.text
    return f"{text[:start]}{text[begin:stop]}{text[end:begin]}{text[start:end]}{text[stop:]}"


def _extent(lines: Lines, items: Sequence[Item], statement: Statement) -> tuple[int, int]:
    """Return where the lines of a statement begin and end, with the comments right above it."""
    index = next(index for index, item in enumerate(items) if item is statement)
    first = next(tokens_of(items[comments_of(items, index)]))
    return lines.line(first), lines.end(final(statement))


def _own_lines(lines: Lines, statement: Statement) -> bool:
    return lines.begins_line(statement.words[0]) and ends_line(statement)


def _nobody(_: Diagnostic) -> None:
    """Take a finding that nobody needs."""

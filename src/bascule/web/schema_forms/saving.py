"""Puts a filled form into the text that it was opened from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.editing.adding import added
from bascule.config.editing.deleting import delete
from bascule.config.editing.finding import Place, find, kin, read, texts
from bascule.config.editing.layout import Lines, in_lines, spread
from bascule.config.editing.setting import merged, options, put
from bascule.config.editing.spelling import from_line, spelled
from bascule.config.lexer import Token
from bascule.config.schema.clause import Clause, Value
from bascule.web.schema_forms.comparing import Change, Comparison
from bascule.web.schema_forms.filled import Filled, name_of, ticked, value_name
from bascule.web.schema_forms.reading import digest, opened
from bascule.web.schema_forms.secrets import with_kept
from bascule.web.schema_forms.writing import Wrong, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Which block of a text a form is about."""

    clause: Clause
    within: str = ""
    """The path of the block around it: `load-balancer`."""
    own: str = ""
    """Its words before the brace, as the text has them: `relay "HTTPS"`; empty of one that is to be made."""

    @property
    def path(self) -> str:
        """Return its path from the outside in."""
        return f"{self.within} {self.own}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A text after a form was put into it; it is as it was where anything is wrong."""

    text: str
    own: str = ""
    """The block's words before the brace, as they are now."""
    wrong: Mapping[str, str] = field(default_factory=dict)
    """By field, what is not right with it."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """What is wrong besides."""


def found(text: str, block: Block) -> Place | None:
    """Return where a block stands in a text; None where it does not."""
    lines = Lines.of(text)
    path = spelled(from_line(block.path, _nobody), _nobody)
    place = find(lines.tree, path.steps)
    return place if path.steps and not path.rest and len(place.chain) == len(path.steps) else None


def saved(text: str, block: Block, held: Filled, also: Sequence[str] = ()) -> Saved:
    """Return a text with what a form holds; `also` are statements that a block gets which is made."""
    wrong: Wrong = {}
    own = _own(block.clause, held, wrong)
    place = found(text, block) if block.own else None
    before = opened(block.clause, place)
    changes = list(Comparison(before, with_kept(before, held), wrong).changes(block.clause))
    if wrong:
        return Saved(text=text, own=block.own, wrong=wrong)
    meant = Block(clause=block.clause, within=block.within, own=own)
    refused = _refused(text, block, meant, place, held)
    if refused is not None:
        return Saved(text=text, own=block.own, diagnostics=(refused,))
    return _edited(text, block, meant, changes, also)


def _refused(text: str, block: Block, meant: Block, place: Place | None, held: Filled) -> Diagnostic | None:
    if block.own and place is None:
        return Diagnostic.error(
            Span(), f"{block.own} is not in the working copy any more", "somebody took it out meanwhile"
        )
    if place is not None and held.seen and held.seen != digest(place.chain[-1]):
        hint = "load the page again, so that nothing of that is lost"
        return Diagnostic.error(Span(), f"{block.own} was changed meanwhile in the working copy", hint)
    if meant.own != block.own and found(text, meant) is not None:
        return Diagnostic.error(Span(), f"{meant.own} is there already", "choose another name")
    return None


def _edited(text: str, block: Block, meant: Block, changes: Sequence[Change], also: Sequence[str]) -> Saved:
    made = text
    if not block.own:
        edited = put(made, from_line(meant.path, _nobody))
        if edited.diagnostics:
            return Saved(text=text, diagnostics=edited.diagnostics)
        made = edited.text
        for change in changes:
            made = _with(made, meant, change) if change.words else made
        for words in also:
            made = put(made, from_line(f"{meant.path} {words}", _nobody)).text
        return Saved(text=made, own=meant.own)
    for change in sorted(changes, key=lambda each: -1 if each.index is None else each.index, reverse=True):
        after = _changed(made, block, change)
        if isinstance(after, Diagnostic):
            return Saved(text=text, own=block.own, diagnostics=(after,))
        made = after
    if meant.own != block.own:
        made = _renamed(made, block, meant.own)
    return Saved(text=made, own=meant.own)


def _changed(text: str, block: Block, change: Change) -> str | Diagnostic:
    """Return a text in which one statement of a block is another, new, or gone."""
    if change.index is None:
        return _with(text, block, change)
    lines = Lines.of(text)
    place = found(text, block)
    assert place is not None, "it was there before"
    statement = kin(place, change.clause)[change.index]
    if change.words:
        first, end = lines.start(statement.words[0]), lines.end(statement.words[-1])
        return lines.replaced(first, end, _in_order(change.clause, statement.words, change.words))
    edited = delete(text, from_line(f"{block.path} {' '.join(texts(statement.words))}", _nobody))
    return edited.diagnostics[0] if edited.diagnostics else edited.text


def _with(text: str, block: Block, change: Change) -> str:
    """Return a text with a statement more in a block, behind those of its kind: two that clash are for the diagnosis."""
    lines, place = Lines.of(text), found(text, block)
    assert place is not None, "it was there before"
    for outer in place.chain:
        if outer.block is not None and not in_lines(lines, outer.block):
            return _with(spread(lines, outer), block, change)
    return added(lines, place, change.clause, change.words)


def _in_order(clause: Clause, old: Sequence[Token], new: str) -> str:
    """Return new words with their options in the order in which the old ones have them."""
    tokens = from_line(new, _nobody)
    wanted = options(clause, tokens)
    both = from_line(" ".join(merged(clause, old, tokens)), _nobody)
    kept = (word for name, words in options(clause, both).items() if name in wanted for word in words)
    made = " ".join((*texts(both[: read(clause, both)[0].base]), *kept))
    return made if options(clause, from_line(made, _nobody)) == wanted else new


def _renamed(text: str, block: Block, own: str) -> str:
    place = found(text, block)
    assert place is not None, "it was there before"
    lines, head = Lines.of(text), place.chain[-1].words
    return lines.replaced(lines.start(head[0]), lines.end(head[-1]), own)


def _own(clause: Clause, held: Filled, wrong: Wrong) -> str:
    """Return the words before a block's brace; a name that is missing is wrong."""
    if ticked(clause):
        return clause.word
    name = name_of(clause)
    own = words(Clause(word=clause.word, help=clause.help, parts=clause.parts), name, held.values, wrong)
    if not own:
        part = next(part for part in clause.parts if isinstance(part, Value))
        wrong[value_name(name, part)] = f"needed: {part.kind.what}"
    return " ".join(own)


def _nobody(_: Diagnostic) -> None:
    """Take what somebody else reports."""

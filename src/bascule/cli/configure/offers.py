"""What may follow at the cursor of the editor's line. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bascule.cli.configure.commands import COMMANDS, Takes, meant
from bascule.config.editing.offering import offered
from bascule.config.editing.spelling import from_line
from bascule.config.lexer import Token, TokenKind, tokenize
from bascule.config.matching import Wanted

_MARKS: Final = '"<>'
"""What names have around them; whoever begins one need not write it."""
_END: Final = Wanted("<Enter>", "that is all", literal=False)


@dataclass(frozen=True, slots=True)
class Offers:
    """What may follow, and what of it has been typed."""

    begun: str
    wanted: tuple[Wanted, ...]

    @property
    def words(self) -> tuple[Wanted, ...]:
        """Return those that can be written as they are, and that the beginning begins."""
        return tuple(one for one in self.wanted if one.literal)


def offers(before: str, text: str, place: Sequence[Token], revisions: Sequence[Wanted]) -> Offers:
    """Return what may follow the part of a line before the cursor, in a text, at a place of it."""
    head, blank, rest = before.lstrip().partition(" ")
    if not blank:
        return _narrowed(head, [Wanted(name, command.help, literal=True) for name, command in COMMANDS.items()])
    names = meant(head)
    if len(names) != 1:
        return Offers("", ())
    command = COMMANDS[names[0]]
    words, begun = _cut(rest)
    match command.takes:
        case Takes.STATEMENT | Takes.PRESENT | Takes.BLOCK:
            path = (*place, *from_line(" ".join(words), lambda _: None))
            present, blocks = command.takes is Takes.PRESENT, command.takes is Takes.BLOCK
            found = list(offered(text, path, present=present, blocks=blocks))
        case Takes.COMMAND if not words:
            found = [Wanted(name, each.help, literal=True) for name, each in COMMANDS.items()] if names[0] == "help" else []
        case Takes.REVISIONS if not begun.startswith("-"):
            found = list(revisions)
        case _:
            found = [Wanted(option, "", literal=True) for option in command.options if option not in words]
    return _narrowed(begun, found) if found or begun else Offers("", (_END,))


def _cut(rest: str) -> tuple[list[str], str]:
    """Return the words that are complete, and the one that has been begun."""
    tokens = [token for token in tokenize(rest, lambda _: None) if token.kind is not TokenKind.END]
    texts = [token.text for token in tokens]
    ended = not tokens or (rest.endswith((" ", "\t")) and tokens[-1].kind is not TokenKind.WRONG)
    return (texts, "") if ended else (texts[:-1], texts[-1])


def _narrowed(begun: str, wanted: Sequence[Wanted]) -> Offers:
    bare = begun.strip(_MARKS)
    fits = (one for one in wanted if one.text.strip(_MARKS).startswith(bare) or not (one.literal or begun))
    return Offers(begun, tuple(fits))

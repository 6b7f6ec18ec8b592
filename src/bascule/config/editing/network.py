"""Lists what a text says of interfaces, as far as it can be read: a text with mistakes has them, too."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bascule.config.editing.finding import shown
from bascule.config.editing.layout import Lines
from bascule.config.syntax import Statement


@dataclass(frozen=True, slots=True)
class WrittenInterface:
    """An interface block."""

    name: str
    line: int
    addresses: tuple[str, ...] = ()
    """What stands behind `address`: `10.2.0.50/24 virtual`."""
    routes: tuple[str, ...] = ()
    """What stands behind `route`: `default 10.2.0.1`."""


def interfaces_of(text: str) -> tuple[WrittenInterface, ...]:
    """Return the interfaces of a text, in its order."""
    blocks = _named(Lines.of(text).tree.statements, "interface")
    return tuple(
        WrittenInterface(name, block.words[0].line, _behind(block, "address"), _behind(block, "route"))
        for name, block in blocks
    )


def _named(statements: Iterator[Statement], word: str) -> Sequence[tuple[str, Statement]]:
    """Return the blocks that begin with a word, each with its name."""
    found = (one for one in statements if len(one.words) == 2 and one.block is not None)  # noqa: PLR2004 - word and name
    return [(one.words[1].text, one) for one in found if one.words[0].text == word]


def _behind(statement: Statement, word: str) -> tuple[str, ...]:
    """Return the rest of the statements of a block that begin with a word."""
    inner = () if statement.block is None else statement.block.statements
    return tuple(shown(one).removeprefix(f"{word} ") for one in inner if one.words and one.words[0].text == word)

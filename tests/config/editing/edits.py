"""Edits as people type them, and the corpus that they are tried on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bascule.config.diagnostics import Diagnostic
from bascule.config.editing.deleting import delete
from bascule.config.editing.edited import Edited
from bascule.config.editing.setting import put
from bascule.config.editing.spelling import from_line
from bascule.config.format import format_text
from bascule.config.lexer import Token
from bascule.config.load import load
from bascule.config.parser import parse
from bascule.config.syntax import Statement

CORPUS: Final = Path(__file__).parents[2] / "corpus" / "config"


def words(line: str) -> tuple[Token, ...]:
    """Return the words of a line, which holds nothing else."""
    found: list[Diagnostic] = []
    read = from_line(line, found.append)
    assert not found
    return read


def after_set(text: str, line: str) -> str:
    """Return a text after a `set` that is fine."""
    return _done(put(text, words(line)))


def after_delete(text: str, line: str) -> str:
    """Return a text after a `delete` that is fine."""
    return _done(delete(text, words(line)))


def refusal(edited: Edited) -> str:
    """Return why an edit was refused, which it was."""
    assert edited.diagnostics
    return "\n".join(f"{one.render()}" for one in edited.diagnostics)


def sound_texts() -> dict[str, str]:
    """Return the texts of the corpus that mean something, in their usual form."""
    found = {path.name: path.read_text().partition("----------\n")[0] for path in sorted(CORPUS.iterdir())}
    return {name: format_text(text) for name, text in found.items() if load(text).configuration is not None}


@dataclass(frozen=True)
class Written:
    """A statement of a text."""

    path: str
    """Its words from the outside in."""
    kind: str
    """Where it stands, and its first word."""
    leaf: bool
    """It has no block."""


def paths(text: str) -> Iterator[Written]:
    """Yield the path of each statement of a text, the outer ones first."""

    def within(statement: Statement, before: str) -> Iterator[Written]:
        words = [token.text for token in statement.words]
        path = " ".join([before, *words]).strip()
        first = words[0] if words[0].isidentifier() else ""
        yield Written(path, f"{before} {first}", statement.block is None)
        for inner in statement.block.statements if statement.block is not None else ():
            yield from within(inner, path)

    for statement in parse(text).statements:
        yield from within(statement, "")


def _done(edited: Edited) -> str:
    assert not edited.diagnostics, "\n".join(one.render() for one in edited.diagnostics)
    return edited.text

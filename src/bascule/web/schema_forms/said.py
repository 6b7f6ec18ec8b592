"""What a page says of a form beside its fields: what was refused, what is doubtful, and that it is saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import JSONResponse, Response

from bascule.config.diagnostics import Diagnostic
from bascule.config.editing.finding import Place
from bascule.config.syntax import tokens_of
from bascule.web.differences import Difference
from bascule.web.effects import Effect, Foresight
from bascule.web.schema_forms.saving import Saved

LONGEST_JUDGED: Final = 100_000
"""Characters of a text that is read whole while somebody writes; a longer one is when it is saved."""

NO_SAVED: Final = Saved(text="")
_MOST_SAID: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What stands above a form."""

    saved: bool = False
    refused: Sequence[str] = ()
    diagnostics: Sequence[Diagnostic] = ()
    foresight: Foresight | None = None
    """What a form would bring that is not saved yet."""
    difference: Difference | None = None
    """What it would change in the text."""
    effect: Effect | None = None
    """What the working copy brings, with what was just added."""


NOTHING_SAID: Final = Said()


def refusal(made: Saved) -> Said:
    """Return why nothing was saved."""
    return Said(refused=[each.words for each in made.diagnostics] or ["Nothing was saved: see what is marked below."])


def judged(made: Saved, said: Sequence[Diagnostic], changes: Sequence[str] = ()) -> Response:
    """Answer a page that asks about a form as it stands: what is wrong by field, what else is said, what it changes."""
    words = [each.words for each in said[:_MOST_SAID]]
    return JSONResponse({"wrong": dict(made.wrong), "said": words, "changes": changes[:_MOST_SAID]})


def lines_of(place: Place) -> range:
    """Return the lines of a block."""
    lines = [token.line for token in tokens_of(place.chain[-1])]
    return range(min(lines), max(lines) + 1)

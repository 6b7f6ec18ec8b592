"""Edits of the working copy, as a form or a wizard makes them: comments and layout stay, and no edit of another is lost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from bascule.config.diagnostics import Diagnostic
from bascule.config.editing.deleting import delete
from bascule.config.editing.edited import Edited
from bascule.config.editing.setting import put
from bascule.config.editing.spelling import from_line
from bascule.service.deployment import LoadCopy, ShowCopy
from bascule.service.results import CopyText, Loaded
from bascule.web.visit import Visit

Change: TypeAlias = Callable[[str], Edited]
"""Makes another text of one, or says why not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an edit."""

    text: str
    """The working copy as it is now."""
    refused: tuple[Diagnostic, ...] = ()
    """Why it is as it was; none where it was edited, or nothing was to be done."""
    loaded: Loaded | None = None
    """What is wrong or doubtful with it now; None where it was not touched."""


async def copy_of(visit: Visit) -> CopyText:
    """Return the working copy of whoever visits, or what one begins with. Raises OperationFailed."""
    return await visit.ask(ShowCopy())


async def edit(visit: Visit, change: Change) -> Outcome:
    """Change the working copy. Raises OperationFailed, also where another session changed it meanwhile."""
    copy = await copy_of(visit)
    edited = change(copy.text)
    if edited.diagnostics or edited.text == copy.text:
        return Outcome(text=copy.text, refused=edited.diagnostics)
    return await keep(visit, copy, edited.text)


async def keep(visit: Visit, copy: CopyText, text: str) -> Outcome:
    """Keep a text in the place of a working copy, if that is still the one it was. Raises OperationFailed."""
    loaded = await visit.ask(LoadCopy(text=text.encode(), base=copy.base, expected=copy.digest))
    return Outcome(text=text, loaded=loaded)


def sets(*statements: str) -> Change:
    """Return the change that puts statements in, each with its path: `load-balancer relay "HTTPS" session timeout 40m`."""
    return _each(put, statements)


def deletes(*statements: str) -> Change:
    """Return the change that takes statements out, each with its path."""
    return _each(delete, statements)


def both(*changes: Change) -> Change:
    """Return changes one after another, all of them or none."""

    def change(text: str) -> Edited:
        after = text
        for each in changes:
            edited = each(after)
            if edited.diagnostics:
                return Edited(text=text, words=edited.words, diagnostics=edited.diagnostics, illegible=edited.illegible)
            after = edited.text
        return Edited(text=after)

    return change


def _each(done: Callable[..., Edited], statements: tuple[str, ...]) -> Change:
    return both(*(_one(done, statement) for statement in statements))


def _one(done: Callable[..., Edited], statement: str) -> Change:
    def change(text: str) -> Edited:
        found: list[Diagnostic] = []
        words = from_line(statement, found.append)
        return Edited(text=text, words=statement, diagnostics=tuple(found)) if found else done(text, words)

    return change

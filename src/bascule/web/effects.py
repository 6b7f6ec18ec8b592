"""What a text would change if it were deployed: the same for a working copy and for an edit that is kept nowhere yet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bascule.config.diagnostics import Diagnostic, Severity, Span
from bascule.service.deployment import CheckText, Compare
from bascule.service.results import Compared, CopyText
from bascule.web.admin_places import Move, move, written
from bascule.web.settings import server_of
from bascule.web.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What Bascule says of a text."""

    diagnostics: Sequence[Diagnostic] = ()
    changes: Sequence[str] = ()
    """A sentence each, over what was committed last."""
    untold: str = ""
    """Why there is none; empty where they can be told."""
    move: Move | None = None
    """Where the pages go; None where they stay."""

    @property
    def refused(self) -> bool:
        """Tell whether it cannot be deployed as it is."""
        return any(each.severity is Severity.ERROR for each in self.diagnostics)


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """What one edit of a working copy would bring, apart from what that brings already."""

    own: Effect
    """What comes by the edit."""
    before: Effect
    """What the working copy brings without it, and goes on to bring with it."""

    @property
    def refused(self) -> bool:
        """Tell whether the working copy could not be deployed with the edit in it."""
        return self.own.refused or self.before.refused


async def effect_of(visit: Visit, text: str, asked: Compare | None) -> Effect:
    """Return what a text would do, which `asked` means, too; with None it is in effect already. Raises OperationFailed."""
    checked = await visit.ask(CheckText(text=text.encode()))
    if any(each.severity is Severity.ERROR for each in checked.diagnostics):
        compared = Compared(untold="what it changes is told when it has no error")
    else:
        compared = Compared() if asked is None else await visit.ask(asked)
    server = await visit.site.texts.read(server_of, text)
    return Effect(
        diagnostics=checked.diagnostics,
        changes=compared.changes,
        untold=compared.untold,
        move=move(written(server), visit.origin, visit.host),
    )


async def foresee(visit: Visit, copy: CopyText, text: str) -> Foresight:
    """Return what a text would bring in the place of a working copy; nothing is kept. Raises OperationFailed."""
    after = await effect_of(visit, text, Compare(text=text.encode()))
    before = await effect_of(visit, copy.text, None if copy.at is None else Compare()) if copy.text else Effect()
    return apart(before, after)


def apart(before: Effect, after: Effect) -> Foresight:
    """Return what is in an effect that was not in the one before, and what was."""
    known, told = {*map(_placeless, before.diagnostics)}, {*before.changes}
    old = [each for each in after.diagnostics if _placeless(each) in known]
    return Foresight(
        own=Effect(
            diagnostics=[each for each in after.diagnostics if each not in old],
            changes=[each for each in after.changes if each not in told],
            untold=after.untold,
            move=after.move if after.move != before.move else None,
        ),
        before=Effect(diagnostics=old, changes=[each for each in after.changes if each in told]),
    )


def _placeless(found: Diagnostic) -> Diagnostic:
    """Return it without its line, which an edit above it moves."""
    return replace(found, span=Span())

"""What a Bascule that keeps revisions starts with: what was committed, or the deployment that still has time."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bascule.config.diagnostics import Diagnostic, Severity
from bascule.config.facts import Facts
from bascule.config.implied import deployed
from bascule.config.load import load
from bascule.config.model import Configuration
from bascule.deploy.resumption import resumption
from bascule.service.failures import Rejected, describe
from bascule.service.local.deploying import NOTHING, committed, uncommitted
from bascule.service.local.preparation import Use, judge
from bascule.store.history import History
from bascule.store.pending import Pending
from bascule.store.revisions import number_of
from bascule.system.errors import MachineError

_LOOKED_BACK: Final = 10
"""Revisions that are looked at for where administrators came last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """What to start with."""

    configuration: Configuration
    warnings: tuple[Diagnostic, ...]
    name: str
    resumed: Pending | None = None
    """The deployment that it is; None where it is what was committed, or a file."""
    committed: Configuration | None = None
    """What comes back unless that is committed."""
    reverted: str = ""
    """What to tell of a deployment that is not gone on with; it is forgotten once this runs."""
    held: str = ""
    """Why no more of the configuration is put into effect than its admin server; empty where all of it is."""


def first(history: History, facts: Facts, now: datetime) -> First:
    """Return what to start with. Raises MachineError."""
    found = history.pending()
    resumed = resumption(found, now)
    if resumed.pending is None:
        return instead(found, resumed.reverted, history, facts)
    judged = judge(resumed.pending.text, facts, Use.COMMITTED)
    if judged.configuration is None:
        return instead(found, "it is refused on this machine now", history, facts)
    try:
        history.keep(resumed.pending)
    except MachineError as error:
        return instead(found, f"how often it was begun could not be kept: {error}", history, facts)
    text, _ = committed(history, resumed.pending.base)
    return First(
        configuration=judged.configuration,
        warnings=judged.diagnostics,
        name=uncommitted(resumed.pending.base),
        resumed=resumed.pending,
        committed=judge(text, facts, Use.COMMITTED).configuration,
    )


def instead(found: Pending | None, why: str, history: History, facts: Facts) -> First:
    """Return what was committed, to start with in the place of a deployment. Raises MachineError.

    Where it is refused on this machine, that is nothing at all: whoever starts then can be asked, and told what is better.
    """
    text, name = committed(history, number_of(history.newest()))
    judged = judge(text, facts, Use.COMMITTED)
    words = f"the deployment of {found.author} was taken back, {name} is in effect: {why}" if found else ""
    if judged.configuration is None:
        refused = describe(Rejected(diagnostics=judged.diagnostics, name=name))
        nothing = First(configuration=_reached_by(history), warnings=judged.diagnostics, name=name, reverted=words)
        return holding(nothing, refused)
    return First(configuration=judged.configuration, warnings=judged.diagnostics, name=name, reverted=words)


def _reached_by(history: History) -> Configuration:
    """Return the newest text without an error, for where its admin server is; where there is none, it is at its default."""
    newest = number_of(history.newest())
    for number in range(newest, max(newest - _LOOKED_BACK, 0), -1):
        revision = history.revision(number)
        loaded = load(revision.text if revision else NOTHING)
        if revision and loaded.configuration and not any(each.severity is Severity.ERROR for each in loaded.diagnostics):
            return Configuration(system=deployed(loaded.configuration).system)
    return deployed(Configuration())


def holding(begun: First, refused: str) -> First:
    """Return what to start with where the machine refuses what was committed: nothing, with everything left as it is."""
    words = begun.reverted and begun.reverted.replace(f"was taken back, {begun.name} is in effect", "is not gone on with")
    return replace(begun, held=f"{begun.name} cannot be put into effect: {refused}", reverted=words)

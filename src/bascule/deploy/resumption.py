"""What a start does with a deployment that it finds under way. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bascule.store.pending import Pending, Stage

STARTS: Final = 2
"""Starts within a deployment's time that go on with it; one more, and it may be what ends us."""


@dataclass(frozen=True, slots=True)
class Resumption:
    """What to start with."""

    pending: Pending | None
    """The deployment to go on with; None starts with what was committed."""
    reverted: str = ""
    """Why a deployment is taken back, as a clause: `its time was over`; empty where none is."""


def resumption(found: Pending | None, now: datetime) -> Resumption:
    """Return what a start does: it goes on with what was whole and has time left, else it takes it back first.

    A deployment that was being applied, or taken back, when Bascule ended has left the machine between two plans; what was
    committed is what people know.
    """
    if found is None:
        return Resumption(None)
    if found.stage is Stage.APPLYING:
        return Resumption(None, "Bascule ended while it was put into effect")
    if found.stage is Stage.REVERTING:
        return Resumption(None, "Bascule ended while it was taken back")
    if found.until <= now:
        return Resumption(None, "its time was over while Bascule did not run")
    if found.starts >= STARTS:
        return Resumption(None, f"Bascule has started {found.starts + 1} times within its time")
    return Resumption(replace(found, starts=found.starts + 1))

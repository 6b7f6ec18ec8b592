"""Everything or nothing: all engines rehearse before any applies, and what was applied is taken back when one fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bascule.config.diagnostics import Diagnostic, Severity
from bascule.deploy.parts import part
from bascule.engines.engine import Engine
from bascule.system.errors import Attempts, MachineError
from bascule.system.progress import Tell, silence


@dataclass(frozen=True, slots=True)
class Step:
    """One engine's part of a deployment."""

    engine: Engine[Any, Any, Any]
    desired: Any


@dataclass(frozen=True, slots=True)
class _Course:
    """How far a deployment is: each engine looks, rehearses, changes, and looks again."""

    engines: int
    tell: Tell

    def engine(self, act: str, done: int, step: Step) -> Engine[Any, Any, Any]:
        """Return the engine of a step, having told what it is about to do."""
        self.tell(f"{act} {part(step.engine.name)}", done, 4 * self.engines)
        return step.engine


class RehearsalRefused(Exception):  # noqa: N818 - the machine's refusal, not a fault of ours
    """An engine objected in its rehearsal; nothing was changed."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("; ".join(diagnostic.message for diagnostic in diagnostics))
        self.diagnostics = tuple(diagnostics)


class NotTakenBack(MachineError):  # noqa: N818 - likewise
    """A step failed, and what was done before it could not be taken back whole: the machine stands between two plans."""


async def deploy(steps: Sequence[Step], tell: Tell = silence) -> Sequence[Diagnostic]:
    """Make every engine's part of the machine equal to what is desired, in the order of the steps.

    Returns the warnings of the rehearsals. Raises RehearsalRefused before anything is changed, and MachineError after
    everything that was changed has been taken back; NotTakenBack where it was not, and says in its cause what.
    """
    course = _Course(len(steps), tell)
    snapshots = [await course.engine("looking at", done, step).observe() for done, step in enumerate(steps)]
    changes = [step.engine.difference(step.desired, seen) for step, seen in zip(steps, snapshots, strict=True)]
    rehearsals = enumerate(zip(steps, changes, strict=True), len(steps))
    said = [
        found
        for done, (step, change) in rehearsals
        for found in await course.engine("rehearsing", done, step).rehearse(change)
    ]
    if any(diagnostic.severity is Severity.ERROR for diagnostic in said):
        raise RehearsalRefused(said)
    done: list[tuple[Step, Any]] = []
    try:
        for place, (step, change, snapshot) in enumerate(zip(steps, changes, snapshots, strict=True), len(steps)):
            if change:
                done.append((step, snapshot))
                await course.engine("changing", 2 * place, step).apply(change)
                course.engine("looking again at", 2 * place + 1, step)
                await _verify(step)
    except MachineError as error:
        await _take_back(done, error)
        raise
    return said


async def _verify(step: Step) -> None:
    """Look again: what the machine holds is what counts, not what it was told."""
    if step.engine.difference(step.desired, await step.engine.observe()):
        raise MachineError(f"apply the {step.engine.name} part", "the machine does not hold what it was told")


async def _take_back(done: Sequence[tuple[Step, Any]], cause: MachineError) -> None:
    """Restore the last one first, and every one: what one engine cannot take back does not bind the others."""
    attempts = Attempts()
    for step, snapshot in reversed(done):
        with attempts.one():
            await step.engine.restore(snapshot)
    if attempts.refused:
        failed = "; ".join(map(str, attempts.refused))
        raise NotTakenBack(cause.step, f"{cause.cause}; additionally, taking it back failed: {failed}") from cause

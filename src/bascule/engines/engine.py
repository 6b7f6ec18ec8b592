"""What every engine is: desired state in, differences inside."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from bascule.config.diagnostics import Diagnostic

Desired_contra = TypeVar("Desired_contra", contravariant=True)
Observed = TypeVar("Observed")
Changes = TypeVar("Changes")


class Engine(Protocol[Desired_contra, Observed, Changes]):
    """Makes one part of the machine equal to one part of a plan."""

    name: str

    async def observe(self) -> Observed:
        """Return what is there now, read from the machine. Raises MachineError."""
        ...

    def difference(self, desired: Desired_contra, observed: Observed) -> Changes:
        """Return what must change; it is false where nothing must. Pure."""
        ...

    async def rehearse(self, changes: Changes) -> Sequence[Diagnostic]:
        """Try the changes without making them, and return what the machine would object to."""
        ...

    async def apply(self, changes: Changes) -> None:
        """Make the changes, all or none. Raises MachineError."""
        ...

    async def restore(self, snapshot: Observed) -> None:
        """Bring back what was observed before. Raises MachineError."""
        ...

"""What the machine would not do: typed errors that name the step and its cause."""

from collections.abc import Iterator
from contextlib import contextmanager


class MachineError(Exception):
    """The machine refused a step; nothing of that step is in effect."""

    def __init__(self, step: str, cause: str) -> None:
        super().__init__(f"{step}: {cause}")
        self.step = step
        """What was tried, as a person would say it: `load the rules`."""
        self.cause = cause
        """What the machine answered, in its own words."""


class Attempts:
    """Several things that are all tried, whatever becomes of the others: the way back from a step that failed."""

    def __init__(self) -> None:
        self.refused: list[MachineError] = []

    @contextmanager
    def one(self) -> Iterator[None]:
        """Try one of them."""
        try:
            yield
        except MachineError as error:
            self.refused.append(error)

    def over(self) -> None:
        """Raise MachineError where any was refused: the first, and in its cause all the others."""
        if self.refused:
            first, *others = self.refused
            raise MachineError(first.step, "; ".join([first.cause, *map(str, others)])) from first

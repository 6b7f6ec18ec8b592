"""How far something is that takes its time, told step by step to whoever waits for it."""

from typing import Protocol


class Tell(Protocol):
    """Takes what is being done now. Never waits and never fails: nothing may go slower because somebody watches."""

    def __call__(self, step: str, done: int, of: int, /) -> None:
        """Say that a step begins, in the words of an operator, after `done` of `of` steps; `of` 0 is not known yet."""
        ...


def silence(_: str, __: int, ___: int, /) -> None:
    """Tell nobody."""

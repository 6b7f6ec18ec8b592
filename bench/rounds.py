"""The order of work: contenders take turns within each round, and every second round goes backwards. Pure."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

Contender = TypeVar("Contender")


def turns(contenders: Sequence[Contender], rounds: int) -> Iterator[tuple[int, Contender]]:
    """Yield the number of the round, from 0, and who has its turn: A B C, C B A, A B C and so on.

    So a machine that gets slower or faster during the run favours none of them.
    """
    for number in range(rounds):
        for contender in contenders if number % 2 == 0 else reversed(contenders):
            yield number, contender

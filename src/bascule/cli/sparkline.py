"""Numbers as a line of blocks, for a terminal."""

from collections.abc import Sequence
from typing import Final

BLOCKS: Final = "▁▂▃▄▅▆▇█"
GAP: Final = " "
"""Where nothing is known."""


def sparkline(values: Sequence[int | None]) -> str:
    """Return a block for each value, the highest for the largest of them; anything above nothing is above the lowest."""
    largest = max((value for value in values if value is not None), default=0)
    return "".join(GAP if value is None else _block(value, largest) for value in values)


def _block(value: int, largest: int) -> str:
    return BLOCKS[-(-value * (len(BLOCKS) - 1) // largest)] if largest else BLOCKS[0]

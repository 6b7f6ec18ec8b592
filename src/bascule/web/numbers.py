"""Numbers that people write into fields, and into the addresses of pages."""

from typing import Final

_LONGEST: Final = 18
"""Digits, of which zeros may be the first: nothing that is asked for has more."""


def number_in(words: str, least: int, most: int) -> int | None:
    """Return the number that somebody wrote, if it is one from `least` to `most`; None for everything else."""
    if not (words.isascii() and words.isdigit() and len(words) <= _LONGEST):
        return None
    number = int(words)
    return number if least <= number <= most else None

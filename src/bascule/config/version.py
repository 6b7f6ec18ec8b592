"""Which parts of the language this version has, and what to say of those that come later."""

from typing import Final

from bascule import __version__

FIRST: Final = "0.1"
"""The version that brought everything that says nothing else."""


def arrived(since: str) -> bool:
    """Whether what came with a version is in this one."""
    return since == FIRST or _numbers(since) <= _numbers(__version__)


def later(what: str, since: str) -> str:
    """Return what to say of something that this version does not have yet."""
    return f"{what} comes with version {since}; this is {__version__}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))

"""What of the language a farm may use: a template never writes what this version of Bascule does not read."""

from collections.abc import Sequence
from typing import Final

from bascule.config.load import load

_TABLE: Final = "table <t> { 10.0.0.1 }"


def best(checks: Sequence[str]) -> str:
    """Return the first of the checks that can be written. Raises StopIteration where none can."""
    return next(
        check
        for check in checks
        if _reads(f'load-balancer {{ {_TABLE}; relay "r" {{ listen on port 1; forward to <t> check {check} }} }}')
    )


def _reads(text: str) -> bool:
    return load(text).configuration is not None

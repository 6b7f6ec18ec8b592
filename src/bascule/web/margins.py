"""A text with its line numbers, and beside each line what is wrong or doubtful with it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bascule.config.diagnostics import Diagnostic, Severity

SPARE: Final = 3
"""Lines behind the text that have a number, too: there somebody goes on writing."""


@dataclass(frozen=True, slots=True)
class Margin:
    """What stands beside a line."""

    number: int
    severity: str = ""
    """The worst that is found there: `error`, `warning`, or empty."""
    words: str = ""


def margins(text: str, found: Iterable[Diagnostic]) -> tuple[Margin, ...]:
    """Return what stands beside each line of a text; what was found nowhere in it stands beside none."""
    lines = text.count("\n") + 1 + SPARE
    by_line: dict[int, list[Diagnostic]] = {}
    for each in found:
        by_line.setdefault(min(each.span.line, lines), []).append(each)
    return tuple(_margin(number, by_line.get(number, [])) for number in range(1, lines + 1))


def _margin(number: int, found: list[Diagnostic]) -> Margin:
    if not found:
        return Margin(number)
    severity = Severity.ERROR if any(each.severity is Severity.ERROR for each in found) else Severity.WARNING
    return Margin(number, severity.value, "; ".join(each.message for each in found))

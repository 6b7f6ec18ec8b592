"""What is wrong with a configuration, and where: the values that tell an operator.

A mistake of the operator is a value, never an exception: one pass over a text gives all of them, each with its place, what
was expected, and what to do.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Severity(StrEnum):
    """Whether a configuration may run with this diagnostic."""

    ERROR = "error"
    """Refused: nothing is applied."""
    WARNING = "warning"
    """Runs, but the operator should know."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A piece of one line of a configuration: `line` and `column` count from 1, as editors do."""

    line: int = 0
    """0 stands for "nowhere in the text", of values that were not written."""
    column: int = 0
    length: int = 1

    def to(self, other: "Span") -> "Span":
        """Return the span from here to the end of another; only this one where the other is on a later line."""
        if other.line != self.line:
            return self
        return Span(self.line, self.column, other.column + other.length - self.column)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One thing that is wrong, or doubtful, with a configuration."""

    severity: Severity
    span: Span
    message: str
    """Starts in lower case, names the object, and ends without a full stop."""
    hint: str = ""
    """What to do about it; empty where the message says it all."""

    @classmethod
    def error(cls, span: Span, message: str, hint: str = "") -> Self:
        """Return a diagnostic that refuses the configuration."""
        return cls(severity=Severity.ERROR, span=span, message=message, hint=hint)

    @classmethod
    def warning(cls, span: Span, message: str, hint: str = "") -> Self:
        """Return a diagnostic with which the configuration still runs."""
        return cls(severity=Severity.WARNING, span=span, message=message, hint=hint)

    @property
    def words(self) -> str:
        """Return what it says, wherever it stands: `MESSAGE (HINT)`."""
        return f"{self.message} ({self.hint})" if self.hint else self.message

    def render(self, name: str = "") -> str:
        """Return the line a person reads: `FILE:LINE:COLUMN: error: MESSAGE (HINT)`."""
        place = ":".join(part for part in (name, str(self.span.line), str(self.span.column)) if part)
        return f"{place}: {self.severity}: {self.words}"

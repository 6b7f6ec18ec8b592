"""Why an operation was not done, as values that travel, and what each means for a command's exit code."""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final, TypeAlias

import msgspec

from bascule.config.diagnostics import Diagnostic


class ExitCode(IntEnum):
    """What a `bascule` command tells its caller."""

    FINE = 0
    REFUSED = 1
    """What was asked is wrong, and the diagnostics say where."""
    USAGE = 2
    """The command line itself is wrong."""
    MACHINE = 3
    """The machine, or the Bascule that runs on it, would not."""
    DEGRADED = 4
    """Of `status` and `doctor` only: it works, but something needs an eye."""
    DOWN = 5
    """Of `status` only: nothing is balanced."""


class _Failure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all failures share on the wire."""


class Rejected(_Failure, frozen=True, kw_only=True, tag="rejected"):
    """What was asked is wrong: an operator's mistake, with its places."""

    diagnostics: tuple[Diagnostic, ...]
    name: str = ""
    """What the text is called; empty where the one who asked knows it."""


class Conflict(_Failure, frozen=True, kw_only=True, tag="conflict"):
    """Somebody else changed the matter in the meantime."""

    message: str


class Forbidden(_Failure, frozen=True, kw_only=True, tag="forbidden"):
    """Who asked may not."""

    message: str


class NotLoggedIn(_Failure, frozen=True, kw_only=True, tag="not-logged-in"):
    """Who asked must log in first, or again."""

    message: str


class NotFound(_Failure, frozen=True, kw_only=True, tag="not-found"):
    """There is nothing of that name."""

    message: str


class Busy(_Failure, frozen=True, kw_only=True, tag="busy"):
    """Something else must end first; trying again later helps."""

    message: str


class Unavailable(_Failure, frozen=True, kw_only=True, tag="unavailable"):
    """The machine would not, or nobody is there to ask."""

    message: str


Failure: TypeAlias = Rejected | Conflict | Forbidden | NotLoggedIn | NotFound | Busy | Unavailable

EXIT_CODES: Final[Mapping[type[Failure], ExitCode]] = MappingProxyType(
    {
        Rejected: ExitCode.REFUSED,
        Conflict: ExitCode.REFUSED,
        NotFound: ExitCode.REFUSED,
        Forbidden: ExitCode.MACHINE,
        NotLoggedIn: ExitCode.MACHINE,
        Busy: ExitCode.MACHINE,
        Unavailable: ExitCode.MACHINE,
    }
)


class OperationFailed(Exception):  # noqa: N818 - it says that the operation failed, and the failure says why
    """An operation was not done; `failure` is what to tell the one who asked."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(describe(failure))
        self.failure = failure

    @property
    def exit_code(self) -> ExitCode:
        """Return what a command that met this ends with."""
        return EXIT_CODES[type(self.failure)]


def describe(failure: Failure) -> str:
    """Return the failure in words, one diagnostic a line."""
    if isinstance(failure, Rejected):
        return "\n".join(diagnostic.render(failure.name) for diagnostic in failure.diagnostics)
    return failure.message

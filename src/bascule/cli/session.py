"""What commands work with: everything outside the command line itself, handed in by whoever calls it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, TextIO, TypeAlias, TypeVar

from bascule.cli.screen import Screen
from bascule.service.offline import Offline
from bascule.service.operations import Request
from bascule.service.results import Result

MAXIMUM_FILE: Final = 16 * 1024 * 1024
"""Bytes of a configuration: four for each character that the language takes at most."""

Answer = TypeVar("Answer", bound=Result)


class Connection(Protocol):
    """Whoever answers operations; `service.client.Client` is one."""

    def call(self, request: Request[Answer], /) -> Answer:
        """Return the answer. Raises OperationFailed."""
        ...


Connect: TypeAlias = Callable[[Path], Connection]
MakeOffline: TypeAlias = Callable[[Path], Offline]


class UsageError(Exception):
    """The command line asks for what cannot be; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One call of the command line."""

    screen: Screen
    stdin: TextIO
    offline: MakeOffline
    """Gives what does the work of offline commands, for a state directory."""
    connect: Connect
    """Gives who answers at a control socket."""
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Source:
    """A configuration as it was read, and what messages call it."""

    name: str
    text: bytes


def read_source(session: Session, name: str) -> Source:
    """Return the configuration in a file, or on standard input for `-`. Raises UsageError where it cannot be read."""
    if name == "-":
        text = session.stdin.buffer.read(MAXIMUM_FILE + 1)
        name = "standard input"
    else:
        try:
            with Path(name).open("rb") as file:
                text = file.read(MAXIMUM_FILE + 1)
        except OSError as error:
            raise UsageError(f"cannot read {name}: {error.strerror or error}") from error
    if len(text) > MAXIMUM_FILE:
        raise UsageError(f"{name} is longer than any configuration ({MAXIMUM_FILE // 1024 // 1024} MiB)")
    return Source(name, text)

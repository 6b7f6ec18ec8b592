"""What commands work with: everything outside the command line itself, handed in by whoever calls it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TextIO, TypeAlias

from bascule.cli.screen import Screen
from bascule.service.offline import Offline
from bascule.service.progress import Progress
from bascule.service.request import Answer, Request


class Connection(Protocol):
    """Whoever answers operations; `service.client.Client` is one."""

    def call(self, request: Request[Answer], told: Callable[[Progress], None] = ..., /) -> Answer:
        """Return the answer; `told` hears how far it is, where the request asks for that. Raises OperationFailed."""
        ...

    def stream(self, request: Request[Answer], /) -> Iterator[Answer]:
        """Yield answer after answer, for as long as the caller goes on. Raises OperationFailed, also at its end."""
        ...


Connect: TypeAlias = Callable[[Path], Connection]
MakeOffline: TypeAlias = Callable[[Path], Offline]


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
    environment: Mapping[str, str]
    """Of whoever calls: which editor he likes."""

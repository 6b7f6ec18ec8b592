"""Calls the command line with everything around it pretended, and keeps what it printed."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from bascule.cli.main import main
from bascule.config.diagnostics import Diagnostic
from bascule.service.failures import Failure, OperationFailed, Unavailable
from bascule.service.offline import RunRequest
from bascule.service.operations import Explain
from bascule.service.progress import Progress
from bascule.service.request import LongRequest, Request
from bascule.service.result import Result
from bascule.service.results import Cleared, Explained, Explanation

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""When every call of a test is made."""

Answer = TypeVar("Answer", bound=Result)


@dataclass(frozen=True, slots=True)
class Called:
    """What a call of the command line came to."""

    code: int
    out: str
    err: str


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@dataclass
class PretendedOffline:
    """Answers offline commands from what a test put here, and remembers what was asked."""

    diagnostics: Sequence[Diagnostic] = ()
    refusal: Failure | None = None
    code: int = 0
    cleared: Cleared = field(default_factory=Cleared)
    ran: list[RunRequest] = field(default_factory=list)
    explained: list[Explain] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)

    def check(self, text: bytes, _: str, /) -> Sequence[Diagnostic]:
        """Find what the test said."""
        self.texts.append(text)
        return self.diagnostics

    def explain(self, text: bytes, _: str, requests: Iterable[Explain], /) -> Iterator[Explained]:
        """Give each client the same host."""
        self.texts.append(text)
        if self.refusal is not None:
            raise OperationFailed(self.refusal)
        for request in requests:
            self.explained.append(request)
            yield explained(request)

    def run(self, request: RunRequest, /) -> int:
        """End at once."""
        if self.refusal is not None:
            raise OperationFailed(self.refusal)
        self.ran.append(request)
        return self.code

    def backup(self, state: Path, file: Path, /) -> str:
        """Say what was asked."""
        return f"{file} holds {state}"

    def restore(self, state: Path, file: Path, /) -> str:
        """Say what was asked."""
        return f"restored {file} to {state}"

    def clear(self, _: Path, __: Path, /) -> Cleared:
        """Have cleared what the test said."""
        return self.cleared


def explained(request: Explain) -> Explained:
    """Return that EX1 takes every client."""
    return Explained(
        explanations=tuple(
            Explanation(
                client=client,
                port=request.port,
                relay="HTTPS",
                table="exchange",
                host="EX1",
                address="10.2.0.11:443",
                slot=7,
                reason="slot 7 of table <exchange>, first choice EX1",
            )
            for client in request.clients
        )
    )


class PretendedConnection:
    """Answers each kind of request as the test said, or fails as it said; all ask to be told how far it is."""

    def __init__(self, answers: Mapping[type[Request[Any]], Result | OperationFailed]) -> None:
        self._answers = answers
        self.asked: list[Request[Any]] = []

    def call(self, request: Request[Answer], told: Callable[[Progress], None] | None = None, /) -> Answer:
        """Give the answer."""
        del told
        self.asked.append(msgspec.structs.replace(request, progress=False) if isinstance(request, LongRequest) else request)
        answer: Any = self._answers[type(request)]
        if isinstance(answer, OperationFailed):
            raise answer
        result: Answer = answer
        return result

    def stream(self, request: Request[Answer], /) -> Iterator[Answer]:
        """Give the answer twice, then end."""
        yield self.call(request)
        yield self.call(request)
        raise OperationFailed(Unavailable(message="the Bascule has ended"))


def call(
    *argv: str,
    offline: PretendedOffline | None = None,
    connection: PretendedConnection | None = None,
    stdin: bytes = b"",
    terminal: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Called:
    """Call the command line as root and return what it came to."""
    out, err = (Terminal(), Terminal()) if terminal else (io.StringIO(), io.StringIO())
    surroundings = {"TERM": "xterm-256color", **(environment or {})} if terminal else dict(environment or {})
    code = main(
        argv,
        offline=lambda _: offline or PretendedOffline(),
        connect=lambda _: connection or PretendedConnection({}),
        uid=0,
        environment=surroundings,
        stdin=io.TextIOWrapper(io.BytesIO(stdin)),
        stdout=out,
        stderr=err,
        now=lambda: NOW,
    )
    return Called(code, out.getvalue(), err.getvalue())

"""What commands do where no Bascule runs: check and explain a file, run it, clear the machine."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bascule.config.diagnostics import Diagnostic
from bascule.service.operations import Explain
from bascule.service.results import Cleared, Explained


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What `bascule run` was told."""

    text: bytes | None = None
    """The configuration, read already; bytes, since what is no UTF-8 is for the language to say. None is what was
    committed in the state directory."""
    name: str = ""
    """What diagnostics call it: the path as the operator wrote it; empty where nobody gave one."""
    state: Path
    socket: Path
    published: Path | None = None
    """Where the committed text lies for people; None where a file alone is run."""
    path: Path | None = None
    """Where the configuration can be read again; None where it came through standard input."""


class Offline(Protocol):
    """The work of commands that ask no running Bascule.

    Methods raise OperationFailed (Rejected, with every diagnostic) where a text is refused, and MachineError where the
    machine would not.
    """

    def check(self, text: bytes, name: str, /) -> Sequence[Diagnostic]:
        """Return everything that is wrong or doubtful with a text on this machine; changes nothing."""
        ...

    def explain(self, text: bytes, name: str, requests: Iterable[Explain], /) -> Iterator[Explained]:
        """Yield the answer to each request as it comes, over the plan that the text makes with every host up."""
        ...

    def run(self, request: RunRequest, /) -> int:
        """Run a configuration in the foreground until a signal ends it, and return the exit code."""
        ...

    def clear(self, state: Path, socket: Path, /) -> Cleared:
        """Take everything of ours from a machine where no parent runs."""
        ...

    def backup(self, state: Path, file: Path, /) -> str:
        """Write all that is kept to a file, and return a sentence that says what; a parent may run meanwhile."""
        ...

    def restore(self, state: Path, file: Path, /) -> str:
        """Put a backup in the place of what is kept where no parent runs, and return a sentence that says what."""
        ...

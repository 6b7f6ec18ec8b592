"""How far an operation is, on a terminal: a bar that comes when it takes a while, and leaves nothing behind."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bascule.cli.screen import styled
from bascule.cli.session import Session
from bascule.service import progress
from bascule.service.request import Answer, LongRequest

PATIENCE: Final = 0.3
"""Seconds that an operation may take without a bar: one that comes and goes at once only blinks."""


def followed(arguments: Namespace, session: Session, request: LongRequest[Answer]) -> Answer:
    """Return the answer of the running Bascule; meanwhile show how far it is, where a person watches.

    Raises OperationFailed.
    """
    connection, terminal = session.connect(arguments.socket), session.screen.watched()
    asked = msgspec.structs.replace(request, progress=True)  # unseen, too: while steps are told, somebody works
    if terminal is None or getattr(arguments, "json", False):
        return connection.call(asked)
    with shown(terminal) as bar:
        return connection.call(asked, bar.tell)


class Bar:
    """One line with the step, a bar and the time; whatever is told before it shows is in it."""

    def __init__(self, terminal: Console) -> None:
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
            console=terminal,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task("waiting for an answer", total=None)

    def tell(self, told: progress.Progress) -> None:
        """Show another step; where it is not known how many there are, the bar stays as it is."""
        done, of = (told.done, told.of) if told.of else (None, None)
        self._bar.update(self._task, description=styled(told.step, "").plain, completed=done, total=of)

    def show(self) -> None:
        """Begin to show it."""
        self._bar.start()

    def remove(self) -> None:
        """Leave the terminal as it was."""
        self._bar.stop()


@contextmanager
def shown(terminal: Console, patience: float = PATIENCE) -> Iterator[Bar]:
    """Give a bar that shows itself after some seconds, and is gone after the block."""
    bar = Bar(terminal)
    timer = Timer(patience, bar.show)
    timer.start()
    try:
        yield bar
    finally:
        timer.cancel()
        timer.join()
        bar.remove()

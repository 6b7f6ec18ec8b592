"""A bar for what takes a while, on a terminal; nothing anywhere else, and nothing of it stays."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from bascule.cli.progress import shown
from bascule.service.operations import Poll
from bascule.service.progress import Progress
from bascule.service.request import Request
from bascule.service.results import Polled
from bed.wait import until
from cli.calling import PretendedConnection, Terminal, call

STEP = Progress(step="rehearsing [bold] rules\x1b[2J", done=3, of=8, seconds=1)


class Slow(PretendedConnection):
    """Tells of a step, and answers when that can be seen, or at once where nobody asked for it."""

    def __init__(self) -> None:
        super().__init__({Poll: Polled(checks=2, up=2)})

    def call(self, request: Request[Any], told: Callable[[Progress], None] | None = None, /) -> Any:
        """Tell, then answer."""
        assert isinstance(request, Poll)
        assert request.progress
        if told is not None:
            told(STEP)
        return super().call(request)


def console(stream: io.StringIO) -> Console:
    """Return a terminal that writes to a stream."""
    return Console(file=stream, width=60, _environ={"TERM": "xterm-256color"})


def test_a_bar_shows_the_step_and_goes() -> None:
    """Words are shown as they are, never as marks or codes; at the end its line is erased and the cursor is back."""
    stream = Terminal()
    with shown(console(stream), patience=0) as bar:
        bar.tell(STEP)
        until(lambda: "rehearsing [bold] rules\\x1b[2J" in stream.getvalue(), what="the step is shown")
    assert stream.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K")


def test_the_bar_stays_where_it_is_while_it_is_not_known_how_far() -> None:
    """The words change alone."""
    stream = Terminal()
    with shown(console(stream), patience=0) as bar:
        bar.tell(STEP)
        bar.tell(Progress(step="ending sessions", done=0, of=0, seconds=2))
        until(lambda: "ending sessions" in stream.getvalue(), what="the step is shown")
        (task,) = bar._bar.tasks
        assert (task.completed, task.total) == (3, 8)


def test_what_is_quick_never_blinks() -> None:
    """Not a byte is written."""
    stream = Terminal()
    with shown(console(stream), patience=60) as bar:
        bar.tell(STEP)
    assert stream.getvalue() == ""


def test_a_failure_takes_the_bar_away() -> None:
    """What went wrong is said on a clean line."""
    stream = Terminal()

    def interrupted() -> None:
        with shown(console(stream), patience=0):
            until(stream.getvalue, what="the bar is shown")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stream.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K")


@pytest.mark.parametrize(
    ("terminal", "environment"),
    [(True, {}), (False, {}), (False, {"FORCE_COLOR": "1"}), (True, {"TERM": "dumb"})],
    ids=["terminal", "pipe", "pipe with colours", "terminal without a cursor"],
)
def test_how_far_it_is_leaves_nothing_behind(*, terminal: bool, environment: dict[str, str]) -> None:
    """It is asked for everywhere, since what takes long is waited for while it tells that it goes on."""
    connection = Slow()
    called = call("poll", connection=connection, terminal=terminal, environment=environment)
    assert connection.asked == [Poll()]
    assert "2 checks: 2 good" in called.out
    assert called.err == ""

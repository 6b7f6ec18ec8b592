"""An edit is made in the working copy as it is, however quick another session was."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from bascule.cli.desk import Desk
from bascule.cli.source import UsageError
from bascule.config.editing.deleting import delete
from bascule.config.editing.edited import Edited
from bascule.config.editing.setting import put
from bascule.config.editing.spelling import from_arguments
from bascule.service.deployment import LoadCopy, ShowCopy, copy_digest
from bascule.service.failures import Conflict, OperationFailed
from bascule.service.progress import Progress
from bascule.service.request import Request
from bascule.service.result import Result
from bascule.service.results import CopyText, Loaded

Answer = TypeVar("Answer", bound=Result)


class Kept:
    """A working copy that others change, too: `others` are put in, one before each time that somebody keeps his."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.mine = True
        self.others: list[str] = []
        self.asked: list[str] = []

    @property
    def digest(self) -> str:
        """Tell the state from others."""
        return copy_digest(1, self.text.encode()) if self.mine else ""

    def call(self, request: Request[Answer], told: Callable[[Progress], None] | None = None, /) -> Answer:
        """Show it, or keep another."""
        del told
        self.asked.append(type(request).__name__)
        answer: Any = CopyText(text=self.text, base=1, newest=1, digest=self.digest)
        if isinstance(request, LoadCopy):
            if self.others:
                self.text = put(self.text, from_arguments(self.others.pop(0).split())).text
            if request.expected != self.digest:
                raise OperationFailed(Conflict(message="it was changed meanwhile"))
            self.text, self.mine = request.text.decode(), True
            answer = Loaded(sentence="kept", digest=self.digest)
        else:
            assert isinstance(request, ShowCopy)
        return answer  # type: ignore[no-any-return]  # the request's own kind, as the service would give

    def stream(self, _: Request[Answer], /) -> Iterator[Answer]:
        """Give nothing."""
        raise NotImplementedError


def setting(line: str) -> Any:
    """Return an edit."""
    return lambda text: put(text, from_arguments(line.split()))


def test_an_edit_is_made_anew_where_another_was_quicker() -> None:
    """And both stand."""
    kept = Kept()
    kept.others = ["load workers 3"]
    edited, loaded = Desk(kept).edit(setting("load fall 3"))
    assert loaded is not None
    assert kept.text == edited.text == "load-balancer {\n\tfall 3\n\tworkers 3\n}\n"


def test_somebody_who_edits_without_a_pause_is_told_of() -> None:
    """After a few times nothing is tried any more."""
    kept = Kept()
    kept.others = [f"load workers {n}" for n in range(1, 30)]
    with pytest.raises(OperationFailed, match="without a pause"):
        Desk(kept).edit(setting("load fall 3"))


def test_what_was_seen_is_not_asked_for_again() -> None:
    """Each look leaves a line in the audit log; only where nothing would change, or something is wrong, it looks again."""
    kept = Kept()
    desk = Desk(kept)
    desk.edit(setting("load fall 3"))
    desk.edit(setting("load fall 4"))
    assert kept.asked == ["ShowCopy", "LoadCopy", "LoadCopy"]
    kept.text = ""  # by another session
    edited, loaded = desk.edit(setting("load fall 4"))
    assert loaded is not None
    assert kept.text == edited.text == "load-balancer {\n\tfall 4\n}\n"
    kept.text = "load-balancer {\n\trise 4\n}\n"
    edited, loaded = desk.edit(lambda text: delete(text, from_arguments(["load", "rise"])))
    assert (edited.diagnostics, kept.text) == ((), "load-balancer { }\n")


def test_bytes_that_nobody_can_read_are_not_lost() -> None:
    """What would be kept in their place is another text."""
    kept = Kept("system { }  # \ufffd")
    desk = Desk(kept)
    copy = CopyText(text=kept.text, base=1, newest=1, digest=copy_digest(1, b"system { }  # \xff"))
    desk._copy = copy
    with pytest.raises(UsageError, match="no UTF-8"):
        desk.edit(lambda text: Edited(text=text + "\n"))

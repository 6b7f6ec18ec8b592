"""The working copy as one session sees it: edited here, kept in the running Bascule, never over another's edit."""

from collections.abc import Callable
from typing import Final

from bascule.cli.session import Connection
from bascule.cli.source import UsageError
from bascule.config.editing.edited import Edited
from bascule.service.deployment import LONGEST_TEXT, LoadCopy, ShowCopy, copy_digest
from bascule.service.failures import Conflict, OperationFailed
from bascule.service.results import CopyText, Loaded

_TRIES: Final = 5
"""So often an edit is made anew, because another session was quicker."""


class Desk:
    """One session's look at the working copy; every method raises OperationFailed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._copy: CopyText | None = None

    @property
    def copy(self) -> CopyText:
        """Return the copy as it was last seen."""
        return self.look() if self._copy is None else self._copy

    def look(self) -> CopyText:
        """Return the copy as it is now."""
        self._copy = self._connection.call(ShowCopy())
        return self._copy

    def refresh(self) -> None:
        """Look again where it is not known what the copy is by now."""
        if self._copy is None:
            self.look()

    def forget(self) -> None:
        """Know nothing of it any more: somebody may have changed it."""
        self._copy = None

    def edit(self, change: Callable[[str], Edited]) -> tuple[Edited, Loaded | None]:
        """Return what came of an edit, and what was kept, which is None where nothing changes.

        Where another session has changed the copy meanwhile, the edit is made in that one. Raises UsageError for a text
        that is no UTF-8, or would become too long.
        """
        fresh = self._copy is None
        for _ in range(_TRIES):
            copy = self.copy
            edited = change(_readable(copy))
            if edited.diagnostics or edited.text == copy.text:
                if fresh:
                    return edited, None
            else:
                text = edited.text.encode()
                if len(text) > LONGEST_TEXT:
                    raise UsageError(f"the text would be longer than what can be deployed ({LONGEST_TEXT // 1000} kB)")
                try:
                    return edited, self._keep(copy, text)
                except OperationFailed as failed:
                    if not isinstance(failed.failure, Conflict):
                        raise
            self.look()
            fresh = True
        raise OperationFailed(Conflict(message="somebody edits your working copy without a pause: try again"))

    def _keep(self, copy: CopyText, text: bytes) -> Loaded:
        loaded = self._connection.call(LoadCopy(text=text, base=copy.base, expected=copy.digest))
        self._copy = None
        if loaded.digest == copy_digest(copy.base, text):  # else a password was taken out of it
            self._copy = CopyText(text=text.decode(), base=copy.base, newest=copy.newest, at=copy.at, digest=loaded.digest)
        return loaded


def _readable(copy: CopyText) -> str:
    if copy.digest and copy.digest != copy_digest(copy.base, copy.text.encode()):
        raise UsageError("your working copy is no UTF-8: mend it with `bascule edit`, or `bascule discard` it")
    return copy.text

"""A history that forgets everything with the test."""

from collections.abc import Sequence
from datetime import datetime

from bascule.store.pending import Pending
from bascule.store.revisions import Head, Revision, after
from bascule.system.errors import MachineError


class MemoryHistory:
    """Keeps revisions and a deployment in memory; `stages` is what was kept of deployments, in order."""

    def __init__(self) -> None:
        self._revisions: list[Revision] = []
        self._pending: Pending | None = None
        self.stages: list[str] = []

    def newest(self) -> Revision | None:
        """Return the last."""
        return self._revisions[-1] if self._revisions else None

    def revision(self, number: int) -> Revision | None:
        """Return one of them."""
        return self._revisions[number - 1] if 1 <= number <= len(self._revisions) else None

    def heads(self, most: int) -> Sequence[Head]:
        """Return the last, the newest first."""
        return [
            Head(number=r.number, at=r.at, author=r.author, message=r.message, before=r.before, digest=r.digest)
            for r in self._revisions[::-1][:most]
        ]

    def pending(self) -> Pending | None:
        """Return what was kept."""
        return self._pending

    def keep(self, pending: Pending | None) -> None:
        """Keep this."""
        self._pending = pending
        self.stages.append("none" if pending is None else pending.stage.value)

    def commit(self, text: bytes, *, at: datetime, author: str, message: str) -> Revision:
        """Add a revision, and keep no deployment any more."""
        revision = after(self.newest(), at=at, author=author, message=message, text=text)
        self._revisions.append(revision)
        self._pending = None
        return revision


class FullDisk(MemoryHistory):
    """One that can be written until the test says otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False

    def keep(self, pending: Pending | None) -> None:
        """Keep it, or not."""
        if self.full:
            raise MachineError("write bascule.db", "database or disk is full")
        super().keep(pending)

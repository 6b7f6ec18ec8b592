"""Operations that take their time: each goes on whoever looks, and tells how far it is until somebody has seen its end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from bascule.service.failures import Failure, OperationFailed, Unavailable
from bascule.service.progress import Progress
from bascule.service.results import Deployed

_LOG: Final = logging.getLogger(__name__)
MOST: Final = 64
"""Logins whose last operation is kept."""

AT_ONCE: Final = 2.0
"""Seconds within which most end: so long a browser waits for its answer."""

Told: TypeAlias = Callable[[Progress], None]


class Work:
    """One of them."""

    def __init__(self, what: str, asked: Callable[[Told], Awaitable[Deployed]]) -> None:
        self.what = what
        """As a page calls it: `Deploying`."""
        self.progress: Progress | None = None
        self.done: Deployed | None = None
        self.failure: Failure | None = None
        self._task = asyncio.create_task(self._run(asked))

    @property
    def runs(self) -> bool:
        """Tell whether it goes on."""
        return not self._task.done()

    async def ended(self) -> None:
        """Return when it has ended, or after a while."""
        await asyncio.wait([self._task], timeout=AT_ONCE)

    async def _run(self, asked: Callable[[Told], Awaitable[Deployed]]) -> None:
        try:
            self.done = await asked(self._tell)
        except OperationFailed as failed:
            self.failure = failed.failure
        except Exception:  # noqa: BLE001 - the edge of a task that nobody waits for: a bug must not leave a page that waits for ever
            _LOG.exception("a fault of our own while %s", self.what)
            self.failure = Unavailable(message="a fault of Bascule's own; the log of its web process says where")

    def _tell(self, progress: Progress) -> None:
        self.progress = progress


class Works:
    """The last operation of each login."""

    def __init__(self) -> None:
        self._of: dict[str, Work] = {}

    async def start(self, token: str, what: str, asked: Callable[[Told], Awaitable[Deployed]]) -> Work:
        """Begin one, and return it when it has ended, or after a while."""
        self.forget(token)
        work = self._of[token] = Work(what, asked)
        if len(self._of) > MOST:
            self._of.pop(next(iter(self._of)))
        await work.ended()
        return work

    def of(self, token: str) -> Work | None:
        """Return the last of a login that is not forgotten."""
        return self._of.get(token)

    def forget(self, token: str) -> None:
        """Tell of it no more; what goes on goes on."""
        self._of.pop(token, None)

"""What some look at together: a part of the relays, and its figures.

What changed since the last time goes to all of them as the same bytes, in the form of server-sent events (HTML, 9.2).
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from bascule.service.asking import AsyncClient
from bascule.service.logins import Bearer
from bascule.service.operations import ShowCounters, ShowRelays
from bascule.web.figures import counted, stated

_BEHIND: Final = 32
"""Messages that a slow viewer may be behind; then he is let go, and his browser comes again."""


class Part(NamedTuple):
    """The relays that a page shows."""

    most: int | None = None
    """So many, the first of the text; 0 is none of them, None all."""
    relay: str | None = None
    """This one alone."""


class Viewer:
    """One who looks, and what waits for him."""

    def __init__(self, bearer: Bearer) -> None:
        self.bearer = bearer
        self.waiting: asyncio.Queue[bytes | None] = asyncio.Queue(_BEHIND)

    def tell(self, message: bytes) -> None:
        """Have a message wait for him; whoever is too slow is let go."""
        if self.waiting.full():
            self.end()
        else:
            self.waiting.put_nowait(message)

    def end(self) -> None:
        """Let him go."""
        while self.waiting.full():
            self.waiting.get_nowait()
        self.waiting.put_nowait(None)


class Watch:
    """A part, those who look at it, and what they have been told."""

    def __init__(self, client: AsyncClient, part: Part) -> None:
        self.part = part
        self.viewers: dict[Viewer, None] = {}
        self.known: dict[str, str] = {}
        self._client = client

    async def count(self, bearer: Bearer) -> None:
        """Tell what its relays carry. Raises OperationFailed."""
        if self.part.most != 0:
            asked = ShowCounters(most=self.part.most, relay=self.part.relay, recent=True)
            self.change(counted(await self._client.call(asked, bearer)))

    async def state(self, bearer: Bearer) -> None:
        """Tell how its relays and hosts are. Raises OperationFailed."""
        if self.part.most != 0:
            asked = ShowRelays(most=self.part.most, relay=self.part.relay, recent=True)
            self.change(stated(await self._client.call(asked, bearer)))

    def change(self, figures: Mapping[str, str]) -> None:
        """Tell everybody what is another than before."""
        changed = {key: value for key, value in figures.items() if self.known.get(key) != value}
        if changed:
            self.known |= changed
            self.tell(event("figures", changed))

    def tell(self, message: bytes) -> None:
        """Have everybody hear a message."""
        for viewer in list(self.viewers):
            viewer.tell(message)


def event(name: str, value: Any) -> bytes:
    """Return a message to browsers."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(value))

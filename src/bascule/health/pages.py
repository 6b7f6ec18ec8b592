"""Asks a host for all its health pages: over one connection while the server keeps it, in a time for all of them."""

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import h11

from bascule.config.vdirs import ExchangeCheck, Vdir
from bascule.health.caller import Caller
from bascule.health.conversation import Conversation
from bascule.health.probes.http import MAXIMUM_HEAD, authority, next_event, response
from bascule.health.reasons import ProbeError, quote

MAXIMUM_PAGE: Final = 4096
"""Bytes of a page that are looked at; Exchange's own have less than 300."""

_WELL: Final = re.compile(rb"200 OK(?:\s*<br\s*/?>\s*([A-Za-z0-9._-]{1,255}))?", re.IGNORECASE)
"""What a server that is well says, and its full name behind that."""

_LOGIN: Final = re.compile(rb"<form|password|logon|log in|sign in", re.IGNORECASE)

_OK: Final = 200
_MOVED: Final = range(300, 400)
_REFUSED: Final = 401


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one page."""

    ill: str = ""
    """Why it does not say that all is well; empty where it does."""
    server: str = ""
    """The server that it names."""


class _LetGoError(Exception):
    """The server closed a connection that was kept, before it said anything: as it may at any time (RFC 9112, 9.5)."""


class Pages:
    """One look at the pages of one host.

    A page that is late keeps its own connection, and those behind it get another: a page that hangs takes no other with it.
    """

    def __init__(self, check: ExchangeCheck, caller: Caller) -> None:
        self._check = check
        self._caller = caller
        self._left = deque(check.vdirs)
        self._found: dict[Vdir, Answer] = {}
        self.connected = False
        """TLS was spoken with the server at least once."""

    async def ask(self, seconds: float) -> Mapping[Vdir, Answer]:
        """Return the answer of every page, after so many seconds at most. Raises ProbeError without a connection."""
        loop = asyncio.get_running_loop()
        end, patience = loop.time() + seconds, seconds / (len(self._check.vdirs) + 1)
        workers = {asyncio.create_task(self._work())}
        try:
            while workers and (left := end - loop.time()) > 0:
                known = len(self._found)
                done, workers = await asyncio.wait(
                    workers, timeout=min(patience, left), return_when=asyncio.FIRST_COMPLETED
                )
                for worker in done:
                    self._end(worker)
                if self._left and self.connected and len(self._found) == known:
                    workers.add(asyncio.create_task(self._work()))
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        late = Answer(f"no {self._caller.awaited} within {seconds:.2g} s")
        if not self.connected:
            raise ProbeError(late.ill)
        return {vdir: self._found.get(vdir, late) for vdir in self._check.vdirs}

    def _end(self, worker: asyncio.Task[None]) -> None:
        """Take what a worker could not go on for: no page that is left can be had then."""
        try:
            worker.result()
        except (ProbeError, OSError) as error:
            failure = error if isinstance(error, ProbeError) else ProbeError.from_os(error)
            if failure.ours or not self.connected:
                raise failure from error
            while self._left:
                self._found[self._left.popleft()] = Answer(failure.reason)

    async def _work(self) -> None:
        while self._left:
            async with self._caller.conversation(tls=True, server_name=self._check.host) as conversation:
                self.connected = True
                await self._talk(conversation)

    async def _talk(self, conversation: Conversation) -> None:
        """Ask for page after page, until the connection is of no more use."""
        self._caller.awaited = "health page"
        http = h11.Connection(our_role=h11.CLIENT, max_incomplete_event_size=MAXIMUM_HEAD)
        kept = False
        while self._left:
            vdir = self._left.popleft()
            try:
                self._found[vdir] = await self._page(vdir, http, conversation, kept=kept)
            except _LetGoError:
                self._left.appendleft(vdir)
                return
            except OSError as error:
                self._found[vdir] = Answer(ProbeError.from_os(error).reason)
                return
            except ProbeError as error:
                self._found[vdir] = Answer(error.reason)
                return
            except h11.RemoteProtocolError as error:
                self._found[vdir] = Answer(f"no valid HTTP response: {str(error).partition(':')[0]}")
                return
            if http.our_state is not h11.DONE or http.their_state is not h11.DONE:
                return
            http.start_next_cycle()
            kept = True

    async def _page(self, vdir: Vdir, http: h11.Connection, conversation: Conversation, *, kept: bool) -> Answer:
        try:
            await conversation.send(self._request(vdir, http))
            answer = await response(http, conversation)
        except (OSError, ProbeError):
            if kept and not http.trailing_data[0]:
                raise _LetGoError from None
            raise
        body = bytearray()
        while len(body) < MAXIMUM_PAGE and isinstance(event := await next_event(http, conversation), h11.Data):
            body += event.data[: MAXIMUM_PAGE - len(body)]
        return judge(answer, bytes(body))

    def _request(self, vdir: Vdir, http: h11.Connection) -> bytes:
        headers = [
            ("Host", self._check.host or authority(self._caller.endpoint, tls=True)),
            ("User-Agent", "bascule"),
            ("Accept", "*/*"),
            ("Accept-Encoding", "identity"),
        ]
        try:
            request = h11.Request(method="GET", target=vdir.page, headers=headers)
        except (h11.LocalProtocolError, UnicodeError) as error:
            raise ProbeError(f"no HTTP request can ask for that host: {error}", ours=True) from error
        return (http.send(request) or b"") + (http.send(h11.EndOfMessage()) or b"")


def judge(answer: h11.Response, body: bytes) -> Answer:
    """Return what a page says: anything but status 200 and the text 200 OK is ill."""
    status = answer.status_code
    well = _WELL.search(body)
    if status == _OK and well is not None:
        return Answer(server=(well[1] or b"").decode())
    if status == _OK and _LOGIN.search(body):
        return Answer('HTTP 200 with a login page instead of "200 OK": something in front of Exchange answers')
    if status == _OK:
        return Answer(f'HTTP 200 with "{quote(body)}" instead of "200 OK"')
    if status in _MOVED:
        where = next((value for name, value in answer.headers if name == b"location"), b"")
        return Answer(f"HTTP {status} to {quote(where)}: something in front of Exchange answers")
    if status == _REFUSED:
        return Answer("HTTP 401: a login is asked for, which health pages need not")
    return Answer(f"HTTP {status}")

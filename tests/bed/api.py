"""The REST interface over TLS on loopback, before a service that only pretends: for clients that we did not write."""

import asyncio
import http.client
import json
import logging
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bascule.engines.admin.keys import self_signed
from bascule.service.asking import AsyncClient
from bascule.service.logins import Bearer, Login
from bascule.service.peer import Peer
from bascule.service.permissions import ROLES, Role
from bascule.service.server import Borne, ControlServer, open_listener
from bascule.service.service import Service
from bascule.web.application import application
from bascule.web.pace import Bound
from bascule.web.pacing import Bounds
from bascule.web.server import PageServer, tls_context
from bed.pages import client_context

ROOT: Final = "/api/v1"
HURRIED: Final = Bounds(source=Bound(burst=10_000, rate=1000), login=Bound(burst=10_000, rate=1000))
"""Tests ask as often as they can."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body as JSON has it."""
        return json.loads(self.body)


class Api:
    """Where it is served. A token is the name of a role."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"https://127.0.0.1:{port}"

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = Role.ADMINISTRATOR,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask once; `body` goes as JSON unless it is bytes."""
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        shown = {"authorization": f"Bearer {token}"} if token else {}
        with closing(http.client.HTTPSConnection("127.0.0.1", self.port, context=client_context(), timeout=20)) as line:
            line.request(method, f"{ROOT}{path}", sent, {**shown, **(headers or {})})
            answer = line.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            stream = told.get("content-type", "").startswith("text/event-stream")
            return Answer(answer.status, told, answer.readline() if stream else answer.read())


@contextmanager
def api(service: Service, folder: Path) -> Iterator[Api]:
    """Serve it until the block ends."""
    with ExitStack() as last:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        last.callback(loop.close)
        last.callback(thread.join)
        last.callback(loop.call_soon_threadsafe, loop.stop)

        def done(work: Any) -> Any:
            return asyncio.run_coroutine_threadsafe(work, loop).result(20)

        control = ControlServer(service, recognize=_visitor, note=_unnoted, bear=_borne, log=logging.getLogger("test.api"))
        done(control.start(open_listener(folder / "control.sock")))
        last.callback(lambda: done(control.close()))
        server = PageServer(application(AsyncClient(folder / "control.sock"), bounds=HURRIED))
        keys = self_signed(["localhost"], datetime.now(UTC))
        place = socket.create_server(("127.0.0.1", 0))
        port: int = place.getsockname()[1]
        place.settimeout(0)
        running = asyncio.run_coroutine_threadsafe(server.run(), loop)
        last.callback(lambda: running.result(20))
        last.callback(loop.call_soon_threadsafe, server.end)

        async def opened() -> None:
            server.open(1, place, tls_context(keys.certificate, keys.key))

        done(opened())
        yield Api(port)


async def _visitor(_: Peer) -> Role:
    return Role.VISITOR


async def _unnoted(_: Peer, __: str, ___: str) -> None:
    """Keep no audit log."""


async def _borne(bearer: Bearer) -> Borne | None:
    if bearer.token not in ROLES:
        return None
    return Borne(login=Login(name="somebody", role=Role(bearer.token)), token=bearer.token, source=bearer.source)

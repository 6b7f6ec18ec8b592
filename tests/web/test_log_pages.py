"""What pages say of what happened: also while a firewall logs one packet after another."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from bascule.service.asking import AsyncClient
from bascule.service.deployment import ShowCopy
from bascule.service.events import Event, EventKind, Grade, PacketRow
from bascule.service.local.journal import PACKETS, Journal
from bascule.service.logins import Bearer, Login, ShowLogin
from bascule.service.operations import ShowLog, Status
from bascule.service.permissions import Role
from bascule.service.request import Request
from bascule.service.results import CopyText, Events, Level, StatusReport
from bascule.web.application import application
from bed.asgi import ask


def unwritten(_: Event) -> None:
    """Write it nowhere."""


class Logged:
    """Has a journal, and nothing to deploy."""

    def __init__(self) -> None:
        self.journal = Journal(now=lambda: datetime.now(UTC), write=unwritten)

    async def call(self, request: Request[Any], _: Bearer | None = None, __: Callable[..., None] | None = None) -> Any:
        """Answer."""
        match request:
            case ShowLogin():
                return Login(name="alice", role=Role.ADMINISTRATOR)
            case ShowCopy():
                return CopyText(text="", base=1, newest=1)
            case ShowLog():
                return Events(events=tuple(self.journal.last(request.last)))
            case Status():
                return StatusReport(
                    level=Level.OK,
                    sentence="mail flows",
                    version="1",
                    pid=1,
                    configuration="revision 1",
                    since=datetime.now(UTC),
                    relays=1,
                    relays_active=1,
                    hosts=1,
                    hosts_up=1,
                )
        raise AssertionError(request)

    async def shown(self, path: str) -> str:
        """Return a page."""
        return (await ask(application(cast("AsyncClient", self)), path, cookie="__Host-bascule=token")).text


async def test_a_deployment_that_was_taken_back_is_told_under_a_flood() -> None:
    """As many packets as are kept came since."""
    logged = Logged()
    words = "the deployment of bob was taken back, revision 1 is in effect: nobody committed it in time"
    logged.journal.note(EventKind.CONFIGURATION, words, grade=Grade.WARNING, state="reverted")
    packet = PacketRow(source="198.51.100.7", to="10.2.0.50", protocol="tcp")
    for _ in range(PACKETS):
        logged.journal.packet("a packet", packet, rule="block in")
    assert "nobody committed it in time" in await logged.shown("/configuration/deploy")


@pytest.mark.parametrize(("events", "words"), [(3, "Nothing that fits has happened"), (6000, "among what happened last")])
async def test_what_was_not_looked_at_is_not_said_to_be_nothing(events: int, words: str) -> None:
    """Of more events than a filter is held against, the rest may have one that fits."""
    logged = Logged()
    for _ in range(events):
        logged.journal.note(EventKind.HOST, "a host is up")
    assert words in await logged.shown("/network/log?words=down")

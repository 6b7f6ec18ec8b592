"""The admin server follows the plan; what the machine will not have of it is said once, and nobody waits for it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import pytest

from bascule.config.model import KeyFiles
from bascule.deploy.transaction import RehearsalRefused, deploy
from bascule.engines.admin.keys import self_signed
from bascule.engines.admin.store import KeyStore
from bascule.engines.admin.supervisor import Door, WebProcess
from bascule.plan.model import AdminListener, AdminPlan, Endpoint, Plan
from bascule.service.events import Event
from bascule.service.local.admin import AGAIN, LOOK, AdminServer
from bascule.service.local.journal import Journal
from bascule.system.errors import MachineError
from bed.clock import SteppedClock
from bed.ports import free_ports
from bed.wait import eventually

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD, NEW = (Endpoint(ip_address("127.0.0.1"), port) for port in sorted(free_ports(2)))


class PretendedWeb:
    """Takes what it is given, unless the test says otherwise."""

    def __init__(self) -> None:
        self.trouble = ""
        self.doors: Sequence[Door] = ()

    async def serve(self, doors: Sequence[Door]) -> None:
        """Take it."""
        if self.trouble:
            raise MachineError("have the web process serve the admin pages", self.trouble)
        self.doors = doors

    async def watch(self) -> None:
        """Go on."""
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """End."""
        self.doors = ()


class Desk:
    """An admin server, and everything that comes of it."""

    def __init__(self, state: Path) -> None:
        self.clock, self.web = SteppedClock(), PretendedWeb()
        self.today = START
        self.events: list[Event] = []
        journal = Journal(now=lambda: START, write=self.events.append)
        keys = KeyStore(state, now=lambda: self.today, host_name=lambda: "machine")
        self.admin = AdminServer(cast("WebProcess", self.web), keys, journal, clock=self.clock)

    async def passes(self, seconds: float) -> None:
        """Let time pass."""
        await self.clock.advance(seconds)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Return one that is watched."""
    made = Desk(tmp_path)
    watching = asyncio.create_task(made.admin.watch())
    yield made
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    await made.admin.stop()


def at(*endpoints: Endpoint, passing: Endpoint | None = None, files: KeyFiles | None = None) -> Plan:
    """Return a plan whose admin server is there."""
    listeners = tuple(AdminListener(endpoint=each, passing=each == passing, certificate=files) for each in endpoints)
    return Plan(admin=AdminPlan(listeners=listeners, names=("lb1",)))


async def test_it_follows_the_plan_soon(desk: Desk) -> None:
    """And says where it is, with its certificate."""
    desk.admin.follow(at(OLD))
    await eventually(lambda: desk.admin.open() == {OLD})
    desk.admin.follow(at(OLD, NEW, passing=OLD))
    await eventually(lambda: desk.admin.open() == {OLD, NEW})
    rows = desk.admin.rows(at(OLD, NEW, passing=OLD))
    assert [(row.address, row.port, row.until_commit) for row in rows] == [
        ("127.0.0.1", OLD.port, True),
        ("127.0.0.1", NEW.port, False),
    ]
    assert len({row.fingerprint for row in rows}) == 1
    desk.admin.follow(at(NEW))
    await eventually(lambda: desk.admin.open() == {NEW})
    assert (desk.events, desk.admin.troubles()) == ([], [])


async def test_trouble_is_said_once_and_tried_again(desk: Desk) -> None:
    """Until it is over."""
    desk.web.trouble = "it does not answer"
    desk.admin.follow(at(OLD))
    said = "could not have the web process serve the admin pages: it does not answer"
    await eventually(lambda: bool(desk.admin.troubles()))
    assert desk.admin.troubles() == [said]
    await desk.passes(AGAIN)
    assert [event.words for event in desk.events] == [said]
    desk.web.trouble = ""
    await desk.passes(AGAIN)
    await eventually(lambda: desk.admin.troubles() == [])
    assert desk.admin.open() == {OLD}


async def test_a_deployment_is_refused_where_it_cannot_be(desk: Desk, tmp_path: Path) -> None:
    """What was followed before is followed afterwards."""
    desk.admin.follow(at(OLD))
    await eventually(lambda: desk.admin.open() == {OLD})
    nowhere = at(NEW, files=KeyFiles(str(tmp_path / "cert"), str(tmp_path / "key")))
    with pytest.raises(RehearsalRefused, match="there is no file"):
        async with desk.admin.deployed(nowhere) as around:
            await deploy(around)
    assert desk.admin.open() == {OLD}
    assert desk.admin.troubles() == []
    async with desk.admin.deployed(at(NEW)) as around:
        await deploy(around)
    assert desk.admin.open() == {NEW}


async def test_a_certificate_that_changes_is_shown_and_said(desk: Desk, tmp_path: Path) -> None:
    """Others renew the files that the text names; a broken one leaves the one before."""
    files = KeyFiles(str(tmp_path / "cert"), str(tmp_path / "key"))
    one, other = (self_signed([name], START) for name in ("one", "other"))
    for path, content in ((files.certificate, one.certificate), (files.key, one.key)):
        Path(path).write_bytes(content)
    plan = at(OLD, files=files)
    desk.admin.follow(plan)
    await eventually(lambda: desk.admin.open() == {OLD})
    Path(files.certificate).write_bytes(other.certificate)
    await desk.passes(LOOK)
    await eventually(lambda: bool(desk.admin.troubles()))
    assert "the key is not the certificate's" in desk.admin.troubles()[0]
    assert [row.fingerprint for row in desk.admin.rows(plan)] == [one.fingerprint]
    Path(files.key).write_bytes(other.key)
    await desk.passes(AGAIN)
    await eventually(lambda: [row.fingerprint for row in desk.admin.rows(plan)] == [other.fingerprint])
    assert desk.events[-1].words == f"the admin server's certificate is another one now: SHA-256 {other.fingerprint}"


async def test_our_own_certificate_is_renewed_while_it_runs(desk: Desk) -> None:
    """In time, and said, since administrators compare it."""
    desk.admin.follow(at(OLD))
    await eventually(lambda: desk.admin.open() == {OLD})
    (before,) = desk.admin.rows(at(OLD))
    desk.today = before.ends - timedelta(days=20)
    await desk.passes(LOOK)
    await eventually(lambda: desk.admin.rows(at(OLD))[0].fingerprint != before.fingerprint)
    assert desk.admin.rows(at(OLD))[0].fingerprint in desk.events[-1].words


async def test_after_its_stop_it_is_nowhere(desk: Desk) -> None:
    """Whatever was followed."""
    desk.admin.follow(at(OLD))
    await eventually(lambda: desk.admin.open() == {OLD})
    await desk.admin.stop()
    await desk.passes(LOOK)
    assert (desk.admin.open(), desk.web.doors) == (frozenset(), ())


async def test_one_place_that_cannot_be_keeps_no_other_closed(desk: Desk) -> None:
    """Nor does what is tested wait for what was committed, and never could be opened."""
    with socket.create_server(("127.0.0.1", OLD.port)):
        desk.admin.follow(at(OLD))
        await eventually(lambda: bool(desk.admin.troubles()))
        async with desk.admin.deployed(at(NEW, OLD, passing=OLD)) as around:
            await deploy(around)
        assert desk.admin.open() == {NEW}
        await desk.passes(AGAIN)
        assert desk.admin.open() == {NEW}
        assert [event.words for event in desk.events] == desk.admin.troubles()
    await desk.passes(AGAIN)
    await eventually(lambda: desk.admin.open() == {OLD, NEW})

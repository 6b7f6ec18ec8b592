"""The admin server is where a plan has it: the same with a pretended web process and with a real one."""

import asyncio
import random
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Final

import pytest

from bascule.config.diagnostics import Diagnostic, Severity, Span
from bascule.deploy.transaction import RehearsalRefused, Step, deploy
from bascule.engines.admin.desired import Desired, Wanted
from bascule.engines.admin.engine import Closing, Opening, Places
from bascule.engines.admin.keys import self_signed
from bascule.engines.admin.supervisor import Door, WebProcess
from bascule.plan.model import Endpoint
from bascule.system.children import OwnChildren
from bascule.system.clock import SystemClock
from bascule.system.errors import MachineError
from bascule.web.server import tls_context
from bed.pages import client_context
from bed.ports import free_ports

ONE, OTHER = (self_signed([name], datetime.now(UTC)) for name in ("one", "other"))
STEPS: Final = 12


class PretendedWeb:
    """Answers as a web process does, in this process; refuses when it is told to."""

    def __init__(self) -> None:
        self.trouble: MachineError | None = None
        self._servers: dict[int, asyncio.Server] = {}

    async def serve(self, doors: Sequence[Door]) -> None:
        """Answer at these places, unless there is trouble."""
        if self.trouble is not None:
            raise self.trouble
        wanted = {listener.number: (listener, held) for listener, held in doors}
        for number in self._servers.keys() - wanted.keys():
            self._servers.pop(number).close()
        for number, (listener, held) in wanted.items():
            if number not in self._servers:
                tls = tls_context(listener.certificate, listener.key)
                self._servers[number] = await asyncio.start_server(_hang_up, sock=held.dup(), ssl=tls)

    async def stop(self) -> None:
        """Answer nowhere."""
        for server in self._servers.values():
            server.close()


async def _hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        writer.close()
        await writer.wait_closed()


class Rig:
    """The engines over one web process."""

    def __init__(self, web: PretendedWeb | WebProcess) -> None:
        self.web = web
        self.places = Places(web)
        self.opening, self.closing = Opening(self.places), Closing(self.places)

    async def become(self, *wanted: Wanted, proxied: frozenset[Endpoint] = frozenset()) -> Sequence[Diagnostic]:
        """Deploy it."""
        desired = Desired(places=wanted, proxied=proxied, ours=proxied)
        return await deploy([Step(self.opening, desired), Step(self.closing, desired)])

    async def met(self, *endpoints: Endpoint) -> list[str]:
        """Return whose certificate a new session meets at each place; empty where nobody answers."""
        return [await asyncio.to_thread(_met, endpoint) for endpoint in endpoints]


def _met(endpoint: Endpoint) -> str:
    try:
        with (
            socket.create_connection((str(endpoint.address), endpoint.port), timeout=10) as plain,
            client_context().wrap_socket(plain) as tls,
        ):
            shown = ssl.DER_cert_to_PEM_cert(tls.getpeercert(binary_form=True) or b"").encode()
    except ConnectionRefusedError:
        return ""
    return "one" if shown == ONE.certificate else "other"


@pytest.fixture(params=["pretended", "real"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """Return engines with nothing open."""
    web: Any = (
        PretendedWeb()
        if request.param == "pretended"
        else WebProcess(clock=SystemClock(), died=lambda _: None, starts=OwnChildren())
    )
    made = Rig(web)
    yield made
    await web.stop()
    made.places.close()


def place(port: int, address: str = "127.0.0.1") -> Endpoint:
    """Return a place."""
    return Endpoint(ip_address(address), port)


@asynccontextmanager
async def taken(port: int) -> AsyncIterator[None]:
    """Have another program listen on a port meanwhile."""
    with socket.create_server(("127.0.0.1", port)):
        yield


async def test_walks_between_plans_end_where_they_should(rig: Rig) -> None:
    """After each step every place answers with its certificate, or does not; and doing it again does nothing."""
    seed = random.SystemRandom().randrange(1 << 32)
    print("seed", seed)  # noqa: T201 - shown with a failure
    chance = random.Random(seed)
    ports = free_ports(3)
    endpoints = [place(ports[0]), place(ports[1]), place(ports[1], "127.0.0.2"), place(ports[2], "0.0.0.0")]
    for _ in range(STEPS):
        chosen = {each: chance.choice(["one", "other", ""]) for each in endpoints}
        wanted = [Wanted(each, ONE if name == "one" else OTHER) for each, name in chosen.items() if name]
        await rig.become(*wanted)
        assert await rig.met(*endpoints) == list(chosen.values())
        for engine in (rig.opening, rig.closing):
            assert not engine.difference(Desired(places=tuple(wanted)), await engine.observe())


async def test_both_answer_between_opening_and_closing(rig: Rig) -> None:
    """The new place first, the old one last."""
    old, new = map(place, free_ports(2))
    await rig.become(Wanted(old, ONE))
    desired = Desired(places=(Wanted(new, ONE),))
    await rig.opening.apply(rig.opening.difference(desired, await rig.opening.observe()))
    assert await rig.met(old, new) == ["one", "one"]
    await rig.closing.apply(rig.closing.difference(desired, await rig.closing.observe()))
    assert await rig.met(old, new) == ["", "one"]


async def test_an_address_of_its_own_opens_beside_every_address(rig: Rig) -> None:
    """And the other way round: they are ours, both."""
    (port,) = free_ports(1)
    every, own = place(port, "0.0.0.0"), place(port, "127.0.0.3")
    await rig.become(Wanted(every, ONE))
    await rig.become(Wanted(every, ONE), Wanted(own, OTHER))
    assert await rig.met(place(port), own) == ["one", "other"]
    await rig.become(Wanted(own, OTHER))
    assert await rig.met(place(port), own) == ["", "other"]
    await rig.become(Wanted(every, ONE))
    assert await rig.met(place(port), own) == ["one", "one"]


async def test_a_place_where_the_proxy_will_listen_closes_first(rig: Rig) -> None:
    """Whoever comes there is shared out among its sockets."""
    old, new = map(place, free_ports(2))
    await rig.become(Wanted(old, ONE))
    desired = Desired(places=(Wanted(new, ONE),), proxied=frozenset({old}))
    changes = rig.opening.difference(desired, await rig.opening.observe())
    assert changes.closes == (old,)
    await rig.opening.apply(changes)
    assert await rig.met(old, new) == ["", "one"]


async def test_an_address_that_is_not_here_yet_is_no_obstacle(rig: Rig) -> None:
    """It may come later."""
    (port,) = free_ports(1)
    assert await rig.become(Wanted(place(port, "192.0.2.1"), ONE)) == []


async def test_a_port_of_another_program_is_refused_before_anything_changes(rig: Rig) -> None:
    """At its line, with the command that names who has it."""
    old, new = map(place, free_ports(2))
    await rig.become(Wanted(old, ONE))
    async with taken(new.port):
        with pytest.raises(RehearsalRefused) as refused:
            await rig.become(Wanted(new, ONE, span=Span(line=7)))
    (said,) = refused.value.diagnostics
    assert (said.severity, said.span.line) == (Severity.ERROR, 7)
    assert said.message == f"the admin server cannot listen on {new}: another program listens on that port"
    assert said.hint == f"`ss -ltnp sport = :{new.port}` names it"
    assert await rig.met(old) == ["one"]


async def test_a_port_that_is_taken_after_the_rehearsal_is_a_typed_error(rig: Rig) -> None:
    """By step and cause; what was there is there."""
    old, new = map(place, free_ports(2))
    await rig.become(Wanted(old, ONE))
    changes = rig.opening.difference(Desired(places=(Wanted(new, ONE),)), await rig.opening.observe())
    async with taken(new.port):
        with pytest.raises(MachineError, match=f"open the admin server on {new}: Address already in use"):
            await rig.opening.apply(changes)
    assert await rig.met(old, new) == ["one", ""]


async def test_a_certificate_that_is_none_is_refused(rig: Rig) -> None:
    """In the rehearsal, and where it is skipped."""
    (port,) = free_ports(1)
    flawed = Wanted(place(port), None, "/a and /b cannot be used: there is no file /a", Span(line=3))
    with pytest.raises(RehearsalRefused, match="there is no file /a"):
        await rig.become(flawed)
    with pytest.raises(MachineError, match=r"show a certificate on .*: /a and /b cannot be used"):
        await rig.places.become([flawed])
    assert await rig.met(place(port)) == [""]


async def test_restore_brings_back_what_was_observed(rig: Rig) -> None:
    """Places and certificates, closed ones too."""
    first, second, third = map(place, free_ports(3))
    await rig.become(Wanted(first, ONE), Wanted(second, OTHER))
    snapshot = await rig.closing.observe()
    await rig.become(Wanted(second, ONE), Wanted(third, ONE))
    await rig.closing.restore(snapshot)
    assert await rig.met(first, second, third) == ["one", "other", ""]


async def test_a_web_process_that_will_not_changes_nothing() -> None:
    """Nor is a socket left open."""
    web = PretendedWeb()
    rig = Rig(web)
    old, new = map(place, free_ports(2))
    await rig.become(Wanted(old, ONE))
    web.trouble = MachineError("have the web process serve the admin pages", "it does not answer")
    with pytest.raises(MachineError, match="it does not answer"):
        await rig.become(Wanted(new, ONE))
    web.trouble = None
    assert await rig.met(old, new) == ["one", ""]
    assert rig.places.shown() == {old: ONE}
    await rig.become()
    await web.stop()

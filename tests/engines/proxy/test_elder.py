"""A worker of another version: what it understands for ever, and that an upgrade loses no session and refuses no client."""

import asyncio
import contextlib
import hashlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from bascule.engines.proxy.desired import ProxyPlan
from bascule.engines.proxy.elder import Carrying, ElderHost, ElderRelay, FromElder, Load, number_of, socket_name
from bascule.engines.proxy.engine import ProxyEngine
from bascule.engines.proxy.listening import listening_socket
from bascule.engines.proxy.wire import (
    VERSION,
    AskStatus,
    Busy,
    Done,
    Follow,
    FromParent,
    FromWorker,
    Listeners,
    Place,
    ProxyRelay,
    Stop,
    Wire,
)
from bascule.plan.model import HostState
from bascule.system.channel import encode
from bascule.system.children import OwnChildren
from bascule.system.clock import SystemClock
from bascule.system.errors import MachineError
from bed.proxy import Parent, Rig, client, echo, host, refusing, relay, serving
from bed.wait import until

WIRE: Final = {2: "7dfc87a6", 3: "7d252c30", 4: "0d63d07b"}
"""The first digits of the digest of each version's messages."""

FROZEN: Final = {
    Follow(relays=()): "00000016 01 82 a474797065 a6666f6c6c6f77 a672656c617973 90",
    AskStatus(): "00000012 01 81 a474797065 aa61736b2d737461747573",
    Stop(): "0000000c 01 81 a474797065 a473746f70",
    Busy(): "0000000c 01 81 a474797065 a462757379",
    Done(): "0000000c 01 81 a474797065 a4646f6e65",
    Listeners(listens=(Place("10.0.0.1", 443),)): (
        "00000027 01 82 a474797065 a96c697374656e657273 a76c697374656e73 91 92 a831302e302e302e31 cd01bb"
    ),
}
"""Frames that workers of every version understand, or say."""

ALIEN: Final = """
import sys
from msgspec import Struct
from bascule.engines.proxy import control, wire, worker
from bascule.roles import proxy

class Host(Struct):
    colour: str
    state: str
    place: wire.Place

class Relay(Struct):
    hosts: tuple[Host, ...]
    novelty: dict[str, int]
    name: str

class Holding(Struct, tag="holding"):
    weather: str
    pid: int
    listens: tuple[wire.Place, ...]
    relays: tuple[Relay, ...]

class Status(Struct, tag="status"):
    novelty: tuple[int, ...]
    sessions: int

class Alien(worker.Worker):
    def holding(self):
        told = super().holding()
        relays = tuple(
            Relay(tuple(Host("red", host.state, host.place) for host in each.hosts), {"a": 1}, each.name)
            for each in told.relays
        )
        return Holding("fine", told.pid, told.listens, relays)

    def status(self):
        return Status((1, 2), super().status().sessions)

proxy.Worker = Alien
control.FromParent = wire.Listeners | wire.Follow | wire.AskStatus | wire.Stop
sys.exit(proxy.main(sys.argv[1:]))
"""
"""A worker whose messages are ours in nothing but the part that never changes, and which takes no other question."""
FAILING = (sys.executable, "-c", "raise SystemExit(7)")


class Elder:
    """A worker of another version as a process, with one relay to carry and no parent any more."""

    def __init__(self, process: "subprocess.Popen[bytes]", path: Path, plan: ProxyRelay) -> None:
        self.process = process
        self.path = path
        self.plan = plan
        self.place = plan.listens[0]


@contextmanager
def _elder(directory: Path, server: Place) -> Iterator[Elder]:
    """Run a worker of another version as worker 1 of a directory."""
    path = directory / f"proxy-1.v{VERSION + 7}.sock"
    place = refusing()
    plan = relay(place, [host(server)])
    with subprocess.Popen([sys.executable, "-c", ALIEN, "--socket", str(path)]) as process:
        try:
            parent = until(lambda: _parent(path), what="the worker answers")
            assert parent is not None
            assert isinstance(parent.next(), Carrying)
            with listening_socket(place) as listener:
                parent.follow(plan, listeners={place: listener})
            parent.close()
            yield Elder(process, path, plan)
        finally:
            process.kill()


def _parent(path: Path) -> Parent | None:
    try:
        parent = Parent(path)
    except (ConnectionRefusedError, FileNotFoundError):
        return None
    parent.wire = Wire[Any](parent.wire.connection, FromElder)
    return parent


@pytest.fixture
def server() -> Iterator[Place]:
    """Run an echo server."""
    with serving(echo) as place:
        yield place


@pytest.fixture
def elder(directory: Path, server: Place) -> Iterator[Elder]:
    """Run a worker of another version."""
    with _elder(directory, server) as elder:
        yield elder


@pytest.fixture
def said() -> list[str]:
    """Return what the engine reports."""
    return []


@pytest.fixture
async def engine(directory: Path, said: list[str]) -> AsyncIterator[ProxyEngine]:
    """Return an engine of our version for the same directory; its workers end with the test."""
    engine = ProxyEngine(directory, report=said.append, clock=SystemClock(), starts=OwnChildren())
    yield engine
    await engine.stop_workers()


async def _upgrade(engine: ProxyEngine, *relays: ProxyRelay) -> None:
    """Deploy as a new parent does."""
    desired = ProxyPlan(relays=relays)
    changes = engine.difference(desired, await engine.observe())
    assert not await engine.rehearse(changes)
    await engine.apply(changes)
    assert not engine.difference(desired, await engine.observe())


async def _speaks(connection: socket.socket) -> bool:
    connection.sendall(b"x")
    return await asyncio.to_thread(connection.recv, 1) == b"x"


async def _ended(elder: Elder) -> None:
    await asyncio.to_thread(elder.process.wait, 10)
    assert not elder.path.exists()


async def test_an_upgrade_keeps_sessions_and_serves_new_clients(
    engine: ProxyEngine, elder: Elder, said: list[str], directory: Path
) -> None:
    """Sessions stay with the old worker, which ends with the last of them; whoever comes is the new one's."""
    with client(elder.place) as first, client(elder.place) as second:
        assert await _speaks(first)
        assert await _speaks(second)
        await _upgrade(engine, elder.plan)
        (event,) = said
        assert event.startswith(f"proxy worker 1 (process {elder.process.pid}), of another version")
        assert event.endswith("carries its sessions to their end: 2")
        with client(elder.place) as new:
            assert await _speaks(new)
            assert await _speaks(first)
            assert await _speaks(second)
            counts = await engine.status()
            assert [(each.accepted, each.hosts[0].sessions) for each in counts.relays] == [(1, 1)]
        assert (directory / socket_name(1)).is_socket()
        first.close()
        assert await _speaks(second)
    await _ended(elder)


async def test_nobody_is_refused_meanwhile(engine: ProxyEngine, elder: Elder) -> None:
    """Clients that connect without a pause all get through to a server."""
    over, served = threading.Event(), 0

    def traffic() -> None:
        nonlocal served
        while not over.is_set():
            with client(elder.place) as connection:
                connection.sendall(b"x")
                assert connection.recv(1) == b"x"
            served += 1

    going_on = asyncio.create_task(asyncio.to_thread(traffic))
    await asyncio.to_thread(until, lambda: served > 20, what="clients are served")
    await _upgrade(engine, elder.plan)
    before = served
    await asyncio.to_thread(until, lambda: served > before + 20, what="clients are served again")
    over.set()
    await going_on
    await _ended(elder)


async def test_without_a_plan_for_it_the_worker_ends_all_the_same(engine: ProxyEngine, elder: Elder) -> None:
    """Where the new configuration has nothing for the proxy, sessions go on and the port is free."""
    with client(elder.place) as connection:
        assert await _speaks(connection)
        await _upgrade(engine)
        assert await _speaks(connection)
        with pytest.raises(ConnectionRefusedError):
            client(elder.place)
    await _ended(elder)


@pytest.mark.usefixtures("elder")
async def test_its_word_on_hosts_is_taken(engine: ProxyEngine, server: Place) -> None:
    """The hosts that it gave clients to count as up until they are checked."""
    assert (await engine.observe()).states() == {("R", server): HostState.UP}


async def test_it_goes_on_where_nothing_is_deployed(engine: ProxyEngine, elder: Elder, said: list[str]) -> None:
    """A parent that only looked leaves it as it was: listening, with its sessions."""
    with client(elder.place) as connection:
        assert await _speaks(connection)
        await engine.observe()
        engine.leave_workers()
        assert await _speaks(connection)
        with client(elder.place) as other:
            assert await _speaks(other)
    assert not said


async def test_it_goes_on_where_the_upgrade_fails(elder: Elder, directory: Path) -> None:
    """Where no new worker starts, what was done is taken back and the old one listens as before."""
    failing = ProxyEngine(directory, report=print, clock=SystemClock(), starts=OwnChildren(FAILING))
    snapshot = await failing.observe()
    with pytest.raises(MachineError, match="ended with status 7"):
        await failing.apply(failing.difference(ProxyPlan(relays=(elder.plan,)), snapshot))
    await failing.restore(snapshot)
    failing.leave_workers()
    with client(elder.place) as connection:
        assert await _speaks(connection)


async def test_clear_reaches_it_after_its_retirement(engine: ProxyEngine, elder: Elder, directory: Path) -> None:
    """It is found by its socket, and its last sessions are reset."""
    with client(elder.place) as connection:
        assert await _speaks(connection)
        await _upgrade(engine, elder.plan)
        assert await engine.stop_workers() == 2
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    await _ended(elder)
    assert not list(directory.iterdir())


async def test_the_socket_of_a_dead_one_is_removed(engine: ProxyEngine, directory: Path) -> None:
    """Nobody would take that name again."""
    path = directory / "proxy-3.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    await engine.observe()
    assert not path.exists()


def test_what_is_said_in_all_versions_never_changes() -> None:
    """These are the very bytes, and they are understood."""
    for message, frozen in FROZEN.items():
        frame = bytes.fromhex(frozen)
        assert encode(message) == frame, message
        kind = FromParent if isinstance(message, Follow | AskStatus | Stop) else FromElder
        assert msgspec.msgpack.decode(frame[5:], type=kind) == message


def test_a_worker_of_this_version_can_be_an_elder_itself(rig: Rig, server: Place) -> None:
    """Its first words and its status tell a parent of any version what it must know, and the frozen requests end it."""
    place = rig.carry(server)
    rig.parent.close()
    parent = until(lambda: _parent(rig.path), what="the worker answers")
    assert parent is not None
    relays = (ElderRelay(name="R", hosts=(ElderHost(place=server, state="up"),)),)
    first: object = parent.next()
    assert first == Carrying(pid=rig.pid, relays=relays, listens=(place,))
    listeners: Any = parent.next()
    for _, listener in parent.wire.take(listeners):
        listener.close()
    with client(place) as connection:
        connection.sendall(b"x")
        assert connection.recv(1) == b"x"
        for request, answer in ((Follow(relays=()), Done()), (AskStatus(), Load(sessions=1))):
            os.write(parent.wire.connection.fileno(), bytes.fromhex(FROZEN[request]))
            assert parent.next() == answer
        os.write(parent.wire.connection.fileno(), bytes.fromhex(FROZEN[Stop()]))
        assert parent.next() is None
        with contextlib.suppress(ConnectionResetError):
            assert not connection.recv(1)
    parent.close()


def test_a_change_of_the_wire_makes_a_version() -> None:
    """Whoever changes a message raises `VERSION` and notes the digest here, or workers left by others misunderstand."""
    _, schemas = msgspec.json.schema_components([FromWorker, FromParent], ref_template="{name}")
    digest = hashlib.sha256(msgspec.json.encode(_bare(schemas), order="sorted")).hexdigest()
    assert WIRE.get(VERSION) == digest[:8]


def _bare(schema: Any) -> Any:
    """Return a schema without its words for people."""
    if isinstance(schema, dict):
        return {key: _bare(each) for key, each in schema.items() if key not in ("description", "title")}
    return [_bare(each) for each in schema] if isinstance(schema, list | tuple) else schema


@pytest.mark.parametrize(("name", "number"), [("proxy-1.sock", 1), ("proxy-12.v3.sock", 12), ("proxy-x.sock", 0)])
def test_names(name: str, number: int) -> None:
    """A worker's number is read from its socket's name, whatever its version."""
    assert number_of(Path("/run") / name) == number
    assert number_of(Path(socket_name(number or 1))) == (number or 1)

"""The engine makes workers carry what is wanted, and neither its own end nor a worker's is an outage."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from bascule.config.diagnostics import Span
from bascule.engines.proxy.desired import ProxyPlan
from bascule.engines.proxy.elder import socket_name
from bascule.engines.proxy.engine import ProxyEngine
from bascule.engines.proxy.listening import listening_socket
from bascule.engines.proxy.wire import Place, ProxyRelay
from bascule.system.children import OwnChildren
from bascule.system.clock import SystemClock
from bascule.system.errors import MachineError
from bed.proxy import client, echo, host, refusing, relay, runtime_directory, serving
from bed.wait import until

PARENT = """
import asyncio, sys
from pathlib import Path
import msgspec
from bascule.engines.proxy.desired import ProxyPlan
from bascule.engines.proxy.engine import ProxyEngine
from bascule.engines.proxy.wire import ProxyRelay
from bascule.system.children import OwnChildren
from bascule.system.clock import SystemClock

async def parent() -> None:
    relay = msgspec.json.decode(sys.argv[2], type=ProxyRelay)
    engine = ProxyEngine(Path(sys.argv[1]), report=print, clock=SystemClock(), starts=OwnChildren())
    await engine.apply(engine.difference(ProxyPlan(relays=(relay,), workers=2), await engine.observe()))
    print("ready", flush=True)
    await asyncio.sleep(3600)

asyncio.run(parent())
"""
FAILING = (sys.executable, "-c", "raise SystemExit(7)")


class Events(list[str]):
    """What was reported, in order."""

    async def told(self, words: str) -> None:
        """Wait until something with these words was reported."""
        await asyncio.to_thread(until, lambda: any(words in event for event in self), what=words)


@pytest.fixture
def events() -> Events:
    """Return what the engine reports."""
    return Events()


@pytest.fixture
async def engine(directory: Path, events: Events) -> AsyncIterator[ProxyEngine]:
    """Return an engine whose workers end with the test."""
    engine = ProxyEngine(directory, report=events.append, clock=SystemClock(), starts=OwnChildren(), log=directory / "log")
    yield engine
    await engine.stop_workers()
    log = directory / "log"
    assert not log.exists() or log.read_text() == ""


@pytest.fixture
def server() -> Iterator[Place]:
    """Run an echo server."""
    with serving(echo) as place:
        yield place


async def _have(engine: ProxyEngine, *relays: ProxyRelay, workers: int = 1) -> None:
    """Make the machine so, and see that it is."""
    desired = ProxyPlan(relays=relays, workers=workers)
    changes = engine.difference(desired, await engine.observe())
    assert not await engine.rehearse(changes)
    await engine.apply(changes)
    assert not engine.difference(desired, await engine.observe())


@contextlib.contextmanager
def _parent(directory: Path, plan: ProxyRelay) -> Iterator["subprocess.Popen[str]"]:
    """Run a parent of two workers as a process of its own."""
    argv = [sys.executable, "-c", PARENT, str(directory), msgspec.json.encode(plan).decode()]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        yield parent


def _workers_in(directory: Path) -> list[Path]:
    return list(directory.glob("proxy-*.sock"))


def _streams(pid: int) -> list[str]:
    return [str(Path(f"/proc/{pid}/fd/{number}").readlink()) for number in range(3)]


def _echoes(place: Place) -> bool:
    with client(place) as connection:
        connection.sendall(b"x")
        return connection.recv(1) == b"x"


def _pids(directory: Path) -> set[int]:
    """Return the processes that serve the sockets in the directory, as /proc knows them."""
    wanted = {str(path) for path in _workers_in(directory)}
    found = set()
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if wanted & set(entry.read_text().split("\0")):
                found.add(int(entry.parent.name))
    return found


async def test_a_plan_is_carried_and_taken_away(engine: ProxyEngine, directory: Path, server: Place) -> None:
    """Two workers share a port; without relays both end, and the port is free."""
    place = refusing()
    await _have(engine, relay(place, [host(server)]), workers=2)
    for _ in range(20):
        assert await asyncio.to_thread(_echoes, place)
    counts = await engine.status()
    assert counts.workers == 2
    assert [(named.accepted, named.hosts[0].opened) for named in counts.relays] == [(20, 20)]
    await _have(engine)
    until(lambda: not _workers_in(directory), what="the workers end")
    with pytest.raises(ConnectionRefusedError):
        client(place)


async def test_the_same_plan_again_changes_nothing(engine: ProxyEngine, server: Place) -> None:
    """There is nothing to rehearse and nothing to apply."""
    wanted = ProxyPlan(relays=(relay(refusing(), [host(server)]),), workers=1)
    await engine.apply(engine.difference(wanted, await engine.observe()))
    assert not engine.difference(wanted, await engine.observe())


async def test_workers_more_and_fewer(engine: ProxyEngine, server: Place) -> None:
    """Sessions of a worker that is no longer wanted go on; wanted again, it is taken back."""
    place = refusing()
    plan = relay(place, [host(server)])
    await _have(engine, plan, workers=3)
    with contextlib.ExitStack() as clients:
        connections = [clients.enter_context(client(place)) for _ in range(12)]
        for workers in (1, 3, 2):
            await _have(engine, plan, workers=workers)
            for connection in connections:
                connection.sendall(b"x")
                assert await asyncio.to_thread(connection.recv, 1) == b"x"
    assert (await engine.status()).workers == 2


async def test_rehearsal_names_what_is_in_the_way(engine: ProxyEngine, server: Place) -> None:
    """A taken port and a foreign address are told with the relay's place in the text, and nothing is started."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = Place("127.0.0.1", other.getsockname()[1])
        foreign = Place("192.0.2.1", 8443)
        desired = ProxyPlan(
            relays=(relay(taken, [host(server)], name="one"), relay(foreign, [host(server)], name="two")),
            workers=2,
            spans={taken: Span(line=3), foreign: Span(line=9)},
        )
        changes = engine.difference(desired, await engine.observe())
        found = await engine.rehearse(changes)
        assert [(diagnostic.span.line, diagnostic.message.split(": ")[0]) for diagnostic in found] == [
            (3, f'relay "one" cannot listen on {taken}'),
            (9, f'relay "two" cannot listen on {foreign}'),
        ]
        with pytest.raises(MachineError, match="Address already in use"):
            await engine.apply(changes)
        assert not (await engine.observe()).workers


async def test_restore_brings_back_what_was(engine: ProxyEngine, server: Place) -> None:
    """A deployment that is taken back leaves the relays of before, and their sessions."""
    place, later = refusing(), refusing("127.0.3.3")
    before = relay(place, [host(server)], name="before")
    await _have(engine, before)
    snapshot = await engine.observe()
    with client(place) as connection:
        await _have(engine, before, relay(later, [host(server)], name="later"), workers=2)
        assert await asyncio.to_thread(_echoes, later)
        await engine.restore(snapshot)
        assert await engine.observe() == snapshot
        connection.sendall(b"x")
        assert connection.recv(1) == b"x"
        with pytest.raises(ConnectionRefusedError):
            client(later)


async def test_a_worker_that_ends_while_it_is_met_is_none(engine: ProxyEngine, directory: Path) -> None:
    """One that was released may end with its last session at the very moment in which we connect."""

    async def ends(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_unix_server(ends, directory / socket_name(1)):
        assert (await engine.observe()).workers == {}


async def test_a_worker_that_talks_nonsense_is_told(engine: ProxyEngine, directory: Path) -> None:
    """It may hold listeners that clients wait at, so it is not passed over."""

    async def talks(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes(64))
        writer.close()

    async with await asyncio.start_unix_server(talks, directory / socket_name(1)):
        with pytest.raises(MachineError, match="it does not answer"):
            await engine.observe()


async def test_a_killed_worker_is_replaced_and_nobody_is_refused(
    engine: ProxyEngine, events: Events, directory: Path, server: Place
) -> None:
    """Clients that come while no worker lives wait for the next one."""
    place = refusing()
    await _have(engine, relay(place, [host(server)]))
    stop, failures, served = threading.Event(), [], []

    def traffic() -> None:
        while not stop.is_set():
            try:
                with client(place) as connection:
                    connection.settimeout(10)
                    connection.sendall(b"x")
                    served.append(connection.recv(1))
            except ConnectionRefusedError as error:
                failures.append(error)
            except ConnectionResetError:
                continue  # it was the dead worker's session

    clients = threading.Thread(target=traffic)
    clients.start()
    (pid,) = _pids(directory)
    os.kill(pid, signal.SIGKILL)
    await events.told("is now process")
    before = len(served)
    await asyncio.to_thread(until, lambda: len(served) >= before + 20, what="clients are served again")
    stop.set()
    await asyncio.to_thread(clients.join)
    assert not failures
    assert f"proxy worker 1 (process {pid}) does not answer any more" in events
    assert _pids(directory) != {pid}


async def test_sessions_outlive_a_parent_that_is_killed(engine: ProxyEngine, directory: Path, server: Place) -> None:
    """Its workers carry on; the next parent finds nothing to change, and the very same sessions and doors."""
    place = refusing()
    plan = relay(place, [host(server)])
    with _parent(directory, plan) as parent, contextlib.ExitStack() as clients:
        connections = [clients.enter_context(client(place)) for _ in range(8)]
        workers = _pids(directory)
        parent.kill()
        parent.wait()
        assert await asyncio.to_thread(_echoes, place)
        observed = await engine.observe()
        assert not engine.difference(ProxyPlan(relays=(plan,), workers=2), observed)
        assert _pids(directory) == workers
        for connection in connections:
            connection.sendall(b"x")
            assert await asyncio.to_thread(connection.recv, 1) == b"x"


async def test_the_next_parent_can_replace_a_worker_too(
    engine: ProxyEngine, events: Events, directory: Path, server: Place
) -> None:
    """What it took over suffices for a replacement: the door was never shut."""
    place = refusing()
    await _have(engine, relay(place, [host(server)]))
    engine.leave_workers()
    following = ProxyEngine(
        directory, report=events.append, clock=SystemClock(), starts=OwnChildren(), log=directory / "log"
    )
    await following.observe()
    (pid,) = _pids(directory)
    os.kill(pid, signal.SIGKILL)
    assert await asyncio.to_thread(_echoes, place)
    await events.told("is now process")
    following.leave_workers()


async def test_two_parents_at_once(engine: ProxyEngine, directory: Path, server: Place) -> None:
    """The second is told that there is another, and disturbs nothing."""
    place = refusing()
    await _have(engine, relay(place, [host(server)]))
    second = ProxyEngine(directory, report=print, clock=SystemClock(), starts=OwnChildren())
    with pytest.raises(MachineError, match="another instance"):
        await second.observe()
    assert await asyncio.to_thread(_echoes, place)


async def test_a_worker_holds_nothing_of_its_parents(engine: ProxyEngine, directory: Path, server: Place) -> None:
    """No terminal, no output, no session: nothing that ends with the parent can end the worker."""
    await _have(engine, relay(refusing(), [host(server)]))
    (pid,) = _pids(directory)
    assert os.getsid(pid) == pid
    assert _streams(pid) == ["/dev/null", str(directory / "log"), str(directory / "log")]


async def test_stopping_takes_everything_away(engine: ProxyEngine, directory: Path, server: Place) -> None:
    """Workers that were released and still have sessions end as well."""
    place = refusing()
    await _have(engine, relay(place, [host(server)]))
    with client(place) as connection:
        connection.sendall(b"x")
        assert await asyncio.to_thread(connection.recv, 1) == b"x"
        await _have(engine)
        await engine.stop_workers()
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert not _workers_in(directory)
    assert not _pids(directory)


async def test_a_worker_that_cannot_start(events: Events) -> None:
    """The step and the exit status are told, and the listening sockets are closed again."""
    place = refusing()
    with runtime_directory() as directory:
        engine = ProxyEngine(
            directory,
            report=events.append,
            clock=SystemClock(),
            starts=OwnChildren(FAILING),
        )
        changes = engine.difference(ProxyPlan(relays=(relay(place, []),)), await engine.observe())
        with pytest.raises(MachineError, match="start proxy worker 1: it ended with status 7"):
            await engine.apply(changes)
    with pytest.raises(ConnectionRefusedError):
        client(place)
    listening_socket(place).close()

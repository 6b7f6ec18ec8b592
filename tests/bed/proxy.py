"""A proxy worker under test: as a process or a thread, a parent that speaks to it, and servers that do as they are told."""

import contextlib
import os
import random
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from struct import Struct
from typing import Any, Final, TypeAlias, TypeVar

from bascule.config.model import Mode
from bascule.engines.proxy.choice import packed_slots
from bascule.engines.proxy.listening import listening_socket
from bascule.engines.proxy.wire import (
    AskStatus,
    Done,
    Follow,
    FromWorker,
    Holding,
    HostCounts,
    Listeners,
    Observe,
    Place,
    ProxyHost,
    ProxyRelay,
    ProxySource,
    Status,
    Stop,
    Wire,
    in_batches,
)
from bascule.engines.proxy.worker import Worker
from bascule.plan.model import HostState
from bascule.plan.selection import SLOTS
from bascule.roles.proxy import control_socket
from bed.wait import until

ROLE: Final = (sys.executable, "-m", "bascule", "role", "proxy")
PATIENCE: Final = 20.0

Answered = TypeVar("Answered", Holding, Done, Status, Listeners)
Script: TypeAlias = Callable[[socket.socket], None]
"""What a server does with one connection, which is closed afterwards."""

_LINGER: Final = Struct("ii").pack(1, 0)


def reset(connection: socket.socket) -> None:
    """Close a connection with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    connection.close()


def echo(connection: socket.socket) -> None:
    """Send back what comes, until its end."""
    while data := connection.recv(1 << 18):
        connection.sendall(data)


def says(text: bytes) -> Script:
    """Return a server that speaks first, and then sends back what comes."""

    def script(connection: socket.socket) -> None:
        connection.sendall(text)
        echo(connection)

    return script


@contextmanager
def serving(script: Script, address: str = "127.0.0.1") -> Iterator[Place]:
    """Run a server of threads on a free port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, 0), family=family, backlog=1024)

    def one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):  # a client may leave as it likes
            script(connection)

    def every() -> None:
        with contextlib.suppress(OSError):  # the listener was closed: the test is over
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=every, daemon=True).start()
    try:
        yield Place(address, listener.getsockname()[1])
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes the accept
        listener.close()


def refusing(address: str = "127.77.0.1") -> Place:
    """Return a place where nobody listens; by default at an address that no server of a test is given."""
    with socket.create_server((address, 0)) as free:
        return Place(address, free.getsockname()[1])


@contextmanager
def silent(address: str = "127.0.0.1") -> Iterator[Place]:
    """Hold a listening socket whose queue is full, so that further clients get no answer at all."""
    with socket.create_server((address, 0), backlog=0) as listener, contextlib.ExitStack() as waiting:
        place = Place(address, listener.getsockname()[1])
        for _ in range(2):
            client = waiting.enter_context(socket.socket())
            client.settimeout(0)
            client.connect_ex((place.address, place.port))
        yield place


def host(place: Place, label: str = "", *, weight: int = 1, state: HostState = HostState.UP) -> ProxyHost:
    """Return a host of a relay."""
    return ProxyHost(place=place, label=label or str(place), weight=weight, state=state)


def relay(
    listen: Place | Sequence[Place],
    hosts: Sequence[ProxyHost],
    *,
    name: str = "R",
    slots: Sequence[int] | None = None,
    mode: Mode = Mode.SOURCE_HASH,
    key: int = 1,
    session_timeout: float = 600,
    connect_timeout: float = 2,
    reset_on_down: bool = True,
    sources: Sequence[ProxySource] = (),
) -> ProxyRelay:
    """Return a relay; every slot is the first host's unless `slots` says otherwise (repeated to their number)."""
    listens = (listen,) if isinstance(listen, Place) else tuple(listen)
    dealt = [0] if slots is None else list(slots)
    return ProxyRelay(
        name=name,
        listens=listens,
        mode=mode,
        key=key,
        hosts=tuple(hosts),
        sources=tuple(sources),
        slots=packed_slots((dealt * SLOTS)[:SLOTS]),
        session_timeout=float(session_timeout),
        connect_timeout=float(connect_timeout),
        reset_on_down=reset_on_down,
    )


class Parent:
    """A parent that waits for each answer."""

    def __init__(self, path: Path) -> None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
        except OSError:
            connection.close()
            raise
        self.wire: Wire[FromWorker] = Wire(connection, FromWorker)
        self._said: list[FromWorker] = []

    def greeted(self) -> tuple[Holding, dict[Place, socket.socket]]:
        """Return the worker's first words, and the sockets that came with them."""
        holding = self._answer(Holding)
        sockets: dict[Place, socket.socket] = {}
        while len(sockets) < len(holding.listens):
            sockets.update(self.wire.take(self._answer(Listeners)))
        return holding, sockets

    def follow(self, *relays: ProxyRelay, listeners: Mapping[Place, socket.socket] | None = None) -> None:
        """Have the worker follow these relays."""
        for message, sockets in in_batches(tuple((listeners or {}).items())):
            self.wire.queue(message, sockets)
            self._flush()
        self.wire.queue(Follow(relays=relays))
        self._flush()
        self._answer(Done)

    def status(self) -> Status:
        """Return the worker's counters."""
        self.wire.queue(AskStatus())
        self._flush()
        return self._answer(Status)

    def observe(self) -> Holding:
        """Return what the worker holds."""
        self.wire.queue(Observe())
        self._flush()
        return self._answer(Holding)

    def ask(self, question: object) -> FromWorker | None:
        """Return what the worker answers to a question."""
        self.wire.queue(question)
        self._flush()
        return self.next()

    def host(self, place: Place) -> HostCounts:
        """Return the counters of one host."""
        return next(counts for named in self.status().relays for counts in named.hosts if counts.place == place)

    def next(self) -> FromWorker | None:
        """Return the next message; None when the worker has closed."""
        deadline = time.monotonic() + PATIENCE
        while not self._said:
            ready, _, _ = select.select([self.wire.connection], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, "the worker says nothing"
            messages = self.wire.receive()
            if messages is None:
                return None
            self._said += messages
        return self._said.pop(0)

    def stop(self) -> None:
        """Have the worker end, and wait until it closes."""
        self.wire.queue(Stop())
        self._flush()
        while self.next() is not None:
            pass

    def close(self) -> None:
        """Leave the worker alone."""
        self.wire.close()

    def _flush(self) -> None:
        while not self.wire.flush():
            select.select([], [self.wire.connection], [], PATIENCE)

    def _answer(self, kind: type[Answered]) -> Answered:
        answer = self.next()
        assert isinstance(answer, kind), answer
        return answer


class Rig:
    """A worker with its parent: listening sockets are opened here and handed over with the next plan."""

    def __init__(self, path: Path, pid: int) -> None:
        self.path = path
        self.pid = pid
        self._opened: dict[Place, socket.socket] = {}
        self.parent = Parent(path)
        self.parent.greeted()

    def listen(self, address: str = "127.0.0.1") -> Place:
        """Open a listening socket on a free port."""
        listener = listening_socket(Place(address, 0))
        place = Place(address, listener.getsockname()[1])
        self._opened[place] = listener
        return place

    def follow(self, *relays: ProxyRelay) -> None:
        """Have the worker follow these relays, on what was opened since the last time."""
        self.parent.follow(*relays, listeners=self._opened)
        self.forget_listeners()

    def forget_listeners(self) -> None:
        """Close our copies of what was opened."""
        while self._opened:
            self._opened.popitem()[1].close()

    def carry(self, *hosts: Place, **more: Any) -> Place:
        """Follow one relay over these hosts, and return where it listens."""
        place = self.listen()
        self.follow(relay(place, [host(place) for place in hosts], **more))
        return place

    def own_memory(self) -> int:
        """Return the bytes of the worker's PSS that it shares with no file.

        The rest, of the interpreter's own files, moves with every other Python that starts or ends on the machine.
        """
        rollup = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return 1024 * int(next(line for line in rollup.splitlines() if line.startswith("Pss_Anon:")).split()[1])

    def sessions(self) -> int:
        """Return how many sessions there are."""
        return self.parent.status().sessions


def client(place: Place, source: str = "") -> socket.socket:
    """Return a connection to a place, from an address of loopback where one is given."""
    return socket.create_connection(
        (place.address, place.port), timeout=PATIENCE, source_address=(source, 0) if source else None
    )


def everything(connection: socket.socket) -> bytes:
    """Return what comes until the end of the stream."""
    return b"".join(iter(lambda: connection.recv(1 << 18), b""))


@contextmanager
def runtime_directory() -> Iterator[Path]:
    """Make a directory whose name is short enough for unix sockets."""
    with tempfile.TemporaryDirectory(prefix="bascule-") as name:
        yield Path(name)


@contextmanager
def worker_process(directory: Path, *, descriptors: int | None = None) -> Iterator[Rig]:
    """Run a worker as a process, with at most so many descriptors."""
    path = directory / "proxy-1.sock"
    limit = [] if descriptors is None else ["prlimit", f"--nofile={descriptors}:{descriptors}"]
    with subprocess.Popen([*limit, *ROLE, "--socket", str(path)], stdin=subprocess.DEVNULL) as process:
        try:
            until(path.is_socket, what="the worker listens")
            rig = until(lambda: _rig(path, process.pid), what="the worker answers")
            assert rig is not None
            yield rig
            rig.forget_listeners()
            rig.parent.close()
        finally:
            process.kill()


@contextmanager
def worker_thread(directory: Path, clock: Callable[[], float], *, descriptors: int = 4096) -> Iterator[Rig]:
    """Run a worker in a thread, by a clock of the test's own; any request makes it look at the clock."""
    path = directory / "proxy-1.sock"
    with control_socket(path) as control:
        worker = Worker(control, parents={os.geteuid()}, descriptors=descriptors, clock=clock, chance=random.Random(1))

        def life() -> None:
            worker.run()
            worker.close()

        thread = threading.Thread(target=life)
        thread.start()
        rig = Rig(path, 0)
        try:
            yield rig
        finally:
            rig.forget_listeners()
            rig.parent.stop()
            thread.join(PATIENCE)
            rig.parent.close()


def _rig(path: Path, pid: int) -> Rig | None:
    try:
        return Rig(path, pid)
    except ConnectionRefusedError:
        return None  # bound, but not listening yet

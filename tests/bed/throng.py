"""Many sessions at once: processes that hold thousands of connections each, and let some of them speak.

    with throng.serving(node, 59532, processes=2), throng.calling(node, "10.80.0.10", 59532, 9000, sources) as callers:
        assert callers.speak() == 9000

A process opens as many descriptors as the machine lets it; none of them may be asked for more sessions than that.
"""

import contextlib
import resource
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bed.command import BedError, end, start
from bed.node import Node

_BACKLOG: Final = 65535
_AT_ONCE: Final = 256
"""Connects that may be in progress."""
_BIND_ADDRESS_NO_PORT: Final = 24
"""IP_BIND_ADDRESS_NO_PORT (ip(7)): a source port must be free for this destination only."""
_PATIENCE: Final = 60.0


class Callers:
    """A process that holds the clients' ends."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def opened(self) -> int:
        """Wait until every connection is open, and return how many there are."""
        return self._answer()

    def speak(self, *, every: int = 1, within: float = _PATIENCE) -> int:
        """Let each so many'th connection say a byte; return how many have every byte they ever said back in this time."""
        return self._ask(f"speak {every} {within}")

    def hang_up(self, count: int) -> int:
        """Close the connections that were opened first, and return how many are left."""
        return self._ask(f"hang-up {count}")

    def _ask(self, words: str) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{words}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> int:
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said:
            raise BedError(f"a throng of clients ended with {self._process.wait()}")
        return int(said)


@contextmanager
def serving(node: Node | None, port: int, *, processes: int = 1, address: str = "0.0.0.0") -> Iterator[None]:
    """Run echo servers that share a port of a node; None is the namespace of the test itself."""
    with contextlib.ExitStack() as stack:
        for _ in range(processes):
            process = _run(node, "serve", address, str(port))
            stack.callback(end, process)
            assert process.stdout is not None
            if process.stdout.readline() != "listens\n":
                raise BedError(f"no server of a throng on port {port}")
        yield


@contextmanager
def calling(node: Node | None, to: str, port: int, count: int, sources: Sequence[str] = ()) -> Iterator[Callers]:
    """Open so many connections from these addresses in turn; they may still be opening, `opened` waits for them."""
    process = _run(node, "call", to, str(port), str(count), *sources)
    try:
        yield Callers(process)
    finally:
        end(process)


def _run(node: Node | None, *words: str) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-m", "bed.throng", *words]
    command = argv if node is None else node.command(argv)
    return start(command, cwd=Path(__file__).parents[1], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


# --- in a process of its own -----------------------------------------------------------------------------------------


def _serve(address: str, port: int) -> None:
    """Echo for ever."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((address, port))
    listener.listen(_BACKLOG)
    listener.settimeout(0)
    sys.stdout.write("listens\n")
    sys.stdout.flush()
    connections: dict[int, socket.socket] = {}
    epoll = select.epoll()
    epoll.register(listener.fileno(), select.EPOLLIN)
    while True:
        for fd, _ in epoll.poll():
            if fd == listener.fileno():
                for connection in _accepted(listener):
                    connections[connection.fileno()] = connection
                    epoll.register(connection.fileno(), select.EPOLLIN)
            elif not _echoed(connections[fd]):
                epoll.unregister(fd)
                connections.pop(fd).close()


def _accepted(listener: socket.socket) -> Iterator[socket.socket]:
    with contextlib.suppress(BlockingIOError):
        while True:
            connection, _ = listener.accept()
            connection.settimeout(0)
            yield connection


def _echoed(connection: socket.socket) -> bool:
    try:
        data = connection.recv(4096)
        connection.sendall(data)
    except OSError:
        return False
    return bool(data)


class _Clients:
    """Connections in the order in which they were opened, and which of them wait for an echo."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._open: dict[int, socket.socket] = {}
        self._waiting: set[int] = set()

    def call(self, to: str, port: int, count: int, sources: Sequence[str]) -> int:
        opening: dict[int, socket.socket] = {}
        begun = 0
        while len(self._open) < count:
            while begun < count and len(opening) < _AT_ONCE:
                connection = socket.socket()
                connection.settimeout(0)
                if sources:
                    connection.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
                    connection.bind((sources[begun % len(sources)], 0))
                with contextlib.suppress(BlockingIOError):
                    connection.connect((to, port))
                opening[connection.fileno()] = connection
                self._epoll.register(connection.fileno(), select.EPOLLOUT)
                begun += 1
            for fd, _ in self._ready(_PATIENCE):
                connection = opening.pop(fd)
                if error := connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    raise OSError(error, f"connection {begun} to {to}")
                self._open[fd] = connection
                self._epoll.modify(fd, select.EPOLLIN)
        return len(self._open)

    def speak(self, every: int, within: float) -> int:
        deadline = time.monotonic() + within
        for fd in list(self._open)[::every]:
            if fd not in self._waiting:
                self._open[fd].sendall(b"x")
                self._waiting.add(fd)
        while self._waiting and (left := deadline - time.monotonic()) > 0:
            for fd, _ in self._epoll.poll(left):
                if self._open[fd].recv(1):
                    self._waiting.discard(fd)
                else:
                    raise ConnectionError("a session ended")
        return len(self._open) - len(self._waiting)

    def hang_up(self, count: int) -> int:
        for fd in list(self._open)[:count]:
            self._waiting.discard(fd)
            self._epoll.unregister(fd)
            self._open.pop(fd).close()
        return len(self._open)

    def _ready(self, within: float) -> list[tuple[int, int]]:
        events = self._epoll.poll(within)
        if not events:
            raise TimeoutError(f"nothing was connected for {within:g} s")
        return events


def _obey(clients: _Clients, words: list[str]) -> int:
    match words:
        case ["speak", every, within]:
            return clients.speak(int(every), float(within))
        case ["hang-up", count]:
            return clients.hang_up(int(count))
    raise ValueError(words)


def main(arguments: Sequence[str]) -> None:
    """Become the servers, or the clients, that the command line names."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    match arguments:
        case ["serve", address, port]:
            _serve(address, int(port))
        case ["call", to, port, count, *sources]:
            clients = _Clients()
            print(clients.call(to, int(port), int(count), sources), flush=True)  # noqa: T201 - the answer
            for line in sys.stdin:
                print(_obey(clients, line.split()), flush=True)  # noqa: T201 - likewise


if __name__ == "__main__":
    main(sys.argv[1:])

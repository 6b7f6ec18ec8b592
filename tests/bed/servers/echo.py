"""A server that speaks first, then echoes: what a relay must carry byte by byte, and what it must end.

It greets with `NAME` and a line end. What it then receives it sends back; when the client ends its side, the server
says `bye` and ends its own. A datagram to the same port is answered with `NAME`, a line end and what it held. Two first
lines mean more:

    client WHO    is written to the log, so that a test can read who came
    hang up WHO   the server ends its own side at once, goes on reading, and logs how many bytes came

The log has a line for each event: monotonic seconds, event, WHO.
"""

import argparse
import contextlib
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bed.node import Node

_CHUNK = 1 << 18
_LONGEST_LINE = 200


def start(node: Node, name: str, ports: tuple[int, ...], at: Path) -> Path:
    """Start the server on these ports; returns its log."""
    log = at / f"echo-{name}.log"
    launch(node, name, ports, log)
    return log


def launch(node: Node, name: str, ports: tuple[int, ...], log: Path) -> "subprocess.Popen[Any]":
    """Start the server on these ports, wait until it listens, and return its process."""
    argv = [sys.executable, "-m", "bed.servers.echo", name, str(log), *map(str, ports)]
    process = node.popen(argv, cwd=Path(__file__).parents[2])
    node.wait_listening(*ports)
    return process


@dataclass
class Echo:
    """The server's name and log, shared by its connections."""

    name: str
    log: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def listen(self, port: int) -> None:
        """Serve a port for ever, each connection in a thread of its own."""
        listener = socket.create_server(("", port), family=socket.AF_INET6, backlog=1024, dualstack_ipv6=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def answer(self, port: int) -> None:
        """Answer datagrams for ever."""
        asked = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        asked.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        asked.bind(("", port))
        while True:
            with contextlib.suppress(OSError):  # a client that has left
                data, who = asked.recvfrom(_CHUNK)
                asked.sendto(f"{self.name}\n".encode() + data, who)

    def _serve(self, connection: socket.socket) -> None:
        who = ""
        with connection:
            try:
                connection.sendall(f"{self.name}\n".encode())
                first = connection.recv(_CHUNK)
                verb, who = _command(first)
                if verb == "hang up":
                    self._read_only(connection, who)
                else:
                    self._note(verb, who)
                    _echo(connection, first)
                    self._note("end", who)
            except ConnectionResetError:
                self._note("reset", who)
            except OSError as error:
                self._note(type(error).__name__, who)

    def _read_only(self, connection: socket.socket, who: str) -> None:
        connection.shutdown(socket.SHUT_WR)
        count = 0
        while data := connection.recv(_CHUNK):
            count += len(data)
        self._note(f"received {count}", who)

    def _note(self, event: str, who: str) -> None:
        with self._lock, self.log.open("a", encoding="ascii") as log:
            log.write(f"{time.monotonic():.3f} {event} {who}\n")


def _command(first: bytes) -> tuple[str, str]:
    line = first[:_LONGEST_LINE].split(b"\n", 1)[0].decode("ascii", "replace")
    for verb in ("client", "hang up"):
        if line.startswith(f"{verb} "):
            return verb, line.removeprefix(f"{verb} ")
    return "bytes", ""


def _echo(connection: socket.socket, first: bytes) -> None:
    data = first
    while data:
        connection.sendall(data)
        data = connection.recv(_CHUNK)
    connection.sendall(b"bye\n")
    with contextlib.suppress(OSError):  # the client may be gone altogether
        connection.shutdown(socket.SHUT_WR)


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description="Greet, then echo.")
    parser.add_argument("name")
    parser.add_argument("log", type=Path)
    parser.add_argument("ports", nargs="+", type=int)
    options = parser.parse_args()
    echo = Echo(options.name, options.log)
    options.log.touch()
    for port in options.ports:
        for serve in (echo.listen, echo.answer):
            threading.Thread(target=serve, args=(port,), daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()

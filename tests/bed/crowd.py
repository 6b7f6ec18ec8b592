"""A crowd of clients: thousands of conversations with the servers of `bed.servers.names`, many at once, in one thread."""

import select
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bed.node import Node

AT_ONCE: Final = 400
"""Conversations that are open at the same time."""
_PATIENCE: Final = 20.0
"""Seconds in which at least one conversation must go on."""
_WORD: Final = b"a word\n"
_LINGER: Final = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls whom; `source` "" is any address of the node, and `source_port` 0 any port."""

    to: str
    port: int
    source: str = ""
    source_port: int = 0


@dataclass
class _Talk:
    number: int
    connection: socket.socket
    heard: bytes = b""

    def goes_on(self) -> bool:
        """Hear what came and answer the greeting; tell whether more is to come. Raises OSError."""
        data = self.connection.recv(4096)
        if not data:
            raise ConnectionError(f"the server ended after {self.heard!r}")
        greeted, self.heard = b"\n" in self.heard, self.heard + data
        if not greeted and b"\n" in self.heard:
            self.connection.send(_WORD)
        return not self.heard.endswith(b"\n" + _WORD)


@dataclass
class Crowd:
    """Conversations of a node's clients: each hears the server's name, says a word and hears it again."""

    node: Node
    abrupt: bool = False
    """Whether clients end with a reset, which leaves nothing behind."""
    lost: list[str] = field(default_factory=list)
    """What became of each conversation that failed."""

    def met(self, calls: Sequence[Call]) -> list[str]:
        """Hold every conversation, and return the server that each met, "" where it was lost."""
        names = [""] * len(calls)
        with self.node.entered(), select.epoll() as poll:
            waiting, open_ = iter(enumerate(calls)), dict[int, _Talk]()
            while self._begin(waiting, open_, poll):
                happened = poll.poll(_PATIENCE)
                if not happened:
                    raise TimeoutError(f"{len(open_)} conversations hang, {len(self.lost)} were lost: {self.lost[:3]}")
                for descriptor, _ in happened:
                    self._hear(open_, descriptor, names)
        return names

    def _begin(self, waiting: Iterator[tuple[int, Call]], open_: dict[int, _Talk], poll: select.epoll) -> bool:
        """Begin conversations while few are open; tell whether any is."""
        while len(open_) < AT_ONCE and (following := next(waiting, None)):
            number, call = following
            connection = calling(call)
            poll.register(connection, select.EPOLLIN)
            open_[connection.fileno()] = _Talk(number, connection)
        return bool(open_)

    def _hear(self, open_: dict[int, _Talk], descriptor: int, names: list[str]) -> None:
        talk = open_[descriptor]
        try:
            if talk.goes_on():
                return
            names[talk.number] = talk.heard.partition(b"\n")[0].decode()
        except OSError as error:
            self.lost.append(repr(error))
        if self.abrupt:
            talk.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        del open_[descriptor]
        talk.connection.close()


def calling(call: Call) -> socket.socket:
    """Return a connection that is being made, of the node that the calling thread has entered."""
    connection = socket.socket(socket.AF_INET6 if ":" in call.to else socket.AF_INET)
    connection.settimeout(0)
    if call.source:
        connection.setsockopt(socket.IPPROTO_IP, socket.IP_BIND_ADDRESS_NO_PORT, 1)
        connection.bind((call.source, call.source_port))
    connection.connect_ex((call.to, call.port))
    return connection

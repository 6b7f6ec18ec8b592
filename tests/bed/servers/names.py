"""A server of very many short conversations: it greets with its name, says back what comes, and ends when its client does.

One thread serves all of them, so what a client says must be short: a word, and then its answer.
"""

import argparse
import contextlib
import select
import socket
import sys
from pathlib import Path
from typing import Final

from bed.node import Node

_WORD: Final = 4096


def start(node: Node, name: str, *ports: int) -> None:
    """Start the server on these ports."""
    node.popen([sys.executable, "-m", "bed.servers.names", name, *map(str, ports)], cwd=Path(__file__).parents[2])
    node.wait_listening(*ports)


class Names:
    """The conversations of one server, by descriptor."""

    def __init__(self, name: str, ports: list[int]) -> None:
        self._greeting = f"{name}\n".encode()
        self._poll = select.epoll()
        self._listeners: dict[int, socket.socket] = {}
        self._clients: dict[int, socket.socket] = {}
        for port in ports:
            listener = socket.create_server(("", port), family=socket.AF_INET6, backlog=4096, dualstack_ipv6=True)
            listener.settimeout(0)
            self._listeners[listener.fileno()] = listener
            self._poll.register(listener, select.EPOLLIN)

    def serve(self) -> None:
        """Serve for ever."""
        while True:
            for descriptor, _ in self._poll.poll():
                if listener := self._listeners.get(descriptor):
                    self._greet_all(listener)
                else:
                    self._answer(descriptor)

    def _greet_all(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                client, _ = listener.accept()
                client.settimeout(0)
                self._clients[client.fileno()] = client
                self._poll.register(client, select.EPOLLIN)
                with contextlib.suppress(OSError):  # it may have gone already; the poll says so
                    client.send(self._greeting)

    def _answer(self, descriptor: int) -> None:
        client = self._clients[descriptor]
        try:
            word = client.recv(_WORD)
            if word:
                client.send(word)
                return
        except OSError:
            pass  # a reset: the client is gone
        del self._clients[descriptor]
        client.close()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description="Greet with a name, then echo.")
    parser.add_argument("name")
    parser.add_argument("ports", nargs="+", type=int)
    options = parser.parse_args()
    Names(options.name, options.ports).serve()


if __name__ == "__main__":
    main()

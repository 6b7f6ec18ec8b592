"""A server that takes whatever comes."""

import socket
import threading
from contextlib import ExitStack, suppress

from bed.node import Node


class Sink:
    """A port of a node where everything is taken, and answered if it is to be."""

    def __init__(self, node: Node, port: int, answer: bytes, last: ExitStack) -> None:
        self.taken = b""
        self._answer = answer
        self._door = last.enter_context(node.socket())
        self._door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._door.bind(("0.0.0.0", port))
        self._door.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        last.callback(self._door.shutdown, socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._door.accept()
                threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while data := connection.recv(65536):
                self.taken += data
                if self._answer and self.taken.endswith(b"}"):
                    connection.sendall(self._answer)
                    return

"""A client that asks at a fixed rate and notes how long each answer takes.

`python -m bench.loads.paced messages|connections RATE SECONDS PORT ADDRESS…` prints one line of JSON: milliseconds at
p50, p99 and p99.9, how many were answered, and how many were not. It never waits for an answer before it asks again, so
a balancer that is slow is asked no less.
"""

import gc
import json
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress

from bench.loads.sizes import MESSAGE
from bench.statistics import quantile

_SESSIONS = 32
_PATIENCE = 2.0
_QUESTION = b"q" * MESSAGE


class Paced:
    """Asks and listens in one loop."""

    def __init__(self) -> None:
        self.milliseconds: list[float] = []
        self.failed = 0
        self._ready = select.epoll()
        self._asked: dict[int, tuple[socket.socket, deque[float], int]] = {}

    def run(self, rate: float, seconds: float, ask: Iterator[None]) -> None:
        """Take one step of `ask` at each beat, and hear answers meanwhile and for a while afterwards."""
        begun = time.perf_counter()
        for number in range(int(rate * seconds)):
            due = begun + number / rate
            while (left := due - time.perf_counter()) > 0:
                self._hear(left)
            next(ask)
        until = time.perf_counter() + _PATIENCE
        while any(asked for _, asked, _ in self._asked.values()) and time.perf_counter() < until:
            self._hear(0.1)
        self.failed += sum(len(asked) for _, asked, _ in self._asked.values())

    def messages(self, addresses: Sequence[str], port: int) -> Iterator[None]:
        """Ask on standing sessions in turn."""
        sessions = [socket.create_connection((addresses[n % len(addresses)], port), 5) for n in range(_SESSIONS)]
        for session in sessions:
            session.settimeout(0)
            session.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._asked[session.fileno()] = session, deque(), 0
            self._ready.register(session, select.EPOLLIN)
        yield  # the first beat starts the clock, with every session open
        while True:
            for session in sessions:
                if session.fileno() in self._asked:
                    self._asked[session.fileno()][1].append(time.perf_counter())
                    session.send(_QUESTION)
                else:
                    self.failed += 1
                yield

    def connections(self, addresses: Sequence[str], port: int) -> Iterator[None]:
        """Ask each time on a session of its own, which ends with the answer."""
        yield
        while True:
            for address in addresses:
                session = socket.socket()
                session.settimeout(0)
                asked = time.perf_counter()
                with suppress(BlockingIOError):
                    session.connect((address, port))
                self._asked[session.fileno()] = session, deque((asked,)), MESSAGE
                self._ready.register(session, select.EPOLLOUT)
                yield

    def _hear(self, seconds: float) -> None:
        for descriptor, event in self._ready.poll(seconds):
            session, asked, once = self._asked[descriptor]
            try:
                if event & select.EPOLLOUT and not event & select.EPOLLERR:
                    session.send(_QUESTION)
                    self._ready.modify(descriptor, select.EPOLLIN)
                    continue
                heard = len(session.recv(1 << 16))
            except OSError:
                heard = 0
            now = time.perf_counter()
            for _ in range(heard // MESSAGE):
                self.milliseconds.append(1000 * (now - asked.popleft()))
            if once or not heard:
                self.failed += len(asked)
                self._ready.unregister(descriptor)
                self._asked.pop(descriptor)[0].close()


def main(arguments: Sequence[str]) -> int:
    """Run as the module says."""
    kind, rate, seconds, port, *addresses = arguments
    paced = Paced()
    ask = (paced.messages if kind == "messages" else paced.connections)(addresses, int(port))
    next(ask)
    gc.disable()
    paced.run(float(rate), float(seconds), ask)
    taken = sorted(paced.milliseconds)
    found = {
        name: quantile(taken, share) if taken else 0.0 for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999))
    }
    print(json.dumps(found | {"answered": len(taken), "failed": paced.failed}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

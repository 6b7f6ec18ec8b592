"""The clients of a soak: short sessions, long ones that speak now and then, bulk, datagrams, and pairs that must agree."""

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from bed.clients import exchange, greeted
from bed.layout import VIP
from bed.node import Node
from bed.soak.timeline import Failure, Kind, Timeline

_PATIENCE: Final = 15.0
_BULK: Final = 4 << 20
_CHUNK: Final = 1 << 16
_TRIES: Final = 4
"""Datagrams that are sent before a client gives up, a second apart."""


@dataclass(frozen=True)
class Service:
    """A relay or redirect that clients use."""

    name: str
    port: int


class Load:
    """Threads that are clients, until the load is over; what fails is noted in the timeline."""

    def __init__(self, node: Node, clients: Sequence[str], timeline: Timeline, seed: int) -> None:
        self._node = node
        self._clients = clients
        self._timeline = timeline
        self._seed = seed
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, work: Callable[[random.Random], None], threads: int) -> None:
        """Have so many threads do some work again and again."""
        for _ in range(threads):
            chance = random.Random(f"{self._seed} {len(self._threads)}")
            self._threads.append(threading.Thread(target=self._repeat, args=(work, chance)))
            self._threads[-1].start()

    def end(self) -> None:
        """Have every client finish, and wait for them."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def short(self, services: Sequence[Service]) -> Callable[[random.Random], None]:
        """Return work: connect, say a line, hear it, leave."""

        def work(chance: random.Random) -> None:
            with self._session(chance.choice(services), chance.choice(self._clients)) as session:
                session.say(b"a short word\n")
            self._over.wait(chance.uniform(0.02, 0.2))

        return work

    def long(self, services: Sequence[Service]) -> Callable[[random.Random], None]:
        """Return work: a session that lasts until the load is over or it fails, and speaks now and then."""

        def work(chance: random.Random) -> None:
            with self._session(chance.choice(services), chance.choice(self._clients)) as session:
                while not self._over.wait(chance.uniform(0.5, 3.0)):
                    session.say(b"still here\n")
            self._over.wait(0.5)

        return work

    def bulk(self, services: Sequence[Service]) -> Callable[[random.Random], None]:
        """Return work: some megabytes there and back."""

        def work(chance: random.Random) -> None:
            with self._session(chance.choice(services), chance.choice(self._clients), "bulk") as session:
                chunk = chance.randbytes(_CHUNK)
                for _ in range(_BULK // _CHUNK):
                    session.say(chunk)
            self._over.wait(chance.uniform(0.5, 2.0))

        return work

    def pairs(self, services: Sequence[Service]) -> Callable[[random.Random], None]:
        """Return work: one client opens a session on each service of an affinity group, all of which meet one host."""

        def work(chance: random.Random) -> None:
            client, begun, met = chance.choice(self._clients), time.time(), set()
            with ExitStack() as stack:
                for service in services:
                    session = stack.enter_context(self._session(service, client))
                    session.say(b"one of several\n")
                    met.add(session.host)
            if len(met) > 1:
                what = f"{client} met {', '.join(sorted(met))}"
                self._timeline.fail(Failure(kind=Kind.SPLIT, what=what, begun=begun, ended=time.time()))
            self._over.wait(chance.uniform(0.2, 0.6))

        return work

    def datagrams(self, service: Service) -> Callable[[random.Random], None]:
        """Return work: a question in a datagram, asked again where no answer comes."""

        def work(chance: random.Random) -> None:
            begun, question = time.time(), chance.randbytes(32)
            with self._node.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                asking.settimeout(1.0)
                asking.bind((chance.choice(self._clients), 0))
                asking.connect((VIP, service.port))
                if any(_answered(asking, question) for _ in range(_TRIES)):
                    self._timeline.well("datagram")
                else:
                    failure = Failure(
                        kind=Kind.DATAGRAM, what="no answer", begun=begun, ended=time.time(), relay=service.name
                    )
                    self._timeline.fail(failure)
            self._over.wait(chance.uniform(0.05, 0.3))

        return work

    def _repeat(self, work: Callable[[random.Random], None], chance: random.Random) -> None:
        while not self._over.is_set():
            try:
                work(chance)
            except OSError:
                self._over.wait(0.2)  # it is in the timeline

    @contextmanager
    def _session(self, service: Service, client: str, what: str = "") -> Iterator["_Session"]:
        session = _Session(service, client, time.time())
        try:
            with greeted(self._node, client, VIP, service.port) as (connection, session.host):
                connection.settimeout(_PATIENCE)
                session.connection = connection
                yield session
        except OSError as error:
            failure = session.failure(error)
            self._timeline.fail(failure)
            raise
        self._timeline.well(what or service.name)


class _Session:
    """A session, and when it was last well."""

    def __init__(self, service: Service, client: str, begun: float) -> None:
        self.host = ""
        self.connection: socket.socket | None = None
        self._service = service
        self._client = client
        self._well = begun
        self._spoke = False

    def say(self, data: bytes) -> None:
        """Say something, and hear it. Raises OSError."""
        assert self.connection is not None
        exchange(self.connection, data)
        self._well, self._spoke = time.time(), True

    def failure(self, error: OSError) -> Failure:
        """Return the session's end as a failure."""
        return Failure(
            kind=Kind.STANDING if self._spoke else Kind.NEW,
            what=f"{type(error).__name__}: {error}",
            begun=self._well,
            ended=time.time(),
            host=self.host,
            relay=self._service.name,
            client=self._client,
        )


def _answered(asking: socket.socket, question: bytes) -> bool:
    try:
        asking.send(question)
        return asking.recv(1024).endswith(question)
    except OSError:
        time.sleep(0.2)  # refused at once, or not answered for a second
        return False

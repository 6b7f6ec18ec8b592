"""Bytes pass through a worker unchanged, in both directions, and so do their ends."""

import contextlib
import random
import re
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest

from bascule.engines.proxy.listening import SOCKET_BUFFER
from bascule.engines.proxy.pipes import PipePool
from bascule.engines.proxy.stream import AHEAD, BUFFER, End, Mover, Outcome
from bed.proxy import Rig, client, echo, everything, says, serving
from bed.wait import until

SIZE = 64 * 1024 * 1024
_SEGMENTS_IN = slice(140, 144)
"""Of `struct tcp_info` (linux/tcp.h)."""


def test_64_mebibytes_each_way_at_once(rig: Rig) -> None:
    """Random bytes that flow both ways at the same time arrive whole, and pass through pipes."""
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)  # noqa: T201 - to repeat a failure
    down, up = (random.Random(seed + way).randbytes(SIZE) for way in range(2))
    digests: list[str] = []

    def both(connection: socket.socket) -> None:
        sender = threading.Thread(target=connection.sendall, args=(down,))
        sender.start()
        digests.append(sha256(everything(connection)).hexdigest())
        sender.join()

    with serving(both) as server, ThreadPoolExecutor(1) as pool:
        with client(rig.carry(server)) as connection:
            receiving = pool.submit(everything, connection)
            connection.sendall(up)
            connection.shutdown(socket.SHUT_WR)
            assert sha256(receiving.result()).hexdigest() == sha256(down).hexdigest()
        assert digests == [sha256(up).hexdigest()]
        counts = rig.parent.host(server)
        assert (counts.from_client, counts.from_host) == (SIZE, SIZE)


def test_a_short_answer_and_its_end_are_one_packet(rig: Rig) -> None:
    """The client hears two packets in all: the handshake's, and the answer, which has the end and acknowledges the word."""

    def answers(connection: socket.socket) -> None:
        connection.send(connection.recv(100), socket.MSG_MORE)
        connection.shutdown(socket.SHUT_WR)

    def packets() -> int:
        with client(place) as connection:
            connection.sendall(b"word")
            assert everything(connection) == b"word"
            info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
            return int.from_bytes(info[_SEGMENTS_IN], sys.byteorder)

    with serving(answers) as server:
        place = rig.carry(server)
        until(lambda: packets() == 2, what="an answer comes before the question is acknowledged for itself, after 40 ms")


@pytest.mark.parametrize("size", [1, 1000, 65535, 65536, 65537, 3 * 65536, 4 * 65536 + 1, 1 << 20])
def test_sizes_around_the_buffer(rig: Rig, size: int) -> None:
    """A stream whose end falls on or beside a full buffer is neither cut nor held back."""
    sent = random.Random(size).randbytes(size)
    with serving(echo) as server, client(rig.carry(server)) as connection, ThreadPoolExecutor(1) as pool:
        receiving = pool.submit(everything, connection)
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert receiving.result() == sent


def test_many_streams_at_once_do_not_mix(rig: Rig) -> None:
    """Sixty clients whose words come together, more than is read ahead of all at once, each hear their own."""
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)  # noqa: T201 - to repeat a failure
    words = [random.Random(seed + n).randbytes(BUFFER - 1) for n in range(60)]
    assert sum(map(len, words)) > 2 * AHEAD
    with serving(echo) as server, ThreadPoolExecutor(2 * len(words)) as pool:
        place = rig.carry(server)
        together = threading.Barrier(len(words))

        def say(connection: socket.socket, words: bytes) -> None:
            connection.sendall(words)
            connection.shutdown(socket.SHUT_WR)

        def hears(said: bytes) -> bytes:
            with client(place) as connection:
                together.wait()
                pool.submit(say, connection, said)
                return everything(connection)

        assert list(pool.map(hears, words)) == words


def test_what_was_read_ahead_is_moved_in_order() -> None:
    """Streams are read, then moved, each with its own bytes; its end is taken as well; room is used and given back."""
    with contextlib.ExitStack() as sockets:
        pairs = [socket.socketpair() for _ in range(4)]
        for connection in (one for pair in pairs for one in pair):
            sockets.enter_context(connection).settimeout(0)
        (peer, ours), (other_peer, other_ours), (out, out_peer), (other_out, other_out_peer) = pairs
        mover = Mover(PipePool(1))
        source, other = (End(connection, prompt=True, watched=True) for connection in (ours, other_ours))
        target, other_target = (End(connection, prompt=True, watched=True) for connection in (out, other_out))
        assert not mover.take(source)
        peer.send(b"first")
        other_peer.send(b"second")
        assert mover.take(source)
        assert mover.take(other)
        assert mover.room == AHEAD - len(b"firstsecond")
        peer.send(b" and more")
        peer.close()
        assert mover.move(source, target, thorough=True) is Outcome.ENDED
        assert mover.move(other, other_target, thorough=False) is Outcome.DRY
        assert (out_peer.recv(100), other_out_peer.recv(100)) == (b"first and more", b"second")
        mover.clear()
        assert mover.room == AHEAD
        other_peer.close()
        assert mover.take(other)
        assert mover.move(other, other_target, thorough=False) is Outcome.ENDED


def test_what_was_read_ahead_waits_for_a_slow_reader() -> None:
    """Bytes that the target does not take are kept apart from the buffer, which others use meanwhile."""
    with contextlib.ExitStack() as sockets:
        (peer, ours), (out, out_peer) = pairs = [socket.socketpair() for _ in range(2)]
        for connection in (one for pair in pairs for one in pair):
            sockets.enter_context(connection).settimeout(0)
        mover = Mover(PipePool(1))
        source, target = End(ours, prompt=True, watched=True), End(out, prompt=True, watched=True)
        filled = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                filled += out.send(bytes(4096))
        peer.send(b"late")
        assert mover.take(source)
        assert mover.move(source, target, thorough=False) is Outcome.BLOCKED
        mover.clear()
        peer.send(b" and later")
        assert mover.take(source)
        assert mover.room == AHEAD
        while filled:
            filled -= len(out_peer.recv(1 << 16))
        assert mover.move(source, target, thorough=True) is Outcome.DRY
        assert out_peer.recv(100) == b"late and later"


def test_the_server_speaks_first(rig: Rig) -> None:
    """A banner arrives at a client that has said nothing, and the conversation goes on."""
    with serving(says(b"220 ready\r\n")) as server, client(rig.carry(server)) as connection:
        assert connection.recv(100) == b"220 ready\r\n"
        connection.sendall(b"QUIT\r\n")
        assert connection.recv(100) == b"QUIT\r\n"


def test_an_answer_after_the_clients_end_of_stream(rig: Rig) -> None:
    """A server that answers only when the client has finished is heard."""

    def answers_at_the_end(connection: socket.socket) -> None:
        connection.sendall(everything(connection)[::-1])

    with serving(answers_at_the_end) as server, client(rig.carry(server)) as connection:
        connection.sendall(b"abc")
        connection.shutdown(socket.SHUT_WR)
        assert everything(connection) == b"cba"


def test_a_clients_words_after_the_servers_end_of_stream(rig: Rig) -> None:
    """A server that has finished speaking still hears the client."""
    heard: list[bytes] = []

    def speaks_then_listens(connection: socket.socket) -> None:
        connection.sendall(b"bye")
        connection.shutdown(socket.SHUT_WR)
        heard.append(everything(connection))

    with serving(speaks_then_listens) as server, client(rig.carry(server)) as connection:
        assert everything(connection) == b"bye"
        connection.sendall(b"last words")
        connection.shutdown(socket.SHUT_WR)
        until(lambda: heard == [b"last words"], what="the server hears the client")
        until(lambda: rig.sessions() == 0, what="the session is over")


def test_urgent_data_does_not_hold_the_rest_back(rig: Rig) -> None:
    """A read that stops at urgent data is not taken for the last: what follows passes at once."""
    with serving(echo) as server, client(rig.carry(server)) as connection:
        connection.sendall(b"before")
        connection.send(b"!", socket.MSG_OOB)
        connection.sendall(b"after")
        got = b""
        while len(got) < len(b"beforeafter"):
            got += connection.recv(100)
        assert got == b"beforeafter"


def _socket_memory(which: str) -> list[int]:
    """Return the bytes that both queues of each established socket hold in the kernel, after a look at their limits."""
    listing = subprocess.run(
        ["/usr/bin/env", "ss", "-tmnHO", "state", "established", which], check=True, capture_output=True, text=True
    ).stdout
    memory = [line.split("skmem:")[1] for line in listing.splitlines()]
    fields = [{name: int(number) for name, number in re.findall(r"([a-z]+)(\d+)", line)} for line in memory]
    assert all(max(field["rb"], field["tb"]) <= 2 * SOCKET_BUFFER for field in fields)
    return [field["r"] + field["w"] for field in fields]


def test_a_slow_reader_costs_no_memory(rig: Rig) -> None:
    """A reader that stops for five seconds stops its server too; then everything arrives."""
    total = 256 * 1024 * 1024
    block = bytes(1 << 20)
    given = [0]

    def floods(connection: socket.socket) -> None:
        for _ in range(total // len(block)):
            connection.sendall(block)
            given[0] += len(block)

    with serving(floods) as server:
        place = rig.carry(server)
        with client(place) as warm:
            warm.recv(1 << 20)
        before = rig.own_memory()
        given[0] = 0
        with client(place) as connection:
            connection.recv(4096)
            stopped = threading.Event()
            stopped.wait(5)  # the reader's pause is what is measured
            assert rig.own_memory() - before < 1 << 20
            assert given[0] < 32 * 1024 * 1024, "the server was not held back"
            taken = 4096
            while data := connection.recv(1 << 20):
                taken += len(data)
        assert taken == total

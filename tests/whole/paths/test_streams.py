"""What a client and a server say to each other arrives whole, in both directions, at the pace of the one who listens."""

import contextlib
import random
import socket
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest

from bed.command import run
from whole.paths.place import Place

pytestmark = pytest.mark.kernel

_SIZE: Final = 32 * 1024 * 1024
_CHUNK: Final = 1 << 18
_PATTERN: Final = bytes(range(256)) * 1024
_HELD_BACK: Final = 48 * 1024 * 1024
"""More than all socket buffers between a client and a server hold."""
_OWN: Final = 1 << 20
"""Bytes that a slow reader may cost a worker."""


def test_a_server_that_speaks_first_is_heard(place: Place) -> None:
    """Its greeting arrives before the client has said anything."""
    with place.session() as session:
        session.server.sendall(b"220 ready\r\n")
        assert session.client.recv(100) == b"220 ready\r\n"
        session.speak()


def test_what_is_sent_arrives_each_way_at_once(place: Place) -> None:
    """Random bytes sent while others come back are equal at both ends."""
    seed = random.SystemRandom().getrandbits(64)
    print("seed", seed)  # noqa: T201 - to repeat a failure
    up, down = random.Random(seed).randbytes(_SIZE), random.Random(seed + 1).randbytes(_SIZE)
    with place.session() as session, ThreadPoolExecutor(3) as threads:
        for end in (session.client, session.server):
            end.settimeout(30)
        sending = [threads.submit(_says, session.client, up), threads.submit(_says, session.server, down)]
        arriving = threads.submit(_everything, session.server)
        assert _everything(session.client) == sha256(down).digest()
        assert arriving.result() == sha256(up).digest()
        for sent in sending:
            sent.result()


@pytest.mark.parametrize("size", [0, 1, 251, 65535, 65536, 65537, 2_000_000])
def test_any_size_arrives(place: Place, size: int) -> None:
    """Nothing, a byte, and what fits a buffer exactly or not quite."""
    with place.session() as session, ThreadPoolExecutor(1) as threads:
        sent = _patterned(size)
        saying = threads.submit(_says, session.client, sent)
        assert _everything(session.server) == sha256(sent).digest()
        saying.result()


def test_a_slow_reader_slows_its_sender(place: Place) -> None:
    """The sender waits, nothing heaps up with us, and everything arrives when the reader goes on."""
    with place.session() as session, ThreadPoolExecutor(1) as threads:
        session.speak()
        before = _own_memory(place)
        sent = _until_held_back(session.client)
        assert sent < _HELD_BACK
        assert _own_memory(place) - before < _OWN
        saying = threads.submit(_says, session.client, b"and more")
        assert _everything(session.server) == sha256(_patterned(sent) + b"and more").digest()
        saying.result()


def _patterned(size: int) -> bytes:
    return (_PATTERN * (size // len(_PATTERN) + 1))[:size]


def _says(connection: socket.socket, data: bytes) -> None:
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def _everything(connection: socket.socket) -> bytes:
    """Return the digest of what comes until the end of the stream."""
    digest = sha256()
    while data := connection.recv(_CHUNK):
        digest.update(data)
    return digest.digest()


def _until_held_back(connection: socket.socket) -> int:
    """Send the pattern until nothing more is taken for a second; return how much was."""
    sent = 0
    connection.settimeout(1)
    with contextlib.suppress(TimeoutError):
        while sent < 2 * _HELD_BACK:
            sent += connection.send(_PATTERN[sent % 256 :])
    connection.settimeout(20)
    return sent


def _own_memory(place: Place) -> int:
    """Return the bytes that the proxy's workers share with no file; 0 where there are none."""
    pids = run(["ip", "netns", "pids", place.net["lb1"].netns]).stdout.split()
    workers = [pid for pid in pids if b"\0role\0proxy\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert bool(workers) == place.proxied
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii") for pid in workers]
    lines = [line for rollup in rollups for line in rollup.splitlines() if line.startswith("Pss_Anon:")]
    return sum(1024 * int(line.split()[1]) for line in lines)

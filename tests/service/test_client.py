"""The client against peers that misbehave."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bascule.service.client import Client, NotRunningError
from bascule.service.failures import ExitCode, OperationFailed
from bascule.service.operations import Poll, Status
from bascule.service.progress import Progress
from bascule.service.results import Polled, Stopped
from bascule.system.channel import encode


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the control socket shall be."""
    return tmp_path / "control.sock"


@contextmanager
def peer(path: Path, behave: Callable[[socket.socket], None]) -> Iterator[None]:
    """Let one connection be treated by `behave`, in a thread of its own."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            with listener.accept()[0] as connection:
                behave(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


def complaint(path: Path, patience: float = 5) -> OperationFailed:
    """Return what a call fails with."""
    with pytest.raises(OperationFailed) as caught:
        Client(path, patience=patience).call(Status())
    return caught.value


def test_silence_ends_at_the_patience(path: Path) -> None:
    """A peer that takes the request and says nothing costs the patience, no more, and is named."""
    released = threading.Event()

    def keep_silent(_: socket.socket) -> None:
        released.wait(5)

    with peer(path, keep_silent):
        failed = complaint(path, patience=0.1)
        released.set()
    assert "did not answer within 0.1 s" in str(failed)
    assert failed.exit_code is ExitCode.MACHINE


def test_a_trickle_does_not_stretch_the_patience(path: Path) -> None:
    """The patience is for the whole answer: a byte now and then does not renew it."""
    times = iter([0.0, 1.0, 6.0])
    released = threading.Event()

    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"\0\0\0\x40\x01")
        released.wait(5)

    with peer(path, trickle):
        with pytest.raises(OperationFailed, match="did not answer within 5 s"):
            Client(path, patience=5, now=lambda: next(times)).call(Status())
        released.set()


def test_a_step_that_is_told_renews_the_patience(path: Path) -> None:
    """An operation that goes on is waited for; the steps are heard in order."""
    times = iter([0.0, 1.0, 4.0, 8.0, 9.0])
    steps = [Progress(step=step, done=0, of=2, seconds=1) for step in ("one", "two")]
    answer = Polled(checks=1, up=1)
    told: list[Progress] = []
    heard = threading.Event()

    def behave(connection: socket.socket) -> None:
        connection.sendall(encode(steps[0]) + encode(steps[1]))
        heard.wait(5)
        connection.sendall(encode(answer))

    def hear(progress: Progress) -> None:
        told.append(progress)
        if len(told) == len(steps):
            heard.set()

    with peer(path, behave):
        assert Client(path, patience=5, now=lambda: next(times)).call(Poll(progress=True), hear) == answer
    assert told == steps


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no Bascule"),
        (encode(Stopped(sentence="x")).replace(b"\x01", b"\x07", 1), "version 7"),
        (b"", "gave no answer"),
        (encode(Stopped(sentence="x")), "gave no answer to what was asked"),
    ],
    ids=["another protocol", "another version", "closed", "an answer to something else"],
)
def test_what_is_no_answer_is_said(path: Path, answer: bytes, words: str) -> None:
    """Whatever the peer says instead of an answer becomes one sentence with the socket's path in it."""

    def behave(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    with peer(path, behave):
        failed = complaint(path)
    assert words in str(failed)
    assert str(path) in str(failed)


def test_a_dead_socket_is_nobody(path: Path) -> None:
    """A socket file that a crash left means that nobody runs."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert isinstance(complaint(path), NotRunningError)


def test_a_path_too_long_is_said(tmp_path: Path) -> None:
    """The kernel takes 107 bytes of path; more is an error with words, not a traceback."""
    assert "too long" in str(complaint(tmp_path / ("x" * 120)))

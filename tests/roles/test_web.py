"""The web process does what its parent says, over one socket, and ends with it."""

import array
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from bascule.engines.admin.keys import KeyPair, self_signed
from bascule.roles.web import main
from bascule.system.channel import Decoder, encode
from bascule.system.web_orders import Serve, Serving, WebListener
from bed.pages import client_context

KEYS = self_signed(["localhost"], datetime.now(UTC))


class Parent:
    """Our end of the socket to a web process."""

    def __init__(self) -> None:
        self.socket, theirs = socket.socketpair()
        command = [sys.executable, "-m", "bascule", "role", "web", "--control", "/nowhere", "--fd", str(theirs.fileno())]
        with theirs:
            self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stderr=subprocess.PIPE, text=True)
        self.socket.settimeout(20)
        self._decoder: Decoder[Serving] = Decoder(Serving)
        self._orders = 0

    def serve(self, *doors: tuple[int, KeyPair, socket.socket]) -> Serving:
        """Give an order, and return the answer."""
        self._orders += 1
        listeners = tuple(WebListener(number=number, certificate=k.certificate, key=k.key) for number, k, _ in doors)
        rights = array.array("i", [held.fileno() for _, _, held in doors])
        carried = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if doors else []
        frame = encode(Serve(number=self._orders, listeners=listeners))
        sent = self.socket.sendmsg([frame], carried)
        self.socket.sendall(frame[sent:])
        while True:
            for answer in self._decoder.feed(self.socket.recv(4096) or pytest.fail("it has ended")):
                assert answer.number == self._orders
                return answer

    def ended(self) -> tuple[int, str]:
        """Wait for its end, and return its exit code and what it said."""
        code = self.process.wait(20)
        assert self.process.stderr is not None
        return code, self.process.stderr.read()


@contextmanager
def parent() -> Iterator[Parent]:
    """Return one whose process is gone afterwards."""
    made = Parent()
    try:
        with made.socket:
            yield made
    finally:
        made.process.kill()
        made.process.wait(20)
        assert made.process.stderr is not None
        made.process.stderr.close()


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """Return a listening socket, of which the parent keeps its own copy."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def certificate_at(listener: socket.socket) -> str:
    """Return what a new session meets."""
    with socket.create_connection(listener.getsockname(), timeout=20) as plain, client_context().wrap_socket(plain) as tls:
        return ssl.DER_cert_to_PEM_cert(tls.getpeercert(binary_form=True) or b"")


def test_it_serves_until_the_parent_closes(door: socket.socket) -> None:
    """Also where orders repeat; a door stays open in the parent's hands."""
    with parent() as ours:
        assert ours.serve((1, KEYS, door)).refused == ""
        assert ours.serve((1, KEYS, door)).refused == ""
        assert certificate_at(door) == KEYS.certificate.decode()
        ours.socket.close()
        assert ours.ended() == (0, "")


def test_another_certificate_takes_the_place_over(door: socket.socket) -> None:
    """At the same door."""
    other = self_signed(["localhost"], datetime.now(UTC))
    with parent() as ours:
        ours.serve((1, KEYS, door))
        ours.serve((2, other, door))
        assert {certificate_at(door) for _ in range(5)} == {other.certificate.decode()}


def test_what_cannot_be_served_is_refused_and_changes_nothing(door: socket.socket) -> None:
    """With a reason."""
    broken = KeyPair(KEYS.certificate, b"no key", "", KEYS.ends)
    with parent() as ours, socket.create_server(("127.0.0.1", 0)) as second:
        ours.serve((1, KEYS, door))
        assert ours.serve((2, KEYS, second), (3, broken, door)).refused.startswith("it cannot be served: ")
        assert certificate_at(door) == KEYS.certificate.decode()
        ours.serve((4, KEYS, second))
        assert certificate_at(second) == KEYS.certificate.decode()


def test_with_nothing_left_to_serve_it_ends(door: socket.socket) -> None:
    """It answers first."""
    with parent() as ours:
        ours.serve((1, KEYS, door))
        assert ours.serve().refused == ""
        assert ours.ended() == (0, "")


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n\r\n", encode(Serving(number=1))], ids=["HTTP", "another message"])
def test_what_is_no_order_ends_it(said: bytes) -> None:
    """In one line."""
    with parent() as ours:
        ours.socket.sendall(said)
        code, words = ours.ended()
        assert (code, words.count("\n")) == (1, 1)
        assert words.startswith("the web process lost its parent: ")


def test_an_order_without_its_sockets_ends_it() -> None:
    """It would serve at the wrong ones."""
    with parent() as ours:
        frame = encode(Serve(number=1, listeners=(WebListener(number=1, certificate=b"", key=b""),)))
        ours.socket.sendall(frame)
        assert ours.ended() == (1, "the web process lost its parent: fewer sockets came than the order has\n")


def test_an_argument_that_is_no_socket(capsys: pytest.CaptureFixture[str]) -> None:
    """Is a usage error, not a traceback."""
    with pytest.raises(SystemExit):
        main(["--fd", "x"])
    assert "invalid int value" in capsys.readouterr().err

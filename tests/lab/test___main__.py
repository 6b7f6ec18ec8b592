"""A simulated server runs as a process of its own, and goes when it is told to or its starter is gone."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

ADDRESS = "127.0.0.13"


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server((ADDRESS, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(*options: str) -> Iterator[subprocess.Popen[str]]:
    """Run a server until the block ends."""
    command = [sys.executable, "-m", "bascule.lab", "--name", "EX3", "--address", ADDRESS, *options]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_once_ready_and_stops_on_a_signal(number: signal.Signals) -> None:
    """The line `ready` comes when the ports are open; a signal ends it with 0."""
    port = free_port()
    with running("--smtp", str(port)) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        with socket.create_connection((ADDRESS, port), timeout=5) as client:
            assert client.recv(100).startswith(b"220 EX3.lab.local ")
        process.send_signal(number)
        assert process.wait(timeout=10) == 0


def test_it_follows_its_input_and_ends_with_it() -> None:
    """With --orders each line is followed and answered, and no server outlives the one who started it."""
    port = free_port()
    with running("--imap", str(port), "--orders") as process:
        assert process.stdout
        assert process.stdin
        process.stdout.readline()
        for order, answer in (
            ("service imap stopped", "done"),
            ("service imap well", "done"),
            ("service nntp well", "no service: 'nntp'"),
            ("component OwaProxy Broken", "'Broken' is not a valid State"),
            ("dance", "no order of Exchange SE: 'dance'"),
        ):
            process.stdin.write(f"{order}\n")
            process.stdin.flush()
            assert process.stdout.readline() == f"{answer}\n"
        socket.create_connection((ADDRESS, port), timeout=5).close()
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_orders_from_the_start() -> None:
    """In maintenance it answers as Exchange does when it is taken out of service."""
    port = free_port()
    with running("--smtp", str(port), "--version", "2016", "--order", "maintenance on") as process:
        assert process.stdout
        process.stdout.readline()
        with socket.create_connection((ADDRESS, port), timeout=5) as client:
            assert client.recv(100) == b"421 4.3.2 Service not active\r\n"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--order", "maintenance on", "--version", "2010"), "EX3: no order of Exchange 2010: 'maintenance on'\n"),
        (("--client-access", "0"), "EX3: Exchange SE has no client_access: Outlook speaks MAPI over HTTP\n"),
    ],
)
def test_what_a_version_does_not_have_is_refused(options: tuple[str, ...], words: str) -> None:
    """Exit code 2, one line, no traceback."""
    with running(*options) as process:
        _, said = process.communicate(timeout=10)
        assert (process.returncode, said) == (2, words)


def test_a_port_that_is_taken_is_said() -> None:
    """Exit code 3, one line, no traceback."""
    with socket.create_server((ADDRESS, 0)) as taken, running("--imap", str(taken.getsockname()[1])) as process:
        _, said = process.communicate(timeout=10)
        assert process.returncode == 3
        assert said.startswith("EX3: cannot listen: ")
        assert len(said.splitlines()) == 1

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


def test_it_ends_with_its_input() -> None:
    """With --while-input no server outlives the one who started it."""
    with running("--imap", str(free_port()), "--while-input") as process:
        assert process.stdout
        assert process.stdin
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_maintenance_from_the_start() -> None:
    """--maintenance answers as Exchange does when it is taken out of service."""
    port = free_port()
    with running("--smtp", str(port), "--maintenance") as process:
        assert process.stdout
        process.stdout.readline()
        with socket.create_connection((ADDRESS, port), timeout=5) as client:
            assert client.recv(100) == b"421 4.3.2 Service not active\r\n"


def test_an_endpoint_mapper_that_is_wrong_from_the_start() -> None:
    """--rpc-fault has it, and says what there is where it is none."""
    port = free_port()
    with running("--mapper", str(port), "--rpc-fault", "hangs") as process:
        assert process.stdout
        process.stdout.readline()
        with socket.create_connection((ADDRESS, port), timeout=0.2) as client:
            client.send(b"GET / HTTP/1.1\r\n\r\n")  # a mapper that works would hang up
            with pytest.raises(TimeoutError):
                client.recv(1)
    with running("--mapper", str(port), "--rpc-fault", "none") as process:
        _, said = process.communicate(timeout=10)
        assert "invalid RpcFault value: 'none'" in said


def test_a_port_that_is_taken_is_said() -> None:
    """Exit code 3, one line, no traceback."""
    with socket.create_server((ADDRESS, 0)) as taken, running("--imap", str(taken.getsockname()[1])) as process:
        _, said = process.communicate(timeout=10)
        assert process.returncode == 3
        assert said.startswith("EX3: cannot listen: ")
        assert len(said.splitlines()) == 1

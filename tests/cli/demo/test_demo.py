"""The demo from end to end, as a user starts it: it shows what it says, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

MARK = "BASCULE_TEST_RUN"
"""A variable that every process of a run inherits, by which those left over are found."""


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give a demo a directory for its files; afterwards neither process nor file of it may be left."""
    mark = str(uuid.uuid4())
    kept = {name: value for name, value in os.environ.items() if name not in {"XDG_RUNTIME_DIR", "XDG_STATE_HOME"}}
    yield kept | {MARK: mark, "TMPDIR": str(tmp_path), "HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    left = list(_processes(f"{MARK}={mark}".encode()))
    for process, _ in left:
        os.kill(process, signal.SIGKILL)
    assert left == []
    assert list(tmp_path.iterdir()) == []


def _processes(variable: bytes) -> Iterator[tuple[int, str]]:
    """Yield the processes whose environment holds a variable, with their command lines."""
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            if variable in (directory / "environ").read_bytes().split(b"\0"):
                yield int(directory.name), (directory / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue  # gone meanwhile, or another user's


def start(environment: dict[str, str], *options: str) -> subprocess.Popen[str]:
    """Start the demo with its output in a pipe."""
    command = [sys.executable, "-m", "bascule", "demo", *options]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_once_shows_affinity_and_failover(environment: dict[str, str]) -> None:
    """No connection fails, only the dead server's clients move, all return, and the exit code says so."""
    with start(environment, "--once") as demo:
        said, _ = demo.communicate(timeout=90)
    assert demo.returncode == 0, said
    lines = said.splitlines()
    assert any(line.startswith("84 connections, 0 failed. 12 of 12 clients met one server") for line in lines), said
    assert "EX2 is killed; 6 clients used it." in lines
    assert any("6 of its 6 clients moved" in line and "of the others 0 moved" in line for line in lines), said
    assert any("6 of its 6 clients are back" in line for line in lines), said
    assert "Not as it should be" not in said
    (verdict,) = (line for line in lines if line.startswith("The balancer says: "))
    assert "7 relays serve clients, 3 of 3 hosts are up" in verdict
    assert "certificate" not in verdict, "all servers show one, as a farm does"


@pytest.mark.parametrize(
    ("when", "number"),
    [("A simulation of Exchange 2010", signal.SIGINT), ("is killed", signal.SIGTERM), ("Traffic goes on", signal.SIGINT)],
)
def test_a_signal_ends_it_at_any_time(environment: dict[str, str], when: str, number: signal.Signals) -> None:
    """Ctrl-C, or who stops it otherwise, takes everything away, whatever is going on."""
    with start(environment) as demo:
        said = _read_until(demo, when)
        demo.send_signal(number)
        rest, _ = demo.communicate(timeout=60)
    assert demo.returncode == 0, said + rest
    assert rest.splitlines()[-1] == "Ended: processes, listeners and files of the demo are gone."


def test_two_at_once_do_not_meet(environment: dict[str, str]) -> None:
    """Each finds ports of its own, and what it shows is its own balancer's doing."""
    demos = [start(environment, "--once") for _ in range(2)]
    answers = [demo.communicate(timeout=90)[0] for demo in demos]
    failed = [answer for demo, answer in zip(demos, answers, strict=True) if demo.returncode]
    assert not failed, "\n".join(failed)


def test_a_reader_that_leaves_ends_it(environment: dict[str, str]) -> None:
    """`bascule demo | head` leaves nothing behind either."""
    with start(environment) as demo:
        _read_until(demo, "clients (")
        assert demo.stdout is not None
        demo.stdout.close()
        assert demo.wait(timeout=60) == 1


def _read_until(demo: subprocess.Popen[str], text: str) -> str:
    assert demo.stdout is not None
    said = ""
    while text not in said:
        line = demo.stdout.readline()
        assert line, said
        said += line
    return said

"""The starter's answers. What it starts is looked at in `whole/test_users.py`."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bascule.roles import starter
from bed import memory


class Line:
    """A starter's end of the line and ours; it starts `sleep` for the role, as nobody else."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.children: set[int] = set()

    def ask(self, data: bytes, *descriptors: int) -> tuple[Mapping[str, Any], list[int]]:
        """Ask, and return what is answered, with what descriptors."""
        socket.send_fds(self.ours, [data], descriptors)
        assert starter._answer(self.theirs, self.children, {"probe": ["sh", "-c", "exec sleep 60"]})
        told, found, _, _ = socket.recv_fds(self.ours, 65536, 1)
        return json.loads(told), found


@pytest.fixture
def line() -> Iterator[Line]:
    """Return a line; what was started by it ends."""
    line = Line()
    yield line
    line.ours.close()
    line.theirs.close()
    for pid in line.children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def held() -> int:
    """Return how many descriptors this process has."""
    return memory.descriptors_of(os.getpid())


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", ""),
        (b"{", "JSONDecodeError"),
        (b"[1]", "TypeError"),
        (b'{"number": 1}', "KeyError: 'arguments'"),
        (b'{"number": 1, "role": "cook", "arguments": []}', "KeyError: 'cook'"),
        (b'{"number": 1, "role": "probe", "arguments": 7}', "TypeError"),
        (json.dumps({"number": 1, "role": "probe", "arguments": ["x"] * 33}).encode(), "more than 32 arguments"),
        (b"[" * 60_000, "RecursionError"),
    ],
)
def test_what_is_no_question_starts_nothing(line: Line, data: bytes, why: str) -> None:
    """It is told, and the descriptor that came with it is closed."""
    if not data:
        line.ours.close()
        assert not starter._answer(line.theirs, line.children, {})
        return
    before = held()
    answer, found = line.ask(data, line.ours.fileno())
    assert why in answer["error"]
    assert (found, line.children, held()) == ([], set(), before)


def test_it_ends_what_it_has_started_and_nothing_else(line: Line) -> None:
    """A process that is not its own is let be, whoever asks."""
    with subprocess.Popen([sys.executable, "-Sc", "input()"], stdin=subprocess.PIPE) as other:
        answer, (descriptor,) = line.ask(b'{"number": 5, "role": "probe", "arguments": []}')
        pid = answer["pid"]
        assert (answer["number"], line.children) == (5, {pid})
        line.ask(json.dumps({"number": 6, "kill": other.pid}).encode())
        line.ask(json.dumps({"number": 7, "kill": pid}).encode())
        os.close(descriptor)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
        line.children.clear()
        assert other.poll() is None
        other.kill()


def test_it_imports_the_standard_library_alone() -> None:
    """It is root: what it does not load cannot be turned against it."""
    program = "import sys, bascule.roles.starter; print(*(n for n in sys.modules if n.startswith('bascule')))"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert sorted(loaded) == ["bascule", "bascule.roles", "bascule.roles.starter"]

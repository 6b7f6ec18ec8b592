"""A worker for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bed.proxy import Rig, runtime_directory, worker_process, worker_thread


class Hands:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def directory() -> Iterator[Path]:
    """Return a runtime directory."""
    with runtime_directory() as path:
        yield path


@pytest.fixture
def rig(directory: Path) -> Iterator[Rig]:
    """Run a worker as a process."""
    with worker_process(directory) as rig:
        yield rig


@pytest.fixture
def hands() -> Hands:
    """Return a clock to be moved by hand."""
    return Hands()


@pytest.fixture
def timed(directory: Path, hands: Hands) -> Iterator[Rig]:
    """Run a worker in a thread by that clock."""
    with worker_thread(directory, hands) as rig:
        yield rig

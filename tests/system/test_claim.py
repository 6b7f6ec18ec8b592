"""A state folder belongs to one process at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from bascule.system.claim import claimed
from bascule.system.errors import MachineError

_HOLD = """
import sys, pathlib
from bascule.system.claim import claimed
with claimed(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    """Whoever comes second hears why, and gets the folder when the first was killed."""
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(MachineError, match="another Bascule"), claimed(tmp_path):
            pass
        first.kill()
        first.wait()
    with claimed(tmp_path):
        pass


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    """Old kernel settings and marks are nobody else's business."""
    with claimed(tmp_path / "state"):
        assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    """The message says which folder, and what the machine says of it."""
    (tmp_path / "file").touch()
    with (
        pytest.raises(MachineError, match=r"use the state folder .*file/state: Not a directory"),
        claimed(tmp_path / "file" / "state"),
    ):
        pass

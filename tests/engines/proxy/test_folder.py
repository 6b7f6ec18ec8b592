"""Whose workers are believed: our own, and those of whom we gave a folder to."""

import os
from pathlib import Path

import pytest

from bascule.engines.proxy.folder import believed, workers_folder


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """Return a runtime directory with a folder for workers."""
    (tmp_path / "runtime" / "workers").mkdir(parents=True)
    (tmp_path / "runtime").chmod(0o755)
    return tmp_path / "runtime"


def test_a_folder_of_ours_is_where_workers_are(runtime: Path) -> None:
    """Where there is none, they are in the directory itself."""
    assert workers_folder(runtime) == runtime / "workers"
    assert workers_folder(runtime / "workers") == runtime / "workers"


def test_a_folder_that_anybody_could_have_made_is_not(runtime: Path) -> None:
    """As in a shared temporary folder."""
    runtime.chmod(0o1777)
    assert workers_folder(runtime) == runtime
    assert believed(runtime / "workers") == {os.geteuid()}


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder to another user, which takes root")
def test_whom_it_was_given_to_is_believed(runtime: Path) -> None:
    """Unless others may write where it stands."""
    os.chown(runtime / "workers", 64002, 64002)
    assert believed(runtime / "workers") == {0, 64002}
    runtime.chmod(0o775)
    assert believed(runtime / "workers") == {0}

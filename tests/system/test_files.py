"""A file is whole or not there, whenever the power goes."""

import os
import stat
from pathlib import Path

import pytest

from bascule.system.errors import MachineError
from bascule.system.files import read_whole, write_whole


def listed(folder: Path) -> list[str]:
    """Return the names in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """New files and old ones, with nothing left beside them."""
    for data in (b"one", b"", b"three\x00"):
        write_whole(tmp_path / "state.json", data)
        assert read_whole(tmp_path / "state.json") == data
        assert listed(tmp_path) == ["state.json"]


def test_files_and_folders_are_their_owners_alone(tmp_path: Path) -> None:
    """Whatever the umask says, unless another mode is asked for; folders on the way are made."""
    path = tmp_path / "a" / "b" / "state"
    before = os.umask(0)
    try:
        write_whole(path, b"secret")
        write_whole(tmp_path / "open", b"", mode=0o644)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o644


def test_a_narrow_umask_takes_nothing_from_a_wide_mode(tmp_path: Path) -> None:
    """A file that others shall read can be read."""
    before = os.umask(0o077)
    try:
        write_whole(tmp_path / "open", b"", mode=0o644)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o644


@pytest.mark.parametrize(("where", "call"), [(os, "fsync"), (Path, "replace")])
def test_a_crash_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: object, call: str) -> None:
    """Whether the disk is full or the renaming fails: the old file is whole, and nothing lies beside it."""
    path = tmp_path / "state"
    write_whole(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(where, call, fail)
    with pytest.raises(MachineError, match=f"write {path}: No space left on device"):
        write_whole(path, b"new")
    monkeypatch.undo()
    assert read_whole(path) == b"old"
    assert listed(tmp_path) == ["state"]


def test_everything_is_on_the_disk_before_the_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The content is flushed before the renaming, the renaming itself after it."""
    done: list[str] = []
    flush, rename = os.fsync, Path.replace

    def noted(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "content")
        flush(descriptor)

    def renamed(self: Path, target: Path) -> Path:
        done.append("name")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(Path, "replace", renamed)
    write_whole(tmp_path / "state", b"new")
    assert done == ["content", "name", "folder"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """It is no error that nothing was written yet."""
    assert read_whole(tmp_path / "state") is None
    assert read_whole(tmp_path / "folder" / "state") is None


def test_a_file_that_is_none(tmp_path: Path) -> None:
    """The error names it."""
    with pytest.raises(MachineError, match=f"read {tmp_path}: Is a directory"):
        read_whole(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(MachineError, match=f"write {tmp_path / 'file' / 'state'}: "):
        write_whole(tmp_path / "file" / "state", b"")


def test_a_file_that_is_too_long(tmp_path: Path) -> None:
    """No more is read than anybody expects."""
    path = tmp_path / "state"
    path.write_bytes(b"x" * 11)
    assert read_whole(path, longest=11) == b"x" * 11
    with pytest.raises(MachineError, match="longer than 10 bytes"):
        read_whole(path, longest=10)

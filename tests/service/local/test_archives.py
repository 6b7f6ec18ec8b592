"""Backups as the running Bascule lists them and hands them out."""

from pathlib import Path

import pytest

from bascule.service.failures import OperationFailed
from bascule.service.local import archives
from bascule.service.local.archives import backup_parts, backup_rows
from bascule.store.backups import FOLDER, back_up, look_at
from bascule.store.database import open_database


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return a state folder with one backup, and a file that is none."""
    open_database(tmp_path).close()
    (tmp_path / FOLDER).mkdir()
    back_up(tmp_path, tmp_path / FOLDER / "bascule-1.db")
    (tmp_path / FOLDER / "bascule-0.db").write_text("no database")
    return tmp_path


async def _fetched(state: Path, name: str | None) -> bytes:
    parts = [part async for part in backup_parts(state, name)]
    assert {part.size for part in parts} == {sum(len(part.content) for part in parts)}
    return b"".join(part.content for part in parts)


async def test_what_is_handed_out_can_be_restored(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new one and an old one, whole, whatever the size of a part; nothing is left of the new one."""
    monkeypatch.setattr(archives, "PART", 1000)
    before = sorted(state.iterdir())
    for name in (None, "bascule-1.db"):
        copy = tmp_path / "copy.db"
        copy.write_bytes(await _fetched(state, name))
        assert look_at(copy).revisions == 0
        copy.unlink()
    assert sorted(state.iterdir()) == before


@pytest.mark.parametrize("name", ["../bascule.db", "bascule-2.db", "", "/etc/passwd"])
async def test_nothing_else_is_handed_out(state: Path, name: str) -> None:
    """Only what lies in the folder of backups, by its own name."""
    with pytest.raises(OperationFailed, match="there is no backup"):
        await _fetched(state, name)


async def test_a_damaged_one_says_so(state: Path) -> None:
    """Beside the whole ones."""
    rows = {row.name: row for row in (await backup_rows(state)).rows}
    assert rows["bascule-1.db"].damaged == ""
    assert "not a database" in rows["bascule-0.db"].damaged

"""Where the admin server's certificate comes from."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bascule.config.model import KeyFiles
from bascule.engines.admin.keys import FlawedKeysError, self_signed
from bascule.engines.admin.store import FILE, KeyStore
from bascule.system.errors import MachineError


class Calendar:
    """A day that a test turns to."""

    today = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        """Return it."""
        return self.today


@pytest.fixture
def calendar() -> Calendar:
    """Return a calendar."""
    return Calendar()


def store(state: Path, calendar: Calendar) -> KeyStore:
    """Return the store as each start makes it."""
    return KeyStore(state, now=calendar.now, host_name=lambda: "machine")


def test_ours_is_made_once_and_kept(tmp_path: Path, calendar: Calendar) -> None:
    """Over restarts, and whatever the machine is called by then; the key is nobody else's to read."""
    made = store(tmp_path, calendar).own(["lb1", "10.80.0.2"])
    assert store(tmp_path, calendar).own(["other"]) == made
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_ours_is_made_anew_before_it_ends(tmp_path: Path, calendar: Calendar) -> None:
    """Thirty days before."""
    made = store(tmp_path, calendar).own(["lb1"])
    calendar.today = made.ends - timedelta(days=31)
    assert store(tmp_path, calendar).own(["lb1"]) == made
    calendar.today = made.ends - timedelta(days=30)
    anew = store(tmp_path, calendar).own(["lb1"])
    assert anew != made
    assert anew.ends > made.ends


def test_what_is_no_certificate_any_more_is_made_anew(tmp_path: Path, calendar: Calendar) -> None:
    """Nobody trusts it by an authority."""
    (tmp_path / FILE).write_bytes(b"\xff" * 100)
    made = store(tmp_path, calendar).own([])
    assert store(tmp_path, calendar).own([]) == made


def test_a_state_folder_that_takes_nothing_is_said(tmp_path: Path, calendar: Calendar) -> None:
    """By what was tried, and why it was refused."""
    (tmp_path / "state").write_bytes(b"")
    with pytest.raises(MachineError, match=r"read .*admin\.pem"):
        store(tmp_path / "state", calendar).own(["lb1"])


def test_files_that_the_text_names(tmp_path: Path, calendar: Calendar) -> None:
    """They are read each time, and said by name where they cannot be used."""
    files = KeyFiles(str(tmp_path / "cert"), str(tmp_path / "key"))
    keys = store(tmp_path, calendar)
    with pytest.raises(FlawedKeysError, match=r"cert and .*key cannot be used: there is no file .*/cert"):
        keys.named(files)
    for name in ("one", "other"):
        pair = self_signed([name], calendar.now())
        (tmp_path / "cert").write_bytes(pair.certificate)
        (tmp_path / "key").write_bytes(pair.key)
        assert keys.named(files) == pair
    (tmp_path / "key").write_bytes(b"x" * 100_000)
    with pytest.raises(FlawedKeysError, match="longer than 65536 bytes"):
        keys.named(files)

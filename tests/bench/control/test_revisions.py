"""The history that is measured is one that Bascule itself would have kept."""

import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bascule.config.load import load
from bascule.store.database import open_database
from bascule.store.history import DatabaseHistory
from bench.control.revisions import COUNT, fill, text


def test_it_is_a_whole_chain_of_sound_texts(tmp_path: Path) -> None:
    """Of about 20 kB each."""
    fill(tmp_path, 30)
    with closing(open_database(tmp_path)) as database:
        history = DatabaseHistory(database)
        assert [head.number for head in history.heads(50)] == list(range(30, 0, -1))
        newest = history.newest()
    assert newest is not None
    assert newest.text == text(30)
    assert 18_000 < len(newest.text) < 24_000
    assert load(newest.text).configuration is not None


def test_nothing_waits_for_ten_thousand_revisions(tmp_path: Path) -> None:
    """Five times what `make bench-control` holds a whole command to: listing all, reading one, and one more."""
    fill(tmp_path)
    with closing(open_database(tmp_path)) as database:
        history = DatabaseHistory(database)
        seconds = []
        for work in (
            lambda: history.heads(COUNT),
            lambda: history.revision(COUNT // 2),
            lambda: history.commit(text(COUNT + 1), at=datetime.now(UTC), author="root", message=""),
        ):
            begun = time.monotonic()
            assert work()
            seconds.append(time.monotonic() - begun)
    assert max(seconds) < 5
    assert (tmp_path / "bascule.db").stat().st_size < 100_000_000

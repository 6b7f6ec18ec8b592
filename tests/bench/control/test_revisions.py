"""The history that is measured is one that Bascule itself would have kept."""

from contextlib import closing
from pathlib import Path

from bascule.config.load import load
from bascule.store.database import open_database
from bascule.store.history import DatabaseHistory
from bench.control.revisions import fill, text


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

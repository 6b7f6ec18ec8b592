from pathlib import Path

from bascule.store.database import open_database
from bascule.store.secrets import MOST, DatabaseSecrets


def test_a_secret_has_one_label_and_is_never_shown(tmp_path: Path) -> None:
    """It outlives the process; what is kept already is found, and a label that is taken is drawn again."""
    database = open_database(tmp_path)
    drawn = iter(("aaaaaaaa", "aaaaaaaa", "bbbbbbbb"))
    kept = DatabaseSecrets(database, draw=lambda: next(drawn))
    first = kept.label("s3cret")
    kept.keep({first: "s3cret"})
    assert (first, kept.label("s3cret"), kept.label("other")) == ("aaaaaaaa", "aaaaaaaa", "bbbbbbbb")
    again = DatabaseSecrets(database, draw=lambda: "")
    assert (again.secret("aaaaaaaa"), again.secret("bbbbbbbb"), again.label("s3cret")) == ("s3cret", "", "aaaaaaaa")
    assert "s3cret" not in f"{again!r} {again}"
    database.close()


def test_their_number_has_an_end(tmp_path: Path) -> None:
    """Those that were written longest ago go, at hand and in the file."""
    database = open_database(tmp_path)
    kept = DatabaseSecrets(database, draw=lambda: "")
    kept.keep({f"{number:08x}": f"secret {number}" for number in range(MOST)})
    kept.keep({"ffffffff": "the last"})
    for known in (kept, DatabaseSecrets(database, draw=lambda: "")):
        assert [known.secret(label) for label in ("00000000", "00000001", "ffffffff")] == ["", "secret 1", "the last"]
    database.close()

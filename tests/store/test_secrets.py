from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

from bascule.config.kinds.kept import login, password
from bascule.store.database import FILE, open_database, open_file
from bascule.store.schema import VERSIONS
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


def test_those_who_keep_some_at_once_take_none_from_each_other(tmp_path: Path) -> None:
    """Each draft is kept in a thread of its own."""
    labels = [f"{number:08x}" for number in range(16)]
    with closing(open_database(tmp_path)) as database:
        kept = DatabaseSecrets(database, draw=lambda: "")
        together = Barrier(len(labels))

        def keep(label: str) -> None:
            together.wait()
            kept.keep({label: f"secret {label}"})

        with ThreadPoolExecutor(len(labels)) as threads:
            [*threads.map(keep, labels)]
        assert [kept.secret(label) for label in labels] == [f"secret {label}" for label in labels]


def test_passwords_of_before_there_were_labels_are_found_by_their_users(tmp_path: Path) -> None:
    """A text that has `set` logs in as before; the same password has a label of its own where it is written again."""
    before = next(number for number, made in enumerate(VERSIONS) if "DROP TABLE mailboxes" in made)
    with closing(open_file(tmp_path / FILE, VERSIONS[:before], synchronous="FULL")) as old, old.transaction() as change:
        change.execute("INSERT INTO mailboxes (user, password) VALUES ('probe', 's3cret')")
    with closing(open_database(tmp_path)) as database:
        kept = DatabaseSecrets(database, draw=lambda: "aaaaaaaa")
        assert password("probe", "", kept.secret) == "s3cret"
        assert password("other", "", kept.secret) == ""
        assert kept.label(login("probe", "s3cret")) == "aaaaaaaa"

from pathlib import Path

from bascule.store.database import open_database
from bascule.store.mailboxes import DatabaseMailboxes


def test_a_password_is_kept_and_never_shown(tmp_path: Path) -> None:
    """It outlives the process, the last that was written counts, and no repr has it."""
    database = open_database(tmp_path)
    kept = DatabaseMailboxes(database)
    assert kept.password("probe") == ""
    kept.keep("probe", "s3cret")
    kept.keep("probe", "s3cret2")
    assert kept.password("probe") == "s3cret2"
    assert DatabaseMailboxes(database).password("probe") == "s3cret2"
    assert "s3cret" not in f"{kept!r} {kept}"
    database.close()

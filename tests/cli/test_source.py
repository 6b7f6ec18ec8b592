import io
from pathlib import Path

import pytest

from bascule.cli.source import MAXIMUM_FILE, UsageError, read_source, replace_source


def test_the_longest_text_is_read_whole(tmp_path: Path) -> None:
    """The bound itself is allowed; a byte more is not."""
    file = tmp_path / "a.conf"
    file.write_bytes(b"\n" * MAXIMUM_FILE)
    assert len(read_source(str(file), io.StringIO()).text) == MAXIMUM_FILE
    file.write_bytes(b"\n" * (MAXIMUM_FILE + 1))
    with pytest.raises(UsageError, match=r"longer than any configuration \(16 MiB\)"):
        read_source(str(file), io.StringIO())


def test_standard_input_has_a_bound_too() -> None:
    """A pipe without an end is not held in memory."""
    endless = io.TextIOWrapper(io.BytesIO(b"\n" * (MAXIMUM_FILE + 1)))
    with pytest.raises(UsageError, match="standard input is longer"):
        read_source("-", endless)


def test_what_cannot_be_replaced_is_said(tmp_path: Path) -> None:
    """A file that is gone is an error of the command line, and nothing is made in its place."""
    with pytest.raises(UsageError, match=r"cannot write .*a\.conf: No such file"):
        replace_source(str(tmp_path / "a.conf"), b"x")
    assert list(tmp_path.iterdir()) == []

"""Files of address tables are read whatever lies in their place."""

import os
import time
from pathlib import Path

from bascule.config.facts import TableFile
from bascule.config.table_files import LONGEST_FILE
from bascule.system.table_files import read_table_files

ADDRESSES = 100_000
SECONDS = 0.5


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    """A file that is not there, a folder, a pipe that nobody writes to, an endless file: nothing waits or raises."""
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(LONGEST_FILE * 4)
    (tmp_path / "good").write_text("192.0.2.1\n")
    found = read_table_files([str(tmp_path / name) for name in ("none", "pipe", "huge", "good", "good")] + [str(tmp_path)])
    said = {Path(path).name: read.fault for path, read in found.items()}
    assert said == {
        "none": "No such file or directory",
        tmp_path.name: "it is no regular file",
        "pipe": "it is no regular file",
        "huge": "it is longer than 16 MiB",
        "good": "",
    }
    assert read_table_files(["/dev/zero"])["/dev/zero"] == TableFile(fault="it is no regular file")


def test_a_long_file_is_read_at_once(tmp_path: Path) -> None:
    """100,000 addresses within five times half a second: less than anything that grows with the square."""
    addresses = "".join(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}\n" for number in range(ADDRESSES))
    (tmp_path / "list").write_text(addresses)
    begun = time.process_time()
    (read,) = read_table_files([str(tmp_path / "list")]).values()
    assert len(read.networks) == ADDRESSES
    assert time.process_time() - begun < 5 * SECONDS

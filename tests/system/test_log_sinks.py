"""Logs of others: a file that may be moved away, and sockets that may be closed."""

import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bascule.system.errors import MachineError
from bascule.system.log_sinks import Entry, LogFile, Syslog, SystemdJournal

ENTRY = Entry(at=1_772_366_730.0, words="relay=HTTPS client=10.1.1.1:50000", fields={"relay": "HTTPS", "odd": "a\nb"})


def said(words: str) -> Entry:
    """Return an entry of these words."""
    return Entry(at=0.0, words=words, fields={})


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """Listen for datagrams."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind(str(path))
        door.settimeout(5)
        yield door
    path.unlink()


def test_lines_are_added_to_a_file(tmp_path: Path) -> None:
    """Behind what stands there; a new one is readable to its group alone."""
    path = tmp_path / "access.log"
    sink = LogFile(path)
    sink.write([])
    assert stat.S_IMODE(path.stat().st_mode) & ~0o640 == 0
    sink.write([said("one"), said("two")])
    sink.close()
    again = LogFile(path)
    again.write([said("three")])
    again.close()
    assert path.read_text() == "one\ntwo\nthree\n"


@pytest.mark.parametrize("how", ["moved", "removed"])
def test_a_file_that_was_rotated_is_made_anew(tmp_path: Path, how: str) -> None:
    """The line after it stands in the new file."""
    path, old = tmp_path / "access.log", tmp_path / "access.log.1"
    sink = LogFile(path)
    sink.write([said("one")])
    if how == "moved":
        path.rename(old)
    else:
        path.unlink()
    sink.write([said("two")])
    sink.close()
    assert path.read_text() == "two\n"
    assert how == "removed" or old.read_text() == "one\n"


def test_a_missing_folder_and_a_full_disk_are_told(tmp_path: Path) -> None:
    """With the path and the machine's own words; when the folder comes, it is written."""
    path = tmp_path / "later" / "access.log"
    sink = LogFile(path)
    with pytest.raises(MachineError, match=f"write to {path}: No such file or directory"):
        sink.write([said("one")])
    path.parent.mkdir()
    sink.write([said("two")])
    sink.close()
    assert path.read_text() == "two\n"
    with pytest.raises(MachineError, match="write to /dev/full: No space left on device"):
        LogFile(Path("/dev/full")).write([said("one")])


def test_syslog_gets_a_line_a_datagram(tmp_path: Path) -> None:
    """As daemon.info, under our name, also when it was started anew meanwhile."""
    path = tmp_path / "log"
    sink = Syslog(path)
    with listening(path) as door:
        sink.write([ENTRY])
        line = door.recv(4096).decode()
    assert line.startswith(("<30>Mar  1 ", "<30>Feb 28 ", "<30>Mar  2 "))
    assert line.endswith(f": {ENTRY.words}")
    assert " bascule[" in line
    with listening(path) as door:
        sink.write([ENTRY])
        assert door.recv(4096).decode().endswith(ENTRY.words)
    sink.close()


def test_the_journal_gets_each_field(tmp_path: Path) -> None:
    """One that holds the end of a line with its length, so that it ends nothing."""
    path = tmp_path / "socket"
    sink = SystemdJournal(path)
    with listening(path) as door:
        sink.write([ENTRY])
        told = door.recv(4096)
    sink.close()
    assert told == (
        b"MESSAGE=relay=HTTPS client=10.1.1.1:50000\nPRIORITY=6\nSYSLOG_IDENTIFIER=bascule\nBASCULE_RELAY=HTTPS\n"
        b"BASCULE_ODD\n\x03\0\0\0\0\0\0\0a\nb\n"
    )


def test_nobody_who_listens_is_told(tmp_path: Path) -> None:
    """And it works when somebody does."""
    sink = Syslog(tmp_path / "log")
    with pytest.raises(MachineError, match="No such file or directory"):
        sink.write([ENTRY])
    with listening(tmp_path / "log") as door:
        sink.write([ENTRY])
        assert door.recv(4096)
    sink.close()

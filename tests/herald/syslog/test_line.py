"""Lines are RFC 5424's, whatever is in them."""

import re

import pytest

from bascule.herald.syslog.line import LONGEST_DATAGRAM, counted, line
from bascule.herald.wire import Record

AT = 1_790_000_000.1234


def written(record: Record, longest: int = LONGEST_DATAGRAM) -> bytes:
    """Return a record as facility `local0` has it."""
    return line(record, facility=16, host_name="lb1", pid=42, longest=longest)


def test_a_warning_with_its_subject() -> None:
    """Priority, version, time in UTC, names, structured data, words."""
    record = Record(at=AT, kind="host", warning=True, words="host EX1 is down", fields=(("host", 'EX"1]\\'),))
    stamp = b"2026-09-21T14:13:20.123Z"
    assert written(record) == (
        b"<132>1 " + stamp + rb' lb1 bascule 42 host [bascule@32473 host="EX\"1\]\\"] host EX1 is down'
    )


@pytest.mark.parametrize(
    ("record", "priority"),
    [
        (Record(at=AT, kind="host", words="x"), b"<134>"),
        (Record(at=AT, kind="audit", audit=True, words="x"), b"<133>"),
        (Record(at=AT, kind="host", warning=True, words="x"), b"<132>"),
    ],
)
def test_the_severity_is_the_grade(record: Record, priority: bytes) -> None:
    """Informational, notice for the audit log, warning."""
    assert written(record).startswith(priority)


def test_words_stay_one_line_and_say_their_encoding() -> None:
    """A line feed would begin another entry where a server reads by lines; a BOM says that it is UTF-8 (6.4)."""
    told = written(Record(at=AT, kind="host", words="Jörg\n<0>evil"))
    assert told.endswith(b" - \xef\xbb\xbfJ\xc3\xb6rg <0>evil")
    assert b"\n" not in told


@pytest.mark.parametrize("longest", range(480, 490))
def test_long_words_are_cut_between_letters(longest: int) -> None:
    """Never more octets than a receiver takes, and never half a letter."""
    told = written(Record(at=AT, kind="host", words="ä" * 2000), longest)
    assert longest - 2 < len(told) <= longest
    told.decode()


def test_a_stream_has_the_length_before_each() -> None:
    """Octets, not letters."""
    assert counted("ä".encode()) == b"2 \xc3\xa4"
    assert re.fullmatch(rb"\d+ <.*", counted(written(Record(at=AT, kind="host", words="x"))))

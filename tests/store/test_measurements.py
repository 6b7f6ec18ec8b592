"""The second file: minutes of hosts, bounded in time and size, and no loss where it is lost."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bascule.store.backups import back_up
from bascule.store.database import DamagedError, LaterError, open_database
from bascule.store.measurements import (
    ASIDE,
    FILE,
    KEPT,
    LARGEST,
    MINUTE,
    MOST,
    Bucket,
    Chosen,
    Measured,
    Measurements,
    open_measurements,
    put_aside,
)

START = 1_772_366_400
EVER = Chosen(since=START, until=START + KEPT, step=KEPT)


def host(number: int = 1, *, relay: str = "HTTPS", opened: int = 1, sessions: int = 1, name: str = "") -> Measured:
    """Return what a host carried in a minute."""
    return Measured(relay, f"10.2.0.{number}:443", f"10.2.0.{number}", name or f"EX{number}", opened, 10, 20, sessions)


@pytest.fixture
def measurements(tmp_path: Path) -> Iterator[Measurements]:
    """Return an empty file."""
    with closing(open_measurements(tmp_path)) as opened:
        yield opened


def rows(tmp_path: Path) -> int:
    """Return how many minutes of hosts the file holds."""
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        ((number,),) = connection.execute("SELECT count(*) FROM minutes")
    return int(number)


def test_minutes_are_put_together(measurements: Measurements) -> None:
    """Sessions that began and bytes add up; of those that lived, the most of any minute is told, over all of a relay's."""
    measurements.keep(START, [host(1, sessions=5), host(2, sessions=1)])
    measurements.keep(START + MINUTE, [host(1, sessions=2), host(2, sessions=3)])
    measurements.keep(START + 10 * MINUTE, [host(1)])
    found = measurements.buckets(EVER._replace(step=5 * MINUTE), 100)
    assert found == [
        Bucket(START, Measured("HTTPS", "", "", "", 4, 40, 80, 6)),
        Bucket(START + 10 * MINUTE, Measured("HTTPS", "", "", "", 1, 10, 20, 1)),
        Bucket(START, Measured("HTTPS", "10.2.0.1:443", "10.2.0.1", "EX1", 2, 20, 40, 5)),
        Bucket(START + 10 * MINUTE, Measured("HTTPS", "10.2.0.1:443", "10.2.0.1", "EX1", 1, 10, 20, 1)),
        Bucket(START, Measured("HTTPS", "10.2.0.2:443", "10.2.0.2", "EX2", 2, 20, 40, 3)),
    ]
    assert measurements.buckets(EVER, 2) == measurements.buckets(EVER, 100)[:2]


@pytest.mark.parametrize(
    ("relay", "named", "places"),
    [
        ("", "EX1", {("HTTPS", "10.2.0.1:443"), ("IMAP", "10.2.0.1:443")}),
        ("", "10.2.0.1", {("HTTPS", "10.2.0.1:443"), ("IMAP", "10.2.0.1:443")}),
        ("IMAP", "10.2.0.1:443", {("IMAP", "10.2.0.1:443")}),
        ("HTTPS", "", {("HTTPS", "10.2.0.1:443"), ("HTTPS", "10.2.0.2:443")}),
        ("SMTP", "", set()),
    ],
)
def test_one_relay_or_host(measurements: Measurements, relay: str, named: str, places: set[tuple[str, str]]) -> None:
    """By name, by address, or by address and port; the relay has the sum of what was asked for."""
    measurements.keep(START, [host(1), host(2), host(1, relay="IMAP")])
    found = measurements.buckets(EVER._replace(relay=relay, host=named), 100)
    assert {(each.measured.relay, each.measured.place) for each in found if each.measured.place} == places
    assert sum(each.measured.opened for each in found if not each.measured.place) == len(places)


def test_an_address_of_version_6_is_found(measurements: Measurements) -> None:
    """Without its brackets."""
    measurements.keep(START, [Measured("HTTPS", "[fd00::1]:443", "fd00::1", "EX1", 1, 1, 1, 1)])
    assert len(measurements.buckets(EVER._replace(host="fd00::1"), 100)) == 2


def test_a_minute_that_comes_twice_adds_up(measurements: Measurements) -> None:
    """A clock that was set back, or a restart within the minute, counts nothing twice and loses nothing."""
    measurements.keep(START, [host(opened=2, sessions=9)])
    measurements.keep(START, [host(opened=3, sessions=4, name="EX1-new")])
    relay, found = measurements.buckets(EVER, 100)
    assert found.measured == Measured("HTTPS", "10.2.0.1:443", "10.2.0.1", "EX1-new", 5, 20, 40, 4)
    assert relay.measured.opened == 5


def test_a_week_is_kept(tmp_path: Path, measurements: Measurements) -> None:
    """What is older goes with the next minute, and so does what a wrong clock left in the future."""
    for at in (START, START + MINUTE, START + 20 * KEPT):
        measurements.keep(at, [host()])
    assert rows(tmp_path) == 1
    measurements.keep(START + KEPT, [host()])
    assert rows(tmp_path) == 1


def test_rows_are_bounded(tmp_path: Path) -> None:
    """The oldest minutes go, whole, so that no minute lacks a host."""
    with closing(open_measurements(tmp_path, most=10)) as measurements:
        for minute in range(20):
            measurements.keep(START + minute * MINUTE, [host(1), host(2), host(3)])
            assert rows(tmp_path) <= 10
        found = measurements.buckets(EVER._replace(step=MINUTE), 100)
    assert {each.at for each in found} == {START + minute * MINUTE for minute in (17, 18, 19)}
    assert len(found) == 3 * 4


def test_the_size_is_what_is_said(tmp_path: Path) -> None:
    """A file with large numbers in a hundred thousand rows is a tenth of the largest that may be, at most."""
    most = MOST // 10
    with closing(open_measurements(tmp_path, most=most)) as measurements:
        addresses = [f"10.2.{number >> 8}.{number & 255}" for number in range(1000)]
        busy = [Measured("HTTPS", f"{each}:443", each, f"EX{each}", 5000, 1 << 32, 1 << 38, 9000) for each in addresses]
        for minute in range(120):
            measurements.keep(START + minute * MINUTE, busy)
    assert rows(tmp_path) == most
    assert (tmp_path / FILE).stat().st_size < LARGEST // 10


def test_hosts_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    """With their last minute, at the next start."""
    with closing(open_measurements(tmp_path)) as measurements:
        measurements.keep(START, [host(1)])
        measurements.keep(START + 2 * KEPT, [host(2)])
    with closing(open_measurements(tmp_path)) as measurements:
        assert measurements.places() == 1


def test_it_is_made_for_many_small_writes(tmp_path: Path, measurements: Measurements) -> None:
    """Write-ahead log, not synced at each; for its owner alone."""
    measurements.keep(START, [host()])
    assert measurements._database.read("PRAGMA journal_mode") == [("wal",)]
    assert measurements._database.read("PRAGMA synchronous") == [(1,)]
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def test_what_cannot_be_used_is_told_and_put_aside(tmp_path: Path) -> None:
    """Damaged, or a later version's; after that another begins, empty."""
    (tmp_path / FILE).write_bytes(b"something else altogether" * 400)
    with pytest.raises(DamagedError, match=r"measurements\.db: it is damaged"):
        open_measurements(tmp_path)
    assert put_aside(tmp_path) == tmp_path / ASIDE
    open_measurements(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LaterError, match="a later Bascule wrote it"):
        open_measurements(tmp_path)
    put_aside(tmp_path)
    with closing(open_measurements(tmp_path)) as measurements:
        assert measurements.buckets(EVER, 1) == []
    assert (tmp_path / ASIDE).exists()


def test_a_backup_has_none_of_it(tmp_path: Path, measurements: Measurements) -> None:
    """It holds what cannot be measured again."""
    measurements.keep(START, [host()])
    open_database(tmp_path).close()
    back_up(tmp_path, tmp_path / "backup.db")
    with closing(sqlite3.connect(tmp_path / "backup.db")) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert names
    assert not names & {"minutes", "places"}

"""The second file: minutes of hosts, bounded in time and size, and no loss where it is lost."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bascule.store.backups import back_up
from bascule.store.database import DamagedError, LaterError, open_database
from bascule.store.marks import MOST_MARKS, Mark
from bascule.store.measured import Bucket, Chosen, Measured
from bascule.store.measurements import ASIDE, FILE, KEPT, LARGEST, MOMENT, Measurements, open_measurements, put_aside
from bascule.store.tiers import DAY, TIERS

START = 1_772_323_200
"""A day begins."""

EVER = Chosen(since=START, until=START + DAY, step=DAY)
TEN_MINUTES = 600


def host(number: int = 1, *, relay: str = "HTTPS", opened: int = 1, sessions: int = 1, name: str = "") -> Measured:
    """Return what a host carried in a moment."""
    address = f"10.2.0.{number}"
    return Measured(relay, f"{address}:443", address, name or f"EX{number}", opened, 10, 20, sessions, 2, 1, 30)


@pytest.fixture
def measurements(tmp_path: Path) -> Iterator[Measurements]:
    """Return an empty file."""
    with closing(open_measurements(tmp_path)) as opened:
        yield opened


def kept(tmp_path: Path, table: str) -> int:
    """Return how many rows a table of the file holds."""
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        ((number,),) = connection.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own
    return int(number)


def test_moments_are_put_together(measurements: Measurements) -> None:
    """What came adds up; of sessions that lived, the most of any moment is told, over all of a relay's."""
    measurements.keep(START, [host(1, sessions=5), host(2, sessions=1)])
    measurements.keep(START + MOMENT, [host(1, sessions=2), host(2, sessions=3)])
    measurements.keep(START + 70, [host(1)])
    found = measurements.buckets(EVER._replace(step=60), 100)
    assert found == [
        Bucket(START, Measured("HTTPS", "", "", "", 4, 40, 80, 6, 8, 4, 120)),
        Bucket(START + 60, Measured("HTTPS", "", "", "", 1, 10, 20, 1, 2, 1, 30)),
        Bucket(START, Measured("HTTPS", "10.2.0.1:443", "10.2.0.1", "EX1", 2, 20, 40, 5, 4, 2, 60)),
        Bucket(START + 60, Measured("HTTPS", "10.2.0.1:443", "10.2.0.1", "EX1", 1, 10, 20, 1, 2, 1, 30)),
        Bucket(START, Measured("HTTPS", "10.2.0.2:443", "10.2.0.2", "EX2", 2, 20, 40, 3, 4, 2, 60)),
    ]
    assert measurements.buckets(EVER._replace(step=60), 2) == found[:2]


@pytest.mark.parametrize("step", [MOMENT, 60, TEN_MINUTES, 3 * TEN_MINUTES, DAY])
def test_every_fineness_tells_the_same(measurements: Measurements, step: int) -> None:
    """Of three hours with a gap, whichever tier it is read from, also while that has not come so far yet."""
    moments = [*range(START, START + 3600, 3 * MOMENT), *range(START + 7200, START + 3 * 3600 - 250, 3 * MOMENT)]
    for number, at in enumerate(moments):
        measurements.keep(at, [host(1, sessions=number % 50), host(2)])
    found = measurements.buckets(EVER._replace(step=step), 10_000)
    relays = [each for each in found if not each.measured.place]
    assert sum(each.measured.opened for each in relays) == 2 * len(moments)
    assert sum(each.measured.took for each in relays) == 60 * len(moments)
    assert max(each.measured.sessions for each in relays) == 50
    assert {each.at for each in relays} == {at - at % step for at in moments}


def test_all_together(measurements: Measurements) -> None:
    """Without hosts, and where nothing is named, all relays come first; hosts come where they are asked for alone."""
    measurements.keep(START, [host(1), host(2), host(1, relay="IMAP")])
    found = measurements.buckets(EVER._replace(hosts=False), 100)
    assert [(each.measured.relay, each.measured.opened) for each in found] == [("", 3), ("HTTPS", 2), ("IMAP", 1)]
    (all_of_them,) = measurements.buckets(EVER._replace(relays=False, hosts=False), 100)
    assert all_of_them == found[0]
    found = measurements.buckets(EVER._replace(hosts=False, host="EX1"), 100)
    assert [(each.measured.relay, each.measured.opened) for each in found] == [("HTTPS", 1), ("IMAP", 1)]


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


def test_a_moment_that_comes_twice_adds_up(measurements: Measurements) -> None:
    """A clock that was set back, or a restart within the moment, counts nothing twice and loses nothing."""
    measurements.keep(START, [host(opened=2, sessions=9)])
    measurements.keep(START, [host(opened=3, sessions=4, name="EX1-new")])
    relay, found = measurements.buckets(EVER, 100)
    assert found.measured == Measured("HTTPS", "10.2.0.1:443", "10.2.0.1", "EX1-new", 5, 20, 40, 4, 4, 2, 60)
    assert relay.measured.opened == 5


def test_a_clock_that_is_set_back_loses_nothing(measurements: Measurements) -> None:
    """Nor does what comes again for ten minutes that were put away already."""
    for at in (0, TEN_MINUTES, 2 * TEN_MINUTES, MOMENT, TEN_MINUTES + MOMENT, 3 * TEN_MINUTES):
        measurements.keep(START + at, [host()])
    for step in (MOMENT, TEN_MINUTES, DAY):
        found = measurements.buckets(EVER._replace(step=step), 100)
        assert sum(each.measured.opened for each in found if each.measured.place) == 6


def test_a_day_is_kept_finely_and_a_year_by_ten_minutes(tmp_path: Path, measurements: Measurements) -> None:
    """What is older goes, and so does what a wrong clock left in the future."""
    for at in (START + 20 * KEPT, START, START + TEN_MINUTES, START + 2 * DAY, START + 2 * DAY + TEN_MINUTES):
        measurements.keep(at, [host()])
    fine, coarse = (measurements.buckets(EVER._replace(step=step), 100) for step in (MOMENT, TEN_MINUTES))
    assert not fine
    assert [each.at for each in coarse if each.measured.place] == [START, START + TEN_MINUTES]
    assert measurements.finest(START + DAY, START + 2 * DAY) == MOMENT
    assert measurements.finest(START, START + 2 * DAY) == TEN_MINUTES
    for at in (0, TEN_MINUTES, 64 * DAY, 64 * DAY + TEN_MINUTES):
        measurements.keep(START + KEPT + 64 * DAY + at, [host()])
    assert not measurements.buckets(EVER, 100)
    assert kept(tmp_path, "recent") <= 4


def test_the_file_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go where there would be more than a tier may have; the next tier still has them."""
    assert sum(tier.most for tier in TIERS) < LARGEST
    small = (TIERS[0]._replace(most=2000), *TIERS[1:])
    monkeypatch.setattr("bascule.store.tiers.TIERS", small)
    monkeypatch.setattr("bascule.store.measurements.TIERS", small)
    with closing(open_measurements(tmp_path)) as measurements:
        for at in range(START, START + 12 * TEN_MINUTES, 30):
            measurements.keep(at, [host(number, opened=at % 997) for number in range(5)])
        assert kept(tmp_path, "sizes") < 12
        ((size,),) = measurements._database.read("SELECT sum(length(packed)) FROM blocks")
        assert 1000 < size < 2000
        found = measurements.buckets(EVER._replace(step=TEN_MINUTES, hosts=False, relay="HTTPS"), 100)
        assert len(found) == 12
        assert measurements.finest(START, START + 12 * TEN_MINUTES) == TEN_MINUTES


def test_places_are_bounded(tmp_path: Path) -> None:
    """Those go that were not seen for longest, at the next start; so do those of more than a year ago."""
    with closing(open_measurements(tmp_path)) as measurements:
        measurements.keep(START, [host(1)])
        measurements.keep(START + DAY, [host(2)])
        measurements.keep(START + 2 * DAY, [host(3)])
    with closing(open_measurements(tmp_path, most_places=4)) as measurements:
        assert measurements.places() == (1, 2)
        measurements.keep(START + 2 * KEPT, [host(4)])
    with closing(open_measurements(tmp_path)) as measurements:
        assert measurements.places() == (1, 1)


def test_what_happened_is_kept(measurements: Measurements) -> None:
    """The last of it, within a time; words however long are bounded."""
    down = Mark(START + 5, "host", "down", "HTTPS", "EX1", "10.2.0.1:443", "x" * 1000)
    deployed = Mark(START + 7, "configuration", "loaded", "", "", "", "revision 7 is in effect now")
    measurements.keep(START, [host()], [down, deployed])
    assert measurements.marks(START, START + 60, 10) == [down._replace(words="x" * 300), deployed]
    assert measurements.marks(START, START + 60, 1) == [deployed]
    measurements.keep(START + MOMENT, [host()], [down._replace(at=START + 10)] * MOST_MARKS)
    assert measurements.marks(START, START + 8, 10) == []
    measurements.keep(START + 2 * KEPT, [host()], [deployed._replace(at=START + 2 * KEPT)])
    assert len(measurements.marks(0, START + 3 * KEPT, MOST_MARKS)) == 1


def test_what_an_earlier_version_measured_is_begun_anew(tmp_path: Path) -> None:
    """Without an error: it lies in the same file."""
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("CREATE TABLE places (number INTEGER PRIMARY KEY, relay TEXT NOT NULL, place TEXT NOT NULL)")
        connection.execute("CREATE TABLE minutes (at INTEGER NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (at, place))")
        connection.execute("INSERT INTO minutes VALUES (1, 2)")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    with closing(open_measurements(tmp_path)) as measurements:
        assert measurements.buckets(EVER, 100) == []
        measurements.keep(START, [host()])
        assert len(measurements.buckets(EVER, 100)) == 2


def test_what_we_never_wrote_is_damage(measurements: Measurements) -> None:
    """Named as such, so that the file is put aside."""
    measurements.keep(START, [host()])
    with measurements._database.transaction() as change:
        change.execute("UPDATE recent SET packed = x'00'")
    with pytest.raises(DamagedError, match=r"measurements\.db: it is damaged"):
        measurements.buckets(EVER, 100)
    with pytest.raises(DamagedError, match="it is damaged"):
        measurements.keep(START, [host()])


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
    assert not names & {"recent", "blocks", "places"}

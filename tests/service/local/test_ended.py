"""The record of ended sessions: the last hour, and no more than it may hold."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from bascule.service.local.ended import Ended, EndedSessions, Parties

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PARTIES = Parties(
    relay="HTTPS",
    host="EX1",
    address="10.2.0.11:443",
    listen="10.2.0.50:443",
    path="kernel",
    protocol="tcp",
    state="closed",
)


class Now:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        """Return the time."""
        return self.time


def ended(
    port: int, *, client: str = "10.1.0.1", source: str = "10.2.0.50", at: datetime = START, age: float = 60
) -> Ended:
    """Return a session that has ended."""
    return Ended(
        parties=PARTIES,
        client=ip_address(client).packed,
        client_port=port,
        source=ip_address(source).packed if source else b"",
        source_port=port if source else 0,
        since=at.timestamp() - age,
        at=at.timestamp(),
        from_client=1 << 40,
        from_host=7,
    )


def test_what_is_noted_is_found_by_its_client_and_by_its_source() -> None:
    """The latest first, each as it was noted; IPv4 and IPv6 do not meet."""
    record = EndedSessions(now=Now())
    noted = [ended(1), ended(2), ended(3, client="10.1.0.2"), ended(4, client="fd00::1", source="fd00::50")]
    for each in noted:
        record.note(each)
    assert list(record.of_client(ip_address("10.1.0.1"))) == [noted[1], noted[0]]
    assert list(record.of_client(ip_address("fd00::1"))) == [noted[3]]
    assert list(record.of_client(ip_address("::ffff:10.1.0.9"))) == []
    assert list(record.from_source(ip_address("10.2.0.50"), 3)) == [noted[2]]
    assert list(record.from_source(ip_address("fd00::50"), 4)) == [noted[3]]
    assert list(record.from_source(ip_address("10.2.0.50"), 4)) == []


def test_a_client_whom_no_host_took_has_no_source() -> None:
    """Its row says so with nothing, not with an address of zeros."""
    record = EndedSessions(now=Now())
    record.note(ended(5, source=""))
    (row,) = [each.row() for each in record.of_client(ip_address("10.1.0.1"))]
    assert (row.client, row.source, row.host) == ("10.1.0.1:5", "", "EX1")


def test_a_row_tells_times_bytes_and_parties() -> None:
    """As operators read it, with ports, and IPv6 in brackets."""
    row = ended(4, client="fd00::1", source="fd00::50").row()
    assert (row.client, row.source, row.relay, row.state) == ("[fd00::1]:4", "[fd00::50]:4", "HTTPS", "closed")
    assert (row.since, row.ended) == (START - timedelta(seconds=60), START)
    assert (row.from_client, row.from_host) == (1 << 40, 7)


def test_a_beginning_that_nobody_noted_is_not_known() -> None:
    """Zero is not 1970."""
    assert ended(1)._replace(since=0.0).row().since is None


def test_an_hour_later_it_is_forgotten() -> None:
    """Also where nothing new has ended since."""
    now = Now()
    record = EndedSessions(now=now)
    record.note(ended(1))
    now.time += timedelta(minutes=30)
    record.note(ended(2, at=now.time))
    now.time += timedelta(minutes=31)
    assert [each.client_port for each in record.of_client(ip_address("10.1.0.1"))] == [2]


def test_the_latest_are_kept_and_the_loss_is_told() -> None:
    """The record is bounded, and says what it may lack."""
    now = Now()
    record = EndedSessions(now=now, most=3)
    now.time += timedelta(hours=1)
    assert list(record.notes()) == []
    for port in range(1, 5):
        record.note(ended(port, at=now.time))
    assert [each.client_port for each in record.of_client(ip_address("10.1.0.1"))] == [4, 3, 2]
    assert "more than 3 sessions" in next(record.notes())
    now.time += timedelta(hours=1)
    assert list(record.notes()) == []


def test_a_young_record_says_since_when() -> None:
    """Nobody takes the silence of the first hour for proof."""
    record = EndedSessions(now=Now())
    assert "2026-03-01 12:00:00 UTC" in next(record.notes())


def test_the_kernels_sessions_of_late_are_found() -> None:
    """Back to a moment, the latest first; those of workers are none of them."""
    record = EndedSessions(now=Now())
    noted = [ended(port, at=START + timedelta(seconds=port)) for port in (1, 2, 3)]
    for each in (*noted, noted[2]._replace(parties=PARTIES._replace(path="proxy"))):
        record.note(each)
    assert list(record.since(START.timestamp() + 2)) == [noted[2], noted[1]]

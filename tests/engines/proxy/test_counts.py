"""What workers count is added up."""

from bascule.engines.proxy.counts import Lasting, merged
from bascule.engines.proxy.wire import HostCounts, Place, RelayCounts, Status

ONE, TWO = Place("10.0.2.1", 443), Place("10.0.2.2", 443)


def test_workers_are_added_up_by_relay_and_host() -> None:
    """Parts of a relay that carry one name are one relay."""

    def status(*relays: RelayCounts, sessions: int) -> Status:
        return Status(pid=1, sessions=sessions, relays=relays)

    first = RelayCounts(
        name="R", accepted=3, hosts=(HostCounts(place=ONE, label="EX1", sessions=1, opened=3, failed=1, from_client=10),)
    )
    second = RelayCounts(
        name="R",
        accepted=2,
        refused=1,
        hosts=(
            HostCounts(place=ONE, label="EX1", opened=1, from_client=5, from_host=7),
            HostCounts(place=TWO, label="EX2", opened=1),
        ),
    )
    total = merged([status(first, second, sessions=4), status(first, sessions=2)])
    assert (total.workers, total.sessions) == (2, 6)
    assert total.relays == (
        RelayCounts(
            name="R",
            accepted=8,
            refused=1,
            hosts=(
                HostCounts(place=ONE, label="EX1", sessions=2, opened=7, failed=2, from_client=25, from_host=7),
                HostCounts(place=TWO, label="EX2", opened=1),
            ),
        ),
    )


def test_no_worker_counts_nothing() -> None:
    """Where nothing runs the sums are empty."""
    assert merged([]).relays == ()


def test_what_a_worker_had_counted_outlives_it() -> None:
    """Its sessions are gone, its counters are not; one that was only late is not counted twice."""
    lasting = Lasting()

    def status(pid: int, opened: int) -> Status:
        host = HostCounts(place=ONE, label="EX1", sessions=2, opened=opened)
        return Status(pid=pid, sessions=2, relays=(RelayCounts(name="R", accepted=opened, hosts=(host,)),))

    def told(*statuses: Status) -> tuple[int, int, int, int]:
        counts = lasting.merged(statuses)
        (relay,) = counts.relays
        return counts.workers, counts.sessions, relay.hosts[0].sessions, relay.hosts[0].opened

    assert told(status(1, 10), status(2, 5)) == (2, 4, 4, 15)
    assert told(status(2, 6)) == (1, 2, 2, 16)
    assert told(status(1, 11), status(2, 6)) == (2, 4, 4, 17)
    for pid in range(3, 203):
        assert told(status(pid, 1))[:3] == (1, 2, 2)
    assert told(status(1000, 0)) == (1, 2, 2, 11 + 6 + 200)

"""A clock that is wrong is said once, and of whom; one server among several that is wrong is not believed."""

from datetime import UTC, datetime

from bascule.herald.wire import ClockSeen
from bascule.service.local.journal import Journal
from bascule.service.local.outward.clocks import Clocks
from bascule.system.time_state import synchronised


class Bench:
    """Clocks, and what they said."""

    def __init__(self, *servers: str, kept: bool | None = True) -> None:
        self.journal = Journal(now=lambda: datetime(2026, 9, 21, tzinfo=UTC), write=lambda _: None)
        self.clocks = Clocks(self.journal, lambda: kept)
        self.clocks.follow(servers)

    def heard(self, host: str, offset: float, within: float = 0.01) -> None:
        """Have a server say something."""
        self.clocks.heard(ClockSeen(host=host, offset=offset, within=within))

    @property
    def words(self) -> list[str]:
        """Return what was said."""
        return [event.words for event in self.journal.last(100)]


def test_wrong_and_right_again() -> None:
    """Once each; a few milliseconds are right."""
    bench = Bench("a")
    for offset in (0.003, -12.0, -12.1, 0.0):
        bench.heard("a", offset)
    assert bench.words == [
        "this machine's clock is wrong: it is 12.0 s ahead, says time server a",
        "this machine's clock is right again",
    ]


def test_most_must_say_so_and_a_slow_network_proves_nothing() -> None:
    """One of two is not most; an answer that took 6 s may be off by 3."""
    bench = Bench("a", "b")
    bench.heard("b", 0.0)
    bench.heard("a", 100.0)
    assert bench.words == []
    bench = Bench("a")
    bench.heard("a", 3.5, within=3.0)
    assert bench.words == []


def test_what_needs_an_eye_is_found_where_a_server_is_named() -> None:
    """Nobody who names none is told of a machine that no one keeps in time."""
    assert list(Bench(kept=False).clocks.findings()) == []
    bench = Bench("a", kept=False)
    bench.clocks.heard(ClockSeen(host="a", fault="it does not answer in time"))
    bench.clocks.heard(ClockSeen(host="gone", fault="x"))
    unkept, silent = bench.clocks.findings()
    assert "nobody keeps this machine's clock right" in unkept
    assert silent == "time server a: it does not answer in time"
    bench.heard("a", 0.3)
    assert list(bench.clocks.findings()) == [f"{unkept}; it is 300 ms behind, says a"]


def test_the_kernel_is_asked() -> None:
    """adjtimex(2) needs no right to be read."""
    assert synchronised() in {True, False}

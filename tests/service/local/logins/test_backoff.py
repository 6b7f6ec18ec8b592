"""Whoever guesses waits longer and longer; an owner who comes from elsewhere does not wait long."""

import pytest

from bascule.service.local.logins.backoff import (
    FORGOTTEN,
    FREE,
    LONGEST_FOR_ACCOUNT,
    LONGEST_FOR_CODE,
    LONGEST_FOR_SOURCE,
    MOST,
    MOST_PLACES,
    Backoff,
)

HERE, THERE = "10.0.0.1", "10.0.0.2"


class Bench:
    """A memory of failures at a time that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        self.backoff = Backoff(lambda: self.now)

    def fail(self, times: int, source: str = HERE, name: str = "alice") -> None:
        """Give wrong passwords."""
        for _ in range(times):
            self.backoff.failed(source, name)


@pytest.fixture
def bench() -> Bench:
    """Return one that remembers nothing."""
    return Bench()


def test_a_few_mistakes_are_free(bench: Bench) -> None:
    """Then each doubles the time, which passes."""
    bench.fail(FREE)
    assert bench.backoff.wait(HERE, "alice") == 0
    waits = []
    for _ in range(3):
        bench.fail(1)
        waits.append(bench.backoff.wait(HERE, "alice"))
    assert waits == [2, 4, 8]
    bench.now += 7
    assert bench.backoff.wait(HERE, "alice") == 1
    bench.now += 1
    assert bench.backoff.wait(HERE, "alice") == 0


def test_an_owner_is_not_locked_out(bench: Bench) -> None:
    """A thousand failures from elsewhere cost him seconds; the one who guesses waits minutes, whatever name he tries."""
    bench.fail(1000)
    assert bench.backoff.wait(THERE, "alice") == LONGEST_FOR_ACCOUNT
    assert bench.backoff.wait(HERE, "bob") == LONGEST_FOR_SOURCE
    assert bench.backoff.wait(THERE, "bob") == 0


def test_an_owner_gets_in_where_he_usually_does(bench: Bench) -> None:
    """However many guess elsewhere; of very many places the last are remembered."""
    bench.backoff.succeeded(THERE, "alice")
    for n in range(100):
        bench.fail(1, source=f"10.1.0.{n}")
    assert bench.backoff.wait(THERE, "alice") == 0
    assert bench.backoff.wait("10.2.0.1", "alice") == LONGEST_FOR_ACCOUNT
    for n in range(MOST_PLACES):
        bench.backoff.succeeded(f"10.3.0.{n}", "alice")
    for n in range(100):
        bench.fail(1, source=f"10.1.0.{n}")
    assert bench.backoff.wait(THERE, "alice") == LONGEST_FOR_ACCOUNT


def test_whoever_gets_in_is_forgiven_his_own_mistakes_alone(bench: Bench) -> None:
    """An account of one's own is no way to go on guessing another's."""
    bench.fail(10, name="alice")
    bench.fail(3, name="mallory")
    bench.backoff.succeeded(HERE, "mallory")
    assert bench.backoff.wait(HERE, "bob") == 2.0 ** (10 - FREE)
    bench.backoff.succeeded(HERE, "alice")
    assert bench.backoff.wait(HERE, "alice") == 0


def test_codes_are_guessed_more_slowly(bench: Bench) -> None:
    """There are only a million."""
    for n in range(100):
        bench.backoff.failed_code(f"10.1.0.{n}", "alice")
    assert bench.backoff.wait(THERE, "alice") == LONGEST_FOR_CODE
    bench.backoff.succeeded(THERE, "alice")
    assert bench.backoff.wait(THERE, "alice") == 0


def test_all_is_forgiven_in_time(bench: Bench) -> None:
    """The count begins anew."""
    bench.fail(20)
    bench.now += FORGOTTEN + 1
    bench.fail(1)
    assert bench.backoff.wait(HERE, "alice") == 0


def test_only_so_much_is_remembered(bench: Bench) -> None:
    """The oldest goes first."""
    bench.fail(10)
    for n in range(MOST):
        bench.fail(1, source=str(n), name="x")
    assert bench.backoff.wait(HERE, "alice") == 0

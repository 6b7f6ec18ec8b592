"""Logins end by themselves, and when they are told to; a token tells nothing of another."""

import itertools

import pytest

from bascule.service.local.logins.sessions import IDLE, LONGEST, MOST, Sessions


class Bench:
    """Sessions at a time that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0
        numbers = itertools.count(1)
        self.sessions = Sessions(lambda: self.now, lambda: f"token-{next(numbers)}")

    def name(self, token: str, *, seen: bool = True) -> str | None:
        """Return whom a token stands for."""
        found = self.sessions.find(token, seen=seen)
        return None if found is None else found.name


@pytest.fixture
def bench() -> Bench:
    """Return one without a login."""
    return Bench()


def test_who_does_nothing_is_logged_out(bench: Bench) -> None:
    """A request begins the time anew; a page that only looks on does not."""
    token = bench.sessions.open("alice", "proof")
    for _ in range(3):
        bench.now += IDLE
        assert bench.name(token) == "alice"
    bench.now += IDLE / 2
    assert bench.name(token, seen=False) == "alice"
    bench.now += IDLE / 2 + 1
    assert (bench.name(token), bench.name(token)) == (None, None)


def test_nobody_is_logged_in_for_ever(bench: Bench) -> None:
    """Whatever he does."""
    token, began = bench.sessions.open("alice", "proof"), bench.now
    while bench.now + IDLE - began <= LONGEST:
        bench.now += IDLE
        session = bench.sessions.find(token)
        assert session is not None
        assert bench.sessions.remaining(session) == began + LONGEST - bench.now
    bench.now = began + LONGEST + 1
    assert bench.name(token) is None


def test_each_login_is_another(bench: Bench) -> None:
    """One that is closed leaves the other; all of somebody may be closed but one."""
    one, two, three, bobs = (bench.sessions.open(name, "proof") for name in ("alice", "alice", "alice", "bob"))
    bench.sessions.close(one)
    assert [bench.name(token) for token in (one, two, bobs)] == [None, "alice", "bob"]
    assert bench.sessions.close_all("alice", but=three) == 1
    assert [bench.name(token) for token in (two, three, bobs)] == [None, "alice", "bob"]
    assert bench.sessions.close_all("alice") == 1
    assert [bench.name(token) for token in (three, bobs)] == [None, "bob"]


def test_there_are_only_so_many(bench: Bench) -> None:
    """One more ends the one that was seen longest ago."""
    tokens = [bench.sessions.open("alice", "proof") for _ in range(MOST)]
    assert bench.name(tokens[0]) == "alice"
    bench.sessions.open("bob", "proof")
    assert [bench.name(token) for token in tokens[:3]] == ["alice", None, "alice"]


def test_tokens_are_random_and_none_is_kept() -> None:
    """Whoever reads our memory finds hashes."""
    sessions = Sessions(lambda: 0.0)
    tokens = {sessions.open("alice", "proof") for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) == 43 for token in tokens)  # 256 bits
    assert not any(token in repr(sessions.__dict__) for token in tokens)

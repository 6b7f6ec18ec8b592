"""The table of sessions added up: it says what decoding every session would."""

import socket
from collections import Counter
from random import Random
from struct import pack
from typing import Final

import pytest

from bascule.system.census import Census, Counting, Path, Tally
from bascule.system.ctnetlink import DELETE, Session, session
from system.test_ctnetlink import ENDED6, LIVING4, PICKED_UP, PING

NEW: Final = 0x100


def message(told: bytes, kind: int = NEW) -> bytes:
    """Return what a netlink socket receives of a session."""
    return pack("=IHHIIBBH", 20 + len(told), kind, 0, 1, 0, 2, 0, 0) + told.ljust((len(told) + 3) & ~3, b"\0")


def taken(*received: bytes) -> Census:
    """Return the census of what was received."""
    counting = Counting()
    for data in received:
        counting.add(data)
    return counting.census()


def decoded(*told: bytes) -> Census:
    """Return what a census must say, from each session by itself."""
    marks: dict[int, Tally] = {}
    paths: Counter[tuple[int, Path]] = Counter()
    for each in filter(None, (session(memoryview(one)) for one in told)):
        half_open = each.living and not each.established and each.protocol == socket.IPPROTO_TCP
        one = Tally(1, int(each.living), int(half_open), each.from_client, each.from_host, int(each.started > 0))
        marks[each.mark] = marks.get(each.mark, Tally()) + one
        paths[each.mark, Path(each.source, each.host, each.host_port, each.protocol)] += 1
    newest = max((each.started for each in filter(None, (session(memoryview(one)) for one in told))), default=0)
    return Census(marks, paths, newest)


def changed(told: bytes, field: str, value: bytes) -> bytes:
    """Return the message of another session, equal but for one attribute's value."""
    head = {"mark": "08000800", "state": "05000100", "sent": "0c000200"}[field]
    at = told.rindex(bytes.fromhex(head)) if field == "state" else told.index(bytes.fromhex(head))
    at += 4
    return told[:at] + value + told[at + len(value) :]


def test_sessions_are_added_up_by_mark_and_path() -> None:
    """Living and remembered ones, with the bytes of both."""
    waiting = changed(LIVING4, "state", b"\7")
    asked = changed(LIVING4, "state", b"\1")
    other = changed(LIVING4, "mark", (0x1BA50009).to_bytes(4, "big"))
    census = taken(message(LIVING4) + message(waiting), message(asked) + message(other))
    assert census.marks[0x1BA50007] == Tally(known=3, living=2, half_open=1, from_client=792, from_host=336, begun=3)
    assert census.living == {0x1BA50007: 2, 0x1BA50009: 1}
    (path,) = {path for _, path in census.paths}
    assert str(path) == "from 127.0.0.9 to 127.0.0.1 port 4443"
    assert sum(census.paths.values()) == 4


@pytest.mark.parametrize("seed", range(5))
def test_it_says_what_decoding_says(seed: int) -> None:
    """Whatever the mixture of versions, layouts and states; messages of others, and pings, are passed over."""
    random = Random(seed)
    kinds = [LIVING4, ENDED6, PICKED_UP, PING, *(changed(LIVING4, "state", bytes((state,))) for state in range(10))]
    told = [changed(one, "sent", random.randbytes(8)) if one is LIVING4 else one for one in random.choices(kinds, k=200)]
    received = b"".join(message(one) + message(one, DELETE) for one in told)
    assert taken(received) == decoded(*told)


@pytest.mark.parametrize("seed", range(20))
def test_it_takes_what_may_come(seed: int) -> None:
    """Messages that are cut off or damaged are no fault of ours, and no exception."""
    random = Random(seed)
    data = bytearray(b"".join(message(one) for one in (LIVING4, ENDED6, LIVING4, PICKED_UP)))
    for _ in range(10):
        data[random.randrange(len(data))] = random.randrange(256)
    taken(bytes(data[: random.randrange(len(data))]), bytes(data))


def test_another_layout_of_the_same_length_is_counted_too() -> None:
    """Parts that stand elsewhere are found there."""
    mark, tail = bytes.fromhex("080008001ba50007"), bytes.fromhex("08000c003a7b53e7")
    assert mark + tail in LIVING4
    moved = LIVING4.replace(mark + tail, tail + mark)
    census = taken(message(LIVING4) + message(moved) + message(LIVING4))
    assert census == decoded(LIVING4, moved, LIVING4)


def test_a_session_that_failed_is_told_from_one_that_was_served() -> None:
    """Never answered, or answered by a reset alone; what was reset later was served."""
    served = session(memoryview(LIVING4))
    assert isinstance(served, Session)
    assert not served.failed
    assert not served._replace(state=served.state.CLOSE).failed
    assert served._replace(state=served.state.SYN_SENT, answered=False).failed
    assert served._replace(state=served.state.CLOSE, answered=False).failed
    assert served._replace(protocol=socket.IPPROTO_UDP, state=served.state.NONE, answered=False).failed


def test_sessions_that_began_after_a_time_are_counted_apart() -> None:
    """Whether they are the first of their kind or not; the last beginning is known for the next time."""
    first = session(memoryview(LIVING4))
    assert first is not None
    later = LIVING4.replace(first.started.to_bytes(8, "big"), (first.started + 5).to_bytes(8, "big"))
    for order in ((LIVING4, later), (later, LIVING4)):
        counting = Counting(since=first.started)
        counting.add(b"".join(map(message, order)))
        census = counting.census()
        assert census.marks[first.mark].begun == 1
        assert census.newest == first.started + 5

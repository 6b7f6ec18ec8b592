"""The first of many sessions are those that decoding them all would show."""

from collections.abc import Callable, Sequence
from random import Random

import pytest

from bascule.system.ctnetlink import DELETE, Session, session
from bascule.system.foremost import By, Foremost, Order
from system.test_census import changed, message
from system.test_ctnetlink import ENDED6, LIVING4, PICKED_UP, PING

SEED = 7
NUMBER = 500


def everybody(_: Session) -> bool:
    """Want any."""
    return True


def numbered(told: bytes, head: str, number: int) -> bytes:
    """Return the message of another session, whose last attribute of such a head has another number of eight bytes."""
    at = told.rindex(bytes.fromhex(head)) + 4
    return told[:at] + number.to_bytes(8, "big") + told[at + 8 :]


def many() -> list[bytes]:
    """Return messages of all kinds and layouts, in no order."""
    random = Random(SEED)
    made = []
    for index in range(NUMBER):
        told = random.choice(
            [LIVING4, LIVING4, changed(LIVING4, "state", bytes([random.randrange(10)])), ENDED6, PICKED_UP]
        )
        told = changed(told, "mark", (0x1BA50001 + random.randrange(3)).to_bytes(4, "big")) if told is LIVING4 else told
        if told is not PICKED_UP and told is not ENDED6:
            told = numbered(told, "0c000100", random.randrange(1, 50))
            told = changed(told, "sent", random.randrange(50).to_bytes(8, "big"))
        made.append(told if index % 20 else PING)
    return made


def sifted(told: Sequence[bytes], by: By, limit: int, wanted: Callable[[Session], bool]) -> tuple[int, list[Session]]:
    """Return what is found, a few messages at a time, with others between them."""
    foremost = Foremost(Order(by, limit, wanted))
    for start in range(0, len(told), 7):
        foremost.add(b"".join(map(message, told[start : start + 7])) + message(LIVING4, DELETE))
    foremost.add(message(LIVING4)[:-1])
    return foremost.total, list(foremost.sessions())


@pytest.mark.parametrize("by", By)
@pytest.mark.parametrize("limit", [0, 1, 10, NUMBER])
@pytest.mark.parametrize("wanted", [everybody, lambda each: each.living and each.mark == 0x1BA50002], ids=["all", "some"])
def test_it_finds_what_decoding_all_would_find(by: By, limit: int, wanted: Callable[[Session], bool]) -> None:
    """In the same order, and counts them all."""
    told = many()
    found = [each for one in told if (each := session(memoryview(one))) is not None and wanted(each)]
    found.sort(key=lambda each: each.started if by is By.AGE else -each.from_client - each.from_host)
    assert sifted(told, by, limit, wanted) == (len(found), found[:limit])
    assert len(found) > 50


def test_what_is_no_message_is_passed_over() -> None:
    """Of whatever length."""
    foremost = Foremost(Order(By.AGE, 5, everybody))
    for data in (b"", b"\0" * 40, message(LIVING4)[:30], b"\xff" * 60):
        foremost.add(data)
    assert (foremost.total, list(foremost.sessions())) == (0, [])

"""An answer of a time server is read as RFC 4330 has it; what is none is refused."""

import asyncio
import socket
import struct
from collections.abc import Callable

import pytest

from bascule.herald.clocks import Offset, ask, offset
from bascule.herald.fault import FaultError

NTP_1970 = 2_208_988_800
SENT, RECEIVED = 1_790_000_000.0, 1_790_000_000.2


def answer(came: float, left: float, *, first: int = 0x24, stratum: int = 2, nonce: tuple[int, int] = (7, 9)) -> bytes:
    """Return an answer of a server whose clock said these when the question came and the answer left."""
    times = [part for at in (came, left) for part in (int(at + NTP_1970) % 2**32, int(at % 1 * 2**32))]
    return struct.pack("!BBBb11I", first, stratum, 0, -20, 0, 0, 0, 0, 0, *nonce, *times)


def test_the_offset_is_half_of_both_ways() -> None:
    """A server that is 5 s ahead, 50 ms away on each way, and 100 ms busy."""
    found = offset(answer(SENT + 5.05, SENT + 5.15), (7, 9), SENT, RECEIVED)
    assert found.seconds == pytest.approx(5.0, abs=1e-3)
    assert found.within == pytest.approx(0.05, abs=1e-3)


def test_the_next_era_is_read_too() -> None:
    """32 bits of seconds are over in 2036."""
    sent = 2_100_000_000.0
    found = offset(answer(sent + 1, sent + 1), (7, 9), sent, sent)
    assert found == pytest.approx(Offset(1.0, 0.0), abs=1e-3)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x24" * 20, "what answers is no time server"),
        (answer(SENT, SENT, nonce=(7, 8)), "what answers is no time server"),
        (answer(SENT, SENT, first=0x23), "what answers is no time server"),
        (answer(SENT, SENT, first=0xE4), "it does not know the time itself"),
        (answer(SENT, SENT, stratum=0), "it does not know the time itself"),
        (answer(SENT, SENT, stratum=16), "it does not know the time itself"),
    ],
)
def test_what_is_no_answer_is_refused(data: bytes, words: str) -> None:
    """Another's packet, a forged one that does not know our question, a server without the time."""
    with pytest.raises(FaultError, match=words):
        offset(data, (7, 9), SENT, RECEIVED)


async def served(reply: Callable[[bytes], bytes]) -> Offset:
    """Ask a server that answers so."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 0))
        door.settimeout(0)
        loop = asyncio.get_running_loop()
        asking = asyncio.ensure_future(ask("127.0.0.1", door.getsockname()[1], now=lambda: SENT))
        question, who = await loop.sock_recvfrom(door, 512)
        await loop.sock_sendto(door, reply(question), who)
        return await asking


async def test_a_server_is_asked() -> None:
    """The question is a client's of version 4, and tells nothing of our clock."""

    def reply(question: bytes) -> bytes:
        first, *_, high, low = struct.unpack("!BBBb11I", question)
        assert (first, len(question)) == (0x23, 48)
        assert high != int(SENT + NTP_1970)
        return answer(SENT + 2, SENT + 2, nonce=(high, low))

    assert (await served(reply)).seconds == pytest.approx(2.0, abs=1e-3)

"""Whatever a server answers, a client reads so much of it and no more, and says in one way that it is wrong."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.dcerpc.client import MAXIMUM_FRAGMENTS, MAXIMUM_RESULTS, bind, call
from bascule.dcerpc.interfaces import EMSMDB, NSPI
from bascule.dcerpc.packets import MAXIMUM_FRAGMENT, Packet, PacketType, receive
from bascule.dcerpc.reading import RpcError
from bascule.lab.rpc_server import Association, Interface
from bed.rpc import accepted, response


class Said:
    """A server that has said everything already."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.read = 0
        self.sent = b""

    async def exactly(self, length: int) -> bytes:
        """Return what comes next. Raises EOFError where nothing is left."""
        if self.read + length > len(self.data):
            raise EOFError
        self.read += length
        return self.data[self.read - length : self.read]

    async def send(self, data: bytes) -> None:
        """Keep what was sent."""
        self.sent += data


def called(*packets: bytes) -> bytes:
    """Return the results of a call that is answered so."""
    return asyncio.run(call(Said(b"".join(packets)), 0, 3, b""))


def test_results_come_together_from_their_fragments() -> None:
    """First, middle and last; what a server hints of the length counts for nothing."""
    assert called(response(b"one ", flags=1), response(b"two ", flags=0), response(b"three", flags=2)) == b"one two three"


@pytest.mark.parametrize(
    ("packets", "reason"),
    [
        ([response(b"x", flags=2)], "fragments out of order"),
        ([response(b"x", flags=1), response(b"x", flags=1)], "fragments out of order"),
        ([response(b"x", flags=1), response(b"x", flags=2, call=3)], "another call"),
        ([response(b"x", flags=1)] + [response(b"x", flags=0)] * MAXIMUM_FRAGMENTS, "more than 16 fragments"),
        ([Packet(kind=PacketType.RESPONSE, call=2, body=b"short").pack()], "cut short"),
        ([Packet(kind=PacketType.FAULT, call=2, body=bytes(8) + bytes((1, 2, 3, 4))).pack()], "fault 0x04030201"),
        ([Packet(kind=PacketType.FAULT, call=2, body=bytes(8)).pack()], "cut short"),
        ([accepted()], "another call"),
    ],
)
def test_answers_that_are_none(packets: Sequence[bytes], reason: str) -> None:
    """Each is refused in words."""
    with pytest.raises(RpcError, match=reason):
        called(*packets)


def test_an_answer_without_end_is_left_early() -> None:
    """No more is read than is bounded, in bytes and in packets."""
    size = MAXIMUM_FRAGMENT - 24
    said = Said(response(b"x" * size, flags=1) + response(b"x" * size, flags=0) * 1000)
    with pytest.raises(RpcError, match=f"more than {MAXIMUM_RESULTS} bytes"):
        asyncio.run(call(said, 0, 3, b""))
    assert said.read <= MAXIMUM_RESULTS + MAXIMUM_FRAGMENT * 2


@pytest.mark.parametrize("length", range(0, 60, 3))
def test_a_bind_that_is_cut_short_is_not_accepted(length: int) -> None:
    """Whatever is missing of the acknowledgement."""
    whole = accepted()
    body = whole[16 : 16 + length]
    with pytest.raises(RpcError):
        asyncio.run(bind(Said(Packet(kind=PacketType.BIND_ACK, call=1, body=body[:-1]).pack()), [EMSMDB]))


async def test_what_is_bound_is_what_the_server_serves() -> None:
    """The bind of the client is one that a server understands; two interfaces at once, too."""
    for wanted, served in (([EMSMDB], [EMSMDB]), ([EMSMDB, NSPI], [NSPI, EMSMDB]), ([EMSMDB, NSPI], [EMSMDB])):
        sent = Said(b"")
        with pytest.raises(EOFError):
            await bind(sent, wanted)
        association = Association([Interface(syntax=each) for each in served], port=59532)
        answer = association.answer(await receive(Said(sent.sent))).pack()
        if set(wanted) <= set(served):
            await bind(Said(answer), wanted)
        else:
            with pytest.raises(RpcError, match="does not serve this interface"):
                await bind(Said(answer), wanted)


@given(st.binary(max_size=300), st.sampled_from([b"", accepted()[:16], response(b"x" * 40)[:16], response(b"", flags=1)]))
def test_no_bytes_break_a_client(data: bytes, start: bytes) -> None:
    """There is an answer, an RpcError, or too little to read."""
    for conversation in (lambda stream: bind(stream, [EMSMDB]), lambda stream: call(stream, 0, 3, b"")):
        try:
            asyncio.run(conversation(Said(start + data)))
        except (RpcError, EOFError):
            continue

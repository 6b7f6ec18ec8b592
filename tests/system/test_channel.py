"""What comes over a channel is a message of ours, or the connection is closed."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.system.channel import Channel
from bascule.system.frames import MAXIMUM_FRAME, VERSION, ChannelError, Decoder, encode


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A message of one kind."""

    text: str


class Counted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A message of another."""

    number: int


Message = Said | Counted
messages = st.lists(st.builds(Said, st.text()) | st.builds(Counted, st.integers(-(2**63), 2**63 - 1)), max_size=5)


@given(messages, st.lists(st.integers(0, 400), max_size=8))
def test_messages_arrive_however_the_stream_is_cut(sent: list[Message], cuts: list[int]) -> None:
    """Bytes come in pieces of any size; messages come whole, in order, each once."""
    stream = b"".join(encode(message) for message in sent)
    decoder: Decoder[Message] = Decoder(Message)
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    got = [message for start, end in pairwise(places) for message in decoder.feed(stream[start:end])]
    assert got == sent


def frame(body: bytes, *, version: int = VERSION, length: int | None = None) -> bytes:
    """Return a frame, right or wrong."""
    return (len(body) + 1 if length is None else length).to_bytes(4, "big") + bytes((version,)) + body


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        (frame(b"\xc0", version=VERSION + 1), f"the peer speaks version {VERSION + 1} of the protocol, we speak {VERSION}"),
        (frame(b"", length=0), "a frame of 0 bytes"),
        (frame(b"", length=MAXIMUM_FRAME + 1), f"a frame of {MAXIMUM_FRAME + 1} bytes, of at most {MAXIMUM_FRAME}"),
        (frame(b"\xff\xff\xff", length=2**32 - 1), "a frame of 4294967295 bytes"),
        (frame(b""), "not a message"),
        (frame(b"\xc1"), "not a message"),
        (frame(msgspec.msgpack.encode({"type": "Other"})), "not a message"),
        (frame(msgspec.msgpack.encode({"type": "Said", "text": 7})), "not a message"),
        (frame(msgspec.msgpack.encode({"type": "Said", "text": "", "more": 1})), "not a message"),
        (frame(b"\x91" * 100_000), "not a message"),
        (frame(msgspec.msgpack.encode({"type": "Said", "text": ""})[:-1] + b"\xa1\xff"), "not a message"),
        (b"GET / HTTP/1.1\r\n\r\n", "a frame of 1195725856 bytes"),
    ],
)
def test_what_is_no_message_is_an_error(sent: bytes, complaint: str) -> None:
    """Another version, another kind, nonsense, or a length that would make us hold too much."""
    with pytest.raises(ChannelError, match=complaint):
        list(Decoder[Message](Message).feed(sent))


@given(st.binary(max_size=200))
def test_no_bytes_bring_the_decoder_down(data: bytes) -> None:
    """Whatever a peer sends, the only error is ours."""
    decoder: Decoder[Message] = Decoder(Message, maximum=64)
    try:
        got = list(decoder.feed(data))
    except ChannelError:
        return
    assert all(isinstance(message, Said | Counted) for message in got)


def test_a_narrow_channel_takes_short_frames_alone() -> None:
    """Where only short messages are expected no more is held."""
    short: Decoder[Message] = Decoder(Message, maximum=32)
    assert list(short.feed(encode(Said("ok")))) == [Said("ok")]
    with pytest.raises(ChannelError, match="of at most 32"):
        list(short.feed(encode(Said("x" * 32))))


def test_what_is_too_long_is_not_sent() -> None:
    """The peer would close the connection; who wanted to send it is told instead."""
    with pytest.raises(ChannelError, match="too long to send"):
        encode(Said("x" * MAXIMUM_FRAME))


@asynccontextmanager
async def joined() -> AsyncIterator[tuple[Channel[Message], Channel[Message]]]:
    """Yield both ends of a channel."""
    channels: list[Channel[Message]] = []
    for door in socket.socketpair():
        reader, writer = await asyncio.open_connection(sock=door)
        channels.append(Channel(reader, writer, Message))
    try:
        yield channels[0], channels[1]
    finally:
        for channel in channels:
            await channel.close()


async def test_both_ends_speak() -> None:
    """Several messages that arrive at once are handed out one by one."""
    async with joined() as (one, other):
        for number in range(3):
            await one.send(Counted(number))
        await other.send(Said("hello"))
        assert [await other.receive() for _ in range(3)] == [Counted(number) for number in range(3)]
        assert await one.receive() == Said("hello")


async def test_the_end_is_told_after_all_messages() -> None:
    """None where the peer has closed, as often as it is asked."""
    async with joined() as (one, other):
        await one.send(Said("last words"))
        await one.close()
        assert [await other.receive() for _ in range(3)] == [Said("last words"), None, None]


async def test_a_slow_reader_makes_the_sender_wait() -> None:
    """Messages do not pile up without bound on our side."""
    async with joined() as (one, other):
        sending = asyncio.create_task(one.send(Said("x" * 8_000_000)))
        done, _ = await asyncio.wait([sending], timeout=0.2)
        assert not done
        assert await other.receive() == Said("x" * 8_000_000)
        await sending


async def test_what_may_be_missed_is_dropped_where_nobody_reads() -> None:
    """It never waits and never piles up; what was sent for certain comes all the same, and after it there is room again."""
    async with joined() as (one, other):
        one.offer(Counted(0))
        sending = asyncio.create_task(one.send(Said("x" * 8_000_000)))
        await asyncio.sleep(0)
        one.offer(Counted(1))
        assert [await other.receive(), await other.receive()] == [Counted(0), Said("x" * 8_000_000)]
        await sending
        one.offer(Counted(2))
        assert await other.receive() == Counted(2)


async def test_what_may_be_missed_is_nothing_to_one_who_is_gone() -> None:
    """No error comes of it."""
    async with joined() as (one, other):
        await other.close()
        for number in range(10):
            one.offer(Counted(number))
            await asyncio.sleep(0)

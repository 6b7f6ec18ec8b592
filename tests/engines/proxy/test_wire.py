"""Messages and listening sockets arrive whole and in order, and nonsense is refused."""

import os
import socket
from collections.abc import Iterator

import pytest

from bascule.engines.proxy.listening import listening_socket
from bascule.engines.proxy.wire import (
    DESCRIPTORS_AT_ONCE,
    MAXIMUM_QUEUED,
    AskStatus,
    Follow,
    FromParent,
    Listeners,
    Observe,
    Place,
    Wire,
    in_batches,
)
from bascule.system.channel import ChannelError, encode
from bed.proxy import host, relay

Pair = tuple[Wire[FromParent], Wire[FromParent]]
HERE = Place("127.0.0.1", 0)


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Return two connected ends."""
    one, other = (Wire[FromParent](end, FromParent) for end in socket.socketpair())
    yield one, other
    one.close()
    other.close()


def _heard(wire: Wire[FromParent]) -> list[FromParent]:
    messages = wire.receive()
    assert messages is not None
    return list(messages)


def test_more_sockets_than_one_message_carries(pair: Pair) -> None:
    """They arrive in their order, each still listening on its own port, and closed to programs that we start."""
    one, other = pair
    held = []
    for _ in range(DESCRIPTORS_AT_ONCE + 3):
        listener = listening_socket(HERE)
        held.append((Place("127.0.0.1", listener.getsockname()[1]), listener))
    for batch, sockets in in_batches(held):
        one.queue(batch, sockets)
    one.queue(Observe())
    got: list[tuple[Place, socket.socket]] = []
    heard: list[FromParent] = []
    while Observe() not in heard:
        one.flush()
        for message in _heard(other):
            heard.append(message)
            if isinstance(message, Listeners):
                got += other.take(message)
    assert [place for place, _ in got] == [place for place, _ in held]
    for place, arrived in got:
        assert arrived.getsockname()[1] == place.port
        assert not os.get_inheritable(arrived.fileno())
    for _, listener in (*held, *got):
        listener.close()


def test_a_message_greater_than_the_sockets_buffer(pair: Pair) -> None:
    """It passes in pieces, and the writer learns that it must wait."""
    one, other = pair
    many = Follow(relays=tuple(relay(Place("10.0.0.1", n), [host(HERE)], name=f"R{n}") for n in range(1, 1000)))
    one.queue(many)
    assert not one.flush()
    heard: list[FromParent] = []
    while not heard:
        one.flush()
        heard += _heard(other)
    assert heard == [many]


def test_a_peer_that_does_not_read_is_given_up(pair: Pair) -> None:
    """What waits for it is bounded."""
    one, _ = pair
    frame = Follow(relays=tuple(relay(Place("10.0.0.1", n), [host(HERE)]) for n in range(1, 1000)))
    for _ in range(MAXIMUM_QUEUED // len(encode(frame))):
        one.queue(frame)
    with pytest.raises(ChannelError, match="does not read"):
        one.queue(frame)


def test_sockets_that_did_not_come(pair: Pair) -> None:
    """A message that names more sockets than came is refused."""
    one, other = pair
    one.queue(Listeners(listens=(HERE,)))
    one.flush()
    (message,) = _heard(other)
    assert isinstance(message, Listeners)
    with pytest.raises(ChannelError, match="no socket came"):
        list(other.take(message))


def test_what_is_no_socket_is_refused_and_closed(pair: Pair) -> None:
    """A descriptor of another sort ends the conversation, and stays open nowhere."""
    one, other = pair
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as carried:
        one.queue(Listeners(listens=(HERE,)), [carried])
        one.flush()
    (message,) = _heard(other)
    assert isinstance(message, Listeners)
    with pytest.raises(ChannelError, match="is no socket"):
        list(other.take(message))
    with os.fdopen(reader, "rb") as ending:
        assert ending.read() == b""


def test_sockets_that_nobody_took_are_closed(pair: Pair) -> None:
    """A peer cannot fill our table of descriptors by naming nothing."""
    one, other = pair
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as carried:
        one.queue(AskStatus(), [carried])
        one.flush()
    assert _heard(other) == [AskStatus()]
    other.close()
    assert os.read(reader, 1) == b""  # an end of file: no copy of the writing end is left
    os.close(reader)


def test_nonsense_is_refused(pair: Pair) -> None:
    """Bytes that are no message raise, they are not guessed at."""
    one, other = pair
    one.connection.sendall(b"\x00\x00\x00\x02\x01\xc1")
    with pytest.raises(ChannelError):
        _heard(other)


def test_the_end(pair: Pair) -> None:
    """A peer that has closed is told apart from one that says nothing now."""
    one, other = pair
    assert _heard(other) == []
    one.close()
    assert other.receive() is None


def test_who_it_is(pair: Pair) -> None:
    """The kernel says whose the other end is."""
    assert pair[0].peer_uid == os.geteuid()

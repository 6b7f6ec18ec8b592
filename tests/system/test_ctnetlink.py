"""Messages of ctnetlink, as Linux 6.18 sent them, and whatever else may come."""

import socket
from ipaddress import ip_address
from random import Random
from struct import pack

import pytest

from bascule.system.ctnetlink import DELETE, Flow, Session, TcpState, messages, named, request, session

LIVING4 = bytes.fromhex(
    "3400018014000180080001007f000009080002007f0000011c0002800500010006000000060002009c40000006000300115b0000"
    "3400028014000180080001007f000001080002007f0000091c000280050001000600000006000200115b0000060003009c400000"
    "080003000000000e080008001ba5000708000c003a7b53e708000b0000000001080007000006977f"
    "300004802c0001800500010003000000050002000a000000050003000a000000060004002300000006000500230000001c000980"
    "0c00010000000000000000030c00020000000000000001081c000a800c00010000000000000000020c0002000000000000000070"
    "100014800c00010018ea8457cf590dc6"
)
"""A session over IPv4 that has just carried 100 bytes."""

ENDED6 = bytes.fromhex(
    "4c0001802c00018014000300fd00000000000000000000000000000114000400fd0000000000000000000000000000011c000280"
    "0500010006000000060002009c40000006000300115b00004c0002802c00018014000300fd000000000000000000000000000001"
    "14000400fd0000000000000000000000000000011c000280050001000600000006000200115b0000060003009c40000008000c00"
    "dcb547ab080003000000020e080007000006977f1c0009800c00010000000000000000030c00020000000000000001441c000a80"
    "0c00010000000000000000020c00020000000000000000981c0014800c00010018ea8457dc95571e0c00020018ea8457e9cc64cc"
    "100004800c0001800500010003000000080008001ba500070c001b0018ea8457e9cc6594"
)
"""A session over IPv6 that was deleted."""

PICKED_UP = bytes.fromhex(
    "3400018014000180080001007f000009080002007f0000011c0002800500010006000000060002009c40000006000300115b0000"
    "3400028014000180080001007f000001080002007f0000091c000280050001000600000006000200115b0000060003009c400000"
    "0800030000000008080008001ba5000708000c003a7b53e708000b0000000001080007000000012b300004802c00018005000100"
    "0300000005000200000000000500030000000000060004000a000000060005000a0000001c0009800c00010000000000000000010c"
    "00020000000000000000341c000a800c00010000000000000000000c0002000000000000000000100014800c00010018ea8457dc92"
    "c73d"
)
"""A session in the midst of which the kernel began to listen."""

PING = bytes.fromhex(
    "3c00018014000180080001007f000001080002007f0000012400028005000100010000000600040055bd00000500050008000000"
    "05000600000000003c00028014000180080001007f000001080002007f0000012400028005000100010000000600040055bd0000"
    "050005000000000005000600000000000800030000000000"
)


def read(told: bytes) -> Session:
    """Return the session of a message."""
    found = session(memoryview(told))
    assert found is not None
    return found


def test_a_living_session_is_read() -> None:
    """Both flows, state, mark, what is left of its time, and the bytes that were counted."""
    found = read(LIVING4)
    client, server = ip_address("127.0.0.9"), ip_address("127.0.0.1")
    assert (found.original, found.reply) == (Flow(client, 40000, server, 4443), Flow(server, 4443, client, 40000))
    assert (found.protocol, found.state, found.mark) == (socket.IPPROTO_TCP, TcpState.ESTABLISHED, 0x1BA50007)
    assert (found.from_client, found.from_host, found.remaining) == (264, 112, 431999)
    assert (found.unacknowledged, found.living, found.established) == (False, True, True)
    assert (found.started, found.stopped) == (1795392914136305094, 0)


def test_an_ended_session_is_read() -> None:
    """The word on a session's end has the time of it, and the attributes in another order."""
    found = read(ENDED6)
    assert found.original.source == ip_address("fd00::1")
    assert (found.from_client, found.from_host) == (324, 152)
    assert (found.started, found.stopped) == (1795392914358359838, 1795392914580071628)
    assert (found.state, found.family) == (TcpState.ESTABLISHED, socket.AF_INET6)


def test_a_session_of_which_one_side_was_heard_waits_less_long() -> None:
    """Its time left is the kernel's shorter patience, and must not be taken for silence."""
    assert (read(PICKED_UP).unacknowledged, read(PICKED_UP).remaining) == (True, 299)


def test_what_has_no_ports_is_no_session() -> None:
    """Pings are tracked too."""
    assert session(memoryview(PING)) is None


def test_a_session_is_named_by_its_tuple_and_the_kernels_name() -> None:
    """The tuple is written as the kernel writes it, so that it is found again."""
    assert named(read(LIVING4)) == LIVING4[:52] + bytes.fromhex("08000c003a7b53e7")
    assert named(read(ENDED6)) == ENDED6[:76] + bytes.fromhex("08000c00dcb547ab")


def test_messages_are_told_apart() -> None:
    """Each with its kind, whatever its length; a length that cannot be ends it."""
    data = request(DELETE, 0, b"12345678") + request(7, 0)
    found = [(kind, bytes(told[4:])) for kind, told in messages(memoryview(data + bytes(16) + data))]
    assert found == [(DELETE, b"12345678"), (7, b"")]


@pytest.mark.parametrize("told", [LIVING4, ENDED6, PICKED_UP, PING])
def test_a_broken_message_does_no_harm(told: bytes) -> None:
    """Cut off or scrambled anywhere, it is read as far as it goes, or not at all."""
    for end in range(len(told)):
        session(memoryview(told[:end]))
    chance = Random(7)
    for _ in range(2000):
        broken = bytearray(told)
        for _ in range(4):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        session(memoryview(broken))
        list(messages(memoryview(pack("=IHHII", len(broken), DELETE, 0, 0, 0) + broken)))

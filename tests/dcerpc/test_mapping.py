"""What mappers answer is read for what it says, within bounds."""

from ipaddress import IPv4Address
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.dcerpc.interfaces import EMSMDB, NSPI
from bascule.dcerpc.mapping import MAXIMUM_TOWERS, Registration, registrations, tower
from bascule.dcerpc.reading import RpcError
from bascule.lab.endpoint_mapper import map_results
from bed.rpc import over

HOST: Final = IPv4Address("10.80.2.1")
ANSWER: Final = map_results([tower(EMSMDB, HOST, 59532), tower(EMSMDB, IPv4Address(0), 59532)], 8)


def test_every_tower_of_the_interface_is_told_in_its_order() -> None:
    """Those of other protocols and interfaces, and of port 0, are no places to go to."""
    towers = [
        over(b"\x0f", EMSMDB, b"\\pipe\\x\0"),
        over(b"\x08", EMSMDB, b"\x01\x02"),
        over(b"\x07", EMSMDB, b"\x01\x02\x03"),
        over(b"\x07", EMSMDB, b"\0\0"),
        tower(NSPI, HOST, 59533),
        tower(EMSMDB, HOST, 59532),
        tower(EMSMDB, HOST, 6001),
    ]
    assert registrations(map_results(towers, 8), EMSMDB) == (Registration(59532, HOST), Registration(6001, HOST))


def test_an_address_of_another_length_is_none() -> None:
    """It is told as a place without an address."""
    shortened = tower(EMSMDB, HOST, 59532)[:-6] + b"\x02\x00\x0a\x50"
    assert registrations(map_results([shortened], 8), EMSMDB) == (Registration(59532),)


def test_nothing_registered_is_an_answer() -> None:
    """And another status is none."""
    assert registrations(map_results([], 8), EMSMDB) == ()
    failed = map_results([], 8)[:-4] + (0x16C9A0CC).to_bytes(4, "little")
    with pytest.raises(RpcError, match="status 0x16c9a0cc of ept_map"):
        registrations(failed, EMSMDB)


def test_null_towers_are_left_out() -> None:
    """A mapper may have fewer towers than places for them."""
    one = tower(EMSMDB, HOST, 59532)
    two = map_results([one, one], 8)
    without = two[:36] + bytes(4) + two[40:44] + two[44:128] + two[-4:]
    assert registrations(without, EMSMDB) == (Registration(59532, HOST),)


def test_more_towers_than_asked_for_are_refused() -> None:
    """Before any is read."""
    with pytest.raises(RpcError, match="9 towers"):
        registrations(map_results([tower(EMSMDB, HOST, 59532)] * (MAXIMUM_TOWERS + 1), 9), EMSMDB)


@pytest.mark.parametrize("length", range(len(ANSWER)))
def test_an_answer_that_is_cut_short_is_refused(length: int) -> None:
    """No prefix of an answer is one."""
    with pytest.raises(RpcError):
        registrations(ANSWER[:length], EMSMDB)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_decoder(data: bytes) -> None:
    """There are few registrations, or an RpcError."""
    try:
        assert len(registrations(data, EMSMDB)) <= MAXIMUM_TOWERS
    except RpcError:
        return


@given(st.integers(0, len(ANSWER) - 1), st.binary(min_size=1, max_size=8))
def test_no_damage_breaks_the_decoder(place: int, damage: bytes) -> None:
    """Nor what is almost an answer."""
    try:
        found = registrations(ANSWER[:place] + damage + ANSWER[place + len(damage) :], EMSMDB)
    except RpcError:
        return
    assert all(0 < each.port < 65536 for each in found)

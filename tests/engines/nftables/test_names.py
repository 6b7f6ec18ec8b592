"""Names that operators choose never break a rule, and never meet in the kernel."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.config.model import Transport
from bascule.engines.nftables.names import comment, plain, relay_chain, relay_id, slots_map, sticky_map
from bascule.plan.model import Endpoint, RelayPlan
from engines.nftables.plans import planned
from plan.situations import relay

ONE: RelayPlan = planned(relay("HTTPS", listen=["10.80.0.10 port 443"])).relays[0]


def named(name: str, *ports: int) -> RelayPlan:
    """Return a relay of this name that listens on these ports."""
    address = ONE.listens[0].address
    return replace(ONE, name=name, listens=tuple(Endpoint(address, port) for port in ports))


def test_plain_names_can_be_recognised() -> None:
    """`nft list` shows the operator's own word."""
    assert (slots_map(named("HTTPS", 443)), relay_chain(named("OWA", 443))) == ("m_slots_HTTPS.4.443", "c_relay_OWA.4.443")


names = st.text(min_size=1, max_size=63)
ports = st.lists(st.integers(1, 65535), min_size=1, max_size=300, unique=True)


@given(names, ports)
def test_any_name_is_one_that_nft_takes(name: str, listening: list[int]) -> None:
    """Letters, digits, underscores and dots, and short enough for the kernel behind any prefix of ours."""
    made = relay_id(named(name, *listening))
    assert made.isascii()
    assert all(char.isalnum() or char in "._" for char in made)
    assert len(made) < 128


@given(st.tuples(names, ports), st.tuples(names, ports))
def test_two_relays_never_share_a_name(one: tuple[str, list[int]], other: tuple[str, list[int]]) -> None:
    """Relays of other names or ports have other maps and chains."""
    same = one[0] == other[0] and sorted(one[1]) == sorted(other[1])
    assert (relay_id(named(one[0], *one[1])) == relay_id(named(other[0], *other[1]))) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (named("a", 4, 443), named("a_4", 443)),
        (named("Outlook 2010", 443), named("Outlook_2010", 443)),
        (named("x" * 33, 443), named("x" * 34, 443)),
    ],
)
def test_names_that_look_alike_are_told_apart(one: RelayPlan, other: RelayPlan) -> None:
    """What is cut off or replaced is kept as a hash, and no name runs into its ports."""
    assert relay_id(one) != relay_id(other)


@given(st.text(max_size=200))
def test_a_comment_is_one_word_for_nft(text: str) -> None:
    """Nothing in a name ends its quotes, breaks its line or makes it too long for the kernel."""
    said = comment(text)
    assert said.count('"') == 2
    assert said.isprintable()
    assert "\\" not in said
    assert len(plain(text).encode()) <= 100


def test_ranges_transports_and_interfaces_are_told_apart() -> None:
    """Parts of one relay never share a name."""
    address = ONE.listens[0].address
    udp = Endpoint(address, 443, transport=Transport.UDP)
    parts = [
        ONE,
        replace(ONE, listens=(udp,)),
        replace(ONE, interface="eth0"),
        replace(ONE, interface="eth1"),
        replace(ONE, listens=(Endpoint(address, 443, 444),)),
        replace(ONE, listens=(Endpoint(address, 443), Endpoint(address, 444))),
        replace(ONE, listens=(Endpoint(address, 443, 444), Endpoint(address, 445))),
    ]
    assert len({relay_id(part) for part in parts}) == len(parts)
    assert relay_id(parts[4]) == "HTTPS.4.443to444"


def test_members_of_a_group_remember_clients_together() -> None:
    """One map for the group, and one for each relay outside, whatever they are called."""
    group = [replace(ONE, affinity="HTTPS"), replace(ONE, name="OWA", affinity="HTTPS")]
    assert len({sticky_map(part) for part in group}) == 1
    assert len({sticky_map(part) for part in (group[0], ONE, named("OWA", 443))}) == 3

"""What nft 1.0.6 listed of a real table is understood; the listings are as it printed them, slots cut to four."""

import json
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import pytest

from bascule.engines.nftables.compose import compose
from bascule.engines.nftables.read import dealt_marks, kept_marks, read, read_elements
from bascule.engines.nftables.ruleset import Chain, NamedSet, Ruleset
from bascule.plan.model import Endpoint, MarkOwner
from bascule.system.nft import Listing
from engines.nftables.plans import planned
from plan.situations import relay

_LISTINGS: Final = Path(__file__).parent / "listings"
LISTING: Final = Listing(
    (_LISTINGS / "nft-1.0.6.txt").read_text(encoding="utf-8"),
    tuple(json.loads((_LISTINGS / "nft-1.0.6.json").read_text(encoding="utf-8"))),
)
PLAN: Final = planned(
    relay(
        "HTTPS",
        "max source sessions 20",
        "max source rate 5/s",
        "max half-open 100",
        listen=["10.80.0.10 port 443"],
    ),
    relay(
        "Grüße, {Welt}",
        "on empty drop",
        "source fd80::10-fd80::1f",
        listen=["fd80::10 port 143"],
        forward="port 993 check icmp mode random",
    ),
    relay(
        "RPC",
        "sticky-address timeout 90m",
        "max source rate 30/s",
        listen=["10.80.0.10 udp port 53", "10.80.0.10 port 6005:59530 interface eth0"],
        forward="check icmp",
        kind="redirect",
    ),
    hosts=["10.80.2.1 max sessions 300", "fd80::2:1 max sessions 5000"],
)


def test_a_listing_is_what_was_composed() -> None:
    """All but the slots that were cut reads as it was written."""
    desired, seen = compose(PLAN), read(LISTING)
    assert desired is not None
    assert seen.chains == desired.chains
    assert seen.timeouts == desired.timeouts
    assert seen.counters == desired.counters
    cut = {
        name: replace(named, elements={key: value for key, value in named.elements.items() if int(key) < 4})
        if name.startswith("m_slots_")
        else named
        for name, named in desired.sets.items()
    }
    assert seen.sets == cut


def test_what_fills_while_it_runs_is_not_compared() -> None:
    """An address that is settled, or a session that was ended, is no difference."""
    assert '"10.80.0.10", "timeout": 600' in json.dumps(LISTING.objects)
    settled = read(LISTING).sets["s_settled4"]
    assert (settled.elements, settled.dynamic) == ({}, True)


def test_owners_of_marks_are_read_from_comments() -> None:
    """The kernel keeps the allocation: plain names as they are, others as their hash."""
    assert kept_marks(read(LISTING)) == PLAN.marks
    assert MarkOwner("HTTPS <exchange>", Endpoint(ip_address("10.80.2.1"), 443)) in PLAN.marks
    assert kept_marks(None) == {}


def test_marks_that_are_not_ours_are_passed_over() -> None:
    """An element without an owner, or that somebody else put there, names nobody."""
    targets = NamedSet(
        "type mark : ipv4_addr . inet_service",
        {"463798274": "10.80.2.1 . 443", "0-9": "10.80.2.1 . 443", "7": "10.80.2.1 . https"},
        {"0-9": "HTTPS <exchange>", "7": "HTTPS <exchange>"},
    )
    assert kept_marks(Ruleset(sets={"m_to4": targets})) == {}


def test_the_hosts_that_get_clients_now() -> None:
    """The marks in slots, whatever the relay."""
    assert dealt_marks(read(LISTING)) == set(PLAN.marks.values())
    assert dealt_marks(None) == frozenset()


def test_counters_are_no_difference_and_names_are_left_alone() -> None:
    """A rule reads the same however often it matched; the same words in an operator's name stay."""
    text = (
        "table inet bascule {\n\tchain c_in {\n\t\ttype filter hook input priority filter - 5; policy accept;\n"
        '\t\tcounter packets 12 bytes 720 drop comment "relay counter packets 5 bytes 7"\n\t}\n}\n'
    )
    assert read(Listing(text, ())).chains == {
        "c_in": Chain(
            "type filter hook input priority filter - 5; policy accept;",
            ('counter drop comment "relay counter packets 5 bytes 7"',),
        )
    }


@pytest.mark.parametrize(
    ("kind", "elements", "read_as"),
    [
        ("type ipv4_addr", ["10.80.0.10"], {"10.80.0.10": ""}),
        ("type ipv4_addr . inet_service", [{"concat": ["10.80.0.10", 443]}], {"10.80.0.10 . 443": ""}),
        ("typeof numgen inc mod 1024 : meta mark", [[0, 463820438]], {"0": "463820438"}),
        (
            "type ipv6_addr . inet_service : verdict",
            [[{"concat": ["fd80::10", 443]}, {"goto": {"target": "c_relay"}}]],
            {"fd80::10 . 443": "goto c_relay"},
        ),
        ("type mark", [], {}),
    ],
)
def test_elements_of_each_kind(kind: str, elements: list[object], read_as: dict[str, str]) -> None:
    """Numbers, addresses, several fields, verdicts."""
    assert read_elements(kind, {"elem": elements}) == NamedSet(kind, read_as)
    assert read_elements(kind, {}) == NamedSet(kind)


def test_what_others_put_into_our_table_is_seen() -> None:
    """A foreign chain or set is read like ours, so that it is found to be too much."""
    text = (
        "table inet bascule {\n\tset s_foreign {\n\t\ttype mark\n\t\tflags constant\n\t}\n\n\tchain c_foreign {\n\t}\n}\n"
    )
    assert read(Listing(text, ())) == Ruleset(
        sets={"s_foreign": NamedSet("type mark; flags constant")}, chains={"c_foreign": Chain()}
    )

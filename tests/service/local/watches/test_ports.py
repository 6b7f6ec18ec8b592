"""Source ports are counted by source and host, over all relays that go there."""

from ipaddress import ip_address

from bascule.service.local.counters.sampling import owners_of
from bascule.service.local.watches.ports import crowds
from bascule.system.census import Census, Path
from service.local.situations import TWO_SERVICES, planned

LISTEN, CLIENT = ip_address("10.80.0.10").packed, ip_address("10.90.0.1").packed
EX1 = ip_address("10.80.2.1").packed
TCP = 6

SITE = "interface eth0 { address 10.80.0.2/16; address 10.80.0.10/16 virtual }\n" + TWO_SERVICES

BOTH = SITE.replace("10.80.0.10 port 143", "10.80.0.10 port 8443").replace(
    "forward to <exchange> check imap", "forward to <exchange> port 443 check tcp"
)
"""Two relays to one port of the hosts."""


def census(text: str, paths: dict[tuple[str, bytes, int], int]) -> Census:
    """Return a census of sessions to EX1, by relay, source and port."""
    marks = {(key.relay, key.host.address.packed): mark for mark, key in owners_of(planned(text)).items()}
    return Census(
        paths={(marks[relay, EX1], Path(source, EX1, port, TCP)): known for (relay, source, port), known in paths.items()}
    )


def test_relays_to_one_place_share_its_ports() -> None:
    """The one that takes most is named first."""
    found = crowds(planned(BOTH), census(BOTH, {("HTTPS", LISTEN, 443): 20_000, ("IMAP", LISTEN, 443): 31_610}))
    (crowd,) = found.values()
    assert (crowd.taken, crowd.usable) == (51_610, 64_512)
    assert crowd.words.startswith(
        "relay IMAP, HTTPS: 80% of the ports from 10.80.0.10 to EX1 (10.80.2.1 port 443) are taken (51610 of 64512)"
    )
    assert "no overflow" in crowd.words


def test_two_ports_of_a_host_are_two_places() -> None:
    """A port of ours is taken on the way to one of them only."""
    found = crowds(planned(SITE), census(SITE, {("HTTPS", LISTEN, 443): 5, ("IMAP", LISTEN, 143): 7}))
    assert sorted(crowd.taken for crowd in found.values()) == [5, 7]


def test_what_leaves_from_a_client_s_address_is_its_own() -> None:
    """Sessions of redirects take no port of ours."""
    assert crowds(planned(SITE), census(SITE, {("HTTPS", CLIENT, 443): 60_000})) == {}


def test_the_node_s_own_address_has_fewer() -> None:
    """Checks have the ports behind 60999."""
    text = SITE.replace("10.80.0.10 port 443", "10.80.0.2 port 443")
    (crowd,) = crowds(planned(text), census(text, {("HTTPS", ip_address("10.80.0.2").packed, 443): 6})).values()
    assert (crowd.taken, crowd.usable) == (6, 59_976)

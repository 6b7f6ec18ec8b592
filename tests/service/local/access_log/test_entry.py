"""The line of a session that has ended."""

from ipaddress import ip_address

import pytest

from bascule.service.local.access_log.entry import entry
from bascule.service.local.ended import Ended, Parties

PARTIES = Parties(
    relay="HTTPS",
    host="EX1",
    address="10.2.0.11:443",
    listen="10.2.0.50:443",
    path="kernel",
    protocol="tcp",
    state="closed",
)
ENDED = Ended(
    PARTIES,
    client=ip_address("10.1.1.1").packed,
    client_port=50000,
    source=ip_address("10.2.0.50").packed,
    source_port=41000,
    since=1_772_366_718.0,
    at=1_772_366_730.25,
    from_client=100,
    from_host=2000,
)


def test_the_line_has_every_field_in_its_order() -> None:
    """With the port that the host saw."""
    assert entry(ENDED).words == (
        "time=2026-03-01T12:05:30.250Z relay=HTTPS client=10.1.1.1:50000 listen=10.2.0.50:443 source=10.2.0.50:41000 "
        "host=EX1 address=10.2.0.11:443 end=closed duration=12.250 from_client=100 from_host=2000 protocol=tcp path=kernel"
    )


def test_what_is_not_known_is_empty() -> None:
    """A client that no host took has no source; a session from before us has no age."""
    words = entry(ENDED._replace(parties=PARTIES._replace(host="", address=""), source=b"", since=0.0)).words
    assert 'source="" host="" address=""' in words
    assert 'duration=""' in words


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Outlook Web", '"Outlook Web"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("x=y", '"x=y"'),
        ("x\nrelay=evil", '"x\\nrelay=evil"'),
        ("Straße", "Straße"),
    ],
)
def test_names_cannot_break_a_line(name: str, shown: str) -> None:
    """More than a word stands in quotes, and the end of a line is an escape."""
    words = entry(ENDED._replace(parties=PARTIES._replace(relay=name))).words
    assert f" relay={shown} client=" in words
    assert "\n" not in words


def test_addresses_of_ipv6_are_told_from_their_ports() -> None:
    """In brackets."""
    assert "client=[2001:db8::1]:50000" in entry(ENDED._replace(client=ip_address("2001:db8::1").packed)).words

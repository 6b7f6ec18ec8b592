"""What a packet says of itself."""

from hypothesis import given
from hypothesis import strategies as st

from bascule.service.local.capture.headers import Headers, ends_of, headers
from service.local.capture.packets import ip_packet


def test_both_ends_are_those_of_sessions() -> None:
    """Whoever sends, of both IP versions; with where the headers stop."""
    four = headers(ip_packet("10.1.1.1", "10.2.0.50", (50000, 443)))
    assert four == Headers(ends_of("10.1.1.1:50000", "10.2.0.50:443"), 40)
    assert four == headers(ip_packet("10.2.0.50", "10.1.1.1", (443, 50000)))
    six = headers(ip_packet("2001:db8::1", "2001:db8::2", (5, 53), protocol=17))
    assert six == Headers(ends_of("[2001:db8::2]:53", "[2001:db8::1]:5"), 48)


def test_what_has_no_ports_has_no_ends() -> None:
    """ICMP, and later fragments."""
    assert headers(ip_packet("10.1.1.1", "10.2.0.50", protocol=1)) is None
    assert headers(ip_packet("10.1.1.1", "10.2.0.50", (1, 2), fragment=9)) is None


@given(st.binary(max_size=80))
def test_anything_can_be_read(data: bytes) -> None:
    """Whatever a network sends is no fault."""
    headers(data)
    headers(b"\x45" + data)
    headers(b"\x60" + data)

"""What a packet says of itself."""

from hypothesis import given
from hypothesis import strategies as st

from bascule.service.local.capture.headers import Headers, headers
from service.local.capture.packets import ip_packet


def test_both_ends_are_called_as_sessions_call_them() -> None:
    """With where the headers end."""
    assert headers(ip_packet("10.1.1.1", "10.2.0.50", (50000, 443))) == Headers("10.1.1.1:50000", "10.2.0.50:443", 40)
    six = ip_packet("2001:db8::1", "2001:db8::2", (5, 53), protocol=17)
    assert headers(six) == Headers("[2001:db8::1]:5", "[2001:db8::2]:53", 48)


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

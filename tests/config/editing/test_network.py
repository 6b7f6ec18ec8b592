"""What a text says of interfaces."""

from bascule.config.editing.network import WrittenInterface, interfaces_of

TEXT = """\
interface eth0 {
	address 10.2.0.10/24
	address  10.2.0.50/24   virtual  # moves
	route default 10.2.0.1
}
firewall {
	zone internal { from 10.2.0.0/16 }
	zone external { interface eth0 }
	nonsense
}
interface eth1 { }
"""


def test_interfaces_have_their_addresses_and_routes() -> None:
    """As they are written, with one blank between two words; mistakes elsewhere are in nobody's way."""
    assert interfaces_of(TEXT) == (
        WrittenInterface("eth0", 1, ("10.2.0.10/24", "10.2.0.50/24 virtual"), ("default 10.2.0.1",)),
        WrittenInterface("eth1", 11),
    )
    assert interfaces_of("") == interfaces_of("interface { }\ninterface a b { }\n}") == ()

"""Addresses that are there, beside those that the working copy names."""

from bascule.config.editing.network import WrittenInterface
from bascule.service.network import AddressRow, InterfaceRow
from bascule.web.network.addresses import network_of


def row(*addresses: AddressRow) -> InterfaceRow:
    """Return an interface with these."""
    return InterfaceRow(name="eth0", state="up", addresses=addresses)


def test_what_comes_and_what_goes() -> None:
    """In whatever spelling; what is not ours to take stays."""
    there = row(
        AddressRow(address="10.2.0.10/24", ours=True),
        AddressRow(address="2001:db8::1/64", ours=True),
        AddressRow(address="10.2.0.60/24", virtual=True, ours=True),
        AddressRow(address="fe80::1/64"),
    )
    written = WrittenInterface("eth0", 3, ("10.2.0.10/24", "2001:DB8:0::1/64 virtual", "10.2.0.50/24 virtual", "dhcp"))
    (one,) = network_of([there], [written])
    assert (one.dhcp, one.line) == (True, 3)
    assert [(each.address, each.virtual, each.awaited, each.leaving) for each in one.addresses] == [
        ("10.2.0.10/24", False, False, False),
        ("2001:db8::1/64", True, True, False),
        ("10.2.0.60/24", True, False, True),
        ("fe80::1/64", False, False, False),
        ("10.2.0.50/24", True, True, False),
    ]


def test_interfaces_that_are_missing_are_shown() -> None:
    """With what they shall have, mistakes too."""
    there, missing = network_of([row()], [WrittenInterface("eth9", 1, ("10.2.0.999",))])
    assert (there.name, there.line, there.addresses) == ("eth0", None, ())
    assert (missing.name, missing.row, missing.addresses[0].address) == ("eth9", None, "10.2.0.999")


def test_who_has_no_working_copy_sees_what_is_there() -> None:
    """Nothing of it goes."""
    (one,) = network_of([row(AddressRow(address="10.2.0.10/24", ours=True, virtual=True))], None)
    (address,) = one.addresses
    assert (address.virtual, address.awaited, address.leaving) == (True, False, False)

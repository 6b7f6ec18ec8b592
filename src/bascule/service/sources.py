"""What an address counts as where something is counted by source."""

from ipaddress import IPv6Address, IPv6Network, ip_address


def place(source: str) -> str:
    """Return what an address counts as: whoever has one of version 6 has the 2^64 beside it, too (RFC 6177)."""
    try:
        address = ip_address(source.partition("%")[0])
    except ValueError:
        return source
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Network((address, 64), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)

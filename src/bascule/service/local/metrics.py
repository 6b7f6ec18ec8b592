"""Who may read figures without logging in. Pure."""

from collections.abc import Iterable
from ipaddress import IPv6Address

from bascule.config.kinds.addresses import parsed_address
from bascule.config.model import Network
from bascule.service.failures import NotFound, OperationFailed


def require_reader(source: str, networks: Iterable[Network]) -> None:
    """Raise OperationFailed where whoever comes from an address may not read figures: to him nothing is there."""
    address = parsed_address(source.partition("%")[0])
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address  # as a listener for both versions tells those of version 4
    if address is None or not any(address in network for network in networks if network.version == address.version):
        raise OperationFailed(NotFound(message="nothing is here"))

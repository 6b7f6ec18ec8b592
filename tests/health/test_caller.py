"""How a caller's packets leave."""

import socket
from ipaddress import ip_address
from random import Random

import pytest

from bascule.health.caller import Caller, lenient_tls
from bascule.plan.model import Endpoint


@pytest.mark.parametrize(
    ("address", "family", "level", "option"),
    [
        ("127.0.0.1", socket.AF_INET, socket.IPPROTO_IP, socket.IP_TTL),
        ("::1", socket.AF_INET6, socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS),
    ],
)
async def test_packets_live_as_long_as_the_text_says(address: str, family: int, level: int, option: int) -> None:
    """`ip ttl` counts for connections of both IP versions; without it the system's does."""
    with socket.create_server((address, 0), family=family) as listener:
        endpoint = Endpoint(ip_address(address), listener.getsockname()[1])
        for ttl in (1, 77, None):
            caller = Caller(endpoint=endpoint, source=None, random=Random(7), tls=lenient_tls(), ttl=ttl)
            connection = await caller.connect()
            with connection, socket.socket(family, socket.SOCK_STREAM) as usual:
                assert connection.getsockopt(level, option) == (ttl or usual.getsockopt(level, option))

"""Sessions such as the kernel tells of, made without one."""

import socket
from ipaddress import ip_address

from bascule.system.ctnetlink import Session, TcpState


def tracked(
    port: int,
    state: TcpState = TcpState.ESTABLISHED,
    *,
    mark: int = 7,
    client: str = "10.80.1.1",
    listen: str = "10.80.0.10",
    host: str = "10.80.2.1",
    source: str = "10.80.0.10",
    protocol: int = socket.IPPROTO_TCP,
) -> Session:
    """Return the session of a client's port with port 443 of a relay, whose host sees the same client port."""
    return Session(
        protocol=protocol,
        client=ip_address(client).packed,
        client_port=port,
        listen=ip_address(listen).packed,
        listen_port=443,
        host=ip_address(host).packed,
        host_port=443,
        source=ip_address(source).packed,
        source_port=port,
        state=state,
        mark=mark,
        id=port,
        remaining=2400,
        unacknowledged=False,
        from_client=0,
        from_host=0,
        answered=True,
        started=0,
        stopped=0,
    )

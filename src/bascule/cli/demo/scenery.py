"""The places and names of the demo, and the configuration that ties them together."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from types import MappingProxyType
from typing import Final

BALANCER: Final = IPv4Address("127.0.0.1")
"""Where every relay listens."""

NAME: Final = "mail.lab.local"
"""What clients call the servers, all alike: the name in their certificate."""

SERVERS: Final[Mapping[str, IPv4Address]] = MappingProxyType(
    {f"EX{number}": IPv4Address(f"127.0.0.{10 + number}") for number in (1, 2, 3)}
)
"""The simulated Exchange servers."""

CLIENTS: Final = tuple(IPv4Address(f"127.0.0.{100 + number}") for number in range(1, 13))
"""Addresses that clients come from."""

_STEP: Final = 10
_FARTHEST: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service that is relayed."""

    relay: str
    """Name of its relay, as the guide has it."""
    simulated: str
    """Its field of `lab.server.Ports`."""
    port: int
    """Where it listens, if that is free."""
    check: str
    """`{mapper}` stands for the endpoint mapper's port."""
    affinity: str = ""


SERVICES: Final = (
    Service(
        relay="HTTPS",
        simulated="https",
        port=10443,
        check='check https "/owa/auth/logon.aspx" code 200',
    ),
    Service(relay="IMAP", simulated="imap", port=10143, check="check imap"),
    Service(relay="POP3", simulated="pop3", port=10110, check="check pop3"),
    Service(relay="SMTP", simulated="smtp", port=10025, check="check smtp"),
    Service(relay="RPCLS", simulated="mapper", port=10135, check="check rpc mapper {mapper}", affinity="outlook"),
    Service(
        relay="RPCCAS",
        simulated="client_access",
        port=59532,
        check='check rpc "emsmdb" mapper {mapper}',
        affinity="outlook",
    ),
    Service(
        relay="RPCABS", simulated="address_book", port=59533, check='check rpc "nspi" mapper {mapper}', affinity="outlook"
    ),
)


PAGES: Final = "pages"
"""What the admin server's port is found by, beside those of the services."""

_PAGES_PORT: Final = 8443


def free_ports() -> Mapping[str, int]:
    """Return a port for each service, free on the balancer's and every server's address, and one for the pages.

    All are as far from the ports preferred, so that two demos that start at once meet on the first port or on none.
    Raises OSError where loopback has none to give.
    """
    for offset in range(0, _FARTHEST, _STEP):
        ports = {service.simulated: service.port + offset for service in SERVICES}
        pages = _PAGES_PORT + offset
        if _can_listen(BALANCER, pages) and all(_is_free(port) for port in ports.values()):
            return {**ports, PAGES: pages}
    raise OSError(f"no ports are free on {BALANCER} and {', '.join(map(str, SERVERS.values()))}")


def configuration(ports: Mapping[str, int]) -> str:
    """Return the text of the balancer's configuration."""
    hosts = "".join(f'\t\t{address} name "{name}"\n' for name, address in SERVERS.items())
    relays = "".join(_relay(service, ports) for service in SERVICES)
    return (
        "load-balancer {\n"
        "\tinterval 2s\n"
        "\ttable <exchange> {\n"
        f"{hosts}"
        "\t\tkey 7f3a91c2\n"
        "\t}\n"
        f"{relays}"
        "}\n"
        "system {\n"
        f"\thttp-server {{ listen on {BALANCER}; port {ports[PAGES]} }}\n"
        "}\n"
    )  # fmt: skip


def _relay(service: Service, ports: Mapping[str, int]) -> str:
    rewrite = "\t\taccept-source-rewrite\n" if service.relay == "SMTP" else ""
    affinity = f'\t\taffinity "{service.affinity}"\n' if service.affinity else ""
    return (
        f'\trelay "{service.relay}" {{\n'
        f"\t\tlisten on {BALANCER} port {ports[service.simulated]}\n"
        f"\t\tforward to <exchange> {service.check.format(mapper=ports['mapper'])} mode source-hash\n"
        "\t\tengine proxy\n"
        f"{rewrite}{affinity}"
        "\t}\n"
    )


def _is_free(port: int) -> bool:
    """Tell whether all may listen there; where another demo's servers do, its balancer's port is not touched."""
    return all(_can_listen(address, port) for address in (*SERVERS.values(), BALANCER))


def _can_listen(address: IPv4Address, port: int) -> bool:
    try:
        socket.create_server((str(address), port)).close()  # sets SO_REUSEADDR, as the servers do
    except OSError:
        return False
    return True

"""A large configuration: many relays over as many tables. Pure."""

from typing import Final

from bench.services import VIP

RELAYS: Final = 300
HOSTS: Final = 16
FIRST_PORT: Final = 20_000

_HEAD: Final = f"""\
interface eth0 {{
	address 10.80.0.2/24
	address {VIP}/24 virtual
}}
interface eth1 {{
	address 10.90.1.1/24 virtual
}}
"""


def addresses(hosts: int = HOSTS) -> list[str]:
    """Return the addresses of the hosts: all on the first server."""
    return [f"10.90.1.{10 + number}" for number in range(hosts)]


def ports(relays: int = RELAYS) -> list[int]:
    """Return the ports that relays listen on and hosts serve."""
    return [FIRST_PORT + number for number in range(relays)]


def text(relays: int = RELAYS, hosts: int = HOSTS) -> str:
    """Return the configuration: each relay has a table and a port of its own, so each has its own checks."""
    rows = "".join(f'\t\t{address} name "S{number}"\n' for number, address in enumerate(addresses(hosts), 1))
    blocks = "".join(
        f"\ttable <t{port}> {{\n{rows}\t\tkey {port:08x}\n\t}}\n"
        f'\trelay "R{port}" {{\n\t\tlisten on {VIP} port {port}\n'
        f"\t\tforward to <t{port}> check tcp mode source-hash\n\t}}\n"
        for port in ports(relays)
    )
    return f"{_HEAD}load-balancer {{\n{blocks}}}\n"

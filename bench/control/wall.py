"""A large firewall: very many rules, and a table of very many addresses. Pure."""

from ipaddress import IPv4Address
from typing import Final

from bench.services import VIP

RULES: Final = 5_000
RUN: Final = 100
"""Rules next to each other that differ in one address alone."""
ADDRESSES: Final = 100_000
TABLE_FILE: Final = "blocked.txt"
NAME: Final = f"{RULES:,} rules in runs of {RUN}, a table of {ADDRESSES:,} addresses"

_FIRST: Final = IPv4Address("11.0.0.1")
_STEP: Final = 37
"""Between two addresses of the table, so that no two make a network."""


def text(file: str, *, rules: int = RULES, run: int = RUN) -> str:
    """Return the configuration: one relay, and a firewall whose table is in a file."""
    lines = "".join(f"\t{rule(number, run)}\n" for number in range(rules))
    return f"""\
interface eth0 {{
	address 10.80.0.2/24
	address {VIP}/24 virtual
}}
load-balancer {{
	table <exchange> {{
		10.90.1.10
		key 7f3a91c2
	}}
	relay "HTTPS" {{
		listen on {VIP} port 443
		forward to <exchange> check tcp mode source-hash
	}}
}}
firewall {{
	zone internal {{ from 10.0.0.0/8 }}
	table <blocked> {{ file "{file}" }}
	block in from <blocked>
	block through from <blocked>
{lines}}}
"""


def rule(number: int, run: int) -> str:
    """Return one of the rules: it shares all but an address with those of its run."""
    part, place = divmod(number, run)
    source, target = f"10.{part // 250}.{part % 250}.0/24", f"172.16.{place // 250}.{place % 250}"
    return f"pass through proto tcp from {source} to {target} port {1000 + part}"


def addresses(count: int = ADDRESSES) -> str:
    """Return what the table's file holds."""
    return "".join(f"{_FIRST + _STEP * number}\n" for number in range(count))

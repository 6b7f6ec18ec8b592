"""Configuration texts for the bed: the guide's own, and changes to it by text, as an operator would make them."""

import re
from pathlib import Path
from typing import Final

_RELAY: Final = """\
	relay "{name}" {{
		listen on 10.80.0.10 port {port}
		forward to <exchange> check tcp mode source-hash
	}}
"""

_TWO_ARM: Final = """\
interface eth0 {
	address 10.80.0.2/16
	address 10.80.0.10/16 virtual
}
interface eth1 {
	address 10.90.0.2/16
	address 10.90.0.1/16 virtual
}
"""


def guide() -> str:
    """Return the relays of Halon's guide for Exchange 2010, with hosts and addresses of a one-armed bed."""
    return (Path(__file__).parents[1] / "corpus" / "config" / "guide-lab.conf").read_text(encoding="utf-8")


def plain(*relays: tuple[str, int], servers: int = 2, arms: int = 1, timing: str = "") -> str:
    """Return a small configuration with these relays (name and port), over so many servers of the bed."""
    network = "10.80" if arms == 1 else "10.90"
    interfaces = _TWO_ARM if arms > 1 else "interface eth0 {\n\taddress 10.80.0.2/16\n\taddress 10.80.0.10/16 virtual\n}\n"
    hosts = "".join(f'\t\t{network}.2.{n} name "EX{n}"\n' for n in range(1, servers + 1))
    table = f"\ttable <exchange> {{\n{hosts}\t\tkey 7f3a91c2\n\t}}\n"
    timed = f"\t{timing}\n" if timing else ""
    blocks = "".join(_RELAY.format(name=name, port=port) for name, port in relays)
    return f"{interfaces}load-balancer {{\n{timed}{table}{blocks}}}\n"


def with_relay(text: str, name: str, port: int, *statements: str) -> str:
    """Return the guide's text with one relay more, with further statements of its own."""
    relay = with_statements(_RELAY.format(name=name, port=port), *statements)
    return text.replace("}\nsystem {", f"{relay}}}\nsystem {{", 1)


def with_statements(text: str, *statements: str) -> str:
    """Return a text with further statements in each relay, for example `engine proxy`."""
    lines = "".join(f"\t\t{statement}\n" for statement in statements)
    return re.sub(r"(?m)^(?=\t\tforward to )", lines, text)


def redirected(text: str) -> str:
    """Return a text with a redirect in the place of each relay."""
    return re.sub(r"(?m)^(\t)relay ", r"\1redirect ", text)

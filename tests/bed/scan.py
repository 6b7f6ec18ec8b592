"""What a port scanner makes of a machine: the state of each port, by nmap's own words."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from bed.node import Node

SYN, ACK, FIN, NULL, UDP = "-sS", "-sA", "-sF", "-sN", "-sU"
_QUICK: Final = ("-n", "-Pn", "--max-retries", "1", "--initial-rtt-timeout", "60ms", "--max-rtt-timeout", "60ms")


def scanned(node: Node, how: str, address: str, ports: Sequence[int]) -> Mapping[int, str]:
    """Scan a machine in one way; return the state of each port, `open`, `closed`, `open|filtered` and so on."""
    version = ("-6",) if ":" in address else ()
    asked = ",".join(map(str, ports))
    said = node.run("nmap", how, *version, *_QUICK, "-p", asked, "-oG", "-", "-v", "--reason", address).stdout
    found = {int(port): state for port, state in re.findall(r"(\d+)/([\w|]+)/(?:tcp|udp)//", said)}
    missing = set(ports) - found.keys()
    assert not missing, (missing, said)
    return found

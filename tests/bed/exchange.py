"""Servers that together stand for one Exchange server, of parts that nobody here wrote (but for the two RPC ports)."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bed.certificates import Authority, Leaf
from bed.endpoint_mapper import address_of
from bed.node import Node
from bed.servers import dovecot, echo, nginx, postfix, samba

PORTS: Final = (25, 110, 135, 143, 443, 993, 995, 59532, 59533)
"""What one of these servers listens on."""

_CLIENT: Final = {
    "HTTPS": re.compile(r"^([0-9.]+)$", re.MULTILINE),
    "IMAP": re.compile(r"imap-login: Info: Login: user=<([0-9.]+)>"),
    "POP3": re.compile(r"pop3-login: Info: Login: user=<([0-9.]+)>"),
    "SMTP": re.compile(r"qmgr\[\d+\]: \w+: from=<([0-9.]+)@"),
    "RPCLS": re.compile(r"in: struct epm_Map\n +object +: \*\n +object +: ([0-9a-f-]{36})"),
    "RPC": re.compile(r" client ([0-9.]+)$", re.MULTILINE),
}
"""How a service's log names a client: by the address that it said it has (see `bed.clients`)."""


@dataclass(frozen=True)
class ExchangeLike:
    """One server: its name, its certificate, and who came, as its own logs tell."""

    name: str
    node: Node
    leaf: Leaf
    logs: dict[str, Path]

    def clients(self, service: str) -> set[str]:
        """Return the addresses that the clients of a service said they have."""
        path = self.logs[service]
        if not path.exists():
            return set()
        found = _CLIENT[service].findall(path.read_text(encoding="utf-8", errors="replace"))
        return set(map(address_of, found)) if service == "RPCLS" else set(found)


def start(node: Node, name: str, authority: Authority, at: Path) -> ExchangeLike:
    """Start every service of a server, and return without waiting; see `wait`."""
    own = at / name
    own.mkdir()
    leaf = authority.leaf(f"{name.lower()}.lab.local", "mail.lab.local", node.ip, node.ip6)
    mail = dovecot.start(node, name, leaf, own / "dovecot")
    logs = {
        "HTTPS": nginx.start(node, name, leaf, own / "nginx"),
        "IMAP": mail,
        "POP3": mail,
        "SMTP": postfix.start(node, name, leaf, own / "postfix"),
        "RPCLS": samba.start(node, name, own / "samba"),
        "RPC": echo.start(node, name, (59532, 59533), own),
    }
    return ExchangeLike(name, node, leaf, logs)


def start_all(nodes: list[Node], authority: Authority, at: Path) -> list[ExchangeLike]:
    """Start a server on each node, EX1, EX2 and so on, and wait until each of them listens everywhere."""
    servers = [start(node, f"EX{n}", authority, at) for n, node in enumerate(nodes, 1)]
    for server in servers:
        server.node.wait_listening(*PORTS, within=30.0)
    return servers

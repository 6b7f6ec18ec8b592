"""A simulated Exchange server on the guide's eight ports, of the lab's protocols, which logs the clients that it hears.

A client names itself by its own address: in a word of the protocol, or as the call number of an RPC packet. So the log
holds who came, whatever address the connection came from.
"""

import argparse
import asyncio
import re
import ssl
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from subprocess import PIPE
from typing import Final, TextIO

from bascule.lab.certificate import Certificate, make_certificate
from bascule.lab.process import serve
from bascule.lab.release import RELEASES, Release
from bascule.lab.server import Ports, SimulatedExchange
from bascule.lab.wire import Session, Wire
from bed.node import Node
from bed.servers.simulated import Simulated

PORTS: Final = (443, 110, 995, 143, 993, 135, 59532, 59533)
"""The guide's."""
_MAIL: Final = Ports(https=443, imap=143, imaps=993, pop3=110, pop3s=995, smtp=25, submission=587)
_RPC: Final = {"client_access": 59532, "address_book": 59533, "mapper": 135}
_HEADER: Final = 16
"""Bytes of an RPC packet's header; the last four are the call's number."""
_END: Final = b"-----END CERTIFICATE-----"
_NAMED: Final = re.compile(r"client-([0-9.]+)")


class Heard(Wire):
    """A wire that notes which client speaks."""

    def __init__(self, wire: Wire, log: TextIO) -> None:
        super().__init__(wire._reader, wire._writer, wire._trouble)
        self._log = log
        self._known = False

    async def line(self) -> str:
        """Return the next line, and note the client that it names."""
        line = await super().line()
        if found := _NAMED.search(line):
            self._note(found[1])
        return line

    async def exactly(self, length: int) -> bytes:
        """Return so many bytes, and note the client that an RPC header names."""
        data = await super().exactly(length)
        if length == _HEADER and (number := int.from_bytes(data[12:], "little")) > _HEADER:
            self._note(str(IPv4Address(number)))
        return data

    def _note(self, client: str) -> None:
        if not self._known:
            self._log.write(f"{self.port} {client}\n")
            self._log.flush()
        self._known = True


@dataclass(frozen=True)
class Logged(Simulated):
    """A server that runs."""

    log: Path


def start(node: Node, name: str, at: Path, version: str, address: str = "") -> Logged:
    """Start a server on a node, and wait until it listens; `address` is the node's first unless said.

    Servers of one folder have one certificate, as those of a farm must.
    """
    log, shared = at / f"{name}.log", at / "mail.pem"
    address = address or node.ip
    if not shared.exists():
        shared.write_bytes(make_certificate("mail.lab.local", IPv4Address(address), now=datetime.now(UTC)).pem)
    words = [sys.executable, "-m", "bed.servers.outlook", name, address, str(log), str(shared), version]
    server = Logged(node.popen(words, cwd=Path(__file__).parents[2], stdin=PIPE, stdout=PIPE, text=True), log)
    server.wait()
    return server


class Noting(SimulatedExchange):
    """A simulated server that logs its clients, on every port that Outlook and its like know."""

    def __init__(self, name: str, address: IPv4Address, log: TextIO, pem: bytes, release: Release) -> None:
        certificate = Certificate(der=ssl.PEM_cert_to_DER_cert(pem[: pem.index(_END) + len(_END)].decode()), pem=pem)
        ports = replace(_MAIL, **_RPC) if release.rpc else _MAIL
        super().__init__(name=name, address=address, ports=ports, certificate=certificate, release=release)
        self._log = log

    def session(self, service: str) -> Session:
        """Return how one client is served, and noted."""
        return partial(_noted, super().session(service), self._log)


async def _noted(session: Session, log: TextIO, wire: Wire) -> None:
    await session(Heard(wire, log))


def main() -> None:
    """Serve until the end of standard input, and obey its lines."""
    parser = argparse.ArgumentParser(description="A simulated Exchange server that logs its clients.")
    parser.add_argument("name")
    parser.add_argument("address", type=IPv4Address)
    parser.add_argument("log", type=Path)
    parser.add_argument("certificate", type=Path)
    parser.add_argument("version", choices=RELEASES)
    options = parser.parse_args()
    with options.log.open("a", encoding="ascii") as log:
        pem = options.certificate.read_bytes()
        server = Noting(options.name, options.address, log, pem, RELEASES[options.version])
        asyncio.run(serve(server, follow=True))


if __name__ == "__main__":
    main()

"""A simulated Exchange server on the guide's eight ports, of the lab's protocols, which logs the clients that it hears.

A client names itself by its own address: in a word of the protocol, or as the call number of an RPC packet. So the log
holds who came, whatever address the connection came from.
"""

import argparse
import asyncio
import re
import ssl
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final, TextIO

from bascule.lab.certificate import Certificate, make_certificate
from bascule.lab.listener import Listener
from bascule.lab.server import Ports, SimulatedExchange
from bascule.lab.wire import Session, Wire
from bed.node import Node

PORTS: Final = (443, 110, 995, 143, 993, 135, 59532, 59533)
"""The guide's."""
_SERVED: Final = Ports(https=443, imap=143, pop3=110, smtp=25, client_access=59532, address_book=59533, mapper=135)
_ALSO: Final = {993: "imap", 995: "pop3", 587: "smtp"}
"""Further ports, and what is spoken there; the first two over TLS."""
_TLS: Final = frozenset({993, 995})
_HEADER: Final = 16
"""Bytes of an RPC packet's header; the last four are the call's number."""
_END: Final = b"-----END CERTIFICATE-----"
_NAMED: Final = re.compile(r"client-([0-9.]+)")


class Heard(Wire):
    """A wire that notes which client speaks."""

    def __init__(self, wire: Wire, log: TextIO) -> None:
        super().__init__(wire._reader, wire._writer)
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


def start(node: Node, name: str, at: Path, address: str = "") -> Path:
    """Start a server on a node, wait until it listens, and return its log; `address` is the node's first unless said.

    Servers of one folder have one certificate, as those of a farm must.
    """
    log, shared = at / f"{name}.log", at / "mail.pem"
    address = address or node.ip
    if not shared.exists():
        shared.write_bytes(make_certificate("mail.lab.local", IPv4Address(address), now=datetime.now(UTC)).pem)
    words = [sys.executable, "-m", "bed.servers.outlook", name, address, str(log), str(shared)]
    node.popen(words, cwd=Path(__file__).parents[2])
    node.wait_listening(*PORTS, *_ALSO)
    return log


class Noting(SimulatedExchange):
    """A simulated server that logs its clients, on every port that Outlook and its like know."""

    def __init__(self, name: str, address: IPv4Address, log: TextIO, pem: bytes) -> None:
        certificate = Certificate(der=ssl.PEM_cert_to_DER_cert(pem[: pem.index(_END) + len(_END)].decode()), pem=pem)
        super().__init__(name=name, address=address, ports=_SERVED, certificate=certificate)
        self._log = log

    async def start(self) -> None:
        """Listen on every port."""
        await super().start()
        for port, service in _ALSO.items():
            further = Listener(self._sessions()[service], context=self._context if port in _TLS else None)
            await further.open(str(self.address), port)

    def _sessions(self) -> Mapping[str, Session]:
        return {service: self._noting(session) for service, session in super()._sessions().items()}

    def _mapper(self, served: Mapping[str, int]) -> Session:
        return self._noting(super()._mapper(served))

    def _noting(self, session: Session) -> Session:
        return partial(_noted, session, self._log)


async def _noted(session: Session, log: TextIO, wire: Wire) -> None:
    await session(Heard(wire, log))


async def _serve(name: str, address: IPv4Address, log: TextIO, pem: bytes) -> None:
    await Noting(name, address, log, pem).start()
    await asyncio.Event().wait()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description="A simulated Exchange server that logs its clients.")
    parser.add_argument("name")
    parser.add_argument("address", type=IPv4Address)
    parser.add_argument("log", type=Path)
    parser.add_argument("certificate", type=Path)
    options = parser.parse_args()
    with options.log.open("a", encoding="ascii") as log:
        asyncio.run(_serve(options.name, options.address, log, options.certificate.read_bytes()))


if __name__ == "__main__":
    main()

"""A simulated Exchange server on the guide's eight ports, of the lab's protocols, which logs the clients that it hears.

A client names itself by its own address: in a word of the protocol, or as the call number of an RPC packet. So the log
holds who came, whatever address the connection came from.
"""

import argparse
import asyncio
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final, TextIO

from bascule.lab.certificate import make_certificate
from bascule.lab.endpoint_mapper import endpoint_mapper
from bascule.lab.exchange_rpc import EMSMDB, NSPI, management
from bascule.lab.https import serve_http, server_context
from bascule.lab.imap import serve_imap
from bascule.lab.listener import Listener
from bascule.lab.machine import Machine
from bascule.lab.pop3 import serve_pop3
from bascule.lab.rpc_server import Interface, serve_rpc
from bascule.lab.smtp import serve_smtp
from bascule.lab.wire import Session, Wire
from bed.node import Node

PORTS: Final = (443, 110, 995, 143, 993, 135, 59532, 59533)
"""The guide's."""
_TLS: Final = frozenset({443, 993, 995})
_ALSO: Final = (25, 587)
_HEADER: Final = 16
"""Bytes of an RPC packet's header; the last four are the call's number."""
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
    """Start a server on a node, wait until it listens, and return its log; `address` is the node's first unless said."""
    log = at / f"{name}.log"
    words = [sys.executable, "-m", "bed.servers.outlook", name, address or node.ip, str(log)]
    node.popen(words, cwd=Path(__file__).parents[2])
    node.wait_listening(*PORTS, *_ALSO)
    return log


def sessions(machine: Machine, address: IPv4Address) -> Mapping[int, Session]:
    """Return what is spoken at each port."""
    mapped = endpoint_mapper({EMSMDB: 59532, NSPI: 59533}, address)
    web, imap, pop3, smtp = (partial(serve, machine) for serve in (serve_http, serve_imap, serve_pop3, serve_smtp))
    return {
        443: web,
        143: imap,
        993: imap,
        110: pop3,
        995: pop3,
        25: smtp,
        587: smtp,
        135: partial(serve_rpc, (mapped, management(f"host/{machine.fqdn}"))),
        59532: partial(serve_rpc, (Interface(syntax=EMSMDB), management(f"exchangeMDB/{machine.fqdn}"))),
        59533: partial(serve_rpc, (Interface(syntax=NSPI), management(f"exchangeAB/{machine.fqdn}"))),
    }


async def _noted(session: Session, log: TextIO, wire: Wire) -> None:
    await session(Heard(wire, log))


async def _serve(name: str, address: IPv4Address, log: TextIO) -> None:
    machine = Machine(name=name)
    context = server_context(make_certificate(machine.fqdn, address, now=datetime.now(UTC)))
    for port, session in sessions(machine, address).items():
        listener = Listener(partial(_noted, session, log), context=context if port in _TLS else None)
        await listener.open(str(address), port)
    await asyncio.Event().wait()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description="A simulated Exchange server that logs its clients.")
    parser.add_argument("name")
    parser.add_argument("address", type=IPv4Address)
    parser.add_argument("log", type=Path)
    options = parser.parse_args()
    with options.log.open("a", encoding="ascii") as log:
        asyncio.run(_serve(options.name, options.address, log))


if __name__ == "__main__":
    main()

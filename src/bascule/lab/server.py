"""A simulated Exchange server: all its protocols on one address."""

import ssl
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from ipaddress import IPv4Address

from bascule.dcerpc.interfaces import EMSMDB, NSPI
from bascule.lab.certificate import Certificate
from bascule.lab.endpoint_mapper import serve_mapper
from bascule.lab.exchange_rpc import management
from bascule.lab.https import present, serve_http, server_context
from bascule.lab.imap import serve_imap
from bascule.lab.listener import Listener
from bascule.lab.machine import Machine
from bascule.lab.pop3 import serve_pop3
from bascule.lab.rpc_server import Interface, serve_rpc
from bascule.lab.smtp import serve_smtp
from bascule.lab.wire import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The TCP ports of a server's services: None does not serve it, 0 takes a free one."""

    https: int | None = None
    imap: int | None = None
    pop3: int | None = None
    smtp: int | None = None
    client_access: int | None = None
    """RPC Client Access (EMSMDB), the guide's 59532."""
    address_book: int | None = None
    """Address Book (NSPI), the guide's 59533."""
    mapper: int | None = None
    """RPC endpoint mapper, 135 on a real server."""


class SimulatedExchange:
    """An Exchange server that answers every client, knows every user, and holds no mail."""

    def __init__(
        self, *, name: str, address: IPv4Address, ports: Ports, certificate: Certificate, domain: str = "lab.local"
    ) -> None:
        self.machine = Machine(name=name, domain=domain)
        self.address = address
        self.certificate = certificate
        self.ports = ports
        """As asked for; once started, as taken."""
        self._context = server_context(certificate)
        self._listeners: dict[str, Listener] = {}

    async def start(self) -> None:
        """Listen on every port. Raises OSError where one cannot be had; then none is held."""
        try:
            served = await self._open(self._sessions())
            if self.ports.mapper is not None:
                served |= await self._open({"mapper": self._mapper(served)})
        except OSError:
            await self.stop()
            raise
        self.ports = Ports(**served)

    async def stop(self) -> None:
        """Close every port and end every conversation."""
        for listener in self._listeners.values():
            await listener.close()
        self._listeners.clear()

    def present(self, pem: bytes) -> None:
        """Show another certificate from now on: certificate and key in PEM."""
        present(self._context, pem)

    def connections(self, service: str) -> int:
        """Return how many connections a service has had since the start: `https`, or another field of `Ports`."""
        return self._listeners[service].accepted

    async def _open(self, sessions: Mapping[str, Session]) -> dict[str, int]:
        """Listen for each session whose service has a port, and return the ports taken."""
        taken: dict[str, int] = {}
        for service, port in asdict(self.ports).items():
            if service in sessions and port is not None:
                context = self._context if service == "https" else None
                taken[service] = await self._listen(service, sessions[service], port, context)
        return taken

    async def _listen(self, service: str, session: Session, port: int, context: ssl.SSLContext | None) -> int:
        self._listeners[service] = listener = Listener(session, context=context)
        return await listener.open(str(self.address), port)

    def _sessions(self) -> Mapping[str, Session]:
        machine = self.machine
        client_access = (Interface(syntax=EMSMDB), management(f"exchangeMDB/{machine.fqdn}"))
        address_book = (Interface(syntax=NSPI), management(f"exchangeAB/{machine.fqdn}"))
        return {
            "https": partial(serve_http, machine),
            "imap": partial(serve_imap, machine, context=self._context),
            "pop3": partial(serve_pop3, machine, context=self._context),
            "smtp": partial(serve_smtp, machine, context=self._context),
            "client_access": partial(serve_rpc, client_access),
            "address_book": partial(serve_rpc, address_book),
        }

    def _mapper(self, served: Mapping[str, int]) -> Session:
        """Return the endpoint mapper's conversation, which names the ports on which the others are served."""
        endpoints = {"client_access": EMSMDB, "address_book": NSPI}
        ports = {syntax: served[service] for service, syntax in endpoints.items() if service in served}
        return partial(serve_mapper, self.machine, ports, self.address, management(f"host/{self.machine.fqdn}"))

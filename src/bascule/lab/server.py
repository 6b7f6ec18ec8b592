"""A simulated Exchange server: all its protocols on one address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from ipaddress import IPv4Address
from types import MappingProxyType
from typing import Final

from bascule.dcerpc.interfaces import EMSMDB, NSPI
from bascule.dcerpc.packets import Syntax
from bascule.lab.certificate import Certificate
from bascule.lab.endpoint_mapper import serve_mapper
from bascule.lab.exchange_rpc import management
from bascule.lab.https import serve_http
from bascule.lab.imap import serve_imap
from bascule.lab.listener import Listener
from bascule.lab.machine import Machine
from bascule.lab.pop3 import serve_pop3
from bascule.lab.release import NEWEST, Release
from bascule.lab.rpc_server import Interface, serve_rpc
from bascule.lab.smtp import serve_smtp
from bascule.lab.tls import present, server_context
from bascule.lab.wire import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The TCP ports of a server's services: None does not serve it, 0 takes a free one."""

    https: int | None = None
    imap: int | None = None
    imaps: int | None = None
    pop3: int | None = None
    pop3s: int | None = None
    smtp: int | None = None
    submission: int | None = None
    client_access: int | None = None
    """RPC Client Access (EMSMDB), the guide's 59532; of Exchange 2010 alone."""
    address_book: int | None = None
    """Address Book (NSPI), the guide's 59533; of Exchange 2010 alone."""
    mapper: int | None = None
    """RPC endpoint mapper, 135 on a real server."""


SERVICES: Final = tuple(field.name for field in fields(Ports))
_TLS: Final = frozenset({"https", "imaps", "pop3s"})
_RPC: Final[Mapping[str, Syntax]] = MappingProxyType({"client_access": EMSMDB, "address_book": NSPI})


class SimulatedExchange:
    """An Exchange server that answers every client, knows every user, and holds no mail."""

    def __init__(
        self,
        *,
        name: str,
        address: IPv4Address,
        ports: Ports,
        certificate: Certificate,
        domain: str = "lab.local",
        release: Release = NEWEST,
    ) -> None:
        """Take what it is; nothing runs yet. Raises ValueError for a service that the release does not have."""
        self.machine = Machine(name=name, domain=domain, release=release)
        self.address = address
        self.certificate = certificate
        self.ports = ports
        """As asked for; once started, as taken."""
        self._context = server_context(certificate)
        self._listeners: dict[str, Listener] = {}
        self._endpoints: dict[Syntax, int] = {}
        if not release.rpc and (strange := [service for service in _RPC if getattr(ports, service) is not None]):
            raise ValueError(f"Exchange {release.version} has no {' and no '.join(strange)}: Outlook speaks MAPI over HTTP")

    async def start(self, services: Iterable[str] = SERVICES) -> None:
        """Listen on the ports of services, fields of `Ports`. Raises OSError where one cannot be had; then none is held."""
        try:
            for service in services:
                await self._start(service)
        except OSError:
            await self.stop()
            raise

    async def stop(self, services: Iterable[str] = SERVICES) -> None:
        """Close the ports of services and end every conversation there."""
        for service in services:
            if service in _RPC:
                self._endpoints.pop(_RPC[service], None)
            if (listener := self._listeners.pop(service, None)) is not None:
                await listener.close()

    def present(self, pem: bytes) -> None:
        """Show another certificate from now on: certificate and key in PEM."""
        present(self._context, pem)

    def connections(self, service: str) -> int:
        """Return how many connections a service has had since it started: `https`, or another field of `Ports`."""
        return self._listeners[service].accepted

    def session(self, service: str) -> Session:
        """Return how one client is served."""
        machine, context = self.machine, self._context
        match service:
            case "https":
                return partial(serve_http, machine)
            case "imap" | "imaps":
                return partial(serve_imap, machine, context=context)
            case "pop3" | "pop3s":
                return partial(serve_pop3, machine, context=context)
            case "client_access":
                return partial(serve_rpc, (Interface(syntax=EMSMDB), management(f"exchangeMDB/{machine.fqdn}")))
            case "address_book":
                return partial(serve_rpc, (Interface(syntax=NSPI), management(f"exchangeAB/{machine.fqdn}")))
            case "mapper":
                also = management(f"host/{machine.fqdn}")
                return partial(serve_mapper, machine, self._endpoints, self.address, also)
            case _:
                return partial(serve_smtp, machine, context=context)

    async def _start(self, service: str) -> None:
        port = getattr(self.ports, service)
        if port is None or service in self._listeners:
            return
        context = self._context if service in _TLS else None
        listener = Listener(self.session(service), context=context, trouble=partial(self.machine.faults.get, service))
        taken = await listener.open(str(self.address), port)
        self._listeners[service] = listener
        self.ports = replace(self.ports, **{service: taken})
        if service in _RPC:
            self._endpoints[_RPC[service]] = taken

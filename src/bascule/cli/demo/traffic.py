"""What the demo's clients do, and what they see: in a round every client uses every service once."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from bascule.cli.demo.scenery import BALANCER, CLIENTS, SERVICES, Service
from bascule.lab.clients import meet
from bascule.lab.wire import BROKEN_PEER

PATIENCE: Final = 5.0
"""Seconds a client gives a service, the balancer's search for a live server included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One connection of one client, and what came of it."""

    client: IPv4Address
    relay: str
    server: str = ""
    """Name of the server that answered; empty where none did."""
    failure: str = ""

    def __str__(self) -> str:
        return f"{self.client} on {self.relay}: {self.failure or self.server}"


@dataclass(frozen=True, slots=True)
class Round:
    """What every client saw on every service."""

    visits: tuple[Visit, ...]

    @property
    def failed(self) -> tuple[Visit, ...]:
        """Return the connections that did not do their work."""
        return tuple(visit for visit in self.visits if visit.failure)

    @property
    def servers(self) -> Mapping[IPv4Address, Mapping[str, str]]:
        """Return the server each client met, by client and relay."""
        met: dict[IPv4Address, dict[str, str]] = {visit.client: {} for visit in self.visits}
        for visit in self.visits:
            if visit.server:
                met[visit.client][visit.relay] = visit.server
        return met

    @property
    def split(self) -> frozenset[IPv4Address]:
        """Return the clients whose services met more than one server."""
        return frozenset(client for client, met in self.servers.items() if len(set(met.values())) > 1)

    def clients_of(self, server: str) -> frozenset[IPv4Address]:
        """Return the clients that met this server on any service."""
        return frozenset(visit.client for visit in self.visits if visit.server == server)

    def moved(self, since: "Round") -> frozenset[IPv4Address]:
        """Return the clients that met another server on any service than they did in an earlier round."""
        before = since.servers
        return frozenset(
            visit.client for visit in self.visits if visit.server and visit.server != before[visit.client].get(visit.relay)
        )


async def drive(ports: Mapping[str, int]) -> Round:
    """Let all clients at once use every service, each client one service after the other."""
    visits = await asyncio.gather(*(_use_all(client, ports) for client in CLIENTS))
    return Round(tuple(visit for each in visits for visit in each))


async def _use_all(client: IPv4Address, ports: Mapping[str, int]) -> list[Visit]:
    return [await visit(client, service, ports[service.simulated]) for service in SERVICES]


async def visit(client: IPv4Address, service: Service, port: int) -> Visit:
    """Use one service through the balancer, and return what came of it."""
    try:
        server = await meet(service.simulated, client=client, server=BALANCER, port=port, seconds=PATIENCE)
    except BROKEN_PEER as error:
        return Visit(client=client, relay=service.relay, failure=_reason(error))
    return Visit(client=client, relay=service.relay, server=server)


def _reason(error: Exception) -> str:
    """Return why a visit failed, in the system's words where it has some."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return str(error) or type(error).__name__

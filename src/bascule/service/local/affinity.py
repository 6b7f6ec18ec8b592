"""Answering `exchange affinity`: the plan and the living sessions, held against each other."""

import asyncio
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Final

import msgspec

from bascule.config.model import Address
from bascule.exchange.affinity import Bond, Crowd, Encounter, Fate, bonds, crowds, fates
from bascule.plan.explain import States
from bascule.plan.grounds import Grounds
from bascule.plan.model import Plan
from bascule.service.affinity import (
    MOST_CROWDS,
    MOST_SPLIT,
    AffinityReport,
    AskAffinity,
    BondRow,
    BondShare,
    ClientService,
    CrowdedAddress,
    FailedHost,
    SplitClient,
)
from bascule.service.failures import NotFound, OperationFailed
from bascule.service.local.running import Running
from bascule.service.local.session_table import SessionTable
from bascule.service.local.words import counted

_SPLIT: Final = (
    "sessions that began while another host had the client stay where they are: `bascule kill --client ADDRESS` has it "
    "begin anew, on one host"
)
_BONDED: Final = (
    "every session of such an address goes to one host: have what stands behind it (NAT, a proxy) use several addresses, "
    "each of which is a client of its own, or give the other hosts more weight"
)
_FREE: Final = "they are spread session by session, so an address with many of them takes nothing from others"


async def affinity(running: Running, known: Grounds | None, sessions: SessionTable, request: AskAffinity) -> AffinityReport:
    """Return who meets whom; `known` is what the firewall judges by. Raises OperationFailed, MachineError."""
    try:
        client = None if request.client is None else ip_address(request.client)
    except ValueError:
        raise OperationFailed(NotFound(message=f"{request.client} is no IP address")) from None
    found, untold = await sessions.encounters()
    plan, states = running.plan, running.belief.states
    services = () if client is None else await asyncio.to_thread(_services, plan, states, client, known)
    report = await asyncio.to_thread(_report, plan, found, untold)
    return msgspec.structs.replace(report, client=None if client is None else str(client), services=services)


def _services(plan: Plan, states: States, client: Address, known: Grounds | None) -> tuple[ClientService, ...]:
    return tuple(map(_service, fates(plan, states, client, known)))


def _report(plan: Plan, found: Sequence[Encounter], untold: int) -> AffinityReport:
    tied = list(bonds(plan, found))
    crowded = crowds(found, MOST_CROWDS)
    notes = [f"{counted(untold, 'session')} of the proxy are more than it tells at once"] if untold else []
    return AffinityReport(
        bonds=tuple(map(_bond, tied)),
        split=sum(len(bond.split) for bond in tied),
        sources=tuple(_crowd(each) for each in crowded),
        advice=tuple(_advice(tied, crowded)),
        notes=tuple(notes),
    )


def _advice(tied: Sequence[Bond], crowded: Sequence[Crowd]) -> Iterator[str]:
    if any(bond.split for bond in tied):
        yield _SPLIT
    if crowded:
        yield _BONDED if tied else _FREE


def _service(fate: Fate) -> ClientService:
    return ClientService(
        relay=fate.relay,
        group=fate.group,
        to=fate.to,
        port=fate.port,
        host=fate.host,
        served=fate.served,
        reason=fate.reason,
        failing=tuple(FailedHost(host=host, then=then) for host, then in fate.failing.items()),
    )


def _bond(bond: Bond) -> BondRow:
    return BondRow(
        name=bond.name,
        relays=bond.relays,
        clients=bond.clients,
        sessions=bond.sessions,
        unevenness=round(bond.unevenness, 3),
        shares=tuple(
            BondShare(host=each.host, sessions=each.sessions, clients=each.clients, due=round(each.due, 4))
            for each in bond.shares
        ),
        split=tuple(
            SplitClient(client=str(each.client), hosts=each.hosts, sessions=each.sessions)
            for each in bond.split[:MOST_SPLIT]
        ),
        split_total=len(bond.split),
    )


def _crowd(crowd: Crowd) -> CrowdedAddress:
    return CrowdedAddress(client=str(crowd.client), sessions=crowd.sessions, hosts=crowd.hosts)

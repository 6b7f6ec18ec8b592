"""Orders to a simulated server, a line each, before it serves or as it does: states, and faults on demand."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from bascule.lab.certificate import VALIDITY, make_certificate
from bascule.lab.components import Component, Requester, State
from bascule.lab.faults import PageFault, RpcFault, ServiceFault
from bascule.lab.machine import Machine
from bascule.lab.server import SERVICES, SimulatedExchange

_Fault = TypeVar("_Fault")

ORDERS: Final = f"""\
service NAME {"|".join(ServiceFault)}|stopped|well
    NAME is an option's, as in --address-book; `all` is every service. Stopped, its port is closed, and the endpoint
    mapper names it no more
page FOLDER {"|".join(PageFault)}|well
    a health page: of owa, ecp, ews, mapi, rpc, oab, microsoft-server-activesync, autodiscover, powershell; of Exchange
    2010 the logon page, by owa
rpc {"|".join(RpcFault)}|well
    what the endpoint mapper tells
maintenance on|off
    ServerWideOffline, by the requester Maintenance
component COMPONENT {"|".join(State)} [REQUESTER]
    as Set-ServerComponentState takes them; by Maintenance unless said
certificate own|expired|stranger|FILE
    shows another certificate: one whose time is over, one of another name, or that of a file with certificate and key
name NAME
    what it calls itself from now on, as where addresses are swapped
mailbox USER PASSWORD
    who may log in, and nobody else
poll SECONDS
    how long a client's question for news is held open
news
    answers all of those
"""
"""What may be ordered, for people."""


async def obey(server: SimulatedExchange, line: str) -> None:
    """Do what a line of `ORDERS` says. Raises ValueError for what is no order, OSError where it cannot be followed."""
    match line.split():
        case ["service", name, state]:
            await _serve(server, name, state)
        case ["certificate", _, *_]:
            server.present(_certificate(server, line.split(maxsplit=1)[1].strip()))  # a file's name may have blanks
        case words:
            if not (_go_wrong(server.machine, words) or _set_state(server.machine, words)):
                raise ValueError(f"no order of Exchange {server.machine.release.version}: {line.strip()!r}")


def _go_wrong(machine: Machine, words: list[str]) -> bool:
    """Follow an order about what pages and endpoint mapper tell wrongly; False where it is none."""
    match words:
        case ["page", folder, fault]:
            _set(machine.pages, folder, None if fault == "well" else PageFault(fault))
        case ["rpc", fault]:
            machine.rpc_fault = None if fault == "well" else RpcFault(fault)
        case ["name", name]:
            machine.name = name
        case _:
            return False
    return True


def _set_state(machine: Machine, words: list[str]) -> bool:
    """Follow an order about the state of a server that is well; False where it is none."""
    match words:
        case ["maintenance", "on" | "off" as said] if machine.release.health_pages:
            machine.maintain(begin=said == "on")
        case ["component", component, state, *by] if machine.release.health_pages and len(by) <= 1:
            machine.components.ask(Component(component), State(state), Requester(*by or [Requester.MAINTENANCE]))
        case ["mailbox", user, password]:
            machine.mailboxes = {user: password}
        case ["poll", seconds]:
            machine.poll_seconds = float(seconds)
        case ["news"]:
            machine.receive()
        case _:
            return False
    return True


async def _serve(server: SimulatedExchange, name: str, state: str) -> None:
    named = name.replace("-", "_")
    if named != "all" and named not in SERVICES:
        raise ValueError(f"no service: {name!r}")
    services = SERVICES if named == "all" else (named,)
    if state == "stopped":
        await server.stop(services)
        return
    for service in services:
        _set(server.machine.faults, service, None if state == "well" else ServiceFault(state))
    await server.start(services)


def _set(faults: dict[str, _Fault], of: str, fault: _Fault | None) -> None:
    if fault is None:
        faults.pop(of, None)
    else:
        faults[of] = fault


def _certificate(server: SimulatedExchange, which: str) -> bytes:
    name, now = server.machine.fqdn, datetime.now(UTC)
    match which:
        case "expired":
            return make_certificate(name, server.address, now=now - 2 * VALIDITY).pem
        case "stranger":
            return make_certificate("stranger.example.com", server.address, now=now).pem
        case "own":
            return server.certificate.pem
        case path:
            return Path(path).read_bytes()

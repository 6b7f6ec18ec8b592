"""`check rpc`: the endpoint mapper names the RPC services where clients reach them through us, and they answer there.

A mapper may say what it will: only the host itself is ever called, at few ports, and of its answers only so much is read.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bascule.config.model import RpcCheck
from bascule.config.rpc_ports import services
from bascule.dcerpc.client import bind, call
from bascule.dcerpc.interfaces import interface
from bascule.dcerpc.mapping import ENDPOINT_MAPPER, MAP, Registration, question, registrations
from bascule.dcerpc.packets import Syntax
from bascule.dcerpc.reading import RpcError
from bascule.health.caller import Caller
from bascule.health.probes.rpc_services import title
from bascule.health.probes.rpc_verdict import Found, complaints, named, reachable, remarks
from bascule.health.reasons import ProbeError

MOST_BINDS: Final = 3
"""Ports of a service that are tried; where all are as they should be, there is one."""


async def probe(check: RpcCheck, caller: Caller) -> str:
    """Ask the mapper for every service, then bind to each where clients would. Raises ProbeError, OSError."""
    host = caller.endpoint.address
    syntaxes = {service: _syntax(service) for service in services(check)}
    caller.awaited = f"answer of the endpoint mapper at port {check.mapper}"
    found = await _mapped(syntaxes, _towards(check.mapper, caller))
    faults = list(complaints(found, host, check))
    if faults:
        raise ProbeError("; ".join(faults))
    shown = []
    for service, syntax in syntaxes.items():
        ports = reachable(service, named(found[service], host), check)
        served = await _served(service, syntax, ports, caller)
        odd = "; ".join(remarks(service, found[service], host, check))
        shown.append(f"{title(service)} at port {served}{odd and f' ({odd})'}")
    return ", ".join(shown)


def _syntax(service: str) -> Syntax:
    syntax = interface(service)
    if syntax is None:
        raise ProbeError(f"{service!r} is no RPC service", ours=True)
    return syntax


async def _mapped(syntaxes: dict[str, Syntax], caller: Caller) -> Found:
    """Ask the mapper, over one connection, where each service is."""
    found: dict[str, Sequence[Registration]] = {}
    try:
        async with caller.conversation(tls=False) as conversation:
            await bind(conversation, (ENDPOINT_MAPPER,))
            for number, (service, syntax) in enumerate(syntaxes.items(), 2):
                answer = await call(conversation, 0, MAP, question(syntax), number=number)
                found[service] = registrations(answer, syntax)
    except (RpcError, ProbeError, OSError) as error:
        raise _at(f"endpoint mapper at port {caller.endpoint.port}", error) from error
    return found


async def _served(service: str, syntax: Syntax, ports: Sequence[int], caller: Caller) -> int:
    """Return the first port at which a service takes a bind. Raises ProbeError where none does."""
    failure = ProbeError(f"{title(service)} has no port")
    for port in ports[:MOST_BINDS]:
        caller.awaited = f"answer of {title(service)} at port {port}"
        try:
            async with _towards(port, caller).conversation(tls=False) as conversation:
                await bind(conversation, (syntax,))
        except (RpcError, ProbeError, OSError) as error:
            failure = _at(f"{title(service)} at port {port}", error)
        else:
            return port
    raise failure


def _towards(port: int, caller: Caller) -> Caller:
    """Return a caller of another port of the same host."""
    return replace(caller, endpoint=replace(caller.endpoint, port=port))


def _at(place: str, error: RpcError | ProbeError | OSError) -> ProbeError:
    """Return what went wrong, with the place where it did."""
    if isinstance(error, RpcError):
        return ProbeError(f"{place}: {error}")
    failure = ProbeError.from_os(error) if isinstance(error, OSError) else error
    return ProbeError(f"{place}: {failure.reason}", ours=failure.ours)

"""Where relays and the admin server listen: each place once, and on addresses that are ours."""

from collections.abc import Iterator

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Diagnostic
from bascule.config.model import Address, Listen, Relay


def listeners(ownership: Ownership) -> Iterator[Diagnostic]:
    """Yield what listens in the same place twice, and where we cannot listen."""
    yield from _shared(ownership)
    yield from _admin(ownership)
    for relay in ownership.configuration.load_balancer.relays:
        for listen in relay.listens:
            yield from _foreign(ownership, listen)


def _overlap(one: Address | None, other: Address | None) -> bool:
    """Whether two listening addresses have one in common; none written stands for every one that is ours."""
    return one is None or other is None or one == other


def _place(listen: Listen) -> str:
    return f"port {listen.port}" if listen.address is None else f"{listen.address} port {listen.port}"


def _shared(ownership: Ownership) -> Iterator[Diagnostic]:
    by_port: dict[int, list[tuple[Relay, Listen]]] = {}
    for relay in ownership.configuration.load_balancer.relays:
        for listen in relay.listens:
            before = by_port.setdefault(listen.port, [])
            for owner, other in before:
                if _overlap(listen.address, other.address):
                    what = f'relay "{relay.name}" listens on {_place(listen)}, where relay "{owner.name}" does'
                    yield Diagnostic.error(listen.span, what, f"see line {other.span.line}")
                    break
            before.append((relay, listen))


def _admin(ownership: Ownership) -> Iterator[Diagnostic]:
    server = ownership.configuration.system.http_server
    if server is None:
        return
    for relay in ownership.configuration.load_balancer.relays:
        for listen in relay.listens:
            if listen.port == server.port and _overlap(listen.address, server.address):
                what = (
                    f'relay "{relay.name}" in line {listen.span.line} listens on {_place(listen)}, '
                    f"where the http-server in line {server.span.line} does"
                )
                yield Diagnostic.error(listen.span, what, "give the http-server another port, or an address of its own")


def _foreign(ownership: Ownership, listen: Listen) -> Iterator[Diagnostic]:
    if listen.address is None or ownership.ours(listen.address):
        return
    if ownership.named:
        hint = "add an `address` line to the interface that shall hold it"
        yield Diagnostic.error(listen.span, f"no `interface` block names the address {listen.address}", hint)
    else:
        hint = "no client reaches it until the machine has it"
        yield Diagnostic.warning(listen.span, f"this machine does not have the address {listen.address}", hint)

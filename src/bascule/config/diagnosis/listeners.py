"""Where relays and the admin server listen: each place once, and on addresses that are ours."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Diagnostic
from bascule.config.model import Address, HttpServer, Listen, Relay, Transport


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


@dataclass(slots=True)
class _Taken:
    """Who listens where, for one transport."""

    singles: dict[int, list[tuple[Relay, Listen]]] = field(default_factory=dict)
    ranges: list[tuple[Relay, Listen]] = field(default_factory=list)

    def meets(self, listen: Listen) -> Iterator[tuple[Relay, Listen]]:
        """Yield those before it that have a port in common with it."""
        if listen.last_port is None:
            yield from self.singles.get(listen.port, ())
        else:
            yield from (each for port, others in self.singles.items() if port in listen.ports for each in others)
        for owner, other in self.ranges:
            if listen.ports[0] <= other.ports[-1] and other.ports[0] <= listen.ports[-1]:
                yield owner, other

    def take(self, relay: Relay, listen: Listen) -> None:
        """Remember one more."""
        place = self.singles.setdefault(listen.port, []) if listen.last_port is None else self.ranges
        place.append((relay, listen))


def _shared(ownership: Ownership) -> Iterator[Diagnostic]:
    taken = {transport: _Taken() for transport in Transport}
    for relay in ownership.configuration.load_balancer.relays:
        for listen in relay.listens:
            before = taken[listen.transport]
            for owner, other in before.meets(listen):
                if _overlap(listen.address, other.address):
                    what = f"{relay.title} listens on {listen.place}, where {owner.title} does"
                    yield Diagnostic.error(listen.span, what, f"see line {other.span.line}")
                    break
            before.take(relay, listen)


def _admin(ownership: Ownership) -> Iterator[Diagnostic]:
    server = ownership.configuration.system.http_server
    if server is None:
        return
    for relay in ownership.configuration.load_balancer.relays:
        for listen in relay.listens:
            if listen.transport is Transport.UDP or server.port not in listen.ports:
                continue
            if _overlap(listen.address, server.address):
                yield _met(relay, listen, server)


def _met(relay: Relay, listen: Listen, server: HttpServer) -> Diagnostic:
    if server.implied:
        what = f"{relay.title} listens on {listen.place}, where the admin server is unless the text gives it another place"
        return Diagnostic.error(listen.span, what, "write `http-server { port 4433 }` in the `system` block")
    what = (
        f"{relay.title} in line {listen.span.line} listens on {listen.place}, "
        f"where the http-server in line {server.span.line} does"
    )
    return Diagnostic.error(listen.span, what, "give the http-server another port, or an address of its own")


def _foreign(ownership: Ownership, listen: Listen) -> Iterator[Diagnostic]:
    if listen.address is None or ownership.ours(listen.address):
        return
    if ownership.leasing:
        what = f"no interface has the address {listen.address} by DHCP now, and no `interface` block names it"
        yield Diagnostic.warning(listen.span, what, "no client reaches it until one has it")
    elif ownership.named:
        hint = "add an `address` line to the interface that shall hold it"
        yield Diagnostic.error(listen.span, f"no `interface` block names the address {listen.address}", hint)
    else:
        hint = "no client reaches it until the machine has it"
        yield Diagnostic.warning(listen.span, f"this machine does not have the address {listen.address}", hint)

"""What only the kernel can carry, and why it would not."""

from collections.abc import Iterator

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Diagnostic
from bascule.config.model import Address, EngineName, Kind, Relay, Table, Transport


def carriers(ownership: Ownership, relay: Relay, table: Table) -> Iterator[Diagnostic]:
    """Yield what a relay or redirect asks of the kernel where the kernel does not carry it."""
    reason = ownership.facts.no_nftables
    if relay.engine is EngineName.KERNEL and reason:
        what = f"{relay.title} wants engine kernel, but nftables may not be used here: {reason}"
        yield Diagnostic.error(relay.span, what, "write `engine proxy`, or leave the engine to us")
        return
    yield from _datagrams(relay)
    yield from _handshakes(relay)
    why = _by_proxy(ownership, relay, table)
    if why and relay.kind is Kind.REDIRECT:
        hint = "write a relay, whose source address is ours"
        yield Diagnostic.error(relay.span, f"{relay.title} needs the kernel's translation, but {why}", hint)
    elif why:
        yield from _refused(relay, why)


def _by_proxy(ownership: Ownership, relay: Relay, table: Table) -> str:
    """Return why the proxy carries a relay; empty where the kernel does."""
    ends: list[Address | None] = [listen.address for listen in relay.listens]
    ends += [host.address for host in table.hosts]
    if relay.engine is not None:
        return "the text says `engine proxy`" if relay.engine is EngineName.PROXY else ""
    if ownership.facts.no_nftables:
        return f"nftables may not be used here: {ownership.facts.no_nftables}"
    if any(end is not None and end.is_loopback for end in ends):
        return "the kernel does not translate between loopback and the network"
    return ""


def _refused(relay: Relay, why: str) -> Iterator[Diagnostic]:
    for listen in relay.listens:
        if listen.last_port is not None:
            what = f"{relay.title} listens on a range of ports, for which the proxy would need a socket each: {why}"
            yield Diagnostic.error(listen.span, what, "write a `listen on` line for each port")
        if listen.interface:
            what = f"{relay.title} listens on one interface, which the proxy cannot tell: {why}"
            yield Diagnostic.error(listen.span, what, "listen on an address that only this interface has")
    if relay.limits.half_open is not None:
        what = f"max half-open of {relay.title} has no effect in the proxy, whose clients have completed theirs: {why}"
        yield Diagnostic.warning(relay.span, what, "this machine's own net.ipv4.tcp_max_syn_backlog bounds them there")
    if relay.sticky is not None:
        what = f"{relay.title} cannot remember a client's host in the proxy, whose processes do not share it: {why}"
        yield Diagnostic.error(relay.span, what, "`mode source-hash` always sends a client to the same host")


def _handshakes(relay: Relay) -> Iterator[Diagnostic]:
    """Yield a limit on half-open sessions where there is nothing of the kind to count."""
    if relay.limits.half_open is not None and all(listen.transport is Transport.UDP for listen in relay.listens):
        what = f"max half-open of {relay.title} has no effect: UDP has no handshake"
        yield Diagnostic.warning(relay.span, what, "`max source sessions` and `max source rate` hold for UDP too")


def _datagrams(relay: Relay) -> Iterator[Diagnostic]:
    for listen in relay.listens:
        if listen.transport is Transport.UDP and relay.kind is Kind.RELAY:
            yield Diagnostic.error(listen.span, f"{relay.title} listens on UDP, which is for redirects", "write a redirect")

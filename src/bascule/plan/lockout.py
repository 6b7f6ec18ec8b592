"""Which administrators a plan would shut out, were it put into effect. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.facts import Facts
from bascule.config.firewall import Action, Address, Network, Protocol
from bascule.plan.grounds import NOWHERE, Grounds, Packet, grounds
from bascule.plan.judged import CLIENTS_PORT, said_of
from bascule.plan.model import Plan
from bascule.plan.verdict import Verdict, judge


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminConnection:
    """How an administrator is connected now."""

    source: Address
    destination: Address | None = None
    """This machine's address that it came to; None is the one that faces the source."""
    port: int
    """This machine's."""
    what: str
    """`ssh` or `pages`."""


def locked_out(
    plan: Plan,
    facts: Facts,
    connections: Iterable[AdminConnection],
    *,
    running: Plan | None = None,
    members: Mapping[str, Iterable[Network]] | None = None,
) -> Iterator[Diagnostic]:
    """Yield an error for each administrator who could not connect again as he is connected now.

    `facts` are those of the machine with what the plan gives it, `running` is the plan by which he came, as far as it is
    known, and `members` what rules' limits have put into tables. Where he may have come in by several interfaces each must
    let him in, but for those that shut him out now; or a port forward must lead to where he is. This machine's own
    connections are let in by any plan.
    """
    known = grounds(plan, facts, members=members)
    if known is None:
        return
    before = None if running is None else grounds(running, facts, members=members)
    for connection in dict.fromkeys(connections):
        ways = list(_ways(connection, known, facts))
        open_now = [way for way in ways if before is None or _lets_in(way, before)]
        shut = [way for way in open_now or ways if not _lets_in(way, known)]
        if shut and not any(_is_led(way, known) for way in ways):
            yield _told(connection, judge(shut[0], known))


def _ways(connection: AdminConnection, known: Grounds, facts: Facts) -> Iterator[Packet]:
    """Yield the first packets with which an administrator may come again; none where nothing is left to come to."""
    scope, source = _parted(connection.source)
    places = known.facing(source) if connection.destination is None else [_parted(connection.destination)[1]]
    for place in places:
        entrances = [scope] if scope else _entrances(source, place, known, facts)
        packets = [
            Packet(
                interface=interface,
                source=source,
                source_port=CLIENTS_PORT,
                destination=place,
                protocol=Protocol.TCP,
                port=connection.port,
            )
            for interface in entrances
        ]
        yield from packets[:1]
        yield from (each for each in packets[1:] if not known.foreign(each))  # a neighbour comes in where he lives


def _parted(address: Address) -> tuple[str, Address]:
    """Return the interface that an address of IPv6 names, if any, and the address without it."""
    scope = address.scope_id if isinstance(address, IPv6Address) else None
    return (scope, IPv6Address(int(address))) if scope else ("", address)


def _entrances(source: Address, place: Address, known: Grounds, facts: Facts) -> Sequence[str]:
    """Return the interfaces by which a source may come in: answers need not leave by the one where it did."""
    if source in known.local:
        return ()
    others = [each.name for each in facts.interfaces if not each.loopback]
    holding = [each.name for each, held in facts.addresses() if held.ip == place and each.name in others]
    if source.is_link_local:
        return holding if holding and place.is_link_local else others
    return [*dict.fromkeys([known.towards(source) or NOWHERE, *holding])]


def _lets_in(packet: Packet, known: Grounds) -> bool:
    verdict = judge(packet, known)
    return verdict.action is Action.PASS and verdict.taker is None and verdict.forward is None


def _is_led(packet: Packet, known: Grounds) -> bool:
    """Return whether a port forward brings an administrator where he is.

    The kernel shows a session of a local program as it is after translation.
    """
    place = packet.destination, packet.port
    came = (judge(each, known) for each in _before_translation(packet, known))
    return any(each.action is Action.PASS and each.taker is None and each.forward == place for each in came)


def _before_translation(packet: Packet, known: Grounds) -> Iterator[Packet]:
    """Yield the packets that a port forward of the plan might have made this one from."""
    for rule in (each.rule for each in known.firewall.rules):
        forward, asked = rule.forward, rule.to.one
        if forward is None or asked is None or rule.to.ports is None or forward.address != packet.destination:
            continue
        port = packet.port if forward.port is None else rule.to.ports.first
        if port in rule.to.ports and forward.port in {None, packet.port}:
            yield replace(packet, destination=asked, port=port)


def _told(connection: AdminConnection, verdict: Verdict) -> Diagnostic:
    decided = verdict.decided
    if decided is None:
        why, span = verdict.reason, Span()
    else:
        why, span = said_of(decided, verdict.action), decided.span
        if verdict.action is Action.PASS:
            why += ", and sends it elsewhere" if verdict.forward else f", and {verdict.relay} takes it"
    place = "in the firewall" if decided is None or decided.purpose is not None else "before it"
    way_out = f"`pass in proto tcp from {connection.source} to any port {connection.port}`"
    return Diagnostic.error(
        span,
        f"this would shut out {connection.what} from {connection.source}, port {connection.port}: {why}",
        f"write {way_out} {place}, or let zone internal hold that address",
    )

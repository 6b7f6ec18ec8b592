"""Which administrators a plan would shut out, were it put into effect. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.facts import Facts
from bascule.config.firewall import Action, Address, Network, Protocol
from bascule.plan.grounds import Grounds, Packet, grounds
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
    members: Mapping[str, Iterable[Network]] | None = None,
) -> Iterator[Diagnostic]:
    """Yield an error for each administrator who could not connect again as he is connected now, once for each way.

    `facts` are those of the machine with what the plan gives it, and `members` what rules' limits have put into tables.
    This machine's own connections are let in by any plan.
    """
    known = grounds(plan, facts, members=members)
    if known is None:
        return
    for connection in dict.fromkeys(connections):
        packet = _packet(connection, known)
        if packet is None or packet.own:
            continue
        verdict = judge(packet, known)
        if verdict.action is not Action.PASS or verdict.taker is not None or verdict.forward is not None:
            yield _told(connection, verdict)


def _packet(connection: AdminConnection, known: Grounds) -> Packet | None:
    """Return the first packet with which an administrator would come again; None where nothing is left to come to."""
    source = connection.source
    places = [connection.destination] if connection.destination is not None else known.facing(source)
    for place in places:
        return Packet(
            interface="" if source in known.local else known.towards(source),
            source=source,
            source_port=CLIENTS_PORT,
            destination=place,
            protocol=Protocol.TCP,
            port=connection.port,
        )
    return None


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

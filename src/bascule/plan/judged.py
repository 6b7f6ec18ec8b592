"""What the firewall does with a client, in words: the part of an explanation that comes before relay and host. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bascule.config.firewall import Action, Address, Direction, Protocol
from bascule.config.model import EngineName
from bascule.plan.firewall import Purpose, RulePlan
from bascule.plan.grounds import NOWHERE, Grounds, Packet
from bascule.plan.model import Endpoint, RelayPlan
from bascule.plan.question import Asked, Explanation, Question
from bascule.plan.verdict import Verdict, judge

CLIENTS_PORT: Final = 49_152
"""What a client's own port is taken to be: the first of those that are handed out (RFC 6335, 6)."""

_WAYS: Final = {
    Direction.IN: "to this machine",
    Direction.THROUGH: "through this machine",
    Direction.OUT: "from this machine",
}
_DEEDS: Final = {Action.PASS: "passes it", Action.BLOCK: "blocks it", Action.REJECT: "rejects it"}


@dataclass(frozen=True, slots=True)
class Passage:
    """What the firewall says of a client, and which relay takes it, if one does."""

    said: Explanation
    taker: RelayPlan | None = None
    met: Endpoint | None = None
    """Where the client connects to, as the relay sees it: before a port forward where the kernel carries it."""


def passage(question: Question, known: Grounds) -> Passage:
    """Return what the firewall does with a client's first packet."""
    nothing = Explanation(client=str(question.client), port=question.port, reason="")
    if question.to is not None and question.to.version != question.client.version:
        return Passage(replace(nothing, reason=f"nobody reaches {question.to} over IPv{question.client.version}"))
    places = _destinations(question, known)
    if len({relay for relay, _ in places}) > 1:
        choice = ", ".join(f"{relay} at {address}" for relay, address in places)
        reason = f"several relays listen on port {question.port}, choose the address with --to: {choice}"
        return Passage(replace(nothing, reason=reason))
    if not places:
        return Passage(replace(nothing, reason=f"this machine has no IPv{question.client.version} address"))
    packet = _packet(question, places[0][1], known)
    verdict = judge(packet, known)
    told = verdict.consulted[max(0, len(verdict.consulted) - question.rules) :]
    said = replace(
        nothing,
        to=str(packet.destination),
        interface=packet.interface or known.leaving(packet) or None,
        direction=verdict.direction.value,
        verdict=verdict.action.value,
        decided=None if verdict.decided is None else _asked(verdict.decided, matched=True),
        rules=tuple(_asked(each.plan, matched=each.matched) for each in told),
        rules_left_out=len(verdict.consulted) - len(told),
        forward=_place(verdict.forward),
        masquerade=verdict.masquerade,
        reason=_reason(verdict, packet),
    )
    return Passage(said, verdict.taker, _met(verdict, packet))


def _destinations(question: Question, known: Grounds) -> Sequence[tuple[str, Address]]:
    """Return where the client may mean to connect to, with the relay there: what listens on the port, else this machine.

    Where several listen, those that take this client come alone.
    """
    if question.to is not None:
        return [("", question.to)]
    relays = known.plan.relays
    for places in (
        [(relay, end) for relay in relays for end in relay.listens],
        [(relay, each.place) for relay in relays for each in relay.forwarded],
    ):
        fitting = [(relay, end.address) for relay, end in places if _asks(question, end)]
        taking = [found for found in fitting if known.taking(_packet(question, found[1], known)) is found[0]]
        if fitting:
            return [(relay.name, address) for relay, address in taking or fitting]
    return [("", address) for address in known.facing(question.client)]


def _asks(question: Question, place: Endpoint) -> bool:
    """Return whether a client's connection may be meant for a place."""
    return (
        place.address.version == question.client.version
        and place.transport.value == question.protocol
        and question.port in place.ports
    )


def _packet(question: Question, to: Address, known: Grounds) -> Packet:
    client = question.client
    interface = question.interface
    if interface is None:
        own = client in known.local
        interface = "" if own else known.towards(client) or NOWHERE
    with_ports = question.protocol in (Protocol.TCP, Protocol.UDP)
    icmp = question.protocol in (Protocol.ICMP, Protocol.ICMP6)
    return Packet(
        interface=interface,
        source=client,
        source_port=CLIENTS_PORT if with_ports else 0,
        destination=to,
        protocol=(Protocol.ICMP if client.version == 4 else Protocol.ICMP6) if icmp else question.protocol,  # noqa: PLR2004
        port=question.port if with_ports or icmp else 0,
    )


def _asked(plan: RulePlan, *, matched: bool) -> Asked:
    return Asked(rule=plan.rule.text, line=plan.span.line, cause=plan.cause, matched=matched)


def _place(forward: tuple[Address, int] | None) -> str | None:
    return None if forward is None else str(Endpoint(*forward))


def _met(verdict: Verdict, packet: Packet) -> Endpoint | None:
    if verdict.taker is None:
        return None
    if verdict.forward is None or verdict.taker.engine is EngineName.KERNEL:
        return Endpoint(packet.destination, packet.port)
    return Endpoint(*verdict.forward)


def _reason(verdict: Verdict, packet: Packet) -> str:
    decided = verdict.decided
    if decided is not None:
        words = [said_of(decided, verdict.action)]
        if decided.rule.limit is not None:
            words.append(", as long as its source is within the limits")
    else:
        words = [verdict.reason if verdict.action is Action.PASS else f"{verdict.reason}: it is dropped"]
    if verdict.forward is not None:
        words.append(f", and sends it to {_place(verdict.forward)}")
    if verdict.masquerade:
        words.append(", with our address as its source")
    if packet.interface == NOWHERE:
        words.append("; no route leads to the client, so that no zone by interface has it")
    return f"{_WAYS[verdict.direction]}: {''.join(words)}"


def said_of(plan: RulePlan, action: Action) -> str:
    """Return what decided and how: "rule `block in log` (line 31) blocks it"."""
    line = f" (line {plan.span.line})" if plan.span.line else ""
    if plan.purpose is Purpose.DEFAULT:
        return "no rule blocks it" if action is Action.PASS else "no rule passes it: it is dropped"
    if plan.purpose is Purpose.SPOOFING:
        return "its source cannot come from there: it is dropped"
    if plan.purpose is None:
        return f"rule `{plan.rule.text}`{line} {_DEEDS[action]}"
    return f"the rule for {plan.cause}{line} {_DEEDS[action]}"

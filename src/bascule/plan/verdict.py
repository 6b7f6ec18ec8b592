"""What the firewall of a plan does with a new session's first packet: the walk that the kernel's rules must agree with.

Pure. `docs/adr/0012` says what is asked of whom, and in which order.
"""

from dataclasses import dataclass, replace

from bascule.config.firewall import Action, Address, Direction
from bascule.plan.firewall import RulePlan
from bascule.plan.grounds import LOOPBACK, Grounds, Packet, meets
from bascule.plan.matching import asked, matches
from bascule.plan.model import RelayPlan


@dataclass(frozen=True, slots=True)
class Consulted:
    """A rule that was asked, and what it said."""

    plan: RulePlan
    matched: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a packet, and why."""

    direction: Direction
    action: Action
    consulted: tuple[Consulted, ...] = ()
    """Every rule that was asked, in order; where one decided it is the last."""
    reason: str = ""
    """Why no rule was asked, in words; empty where one decided."""
    forward: tuple[Address, int] | None = None
    """Where a port forward sends it instead."""
    masquerade: bool = False
    """It leaves with our address."""
    taker: RelayPlan | None = None
    """The relay or redirect that takes it."""

    @property
    def decided(self) -> RulePlan | None:
        """Return the rule that decided, or None where none was asked."""
        return self.consulted[-1].plan if self.consulted else None

    @property
    def relay(self) -> str:
        """Return the name of the relay or redirect that takes it; empty where none does."""
        return "" if self.taker is None else self.taker.name


def judge(packet: Packet, known: Grounds, *, over: bool = False) -> Verdict:
    """Return what becomes of a packet that belongs to no session; `over` takes its source to be over every limit."""
    if packet.own:
        return _leaving(packet, known, over=over)
    taker = known.taking(packet)
    direction = Direction.IN if taker is not None or known.stays(packet) else Direction.THROUGH
    if packet.stray and not known.resumes(packet):
        return Verdict(direction=direction, action=Action.BLOCK, reason="no session of it is known, and it begins none")
    verdict = _walk(packet, direction, known, over=over)
    if verdict.action is not Action.PASS or verdict.decided is None:
        return verdict
    if verdict.decided.rule.forward is not None:
        return _forwarded(verdict, verdict.decided, packet, known)
    if direction is Direction.IN:
        return replace(verdict, taker=taker)
    return replace(verdict, masquerade=_translated(packet, known.leaving(packet), known))


def _leaving(packet: Packet, known: Grounds, *, over: bool) -> Verdict:
    """Return what becomes of what this machine sends itself: what stays on it, and what relays carry, is not judged."""
    passed = Verdict(direction=Direction.OUT, action=Action.PASS)
    if packet.interface == LOOPBACK or packet.destination in known.local:
        return replace(passed, taker=known.taking(packet), reason="this machine speaks to itself")
    return _walk(packet, Direction.OUT, known, over=over)


def _walk(packet: Packet, direction: Direction, known: Grounds, *, over: bool) -> Verdict:
    consulted: list[Consulted] = []
    for plan in known.firewall.all_rules:
        if asked(plan, direction):
            consulted.append(Consulted(plan, matches(plan, packet, direction, known)))
            if consulted[-1].matched:
                counted = plan.rule.limit is not None and not packet.stray
                action = Action.BLOCK if over and counted else plan.rule.action
                return Verdict(direction=direction, action=action, consulted=tuple(consulted))
    return Verdict(direction=direction, action=Action.PASS, reason="no rule matches")


def _forwarded(verdict: Verdict, plan: RulePlan, packet: Packet, known: Grounds) -> Verdict:
    """Return the verdict with where a port forward sends the packet, who takes it there, and as whom it arrives."""
    forward = plan.rule.forward
    assert forward is not None, "the rule forwards"
    sent = replace(packet, destination=forward.address, port=forward.port or packet.port)
    taker = next((relay for relay in known.plan.relays if any(meets(sent, listen) for listen in relay.listens)), None)
    if plan.relay:
        taker = next(relay for relay in known.plan.relays if relay.name == plan.relay and _is_led(packet, relay))
    leaves = taker is None and sent.destination not in known.local
    hairpin = known.near(sent.source, sent.destination)  # the target would answer the client past us
    return replace(
        verdict,
        forward=(sent.destination, sent.port),
        taker=taker,
        masquerade=leaves and (hairpin or _translated(sent, known.towards(sent.destination), known)),
    )


def _is_led(packet: Packet, relay: RelayPlan) -> bool:
    return any(meets(packet, each.place) for each in relay.forwarded)


def _translated(packet: Packet, leaving: str, known: Grounds) -> bool:
    """Return whether `nat` gives a packet that is forwarded our address as its source; hosts of one family keep theirs."""
    pair = known.zone(packet.interface, packet.source), known.zone(leaving, packet.destination)
    translated = any((nat.from_zone, nat.to_zone) == pair for nat in known.firewall.nats)
    return translated and not known.related(packet.source, packet.destination)

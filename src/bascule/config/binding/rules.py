"""Binds one rule of the firewall."""

from dataclasses import replace
from datetime import timedelta

from bascule.config.binding.known import Known
from bascule.config.binding.rule_faults import faults
from bascule.config.firewall import (
    ANY,
    OVERLOADED_FOR,
    Action,
    Direction,
    End,
    PortForward,
    Ports,
    Protocol,
    Rule,
    SourceLimit,
)
from bascule.config.lexer import Report
from bascule.config.matching import Match
from bascule.config.outline import Node
from bascule.config.schema.firewall import (
    ADDRESS_TABLE,
    DIRECTION,
    END,
    FORWARD_ADDRESS,
    FORWARD_PORT,
    LABEL,
    OVERLOAD_TIME,
    PORTS,
    PROTOCOL,
    RATE,
    SESSIONS,
    ZONE,
)


def rule(node: Node, known: Known, report: Report) -> Rule:
    """Return a rule; reports names that are not there, and what cannot be together."""
    match = node.match
    _names(match, known)
    source, to = _end(match, "from"), _end(match, "to")
    ports = _ports(match)
    if ports is not None:
        to = replace(to, ports=ports)
    protocol = match.option("proto", PROTOCOL)
    bound = Rule(
        action=Action(match.clause.word),
        direction=Direction(match[DIRECTION]),
        log="log" in match.options,
        zone=match.option("on", ZONE) or "",
        protocol=None if protocol is None else Protocol(protocol),
        source=source,
        to=to,
        forward=_forward(match),
        limit=_limit(match),
        label=match.option("label", LABEL) or "",
        text=node.text,
        span=match.span,
    )
    for fault in faults(bound, match):
        report(fault)
    return bound


def _names(match: Match, known: Known) -> None:
    """Report the zones and tables of a rule that are not there."""
    on = match.options.get("on")
    if on is not None:
        known.zone(on[ZONE], on.spans[ZONE.name])
    for word in ("from", "to"):
        written = match.options.get(word)
        if written is None:
            continue
        end, span = written[END], written.spans[END.name]
        if end.zone:
            known.zone(end.zone, span)
        elif end.table:
            known.table(end.table, span)
    limit = match.options.get("limit")
    overload = None if limit is None else limit.options.get("overload")
    if overload is not None:
        known.table(overload[ADDRESS_TABLE], overload.spans[ADDRESS_TABLE.name])


def _end(match: Match, word: str) -> End:
    written = match.options.get(word)
    if written is None:
        return ANY
    ports = _ports(written)
    return written[END] if ports is None else replace(written[END], ports=ports)


def _ports(match: Match) -> Ports | None:
    found = match.option("port", PORTS)
    return None if found is None else Ports(*found)


def _forward(match: Match) -> PortForward | None:
    written = match.options.get("forward to")
    if written is None:
        return None
    return PortForward(address=written[FORWARD_ADDRESS], port=written.option("port", FORWARD_PORT))


def _limit(match: Match) -> SourceLimit | None:
    written = match.options.get("limit")
    if written is None:
        return None
    overload = written.options.get("overload")
    seconds = None if overload is None else overload.option("for", OVERLOAD_TIME)
    return SourceLimit(
        sessions=written.option("sessions", SESSIONS),
        rate=written.option("rate", RATE),
        overload="" if overload is None else overload[ADDRESS_TABLE],
        overload_for=OVERLOADED_FOR if seconds is None else timedelta(seconds=seconds),
    )

"""What cannot be together in one rule of the firewall, whatever stands around it."""

from collections.abc import Iterator

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.firewall import Direction, Rule, shown
from bascule.config.matching import Match
from bascule.config.schema.firewall import END, FORWARD_ADDRESS, FORWARD_PORT, PROTOCOL


def faults(rule: Rule, match: Match) -> Iterator[Diagnostic]:
    """Yield why a rule can match nothing, or means nothing; `match` knows where its parts stand."""
    yield from _versions(rule, match)
    yield from _ports(rule, match)
    yield from _zones(rule, match)
    yield from _forward(rule, match)
    if rule.limit is not None and rule.limit.sessions is None and rule.limit.rate is None:
        yield Diagnostic.error(match.options["limit"].span, "this limits nothing", "write `sessions N`, `rate N`, or both")


def _versions(rule: Rule, match: Match) -> Iterator[Diagnostic]:
    """Yield a part of another IP version than one before it."""
    before: tuple[int, str] | None = None
    for version, what, span in _of_versions(rule, match):
        if before is not None and version != before[0]:
            yield Diagnostic.error(span, f"{what} is IPv{version}, and {before[1]} is IPv{before[0]}: no packet is both")
            return
        before = before or (version, what)


def _of_versions(rule: Rule, match: Match) -> Iterator[tuple[int, str, Span]]:
    if rule.protocol is not None and rule.protocol.version is not None:
        yield rule.protocol.version, rule.protocol, match.options["proto"].spans[PROTOCOL.name]
    for word, end in (("from", rule.source), ("to", rule.to)):
        if end.network is not None:
            yield end.network.version, shown(end.network), match.options[word].spans[END.name]
    if rule.forward is not None:
        span = match.options["forward to"].spans[FORWARD_ADDRESS.name]
        yield rule.forward.address.version, str(rule.forward.address), span


def _ports(rule: Rule, match: Match) -> Iterator[Diagnostic]:
    written = [match.options[word].options.get("port") for word in ("from", "to") if word in match.options]
    found = [port for port in (*written, match.options.get("port")) if port is not None]
    if rule.protocol is not None and not rule.protocol.has_ports:
        for port in found:
            yield Diagnostic.error(port.span, f"{rule.protocol} has no ports", "tcp and udp have")
    to = match.options.get("to")
    if to is not None and "port" in to.options and "port" in match.options:
        what = "the port that it goes to stands twice"
        yield Diagnostic.error(
            match.options["port"].span, what, "`to … port` has one already; `from … port` is the sender's"
        )


def _zones(rule: Rule, match: Match) -> Iterator[Diagnostic]:
    """Yield a zone at this machine's own end."""
    if rule.direction is Direction.IN and rule.to.zone:
        what = "what goes `in` goes to this machine, which is in no zone"
        yield Diagnostic.error(match.options["to"].spans[END.name], what, "write `through`, or an address after `to`")
    if rule.direction is Direction.OUT and rule.source.zone:
        what = "what goes `out` comes from this machine, which is in no zone"
        yield Diagnostic.error(match.options["from"].spans[END.name], what, "write `through`, or an address after `from`")


def _forward(rule: Rule, match: Match) -> Iterator[Diagnostic]:
    """Yield what a port forward lacks, or has too much of."""
    written, forward = match.options.get("forward to"), rule.forward
    if written is None or forward is None:
        return
    span, to, ports = written.span, rule.to.one, rule.to.ports
    if rule.direction is Direction.OUT:
        yield Diagnostic.error(span, "what goes `out` cannot be forwarded", "write `in`")
    if to is None:
        yield Diagnostic.error(span, "a port forward takes what goes to one address", "write it after `to`")
    if ports is None:
        yield Diagnostic.error(span, "a port forward takes what goes to a port", "write `port` after the address of `to`")
    if rule.protocol is None or not rule.protocol.has_ports:
        yield Diagnostic.error(span, "a port forward is of TCP or of UDP", "write `proto tcp`")
    if forward.address.is_loopback or forward.address.is_link_local:
        what = f"nothing can be forwarded to {forward.address}"
        yield Diagnostic.error(
            written.spans[FORWARD_ADDRESS.name], what, "loopback and link-local addresses stay on their own link"
        )
    if ports is None:
        return
    if ports.first != ports.last and forward.port is not None:
        port = written.options["port"].spans[FORWARD_PORT.name]
        yield Diagnostic.error(port, f"the range {ports} cannot go to one port", "without `port`, each keeps its own")
    elif to == forward.address and forward.port in (None, ports.first):
        yield Diagnostic.error(span, f"{to} port {ports} is forwarded to itself")

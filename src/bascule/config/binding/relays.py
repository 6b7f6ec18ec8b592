"""Binds `relay` and `redirect` blocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from bascule.config.binding.checks import check
from bascule.config.binding.known import Known
from bascule.config.binding.services import session_timeout
from bascule.config.binding.timing import Layer, of_line, settle
from bascule.config.binding.unique import unique
from bascule.config.diagnostics import Diagnostic
from bascule.config.lexer import Report
from bascule.config.model import (
    EngineName,
    Forward,
    Kind,
    Limits,
    Listen,
    Mode,
    OnDown,
    OnEmpty,
    OnRemove,
    Relay,
    SourceRange,
    Transport,
)
from bascule.config.outline import Node
from bascule.config.schema.clause import Value
from bascule.config.schema.load_balancer import (
    CONNECT_TIMEOUT,
    ENGINE,
    GROUP,
    INTERFACE,
    LISTEN_ADDRESS,
    MAX_HALF_OPEN,
    MAX_SOURCE_RATE,
    MAX_SOURCE_SESSIONS,
    MODE,
    NAME,
    ON_DOWN,
    ON_EMPTY,
    ON_REMOVE,
    PORT,
    PORTS,
    SESSION_TIMEOUT,
    SLOW_START,
    SOURCE,
    STICKY_TIMEOUT,
    TABLE,
    TRANSPORT,
    ZONE,
)
from bascule.config.wording import nearest, quoted

T = TypeVar("T")

STICKY: Final = 7200
"""Seconds for which a client's host is remembered where the text does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a relay's statements refer to."""

    timing: Layer
    """The timing statements of the `load-balancer` block."""
    tables: Mapping[str, Layer]
    """Those of each table."""
    all_tables_known: bool
    """False where a table's name could not be read, so that it may be the one that is missed."""
    firewall: Known
    """What the `firewall` block defines."""


def relay(node: Node, around: Surroundings, report: Report) -> Relay | None:
    """Return a relay or redirect, or None where it has no `listen on` or `forward to` that could be read."""
    listens = tuple(_listen(line, around.firewall) for line in node.each("listen on"))
    unique(((listen.place, f"listen on {listen.place}", listen.span) for listen in listens), report)
    if node.first("forward to") is None or not listens:
        return None
    first, *fallbacks = [forward(each, around, report) for each in node.each("forward to")]
    timeout = _setting(node, SESSION_TIMEOUT)
    source = node.first("source")
    engine = _setting(node, ENGINE)
    return Relay(
        name=node.match[NAME],
        kind=Kind(node.match.clause.word),
        listens=listens,
        forward=first,
        fallbacks=tuple(fallbacks),
        disabled=node.first("disable") is not None,
        affinity=_group(node),
        session_timeout=session_timeout(first.check, listens) if timeout is None else timeout,
        connect_timeout=_setting(node, CONNECT_TIMEOUT) or 2.0,
        engine=None if engine is None else EngineName(engine),
        on_empty=OnEmpty(_setting(node, ON_EMPTY) or OnEmpty.RESET),
        on_down=OnDown(_setting(node, ON_DOWN) or OnDown.RESET),
        on_remove=OnRemove(_setting(node, ON_REMOVE) or OnRemove.DRAIN),
        source=None if source is None else _source(source),
        sticky=_sticky(node),
        limits=Limits(
            source_sessions=_setting(node, MAX_SOURCE_SESSIONS),
            source_rate=_setting(node, MAX_SOURCE_RATE),
            half_open=_setting(node, MAX_HALF_OPEN),
        ),
        accept_source_rewrite=node.first("accept-source-rewrite") is not None,
        span=node.match.span,
    )


def _setting(node: Node, value: Value[T]) -> T | None:
    """Return the value of the statement that is called like it."""
    statement = node.first(value.name)
    return None if statement is None else statement.match.get(value)


def _group(node: Node) -> str:
    line = node.first("affinity")
    return "" if line is None else line.match[GROUP]


def _listen(node: Node, known: Known) -> Listen:
    match = node.match
    zone = match.options.get("from")
    if zone is not None:
        known.zone(zone[ZONE], zone.spans[ZONE.name])
    first, last = match[PORTS]
    return Listen(
        address=match.get(LISTEN_ADDRESS),
        port=first,
        last_port=None if last == first else last,
        transport=Transport(match.get(TRANSPORT) or Transport.TCP),
        interface=match.option("interface", INTERFACE) or "",
        zone="" if zone is None else zone[ZONE],
        span=match.span,
    )


def _sticky(node: Node) -> int | None:
    line = node.first("sticky-address")
    return None if line is None else line.match.option("timeout", STICKY_TIMEOUT) or STICKY


def forward(node: Node, around: Surroundings, report: Report) -> Forward:
    """Return what a `forward to` line says; reports a table that is not there."""
    match = node.match
    name = match[TABLE]
    if name not in around.tables and around.all_tables_known:
        near = nearest(name, around.tables)
        hint = f"did you mean <{near}>?" if near else "a `table` block defines it"
        report(Diagnostic.error(match.spans[TABLE.name], f"table {quoted(f'<{name}>')} is not defined", hint))
    choice = match.options["check"].choice if "check" in match.options else None
    bound = None if choice is None else check(choice)
    mode = match.option("mode", MODE)
    return Forward(
        table=name,
        port=match.option("port", PORT),
        check=bound,
        timing=settle((of_line(match), around.tables.get(name, {}), around.timing), bound, report),
        mode=Mode.ROUNDROBIN if mode is None else Mode(mode),
        slow_start=match.option("slow start", SLOW_START) or 0.0,
        span=match.span,
    )


def _source(node: Node) -> SourceRange:
    first, last = node.match[SOURCE]
    return SourceRange(first=first, last=last, span=node.match.spans[SOURCE.name])

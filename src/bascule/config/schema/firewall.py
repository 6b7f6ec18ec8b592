"""The `firewall` block: zones, address tables, rules and what leaves with our address."""

import re
from collections.abc import Collection
from types import MappingProxyType
from typing import Final

from bascule.config.firewall import ANY, Direction, End, Protocol
from bascule.config.kinds.addresses import ADDRESS, ADDRESS_OR_NETWORK, NETWORK, parsed_address
from bascule.config.kinds.kind import Flaw, Kind, choice, expected
from bascule.config.kinds.numbers import PORT as PORT_KIND
from bascule.config.kinds.numbers import PORTS as PORTS_KIND
from bascule.config.kinds.numbers import integer, rate, whole_seconds
from bascule.config.kinds.texts import NAME
from bascule.config.kinds.texts import PATH as PATH_KIND
from bascule.config.kinds.texts import TABLE as TABLE_KIND
from bascule.config.kinds.texts import ZONE as ZONE_KIND
from bascule.config.lexer import Token, TokenKind
from bascule.config.model import MOST_COUNTED, Address, Network
from bascule.config.schema.clause import Clause, Literal, Value, by_values
from bascule.config.schema.interface import INTERFACE

_LONGEST: Final = 2_147_483
"""Seconds: what the kernel counts in milliseconds, with a sign."""

ZONE: Final = Value("zone", ZONE_KIND)
FROM_ZONE: Final = Value("from zone", ZONE_KIND)
ZONE_NETWORK: Final[Value[Network]] = Value("network", NETWORK)
ADDRESS_TABLE: Final = Value("address table", TABLE_KIND)
ENTRY: Final[Value[Network]] = Value("entry", ADDRESS_OR_NETWORK)
FILE: Final = Value("file", PATH_KIND)
TIMEOUT: Final = Value("timeout", whole_seconds(1, _LONGEST))
DIRECTION: Final = Value("direction", choice("DIRECTION", {direction.value: None for direction in Direction}))
PROTOCOL: Final = Value("protocol", choice("PROTOCOL", {protocol.value: None for protocol in Protocol}))
PORTS: Final = Value("ports", PORTS_KIND)
FORWARD_ADDRESS: Final[Value[Address]] = Value("address", ADDRESS)
FORWARD_PORT: Final = Value("port", PORT_KIND)
SESSIONS: Final = Value("sessions", integer(1, MOST_COUNTED))
OVERLOAD_TIME: Final = Value("time", whole_seconds(1, _LONGEST))
LABEL: Final = Value("label", NAME)

_AN_END: Final = "an address, a network, a zone, a table or `any`"


def _end(token: Token) -> End | Flaw:
    """Read one end of a rule."""
    if token.kind is TokenKind.TABLE:
        table = TABLE_KIND.read(token)
        return table if isinstance(table, Flaw) else End(table=table)
    if token.text == "any":
        return ANY
    if parsed_address(token.text.partition("/")[0]) is not None:
        network = NETWORK.read(token)
        return network if isinstance(network, Flaw) else End(network=network)
    zone = ZONE_KIND.read(token)
    return expected(_AN_END, token) if isinstance(zone, Flaw) else End(zone=zone)


END: Final = Value("end", Kind(name="ADDRESS|NETWORK|ZONE|<TABLE>|any", what=_AN_END, read=_end))

_A_SECOND: Final = rate(1, 100_000)


def _rate(token: Token) -> int | Flaw:
    """Read how many a second, with or without `/s`."""
    bare = re.fullmatch(r"[0-9]+", token.text) is not None
    return _A_SECOND.read(Token(token.kind, f"{token.text}/s", token.line, token.column) if bare else token)


RATE: Final = Value("rate", Kind(name="NUMBER/s", what=_A_SECOND.what, read=_rate))

_FROM_PORT: Final = Clause(
    word="port", parts=(PORTS,), help="the sender's port, or a range; of TCP and UDP where no protocol is named"
)
_PORT: Final = Clause(
    word="port", parts=(PORTS,), help="the port that it goes to, or a range; of TCP and UDP where no protocol is named"
)

_FORWARD: Final = Clause(
    word="forward to",
    parts=(FORWARD_ADDRESS,),
    options=(
        Clause(word="port", parts=(FORWARD_PORT,), default="the port that the client asked for", help="another port"),
    ),
    help="a port forward: its destination becomes this one, a relay's or redirect's place too; it takes packets whichever "
    "direction is named, and needs `proto`, and `to` one address with a port",
)

_LIMIT: Final = Clause(
    word="limit",
    help="how much one source address may do by this rule; what is over it is dropped",
    options=(
        Clause(word="sessions", parts=(SESSIONS,), default="no limit", help="sessions at the same time"),
        Clause(word="rate", parts=(RATE,), default="no limit", help="new sessions in a second"),
        Clause(
            word="overload",
            parts=(ADDRESS_TABLE,),
            default="none",
            help="the table that a source over a limit goes into; other rules say what becomes of it",
            options=(Clause(word="for", parts=(OVERLOAD_TIME,), default="1h", help="for how long"),),
        ),
    ),
)

_OF_PASS: Final = MappingProxyType(
    {
        "forward": "only `pass` takes `forward to`: what is blocked goes nowhere",
        "limit": "only `pass` takes `limit`: what is over it is dropped",
    }
)


_MANNERS: Final = frozenset({"log", "quick", "limit", "label"})
"""Options that say nothing of which packets a rule is about."""


def _takes_everything(options: Collection[str]) -> bool:
    return _MANNERS.issuperset(options)


def _rule(word: str, what: str, *more: Clause) -> Clause:
    return Clause(
        word=word,
        parts=(DIRECTION,),
        many=True,
        closes=_takes_everything,
        help=what,
        options=(
            Clause(word="log", help="each new session is logged, 100 a second at most"),
            Clause(word="quick", help="pf's word; it changes nothing, since the first rule that matches decides"),
            Clause(word="on", parts=(ZONE,), help="the zone that it comes from; of `out`, that it goes to"),
            Clause(word="proto", parts=(PROTOCOL,), default="any", help="its protocol"),
            Clause(word="from", parts=(END,), options=(_FROM_PORT,), default="any", help="where it comes from"),
            Clause(word="to", parts=(END,), options=(_PORT,), default="any", help="where it goes"),
            _PORT,
            *more,
            Clause(word="label", parts=(LABEL,), default="the rule itself", help="what logs and counters call it"),
        ),
        strangers={} if more else _OF_PASS,
    )


_ZONE: Final = Clause(
    word="zone",
    parts=(ZONE,),
    many=True,
    identity=by_values,
    help="a part of the network; of several zones that a packet would belong to, the first in the text has it",
    block=(
        Clause(
            word="interface",
            parts=(INTERFACE,),
            many=True,
            identity=by_values,
            help="what this interface leads to; where the zone has networks too, only those of them",
        ),
        Clause(word="from", parts=(ZONE_NETWORK,), many=True, identity=by_values, help="a network that belongs to it"),
    ),
)

_TABLE: Final = Clause(
    word="table",
    parts=(ADDRESS_TABLE,),
    many=True,
    identity=by_values,
    help="addresses that rules name; `bascule table` puts in and takes out more of them",
    block=(
        Clause(parts=(ENTRY,), many=True, identity=by_values, help="an address or a network of it"),
        Clause(
            word="file",
            parts=(FILE,),
            many=True,
            identity=by_values,
            help="a file of more, an address or a network a line; `#` begins a comment",
        ),
        Clause(
            word="timeout",
            parts=(TIMEOUT,),
            default="for ever",
            help="how long an address stays that `bascule table` puts in",
        ),
    ),
)

FIREWALL: Final = Clause(
    word="firewall",
    default="packets that no relay touched are not judged",
    help="zones, address tables and rules: the first rule that matches decides, unlike pf, where the last does; "
    "with this block, what no rule passes `in` or `through` is blocked, and what goes `out` passes",
    block=(
        _ZONE,
        _TABLE,
        _rule("pass", "lets packets pass", _FORWARD, _LIMIT),
        _rule("block", "drops packets, and tells nobody"),
        _rule("reject", "drops packets, and tells their sender"),
        Clause(
            word="nat",
            parts=(Literal("on"), ZONE, Literal("from"), FROM_ZONE),
            many=True,
            identity=by_values,
            help="what the second zone sends to the first leaves with our address",
        ),
    ),
)

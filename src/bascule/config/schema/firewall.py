"""The `firewall` block: zones and rules."""

import re
from typing import Final

from bascule.config.kinds.addresses import ADDRESS, NETWORK, parsed_address
from bascule.config.kinds.kind import Flaw, Kind, choice, expected
from bascule.config.kinds.numbers import PORT as PORT_KIND
from bascule.config.kinds.numbers import integer
from bascule.config.kinds.texts import NAME, identifier
from bascule.config.lexer import Token, TokenKind
from bascule.config.model import Address, Network
from bascule.config.schema.clause import Clause, Literal, Value, by_values
from bascule.config.schema.interface import INTERFACE
from bascule.config.version import SECOND
from bascule.config.wording import quoted

ZONE: Final = Value("zone", identifier("ZONE", "a zone's name", 31))
FROM_ZONE: Final = Value("from zone", ZONE.kind)
ZONE_NETWORK: Final[Value[Network]] = Value("network", NETWORK)
DIRECTION: Final = Value("direction", choice("DIRECTION", {"in": None, "out": None, "through": None}))
FORWARD_ADDRESS: Final[Value[Address]] = Value("address", ADDRESS)
FORWARD_PORT: Final = Value("port", PORT_KIND)
LABEL: Final = Value("label", NAME)


def _end(token: Token) -> str | Flaw:
    """Read one end of a rule: an address, a network, a zone, a table, or `any`."""
    if token.kind is TokenKind.TABLE or parsed_address(token.text) is not None:
        return token.text
    if "/" in token.text:
        network = NETWORK.read(token)
        return network if isinstance(network, Flaw) else token.text
    zone = ZONE.kind.read(token)
    numeric = token.text.replace(".", "").isdigit() or ":" in token.text
    return expected("an address, a network, a zone, a table or `any`", token) if isinstance(zone, Flaw) or numeric else zone


def _ports(token: Token) -> str | Flaw:
    """Read one port or a range `P:P`."""
    if not re.fullmatch(r"[0-9]{1,5}(:[0-9]{1,5})?", token.text):
        return expected("a port, or two with `:` between them", token)
    ports = [int(port) for port in token.text.split(":")]
    if not all(1 <= port <= 65535 for port in ports):  # noqa: PLR2004 - the largest port
        return expected("ports from 1 to 65535", token)
    return token.text if ports == sorted(ports) else Flaw(f"the range {quoted(token.text)} ends before it begins")


END: Final = Value(
    "end", Kind(name="ADDRESS|NETWORK|ZONE|<TABLE>|any", what="an address, a network, a zone, a table or `any`", read=_end)
)
PORTS: Final = Value("ports", Kind(name="PORT[:PORT]", what="a port or a range", read=_ports))
PROTOCOL: Final = Value(
    "protocol",
    choice("PROTOCOL", {"tcp": None, "udp": None, "icmp": None, "icmp6": None, "esp": None, "ah": None, "gre": None}),
)
STATES: Final = Value("states", integer(1, 10_000_000))

_PORT: Final = Clause(word="port", parts=(PORTS,), help="a port or a range of ports")


_FORWARD: Final = Clause(
    word="forward to",
    parts=(FORWARD_ADDRESS,),
    options=(Clause(word="port", parts=(FORWARD_PORT,), help="another port"),),
    help="its destination is rewritten",
)


def _rule(word: str, what: str, *more: Clause) -> Clause:
    return Clause(
        word=word,
        parts=(DIRECTION,),
        many=True,
        help=what,
        options=(
            Clause(word="log", help="each new state is logged"),
            Clause(word="quick", help="pf's word; it changes nothing, since the first rule that matches decides"),
            Clause(word="on", parts=(ZONE,), help="the zone that the packet comes from or goes to"),
            Clause(word="proto", parts=(PROTOCOL,), help="its protocol"),
            Clause(word="from", parts=(END,), options=(_PORT,), help="where it comes from"),
            Clause(word="to", parts=(END,), options=(_PORT,), help="where it goes"),
            _PORT,
            *more,
            Clause(word="limit", since=SECOND, help="how much one source may do"),
            Clause(word="label", parts=(LABEL,), help="what logs and counters call the rule"),
        ),
    )


FIREWALL: Final = Clause(
    word="firewall",
    help="zones and rules; read and checked, not yet enforced in this version",
    block=(
        Clause(
            word="zone",
            parts=(ZONE,),
            many=True,
            identity=by_values,
            help="a name for a part of the network; interfaces and networks must both match where both are given",
            block=(
                Clause(
                    word="interface", parts=(INTERFACE,), many=True, identity=by_values, help="packets of this interface"
                ),
                Clause(word="from", parts=(ZONE_NETWORK,), many=True, identity=by_values, help="packets of this network"),
            ),
        ),
        _rule("pass", "lets a packet pass", _FORWARD),
        _rule("block", "drops a packet"),
        _rule("reject", "refuses a packet and says so to its sender"),
        Clause(
            word="nat",
            parts=(Literal("on"), ZONE, Literal("from"), FROM_ZONE),
            many=True,
            identity=by_values,
            help="what one zone sends to another leaves with our address",
        ),
    ),
)

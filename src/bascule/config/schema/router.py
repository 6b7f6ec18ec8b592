"""The `router` block: routes that lead by the first gateway that lives."""

from typing import Final

from bascule.config.kinds.numbers import PORT as PORT_KIND
from bascule.config.kinds.texts import NAME as NAME_KIND
from bascule.config.kinds.texts import TABLE as TABLE_KIND
from bascule.config.schema.check import CHECKS
from bascule.config.schema.clause import Clause, Value, by_values
from bascule.config.schema.interface import DESTINATION
from bascule.config.schema.timing import TIMING

_ROUTE: Final = Clause(
    word="route",
    many=True,
    identity=by_values,
    required=True,
    help="what leads by the gateway",
    choices=(
        Clause(word="default", help="everything that no other route takes, of each IP version that has a gateway"),
        Clause(parts=(DESTINATION,), help="one network; 0.0.0.0/0 and ::/0 are the default of one IP version"),
    ),
)

_CHECKS: Final = tuple(check for check in CHECKS if check.word in {"icmp", "tcp", "script"})
"""Gateways speak no protocol of servers."""

_FORWARD: Final = Clause(
    word="forward to",
    parts=(Value("table", TABLE_KIND),),
    required=True,
    help="the table of gateways: the first one that is up has the routes; while none is, they stay as they are",
    options=(
        Clause(word="port", parts=(Value("port", PORT_KIND),), help="the gateways' port, for checks that need one"),
        Clause(word="check", choices=_CHECKS, default="every gateway counts as up", help="how a gateway is asked"),
        *TIMING,
    ),
)

ROUTER: Final = Clause(
    word="router",
    parts=(Value("name", NAME_KIND),),
    many=True,
    identity=by_values,
    help="uplinks: routes that go over to the next gateway when one fails, and back when it lives again",
    block=(_ROUTE, _FORWARD, Clause(word="disable", help="it is kept in the text and does nothing")),
)

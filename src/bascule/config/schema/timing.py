"""When hosts are probed: statements of the load-balancer block, of tables, and of what follows `check`."""

from typing import Final

from bascule.config.kinds.numbers import CHECK_TIMEOUT, duration, integer
from bascule.config.schema.clause import Clause, Value

INTERVAL: Final = Value("interval", duration(0.1, 3600))
TIMEOUT: Final = Value("timeout", CHECK_TIMEOUT)
FALL: Final = Value("fall", integer(1, 100))
RISE: Final = Value("rise", integer(1, 100))

TIMING: Final = (
    Clause(word="interval", parts=(INTERVAL,), default="5s", help="the time between two probes of a host"),
    Clause(
        word="timeout",
        parts=(TIMEOUT,),
        default="1s for icmp and tcp, 3s for the others, and never more than the interval",
        help="the time that a probe may take; relayd counts milliseconds here, so a bare number above 60 is refused",
    ),
    Clause(word="fall", parts=(FALL,), default="2", help="failed probes in a row that take a host down"),
    Clause(word="rise", parts=(RISE,), default="2", help="good probes in a row that bring it up again"),
)

"""Figures for programs that watch, which do not log in: who may ask is told by the text, network by network."""

from typing import Final

from bascule.service.logins import Source
from bascule.service.operation import Operation
from bascule.service.permissions import Permission
from bascule.service.request import Request
from bascule.service.results import Metrics


class ShowMetrics(Request[Metrics], frozen=True, kw_only=True, tag="show.metrics"):
    """Asks for figures on behalf of a program that comes from an address; one that may not hears that nothing is there."""

    source: Source


OPERATIONS: Final = (
    Operation(
        ShowMetrics,
        Permission.ENTER,  # the service looks at where it comes from
        "list figures for a program that the text lets read them",
        rest=None,  # it is `/metrics`, which asks for no token
    ),
)

"""Every use case of the product as data: what is asked, what is answered, who may, and what the audit log says.

Front ends, the control socket and the REST interface are derived from the table below, whose rows stand beside their
requests: nothing else lists the operations. Of a new one, the method of `LocalService` that bears its name does the work,
and a command of the command line asks for it.
"""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import Any, Final

from bascule.service import (
    accounts,
    affinity,
    alerts,
    archives,
    capture,
    certificates,
    deployment,
    exchange_health,
    firewall,
    logins,
    metrics,
    network,
    operations,
    restoring,
    second_factor,
    tables,
    tokens,
)
from bascule.service.operation import Operation
from bascule.service.request import Answer, Request

ROWS: Final[tuple[Operation[Any], ...]] = (
    *operations.OPERATIONS,
    *exchange_health.OPERATIONS,
    *affinity.OPERATIONS,
    *alerts.OPERATIONS,
    *capture.OPERATIONS,
    *network.OPERATIONS,
    *firewall.OPERATIONS,
    *tables.OPERATIONS,
    *deployment.OPERATIONS,
    *archives.OPERATIONS,
    *restoring.OPERATIONS,
    *certificates.OPERATIONS,
    *accounts.OPERATIONS,
    *second_factor.OPERATIONS,
    *tokens.OPERATIONS,
    *logins.OPERATIONS,
    *metrics.OPERATIONS,
)

OPERATIONS: Final[Mapping[type[Request[Any]], Operation[Any]]] = MappingProxyType({row.request: row for row in ROWS})

REQUESTS: Final[Any] = reduce(or_, OPERATIONS)
"""Every request that the control socket understands, as one type."""

RESULTS: Final[Any] = reduce(or_, (row.result for row in ROWS))
"""Every answer that comes by it."""


def operation_of(request: Request[Answer]) -> Operation[Answer]:
    """Return the row of a request."""
    return OPERATIONS[type(request)]

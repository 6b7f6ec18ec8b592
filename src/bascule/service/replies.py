"""What comes back over the control socket, and what of it answers a request."""

from typing import Any, Final, TypeAlias

from bascule.service.catalogue import RESULTS, operation_of
from bascule.service.failures import Failure, OperationFailed
from bascule.service.progress import Progress
from bascule.service.request import Answer, Request
from bascule.service.result import Result

Reply: TypeAlias = Result | Failure | Progress
REPLIES: Final[Any] = RESULTS | Failure | Progress
"""The same, as the wire tells one from another."""


def answer_in(reply: Reply | None, request: Request[Answer]) -> Answer | None:
    """Return the answer to a request; None where the reply is none. Raises OperationFailed where it is a failure."""
    if isinstance(reply, Failure):
        raise OperationFailed(reply)
    return reply if isinstance(reply, operation_of(request).result) else None

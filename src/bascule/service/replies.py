"""What comes back over the control socket, and what of it answers a request."""

from typing import Any, Final, TypeAlias

from bascule.service.catalogue import RESULTS, operation_of
from bascule.service.failures import Failure, OperationFailed, Unavailable
from bascule.service.progress import Progress
from bascule.service.request import Answer, Request
from bascule.service.result import Result

Reply: TypeAlias = Result | Failure | Progress
REPLIES: Final[Any] = RESULTS | Failure | Progress
"""The same, as the wire tells one from another."""


def answer_in(reply: Reply | None, request: Request[Answer], who: str) -> Answer:
    """Return the answer to a request, which `who` was asked. Raises OperationFailed where the reply is no such thing."""
    if isinstance(reply, operation_of(request).result):
        return reply
    raise OperationFailed(reply) if isinstance(reply, Failure) else unavailable(who, "gave no answer to what was asked")


def unavailable(who: str, what: str) -> OperationFailed:
    """Return that nothing can be had of whom one asks, and why: `did not answer within 30 s`."""
    return OperationFailed(Unavailable(message=f"{who} {what}"))

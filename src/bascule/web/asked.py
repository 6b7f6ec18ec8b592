"""Requests made of what a browser sent: what does not fit is an answer to people, not a fault."""

from typing import Any

import msgspec

from bascule.service.failures import Conflict, OperationFailed
from bascule.service.request import Answer, Request


def asked(kind: type[Request[Answer]], **fields: Any) -> Request[Answer]:
    """Return a request with these fields, bounded as the wire bounds them. Raises OperationFailed."""
    try:
        made: Request[Answer] = msgspec.convert({"operation": kind.__struct_config__.tag, **fields}, kind)
    except msgspec.ValidationError as error:
        words, _, where = str(error).partition(" - at `$.")
        field = where.removesuffix("`")
        raise OperationFailed(Conflict(message=f"{field}: {words[:1].lower()}{words[1:]}" if field else words)) from error
    return made

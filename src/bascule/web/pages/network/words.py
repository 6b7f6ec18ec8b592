"""What these pages say alike."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from bascule.config.diagnostics import Severity
from bascule.service.request import Request
from bascule.web.working_copy import Outcome

Asked = TypeVar("Asked", bound=Request[Any])


def kept(outcome: Outcome, done: str) -> str:
    """Return what to say of an edit that was done; with what is wrong with the working copy now."""
    done = f"{done[:1].upper()}{done[1:]}"
    if outcome.loaded is None:
        return "It was so already: nothing was changed."
    errors = [one for one in outcome.loaded.diagnostics if one.severity is Severity.ERROR]
    if errors:
        first = errors[0]
        return f"{done} in your working copy, which has mistakes now. Line {first.span.line}: {first.message}."
    return f"{done} in your working copy. It is in effect when you deploy it."


def asked(kind: type[Asked], values: Mapping[str, Any]) -> Asked | None:
    """Return a request made of what somebody filled in, fields that he left empty left out; None where it cannot be."""
    given = {name: value for name, value in values.items() if value not in ("", None)}
    try:
        made: Asked = msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError:
        return None
    return made

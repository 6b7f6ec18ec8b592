"""Names, addresses and places that may be taken once."""

from collections.abc import Hashable, Iterable

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.lexer import Report


def unique(taken: Iterable[tuple[Hashable, str, Span]], report: Report) -> None:
    """Report everything whose key was taken before: each item is its key, what to call it, and where it stands."""
    first: dict[Hashable, Span] = {}
    for key, title, span in taken:
        before = first.setdefault(key, span)
        if before is not span:
            report(Diagnostic.error(span, f"{title} stands twice", f"the first is in line {before.line}"))

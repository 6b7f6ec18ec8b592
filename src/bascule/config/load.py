"""Loads a configuration: from bytes or text to frozen values, or to everything that is wrong with it."""

from dataclasses import dataclass
from typing import Final

from bascule.config.binding import bind
from bascule.config.diagnostics import Diagnostic, Severity, Span
from bascule.config.model import Configuration
from bascule.config.outline import outline
from bascule.config.parser import parse

MOST_DIAGNOSTICS: Final = 100
"""A text with more mistakes is another kind of file; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a text means, or why it means nothing."""

    configuration: Configuration | None
    """None where there is any error."""
    diagnostics: tuple[Diagnostic, ...]
    """In the order of the text."""


def load(text: str | bytes) -> Loaded:
    """Return the configuration of a text, with everything that is wrong in it, in one pass.

    Never raises, whatever the text holds. Bytes are read as UTF-8. What depends on the machine is not asked here; see
    `diagnose`.
    """
    if isinstance(text, str):
        return _load(text)
    try:
        return _load(text.decode())
    except UnicodeDecodeError as error:
        return Loaded(configuration=None, diagnostics=(_not_utf8(text, error),))


def _load(text: str) -> Loaded:
    tree = parse(text)
    found: list[Diagnostic] = []
    configuration = bind(outline(tree, found.append), found.append)
    diagnostics = in_order((*tree.diagnostics, *found))
    refused = any(one.severity is Severity.ERROR for one in diagnostics)
    return Loaded(configuration=None if refused else configuration, diagnostics=diagnostics)


def in_order(found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """Return diagnostics in the order of the text, each once, and no more than a person reads."""
    distinct = sorted(dict.fromkeys(found), key=lambda one: (one.span.line, one.span.column))
    if len(distinct) <= MOST_DIAGNOSTICS:
        return tuple(distinct)
    kept, rest = distinct[:MOST_DIAGNOSTICS], distinct[MOST_DIAGNOSTICS:]
    severity = Severity.ERROR if any(one.severity is Severity.ERROR for one in rest) else Severity.WARNING
    return (*kept, Diagnostic(severity=severity, span=rest[0].span, message=f"and {len(rest)} more from here on"))


def _not_utf8(text: bytes, error: UnicodeDecodeError) -> Diagnostic:
    """Return where the first byte stands that is not UTF-8, and what the file seems to be."""
    before = text[: error.start].decode()
    start = max(before.rfind("\n"), before.rfind("\r")) + 1
    line = 1 + before.count("\n") + before.replace("\r\n", "").count("\r")
    utf16 = text.startswith((b"\xff\xfe", b"\xfe\xff"))
    hint = "the file is UTF-16; save it as UTF-8" if utf16 else "save the file as UTF-8"
    message = f"byte 0x{text[error.start]:02x} is not UTF-8"
    return Diagnostic.error(Span(line, len(before) - start + 1), message, hint)

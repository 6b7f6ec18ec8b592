"""A line of syslog as RFC 5424 has it. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from bascule.herald.wire import Record

ENTERPRISE: Final = 32473
"""Kept for examples (RFC 5612): Bascule has no number of its own. The MIB uses the same."""

LONGEST_DATAGRAM: Final = 2048
"""Octets that every receiver should take over UDP (RFC 5426, 3.2)."""

LONGEST_LINE: Final = 8192
"""Octets of a line over TCP and TLS (RFC 5425, 4.3.1)."""

_WARNING, _NOTICE, _INFORMATIONAL = 4, 5, 6
_LONGEST_NAME: Final = 255
_BOM: Final = b"\xef\xbb\xbf"


def line(record: Record, *, facility: int, host_name: str, pid: int, longest: int) -> bytes:
    """Return a record as a syslog server reads it, cut to so many octets at most."""
    severity = _WARNING if record.warning else _NOTICE if record.audit else _INFORMATIONAL
    stamp = datetime.fromtimestamp(record.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    name = "".join(letter for letter in host_name if "!" <= letter <= "~")[:_LONGEST_NAME] or "-"
    head = f"<{8 * facility + severity}>1 {stamp} {name} bascule {pid} {record.kind} "
    words = "".join(letter if letter.isprintable() else " " for letter in record.words)
    text = words.encode() if words.isascii() else _BOM + words.encode()
    whole = head.encode() + _structured(record.fields) + b" " + text
    return whole if len(whole) <= longest else whole[:longest].decode(errors="ignore").encode()


def counted(line_: bytes) -> bytes:
    """Return a line as it goes over a stream: behind its length (RFC 6587, 3.4.1; RFC 5425, 4.3)."""
    return f"{len(line_)} ".encode() + line_


def _structured(fields: Iterable[tuple[str, str]]) -> bytes:
    """Return fields as structured data (RFC 5424, 6.3)."""
    told = "".join(f' {name}="{_escaped(value)}"' for name, value in fields)
    return f"[bascule@{ENTERPRISE}{told}]".encode() if told else b"-"


def _escaped(value: str) -> str:
    clean = "".join(letter if letter.isprintable() else " " for letter in value)
    return clean.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")

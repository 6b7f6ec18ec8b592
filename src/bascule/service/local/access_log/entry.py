"""The line of a session that has ended, in logfmt. Pure.

Names and order of the fields are part of the product's interface: they may be added to at the end, never renamed.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from bascule.service.local.ended import Ended, place
from bascule.service.local.journal import Journal
from bascule.system.log_sinks import Entry

_PLAIN: Final = re.compile(r"[^\s\"=\\]+")


def entry(ended: Ended) -> Entry:
    """Return what the access log says of a session."""
    fields = _fields(ended)
    return Entry(at=ended.at, words=" ".join(f"{name}={_quoted(value)}" for name, value in fields.items()), fields=fields)


def tell_end(journal: Journal, ended: Ended) -> None:
    """Have those hear of a session's end who follow them; the words are those of the access log."""
    journal.session(lambda: (entry(ended).words, ended.row()))


def _fields(ended: Ended) -> Mapping[str, str]:
    parties = ended.parties
    duration = ended.at - ended.since if ended.since else 0.0
    return {
        "time": datetime.fromtimestamp(ended.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "relay": parties.relay,
        "client": place(ended.client, ended.client_port),
        "listen": parties.listen,
        "source": place(ended.source, ended.source_port) if ended.source else "",
        "host": parties.host,
        "address": parties.address,
        "end": parties.state,
        "duration": f"{duration:.3f}" if ended.since else "",
        "from_client": str(ended.from_client),
        "from_host": str(ended.from_host),
        "protocol": parties.protocol,
        "path": parties.path,
    }


def _quoted(value: str) -> str:
    """Return a value as logfmt has it: in quotes where it is more than a word; what could end a line is an escape."""
    if value.isprintable() and _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    shown = "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in escaped)
    return f'"{shown}"'

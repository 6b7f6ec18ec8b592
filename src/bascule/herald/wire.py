"""What the parent and the herald say to each other, in frames of `system.channel`. Every length is bounded."""

from typing import Annotated, Final, TypeAlias

import msgspec

MOST_RECORDS: Final = 1_000
"""Of one message."""

MOST_SERVERS: Final = 64
MOST_ADDRESSES: Final = 64
LONGEST_WORDS: Final = 4_096
LONGEST_FAULT: Final = 500
LONGEST_BODY: Final = 128 * 1024
"""Bytes that a webhook gets."""

_Short = Annotated[str, msgspec.Meta(max_length=1_024)]
_Words = Annotated[str, msgspec.Meta(max_length=LONGEST_WORDS)]
_Fault = Annotated[str, msgspec.Meta(max_length=LONGEST_FAULT)]
_Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class _Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all have in common."""


class SyslogTarget(_Message, frozen=True, kw_only=True):
    """A syslog server."""

    host: _Short
    port: _Port
    transport: _Short
    facility: int
    warnings_only: bool = False
    authority: _Short = ""


class SetSyslog(_Message, frozen=True, kw_only=True, tag="set-syslog"):
    """Parent to herald: these are the servers from now on; what waits for those that stay goes on waiting."""

    servers: Annotated[tuple[SyslogTarget, ...], msgspec.Meta(max_length=MOST_SERVERS)]
    host_name: _Short
    pid: int
    """The parent's own."""


class Record(_Message, frozen=True, kw_only=True):
    """Something that happened, for syslog."""

    at: float
    """Seconds since 1970."""
    kind: _Short
    warning: bool = False
    audit: bool = False
    words: _Words
    fields: Annotated[tuple[tuple[_Short, _Short], ...], msgspec.Meta(max_length=32)] = ()


class Records(_Message, frozen=True, kw_only=True, tag="records"):
    """Parent to herald: send these to every syslog server."""

    records: Annotated[tuple[Record, ...], msgspec.Meta(max_length=MOST_RECORDS)]


class SendMail(_Message, frozen=True, kw_only=True, tag="send-mail"):
    """Parent to herald: send a mail, and say how that went."""

    number: int
    host: _Short
    port: _Port
    tls: bool = False
    starttls: bool = False
    authority: _Short = ""
    user: _Short = ""
    password: _Short = ""
    sender: _Short
    to: _Short
    subject: _Words
    text: Annotated[str, msgspec.Meta(max_length=64 * 1024)]

    def __repr__(self) -> str:
        """Return nothing that is a secret."""
        return f"SendMail({self.number})"


class PostWebhook(_Message, frozen=True, kw_only=True, tag="post-webhook"):
    """Parent to herald: post JSON, and say how that went."""

    number: int
    url: _Short
    user: _Short = ""
    password: _Short = ""
    body: Annotated[bytes, msgspec.Meta(max_length=LONGEST_BODY)]

    def __repr__(self) -> str:
        """Return nothing that is a secret."""
        return f"PostWebhook({self.number})"


class SetClocks(_Message, frozen=True, kw_only=True, tag="set-clocks"):
    """Parent to herald: ask these time servers from now on, now and then."""

    servers: Annotated[tuple[_Short, ...], msgspec.Meta(max_length=MOST_SERVERS)]


Order: TypeAlias = SetSyslog | Records | SendMail | PostWebhook | SetClocks


class SyslogState(_Message, frozen=True, kw_only=True, tag="syslog-state"):
    """Herald to parent: a server takes what it is sent, or does not."""

    host: _Short
    fault: _Fault = ""
    lost: int = 0
    """Lines that were lost since this was last told."""


class Delivered(_Message, frozen=True, kw_only=True, tag="delivered"):
    """Herald to parent: a mail or a post has been taken, or why not."""

    number: int
    fault: _Fault = ""


class ClockSeen(_Message, frozen=True, kw_only=True, tag="clock-seen"):
    """Herald to parent: by how much a server's clock is ahead of ours."""

    host: _Short
    offset: float = 0.0
    """Seconds."""
    within: float = 0.0
    """How far that may be wrong: half the time that the answer took."""
    fault: _Fault = ""


Report: TypeAlias = SyslogState | Delivered | ClockSeen


def shortened(words: str, most: int = LONGEST_FAULT) -> str:
    """Return words of others, printable and in one line, cut to what may travel."""
    clean = "".join(letter if letter.isprintable() else " " for letter in words.encode(errors="replace").decode())
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"

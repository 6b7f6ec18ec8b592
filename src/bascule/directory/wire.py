"""What the parent asks the directory process, once, and hears of it, in frames of `system.channel`."""

from typing import Annotated, Final, TypeAlias

import msgspec

from bascule.config.directory import MOST_GROUPS

LONGEST_FAULT: Final = 300
LONGEST_ANSWER: Final = 4_096
"""Bytes of a frame that the parent reads."""

_Short = Annotated[str, msgspec.Meta(max_length=1_024)]


class _Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all have in common."""


class Server(_Message, frozen=True, kw_only=True):
    """One server of a directory."""

    host: _Short
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    authority: _Short = ""
    """A file in PEM; empty is whom this machine trusts."""


class Question(_Message, frozen=True, kw_only=True, tag="question"):
    """Parent to process: who is this, and which of these groups is he in."""

    server: Server
    domain: _Short = ""
    base: _Short = ""
    entry: _Short = ""
    groups: Annotated[tuple[_Short, ...], msgspec.Meta(max_length=MOST_GROUPS)]
    name: _Short
    """As `names.normal` returns it."""
    password: _Short

    def __repr__(self) -> str:
        """Return no secret."""
        return f"Question(name={self.name!r})"


class Member(_Message, frozen=True, kw_only=True, tag="member"):
    """Process to parent: the password is his, and these are his groups."""

    name: _Short
    """What the directory calls him."""
    groups: Annotated[tuple[int, ...], msgspec.Meta(max_length=MOST_GROUPS)] = ()
    """Their places in the question."""


class Stranger(_Message, frozen=True, kw_only=True, tag="stranger"):
    """Process to parent: the server does not take that name with that password."""

    expired: bool = False
    """It would take it for as long as it takes to have another password, and for nothing else."""


class Silent(_Message, frozen=True, kw_only=True, tag="silent"):
    """Process to parent: the server cannot be asked."""

    fault: Annotated[str, msgspec.Meta(max_length=LONGEST_FAULT)]


Answer: TypeAlias = Member | Stranger | Silent


def shortened(words: str) -> str:
    """Return words of others, printable and in one line, cut to what may travel."""
    clean = "".join(letter if letter.isprintable() else " " for letter in words.encode(errors="replace").decode())
    return clean[:LONGEST_FAULT]

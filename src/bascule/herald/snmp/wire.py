"""What the parent and the SNMP process say to each other, in frames of `system.channel`. Every length is bounded."""

from typing import Annotated, Final, TypeAlias

import msgspec

MOST_RELAYS: Final = 1_000
MOST_TABLES: Final = 4_000
MOST_HOSTS: Final = 10_000
MOST_TARGETS: Final = 64
"""That traps go to."""

_Short = Annotated[str, msgspec.Meta(max_length=1_024)]


class _Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all have in common."""


class Target(_Message, frozen=True, kw_only=True):
    """Somebody who gets traps."""

    host: _Short
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Settings(_Message, frozen=True, kw_only=True, tag="settings"):
    """Parent to SNMP process, once, before all else: who may ask, and who is told."""

    name: _Short
    """What this machine is called."""
    engine: Annotated[bytes, msgspec.Meta(min_length=5, max_length=32)]
    """The engine's id (RFC 3411, 5), the same after each start."""
    community: _Short = ""
    user: _Short = ""
    password: _Short = ""
    sources: Annotated[tuple[_Short, ...], msgspec.Meta(max_length=1_024)] = ()
    targets: Annotated[tuple[Target, ...], msgspec.Meta(max_length=MOST_TARGETS)] = ()

    def __repr__(self) -> str:
        """Return nothing that is a secret."""
        return f"Settings({self.name})"


class Relay(_Message, frozen=True, kw_only=True):
    """A relay or redirect."""

    number: int
    name: _Short
    status: _Short
    sessions: int


class Table(_Message, frozen=True, kw_only=True):
    """A table as one relay sees it."""

    number: int
    name: _Short
    relay: _Short
    hosts: int
    up: int


class Host(_Message, frozen=True, kw_only=True):
    """A host as one relay sees it."""

    number: int
    name: _Short
    address: _Short
    relay: _Short
    table: _Short
    status: _Short
    reason: _Short
    sessions: int


class Picture(_Message, frozen=True, kw_only=True, tag="picture"):
    """Parent to SNMP process: how it goes; whoever asks is answered by the last of these."""

    version: _Short
    configuration: _Short
    sentence: _Short
    relays: Annotated[tuple[Relay, ...], msgspec.Meta(max_length=MOST_RELAYS)] = ()
    tables: Annotated[tuple[Table, ...], msgspec.Meta(max_length=MOST_TABLES)] = ()
    hosts: Annotated[tuple[Host, ...], msgspec.Meta(max_length=MOST_HOSTS)] = ()


class Trap(_Message, frozen=True, kw_only=True, tag="trap"):
    """Parent to SNMP process: tell everybody who gets traps."""

    about: _Short
    """`host`, `table` or `relay`."""
    relay: _Short = ""
    table: _Short = ""
    host: _Short = ""
    state: _Short = ""
    words: _Short = ""


class Fault(_Message, frozen=True, kw_only=True, tag="fault"):
    """SNMP process to parent: a target of traps cannot be told."""

    host: _Short
    words: _Short


Order: TypeAlias = Settings | Picture | Trap
Report: TypeAlias = Fault

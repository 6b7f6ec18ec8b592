"""The firewall's address tables: what is in them, and what commands put in and take out.

Field names are part of the product's interface: they may be added to, never renamed.
"""

from typing import Annotated, Final, TypeAlias

import msgspec

from bascule.service.moment import Moment
from bascule.service.operation import Operation
from bascule.service.permissions import Permission
from bascule.service.request import Name, Origin, Request
from bascule.service.result import Result

MOST_ADDRESSES: Final = 1_000
"""Of one request."""

MOST_LISTED: Final = 10_000
"""Entries of one answer."""

LONGEST: Final = 365 * 86400
"""Seconds that an entry may be given."""

Network: TypeAlias = Annotated[str, msgspec.Meta(max_length=64)]
Networks: TypeAlias = Annotated[tuple[Network, ...], msgspec.Meta(max_length=MOST_ADDRESSES)]


class EntryRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address that is in a table by a command, or by a rule's limit."""

    table: str
    network: str
    by: str
    """Who put it in; `limit` is a rule."""
    since: Moment | None = None
    until: Moment | None = None
    """None is for ever."""
    reason: str = ""


class TableSummary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the running configuration."""

    name: str
    written: int
    """Networks that its text and its files name."""
    files: tuple[str, ...] = ()
    entered: int
    """Those that commands put in, and rules' limits."""


class Tables(Result, frozen=True, kw_only=True, tag="tables"):
    """Every table that was asked for, and what is in them beyond the text."""

    tables: tuple[TableSummary, ...]
    entries: tuple[EntryRow, ...] = ()
    """`MOST_LISTED` at most: what commands put in first."""


class TableChanged(Result, frozen=True, kw_only=True, tag="table.changed"):
    """A table is as it was asked to be."""

    sentence: str
    warnings: tuple[str, ...] = ()


class ShowTables(Request[Tables], frozen=True, kw_only=True, tag="show.tables"):
    """Asks what is in the tables; `name` asks of one alone."""

    name: Name | None = None


class ChangeTable(Request[TableChanged], frozen=True, kw_only=True, tag="change.table"):
    """Asks to put addresses into a table, or take them out."""

    name: Name
    add: Networks = ()
    remove: Networks = ()
    seconds: Annotated[float, msgspec.Meta(gt=0, le=LONGEST)] | None = None
    """How long they stay; None is as long as the table says, or for ever."""
    reason: Annotated[str, msgspec.Meta(max_length=256)] = ""
    force: bool = False
    """Put them in although that shuts out an administrator who is connected now."""
    origin: Origin | None = None
    """How the one who asks came, by ssh; besides him everybody counts who is seen to be connected."""


OPERATIONS: Final = (
    Operation(
        ShowTables,
        Permission.VIEW,
        "list the firewall's address tables, and what commands and limits put in",
        rest="GET /tables",
    ),
    Operation(
        ChangeTable,
        Permission.OPERATE,
        "put addresses into a table of the firewall, or take them out",
        rest="PATCH /tables/{name}",
        audit="changed table <{name}>: put in {add}, took out {remove}",
    ),
)

"""Who meets which host, as it is asked and as it travels; `--json` prints it so.

Field names are part of the product's interface: they may be added to, never renamed.
"""

from typing import Final

import msgspec

from bascule.service.operation import Operation
from bascule.service.permissions import Permission
from bascule.service.request import Name, Request
from bascule.service.result import Result

MOST_SPLIT: Final = 100
"""Clients of one bond that are told one by one."""

MOST_CROWDS: Final = 10
"""Addresses with many sessions that are told."""


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the answer."""


class FailedHost(_Part, frozen=True, kw_only=True):
    """Who has a client when a host fails."""

    host: str
    then: str | None
    """None where nobody has it, or several might."""


class ClientService(_Part, frozen=True, kw_only=True):
    """One client at one service."""

    relay: str
    group: str
    """Its affinity group; empty is none."""
    to: str
    port: int
    host: str | None
    """None where nobody has the client, or several might."""
    served: bool = True
    """Whether anybody does."""
    reason: str
    failing: tuple[FailedHost, ...] = ()


class BondShare(_Part, frozen=True, kw_only=True):
    """One host's part of a bond."""

    host: str
    sessions: int
    clients: int
    due: float
    """The part that it should have, 0 to 1."""


class SplitClient(_Part, frozen=True, kw_only=True):
    """A client that has sessions with several hosts where it should have one."""

    client: str
    hosts: tuple[str, ...]
    sessions: int


class BondRow(_Part, frozen=True, kw_only=True):
    """Services on which a client has one host: an affinity group, or one that goes by the client's address."""

    name: str
    relays: tuple[str, ...]
    clients: int
    sessions: int
    unevenness: float
    """How many times its due the fullest host has; 1 is even."""
    shares: tuple[BondShare, ...] = ()
    split: tuple[SplitClient, ...] = ()
    split_total: int = 0


class CrowdedAddress(_Part, frozen=True, kw_only=True):
    """An address behind which many clients may be."""

    client: str
    sessions: int
    hosts: tuple[str, ...]


class AffinityReport(Result, frozen=True, kw_only=True, tag="affinity"):
    """Which hosts clients have, by the plan and by the sessions that live."""

    client: str | None = None
    services: tuple[ClientService, ...] = ()
    """Of the client that was asked about; none where none was."""
    bonds: tuple[BondRow, ...] = ()
    split: int = 0
    """Clients that are split, in all bonds together."""
    sources: tuple[CrowdedAddress, ...] = ()
    advice: tuple[str, ...] = ()
    """What is to be done."""
    notes: tuple[str, ...] = ()
    """What the answer may lack, and why."""


class AskAffinity(Request[AffinityReport], frozen=True, kw_only=True, tag="exchange.affinity"):
    """Asks which host clients get, and whether any client is split."""

    client: Name | None = None
    """An address; None asks of nobody in particular."""


OPERATIONS: Final = (
    Operation(
        AskAffinity, Permission.VIEW, "say which host clients get, and whether any is split", rest="GET /exchange/affinity"
    ),
)

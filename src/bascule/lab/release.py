"""The versions of Exchange that a simulated server may be, as far as one can tell them apart from outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_TOO_MANY_2010: Final = "The maximum number of concurrent connections has exceeded a limit, closing transmission channel"
_TOO_MANY_FROM_ONE: Final = (
    "The maximum number of concurrent server connections has exceeded a per-source limit, closing transmission channel"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One version."""

    version: str
    """As people call it: `2016`."""
    web_server: str
    """What its IIS calls itself, with the newest Windows that it runs on; not all of that is published."""
    health_pages: bool = True
    """Exchange tells in `/owa/healthcheck.htm` and the like what it thinks of itself, and has component states."""
    rpc: bool = False
    """Outlook's own RPC services are reached over TCP."""
    too_many: str = _TOO_MANY_FROM_ONE
    """What SMTP says after `421 4.3.2` to a source that has too many connections, as administrators report it."""


RELEASES: Final[Mapping[str, Release]] = MappingProxyType(
    {
        release.version: release
        for release in (
            Release(version="2010", web_server="Microsoft-IIS/7.5", health_pages=False, rpc=True, too_many=_TOO_MANY_2010),
            Release(version="2013", web_server="Microsoft-IIS/8.5"),
            Release(version="2016", web_server="Microsoft-IIS/10.0"),
            Release(version="2019", web_server="Microsoft-IIS/10.0"),
            Release(version="SE", web_server="Microsoft-IIS/10.0"),
        )
    }
)
"""By version."""

NEWEST: Final = RELEASES["SE"]

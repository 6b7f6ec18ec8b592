"""What people call the part of a machine that an engine looks after."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "network": "addresses and routes",
        "settings": "kernel settings",
        "nftables": "the kernel's rules",
        "proxy": "proxy workers",
    }
)


def part(engine: str) -> str:
    """Return an engine's part in words; of one that has none here, its name."""
    return _PARTS.get(engine, engine)

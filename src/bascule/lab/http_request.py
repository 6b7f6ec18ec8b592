"""A request of HTTP/1, read with bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from bascule.lab.wire import Wire

MAXIMUM_HEADERS: Final = 100
"""Lines of a request's head."""

MAXIMUM_BODY: Final = 1024 * 1024
"""Bytes of a request's body; it is read and thrown away."""

_PIECE: Final = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, without its body."""

    method: str
    path: str
    """In lower case, as Windows reads it, without the query."""
    query: str
    headers: Mapping[str, str]
    """By name in lower case."""
    keep_alive: bool

    @classmethod
    async def read(cls, wire: Wire) -> Self:
        """Read a request to its end. Raises ValueError for what is none, and one of `wire.BROKEN_PEER`."""
        method, target, version = (await wire.line()).split(" ")
        if not version.startswith("HTTP/1."):
            raise ValueError(f"no HTTP/1 request: {version!r}")
        headers = await _headers(wire)
        await _skip_body(wire, headers)
        path, _, query = target.partition("?")
        keep_alive = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
        return cls(method=method, path=path.lower(), query=query, headers=headers, keep_alive=keep_alive)

    @property
    def folder(self) -> str:
        """Return the first part of the path, which names a virtual directory: `owa`."""
        return self.path.partition("/")[2].partition("/")[0]


async def _headers(wire: Wire) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(MAXIMUM_HEADERS + 1):
        line = await wire.line()
        if not line:
            return headers
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    raise ValueError(f"more than {MAXIMUM_HEADERS} header lines")


async def _skip_body(wire: Wire, headers: Mapping[str, str]) -> None:
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= MAXIMUM_BODY or "transfer-encoding" in headers:
        raise ValueError("a body that is too long, or of unknown length")
    while length:
        length -= len(await wire.exactly(min(length, _PIECE)))

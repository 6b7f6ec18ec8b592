"""The sessions of the last hour that have ended, kept small: a busy hour has hundreds of thousands."""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from struct import Struct
from typing import Final, NamedTuple

from bascule.config.model import Address
from bascule.service.sessions import SessionRow

HOUR: Final = 3600.0
"""Seconds for which an ended session is kept."""

REMEMBERED: Final = 200_000
"""Ended sessions that are kept at most: about 200 bytes each."""

_PACKED: Final = Struct("!16sH16sHddQQ")
_SOURCE_AT: Final = 18
_AT: Final = Struct("!d")
_AT_AT: Final = 44
_MAPPED: Final = bytes(10) + b"\xff\xff"
"""Before an IPv4 address, to make it as long as one of IPv6 (RFC 4291, 2.5.5.2)."""


class Parties(NamedTuple):
    """What many sessions have in common; kept once for all of them."""

    relay: str
    host: str
    address: str
    listen: str
    path: str
    protocol: str
    state: str


class Ended(NamedTuple):
    """A session that has ended."""

    parties: Parties
    client: bytes
    """Packed."""
    client_port: int
    source: bytes
    """Packed; empty where there was no connection to a host."""
    source_port: int
    since: float
    """Seconds since 1970; 0 where it is not known."""
    at: float
    from_client: int
    from_host: int

    def row(self) -> SessionRow:
        """Return it as it travels."""
        parties = self.parties
        return SessionRow(
            client=place(self.client, self.client_port),
            relay=parties.relay,
            host=parties.host,
            address=parties.address,
            listen=parties.listen,
            source=place(self.source, self.source_port) if self.source else "",
            path=parties.path,
            protocol=parties.protocol,
            state=parties.state,
            since=moment(self.since),
            ended=moment(self.at),
            from_client=self.from_client,
            from_host=self.from_host,
        )


class EndedSessions:
    """Keeps sessions in the order they were noted; `now` tells the time, with its zone."""

    def __init__(self, *, now: Callable[[], datetime], most: int = REMEMBERED) -> None:
        self._now = now
        self._kept: deque[tuple[Parties, bytes]] = deque(maxlen=most)
        self._known: dict[Parties, Parties] = {}
        self._since = now()
        self._missed: tuple[float, str] = 0.0, ""

    def note(self, ended: Ended) -> None:
        """Keep a session, and forget those of more than an hour ago."""
        if len(self._kept) == self._kept.maxlen:
            self.miss(f"more than {self._kept.maxlen} sessions ended within the hour: only the last are kept")
        parties = self._known.setdefault(ended.parties, ended.parties)
        client, source = _widened(ended.client), _widened(ended.source)
        packed = _PACKED.pack(client, ended.client_port, source, ended.source_port, *ended[5:])
        self._kept.append((parties, packed))
        self._forget()

    def miss(self, why: str) -> None:
        """Take note that sessions end of which nothing is heard."""
        self._missed = self._now().timestamp(), why

    def notes(self) -> Iterator[str]:
        """Yield what an answer from here may lack, and why."""
        now = self._now()
        if (now - self._since).total_seconds() < HOUR:
            yield f"sessions that ended before {self._since:%Y-%m-%d %H:%M:%S %Z} are not known: Bascule started then"
        yield from self.missing()

    def missing(self) -> Iterator[str]:
        """Yield why some sessions of the last hour may never have been heard of."""
        now = self._now()
        at, why = self._missed
        if why and now.timestamp() - at < HOUR:
            yield f"some sessions that ended are missing: {why}"

    def of_client(self, client: Address) -> Iterator[Ended]:
        """Yield the sessions of a client, the latest first."""
        return self._where(_widened(client.packed), 0)

    def from_source(self, source: Address, port: int) -> Iterator[Ended]:
        """Yield the sessions that a host saw come from an address and port, the latest first."""
        return self._where(_widened(source.packed) + port.to_bytes(2, "big"), _SOURCE_AT)

    def since(self, moment: float) -> Iterator[Ended]:
        """Yield the sessions of the kernel that ended after a time (seconds since 1970), the latest first."""
        for parties, packed in reversed(self._kept):
            if _AT.unpack_from(packed, _AT_AT)[0] < moment:
                return
            if parties.path == "kernel":
                yield _unpacked(parties, packed)

    def _where(self, wanted: bytes, at: int) -> Iterator[Ended]:
        self._forget()
        end = at + len(wanted)
        for parties, packed in reversed(self._kept):
            if packed[at:end] == wanted:
                yield _unpacked(parties, packed)

    def _forget(self) -> None:
        oldest = self._now().timestamp() - HOUR
        while self._kept and _AT.unpack_from(self._kept[0][1], _AT_AT)[0] < oldest:
            self._kept.popleft()
        if not self._kept:
            self._known.clear()


def _unpacked(parties: Parties, packed: bytes) -> Ended:
    client, client_port, source, source_port, *numbers = _PACKED.unpack(packed)
    return Ended(parties, _narrowed(client), client_port, _narrowed(source), source_port, *numbers)


def place(packed: bytes, port: int) -> str:
    """Return an address and a port in words."""
    address = ip_address(packed)
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"  # noqa: PLR2004 - IP version


def moment(seconds: float) -> datetime | None:
    """Return a time of seconds since 1970; None for 0, which stands for one that is not known."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _widened(address: bytes) -> bytes:
    return _MAPPED + address if len(address) == 4 else address  # noqa: PLR2004 - bytes of an IPv4 address


def _narrowed(address: bytes) -> bytes:
    if address.startswith(_MAPPED):
        return address[len(_MAPPED) :]
    return address if any(address) else b""

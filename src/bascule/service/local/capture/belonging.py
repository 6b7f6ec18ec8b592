"""Which packets are of one client: towards the hosts of relays, where its address is not seen, its sessions say so."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeAlias

from bascule.config.model import Address
from bascule.service.local.capture.headers import Headers, headers
from bascule.service.local.session_table import SessionTable
from bascule.system.packet_tap import TappedPacket

_Ends: TypeAlias = tuple[str, str]


class Belonging:
    """Knows the sessions of a client, in one relay or all; `since` is when the first packet of interest came."""

    def __init__(self, sessions: SessionTable, client: Address, relay: str | None, since: datetime) -> None:
        self._sessions = sessions
        self._client = client
        self._relay = relay
        self._since = since
        self._known: Collection[_Ends] = frozenset()

    async def chosen(self, packets: Sequence[TappedPacket]) -> Sequence[TappedPacket]:
        """Return the packets that are the client's. Raises MachineError."""
        read = [(packet, self._sees(packet), headers(packet.data)) for packet in packets]
        strange = any(not seen and ends is not None and _pair(ends) not in self._known for _, seen, ends in read)
        if strange:
            known = await self._sessions.towards_hosts(self._client, self._relay, self._since)
            self._known = frozenset((min(each), max(each)) for each in known)
        return [packet for packet, seen, ends in read if seen or (ends is not None and _pair(ends) in self._known)]

    def _sees(self, packet: TappedPacket) -> bool:
        """Tell whether the client is at one end of a packet."""
        packed = self._client.packed
        size = len(packed)
        first = 12 if size == 4 else 8  # noqa: PLR2004 - bytes of an IPv4 address
        return packed in (packet.data[first : first + size], packet.data[first + size : first + 2 * size])


def _pair(ends: Headers) -> _Ends:
    """Return both ends, whoever sends."""
    return (ends.source, ends.to) if ends.source <= ends.to else (ends.to, ends.source)

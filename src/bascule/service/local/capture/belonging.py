"""Which packets are of one client: towards the hosts of relays, where its address is not seen, its sessions say so."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bascule.config.model import Address
from bascule.service.local.capture.headers import ends_of, headers
from bascule.service.local.session_table import SessionTable
from bascule.system.packet_tap import TappedPacket

_MOST_OTHERS: Final = 100_000
"""Sessions of others that are remembered as such."""


class Belonging:
    """Knows the sessions of a client, in one relay or all; `since` is when the first packet of interest came.

    A session is there before its first packet leaves us, so that whoever is nobody's when it is first seen stays so.
    """

    def __init__(self, sessions: SessionTable, client: Address, relay: str | None, since: datetime) -> None:
        self._sessions = sessions
        self._address = client
        self._client = client.packed
        self._relay = relay
        self._since = since
        self._own: set[bytes] = set()
        self._others: set[bytes] = set()

    async def chosen(self, packets: Sequence[TappedPacket]) -> Sequence[TappedPacket]:
        """Return the packets that are the client's. Raises MachineError."""
        ends = [None if self._sees(packet.data) else headers(packet.data) for packet in packets]
        strange = {each.ends for each in ends if each is not None} - self._own - self._others
        if strange:
            known = await self._sessions.towards_hosts(self._address, self._relay, self._since)
            self._own |= {ends_of(*each) for each in known if all(each)}
            self._others = strange - self._own | (self._others if len(self._others) < _MOST_OTHERS else set())
        return [
            packet
            for packet, each in zip(packets, ends, strict=True)
            if (self._sees(packet.data) if each is None else each.ends in self._own)
        ]

    def _sees(self, data: bytes) -> bool:
        """Tell whether the client is at one end of a packet."""
        size = len(self._client)
        first = 12 if size == 4 else 8  # noqa: PLR2004 - bytes of an IPv4 address
        return self._client in (data[first : first + size], data[first + size : first + 2 * size])
